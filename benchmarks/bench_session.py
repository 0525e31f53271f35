"""The Python session loop: bars per CPU-second of one policy, and NautilusTrader on the same bars.

Everything a backtest does is in it: features looked up, risk rules applied, every step
recorded and digested. "trivial" holds; "brackets" enters with stop and target every 50 bars.

Against NautilusTrader both run the same signals, entries with a bracket every 50 bars and an exit
at the market 40 bars later, by a strategy in Python, under its rules (``presets.NAUTILUS``). Its
time is reported only where every one of its fills is ours: bar, quantity, price and fee.
"""

import json
import os
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from _rounds import keep, peak_mib
from alphaloop.core.decision import HOLD, Action, Decision, Intent
from alphaloop.core.market import Instrument, Market
from alphaloop.core.observation import Observation
from alphaloop.core.protocols import Policy
from alphaloop.core.time import Timeframe
from alphaloop.core.trace import Header, Trace
from alphaloop.engine.feeds import ReplayFeed
from alphaloop.engine.session import Session, run
from alphaloop.execution.paper import PaperVenue
from alphaloop.execution.simulator.presets import NAUTILUS
from alphaloop.execution.simulator.venue import SimulatedVenue
from alphaloop.features.contract import Schema
from alphaloop.features.view import MarketView
from alphaloop.risk.chain import Limits, chain_of
from shared.peers import Unavailable, ask

BARS, EVERY, ROUNDS = 200_000, 50, 5
FIVE = Timeframe.parse("5m")
CASH, QUANTITY, FEE = 1e6, 1000, 0.0005


class Brackets:
    """Turns its position every ``every`` bars (never when 0), with a stop and a target."""

    name = "brackets"
    features = ("close",)

    def __init__(self, every: int) -> None:
        self.every = every

    def reset(self, seed: int) -> None:  # noqa: ARG002 - the protocol's argument
        """Count anew."""
        self.count = 0

    def decide(self, observation: Observation) -> Decision:
        """Hold, or turn."""
        self.count += 1
        if not self.every or self.count % self.every:
            return HOLD
        side = 1 if (self.count // self.every) % 2 else -1
        action, share = (Action.BUY if side > 0 else Action.SELL), side * 0.5 / len(observation.symbols)
        prices = zip(observation.symbols, observation.account.mark_price.tolist(), strict=True)
        return Decision(
            {
                symbol: Intent(
                    action, share, stop_loss=price * (1 - 0.01 * side), take_profit=price * (1 + 0.02 * side)
                )
                for symbol, price in prices
            }
        )


def market(assets: int, gap: float = 0.0) -> Market:
    """Seeded random walks on ticks of 0.0001; ``gap`` is the spread of the opens around the last close."""
    rng = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(rng.standard_normal((BARS, assets)) * 0.001, axis=0))
    first = np.concatenate([np.full((1, assets), 100.0), close[:-1]])
    first = first * np.exp(gap * rng.standard_normal(first.shape))
    high, low = np.maximum(first, close) * 1.0005, np.minimum(first, close) * 0.9995
    prices = np.round(np.stack([first, high, low, close], axis=2), 4)
    values = np.concatenate([prices, np.ones((BARS, assets, 1)), np.zeros((BARS, assets, 1))], axis=2)
    symbols = tuple(f"S{asset}" for asset in range(assets))
    return Market(np.arange(BARS) * FIVE.us, symbols, np.ascontiguousarray(values), FIVE)


def timed(bars: Market, policy: Policy, venue: SimulatedVenue | PaperVenue, instruments: list[Instrument]) -> Any:
    """One session: its trace, and the CPU seconds it took."""
    by_name = {one.symbol: one for one in instruments}
    trace = Trace(Header(policy.name, bars.symbols, "5m", 0, "", "", "", "0"))
    observer, chain = MarketView(bars, Schema(policy.features)), chain_of(Limits())
    session = Session(ReplayFeed(bars), venue, observer, policy, chain, by_name, trace)
    started = time.process_time()
    run(session)
    return trace, time.process_time() - started


