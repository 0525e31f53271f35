"""The registry at a million decisions: what decided an order, promotion and rollback, a trial, a whole verification.

``--postgres URL`` measures an empty PostgreSQL database instead of SQLite.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np

from _rounds import keep, peak_mib
from alphaloop.core.account import AccountView
from alphaloop.core.decision import Action, Decision, Intent
from alphaloop.core.observation import Observation
from alphaloop.core.orders import Fill, Order, Reason
from alphaloop.core.trace import Header, Step, Trace
from alphaloop.registry.ledger import Candidate, Ledger
from alphaloop.registry.lineage import lineage_here
from alphaloop.registry.promotion import Slot
from alphaloop.registry.runs import record_run, who_decided
from alphaloop.registry.verification import verify

SLOT = Slot("BTCUSDT", "1h", "gbm")
SYMBOLS = tuple(f"S{k}USDT" for k in range(10))
BAR = 300_000_000


def make_trace(run: int, steps: int) -> Trace:
    """A session that moves every symbol at every step; the next step fills it."""
    many = len(SYMBOLS)
    header = Header("turner", SYMBOLS, "5m", run, "5c4e", "rules", "market", "0", (("market_bars", run),))
    trace, last, flat, empty = Trace(header), (), np.zeros(many), np.zeros((many, 0))
    for step in range(steps):
        now = (run * steps + step + 1) * BAR
        target = 0.05 + 0.01 * (step % 5)
        intents = dict.fromkeys(SYMBOLS, Intent(Action.BUY, target, confidence=60.0, reasoning="momentum"))
        decision = Decision(intents)
        orders = tuple(Order(f"{now}:{symbol}", symbol, now, target) for symbol in SYMBOLS)
        fills = tuple(Fill(one.id, one.symbol, now, one.quantity, 100.0, Reason.MARKET, 0.05) for one in last)
        account = AccountView(SYMBOLS, 1000.0, 1000.0, 1000.0, flat, flat, flat, flat)
        seen = Observation(now, SYMBOLS, (), empty, empty > 0, np.zeros((0, many, 0)), account, "5c4e")
        trace.record(Step(now, seen, decision, decision, orders, fills, account))
        last = orders
    return trace


def timed(work: Callable[[], object], times: int = 1) -> dict[str, float]:
    """Milliseconds of each call: median, 99th percentile, largest; and CPU."""
    wall, spent = [], time.process_time()
    for _ in range(times):
        started = time.perf_counter()
        work()
        wall.append(time.perf_counter() - started)
    cpu = (time.process_time() - spent) / times
    low, high = np.percentile(wall, [50, 99]) * 1e3
    return {"p50_ms": float(low), "p99_ms": float(high), "max_ms": max(wall) * 1e3, "cpu_ms": cpu * 1e3}


def fill(ledger: Ledger, runs: int, steps: int) -> tuple[list[str], dict[str, float]]:
    """Two models that were active, and the runs of the second; returns the models and what recording took."""
    names = []
    for seed in range(2):
        file = ledger.artifacts.put(f"model {seed}".encode())
        made = Candidate(**SLOT._asdict(), model="gbm", artifact=file, lineage=lineage_here(seed=seed))
        names.append(ledger.register(made, author="bench"))
        ledger.promote(names[-1], to="active", reason="bench", author="bench", enforce=False)
    wall = cpu = 0.0
    for run in range(runs):
        trace = make_trace(run, steps)
        started, spent = time.perf_counter(), time.process_time()
        record_run(ledger.journal, trace, "paper", "bench", candidate=names[1])
        wall, cpu = wall + time.perf_counter() - started, cpu + time.process_time() - spent
    return names, {"wall_s": wall, "cpu_s": cpu, "decisions_per_cpu_s": runs * steps * len(SYMBOLS) / cpu}


def answers(ledger: Ledger, runs: int, steps: int) -> dict[str, float]:
    """A thousand random orders asked for, each in a transaction of its own."""
    rng = np.random.default_rng(7)

    def ask() -> None:
        now, symbol = int(rng.integers(1, runs * steps + 1)) * BAR, SYMBOLS[int(rng.integers(len(SYMBOLS)))]
        with ledger.journal.reading() as page:
            (found,) = who_decided(page, f"{now}:{symbol}")
        if (found["order"]["at"], found["seed"]) != (now, (now // BAR - 1) // steps) or found["model"][
            "stage"
        ] != "active":
            raise SystemExit(f"wrong answer, no time is reported: {found}")

    return timed(ask, 1000)


def turns(ledger: Ledger, names: list[str]) -> dict[str, dict[str, float]]:
    """Rollback and promotion in turn, a hundred times."""
    told: dict[str, list[float]] = {"rollback": [], "promote": []}
    for _ in range(100):
        started = time.perf_counter()
        back = ledger.rollback(SLOT, reason="bench", author="bench")
        between = time.perf_counter()
        ledger.promote(names[1], to="active", reason="bench", author="bench", enforce=False)
        told["rollback"].append(between - started)
        told["promote"].append(time.perf_counter() - between)
        if back.data["candidate"] != names[0] or ledger.active(*SLOT) != names[1]:
            raise SystemExit("wrong model in charge, no time is reported")
    return {name: {"p50_ms": float(np.median(one)) * 1e3, "max_ms": max(one) * 1e3} for name, one in told.items()}


def main() -> None:
    """Fill a ledger, then ask it."""
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=20)
    options.add_argument("--steps", type=int, default=5000)
    options.add_argument("--postgres", default="")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.open(Path(folder), clock=count(1).__next__, url=given.postgres or None)
        names, recording = fill(ledger, given.runs, given.steps)
        study = ledger.study("bench", author="bench")
        figures = {
            "database": "postgresql" if given.postgres else "sqlite",
            "decisions": given.runs * given.steps * len(SYMBOLS),
            "recording": recording,
            "order_answer": answers(ledger, given.runs, given.steps),
            **turns(ledger, names),
            "trial_start_and_end": timed(lambda: study.finish(study.start({"depth": 3}), 0.1), 200),
            "verify": timed(lambda: verify(ledger.journal, ledger.artifacts)),
            "file_mib": sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file()) / 2**20,
            "peak_mib": peak_mib(),
        }
        if not verify(ledger.journal, ledger.artifacts).ok:
            raise SystemExit("the ledger does not verify, no time is reported")
        ledger.close()
    keep("registry", figures)


if __name__ == "__main__":
    main()