def alone() -> dict[str, float]:
    """Bars per CPU-second of the loop; the median of interleaved rounds."""
    one, ten = market(1), market(10)
    cases = {
        "trivial, 1 symbol, simulator": (one, 0, SimulatedVenue),
        "brackets, 1 symbol, simulator": (one, EVERY, SimulatedVenue),
        "brackets, 1 symbol, paper": (one, EVERY, PaperVenue),
        "brackets, 10 symbols, simulator": (ten, EVERY, SimulatedVenue),
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, (bars, every, venue) in cases.items():
            instruments = [Instrument(symbol) for symbol in bars.symbols]
            found[name].append(timed(bars, Brackets(every), venue(instruments, 1e4), instruments)[1])
    return {name: BARS / statistics.median(spent) for name, spent in found.items()}


class Signals:
    """Enters and leaves on the bars that it is told, as the peer's strategy does."""

    name = "signals"
    features = ("close",)

    def __init__(self, entries: dict[int, tuple[int, float, float]], exits: frozenset[int]) -> None:
        self.entries, self.exits = entries, exits

    def reset(self, seed: int) -> None:  # noqa: ARG002 - the protocol's argument
        """Count anew."""
        self.bar = -1

    def decide(self, observation: Observation) -> Decision:
        """Look the bar up."""
        self.bar += 1
        entry, account = self.entries.get(self.bar), observation.account
        if entry is not None:
            side, stop, take = entry
            share = side * QUANTITY * float(account.mark_price[0]) / account.equity
            action = Action.BUY if side > 0 else Action.SELL
            return Decision({"S0": Intent(action, share, stop_loss=stop, take_profit=take)})
        if self.bar in self.exits and account.quantity[0]:
            return Decision({"S0": Intent(Action.CLOSE)})
        return HOLD


def signals(bars: Market) -> Signals:
    """Long and short in turn, stop 1 % and target 2 % of the close, out 40 bars later."""
    entries, closes = {}, bars.column("close")[:, 0].tolist()
    for turn, bar in enumerate(range(0, BARS - EVERY, EVERY)):
        side, close = 1 - 2 * (turn % 2), closes[bar]
        entries[bar] = (side, round(close * (1 - 0.01 * side), 4), round(close * (1 + 0.02 * side), 4))
    return Signals(entries, frozenset(bar + 40 for bar in entries))


def ours(bars: Market, policy: Signals) -> Any:
    """The session under the peer's rules."""
    fees = {"taker_fee": FEE, "maker_fee": FEE, "slippage": 0.0}
    one = Instrument("S0", tick=Decimal("0.0001"), lot=Decimal(1), **fees)
    return timed(bars, policy, SimulatedVenue([one], CASH, NAUTILUS), [one])


def differing(trace: Trace, fills: list[list[float]]) -> int:
    """Fills that are not the same in both. Booked by us with the bar after a close, by it with the close."""
    found = [
        (fill.ts + FIVE.us * (fill.order_id == ""), fill.quantity, round(fill.price, 6), round(fill.fee, 6))
        for fill in trace.fills
    ]
    theirs = [(known, quantity, round(price, 6), round(fee, 6)) for known, quantity, price, fee in fills]
    return abs(len(found) - len(theirs)) + sum(one != other for one, other in zip(found, theirs, strict=False))


def against_nautilus() -> dict[str, object]:
    """CPU seconds of both in interleaved rounds, if their fills are the same."""
    bars = market(1, gap=0.0005)
    policy = signals(bars)
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "spec.json"
        columns = {name: bars.column(name)[:, 0].tolist() for name in ("open", "high", "low", "close")}
        asked = {"known_us": (bars.ts + FIVE.us).tolist(), "entries": policy.entries, "exits": sorted(policy.exits)}
        spec.write_text(json.dumps({**columns, **asked, "quantity": QUANTITY, "fee": FEE, "cash": CASH}))
        try:
            answer = ask("nautilus", "nautilus", str(spec), "fills")
        except Unavailable as error:
            return {"not measured": str(error)}
        trace, _ = ours(bars, policy)
        differ = differing(trace, answer["fills"])
        figures = {"version": answer["version"], "bars": BARS, "fills": len(trace.fills), "fills that differ": differ}
        if differ:
            return {**figures, "time": "not reported: it fills otherwise"}
        mine, theirs = [], []
        for _ in range(ROUNDS):
            mine.append(ours(bars, policy)[1])
            theirs.append(ask("nautilus", "nautilus", str(spec))["cpu_s"])
    ratios = [their / my for my, their in zip(mine, theirs, strict=True)]
    return {
        **figures,
        "our bars per CPU-s": BARS / statistics.median(mine),
        "its bars per CPU-s": BARS / statistics.median(theirs),
        "ratio, median of rounds": statistics.median(ratios),
        "ratios": ratios,
    }


def main() -> None:
    """Both, and the load they were measured under."""
    load = os.getloadavg()
    figures = {"bars": BARS, "bars_per_cpu_s": alone(), "nautilus": against_nautilus()}
    keep("session", {**figures, "peak_mib": peak_mib(), "load": [load, os.getloadavg()]})


if __name__ == "__main__":
    main()
