"""Known truth: what share of the best achievable IC every forecasting chain recovers, and what it finds in nothing.

    python recipes/known_truth.py --home .alphaloop/known-truth --chains multimodal,liquid,backbones

Runs the commands a user would: ``data simulate``, ``features build``, ``train``. One market has a planted flow whose
best achievable correlation is stated, another of the same kind has none. Of each candidate it prints the IC
out of sample, the best that any forecast can attain in the long run, what the forecast that knows the law attains on
the very same rows, and the share of both. Exit code 1 where a share lies below 0.8, or a candidate of the null market
passes.
"""

import argparse
import contextlib
import io
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from alphaloop.app.cli.main import main as run
from alphaloop.core.time import Timeframe
from alphaloop.lake.sources.simulated import NOTHING, STEADY, SimulatedMarket, attainable_ic
from alphaloop.lake.sources.simulated.attainable import best_forecast
from alphaloop.lake.sources.simulated.candles import market_bars

SYMBOL = "SIMAUSDT"
LEAST = 0.8
"""Share of the best achievable IC that is asked of every chain."""

FEATURES = (
    "cvd_ratio_1h,cvd_ratio_4h,taker_log_ratio_1h,ret_1,ret_3,ret_12,vol_12,vol_96,rsi_14,funding_rate_8h,"
    "event_density,event_decay,event_sentiment"
)
"""Of each modality some; only the first hour's flow and return know anything."""

BUDGET = {
    "liquid": ["--set", "batch=32"],
    "multimodal": [],
    "backbones": ["--set", "models=ridge+rlinear+tsmixer"],
}
"""Settings of each chain. Eight epochs of some thousand rows in batches of 256 are too few steps for a network."""


def options(words: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path(".alphaloop/known-truth"))
    parser.add_argument("--chains", type=lambda text: text.split(","), default=list(BUDGET))
    parser.add_argument("--markets", type=lambda text: text.split(","), default=["planted", "null"])
    parser.add_argument("--horizons", default="1h,2h")
    parser.add_argument("--timeframe", default="1h")
    parser.add_argument("--mode", default="fast")
    parser.add_argument("--features", default=FEATURES, help="comma-separated, or: all")
    parser.add_argument("--flow-r2", type=float, default=0.2, help="share of the next bar that imbalance tells")
    parser.add_argument(
        "--leaks", action="store_true", help="hold the leak tribunal first: no verdict is final without"
    )
    parser.add_argument("--set", action="append", default=[], help="chain:name=value, a setting of one chain")
    for name, default in (("--days", 180), ("--seed", 1), ("--lookback", 8)):
        parser.add_argument(name, type=int, default=default)
    return parser.parse_args(words)


def alphaloop(home: Path, *words: str) -> dict[str, Any]:
    """What a command prints; 1 (degraded, not passed) is an answer, anything above ends the recipe."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = run(["--home", str(home), *words, "--json"])
    if code > 1:
        raise SystemExit(f"alphaloop {' '.join(words)}: {out.getvalue()}")
    return json.loads(out.getvalue())


def market_of(given: argparse.Namespace, name: str) -> SimulatedMarket:
    """The market that ``data simulate`` makes of these options."""
    made = SimulatedMarket((SYMBOL,), days=given.days, timeframe=given.timeframe, seed=given.seed, dynamics=STEADY)
    return replace(made, effects=replace(NOTHING, flow_r2=given.flow_r2), null=name == "null")


def known(market: SimulatedMarket, horizon: str, start: int, end: int) -> dict[str, float]:
    """The best IC in the long run, and on decisions in ``[start, end)`` with its error."""
    bars = Timeframe.parse(horizon).us // market.interval.us
    closes = market_bars(market)["close"].to_numpy()
    label = closes[bars:] / closes[:-bars] - 1.0
    now = market.ts[:-bars] + market.interval.us
    rows = (now >= start) & (now < end)
    told = best_forecast(market, bars)[:-bars, 0]
    realised = float(np.corrcoef(told[rows], label[rows])[0, 1]) if float(np.ptp(told[rows])) > 0 else 0.0
    best = float(attainable_ic(market, bars)[0])
    return {
        "best": best,
        "realised": realised,
        "rows": int(rows.sum()),
        "error": (1 - best**2) / float(np.sqrt(rows.sum())),
    }


def trained(given: argparse.Namespace, home: Path, chain: str) -> dict[str, Any]:
    """What a training command says."""
    words = ["train", chain, "--symbols", SYMBOL, "--timeframe", given.timeframe, "--horizons", given.horizons]
    words += ["--mode", given.mode, "--lookback", str(given.lookback), "--seed", str(given.seed)]
    words += [] if given.features == "all" else ["--features", given.features]
    own = [text.partition(":")[2] for text in given.set if text.startswith(f"{chain}:")]
    return alphaloop(home, *words, *BUDGET[chain], *(part for text in own for part in ("--set", text)))


def judged(given: argparse.Namespace, home: Path, name: str, chain: str) -> list[dict[str, Any]]:
    """A row for every horizon of a chain on a market."""
    market, began = market_of(given, name), time.perf_counter()
    said = trained(given, home, chain)
    seconds, rows = time.perf_counter() - began, []
    for candidate, verdict in zip(said["candidates"], said["verdicts"], strict=True):
        protocol = alphaloop(home, "registry", "show", candidate["id"])["evidence"][-1]["protocol"]
        truth = known(market, candidate["horizon"], protocol["start"], protocol["end"])
        ic = candidate["oos"]["ic"] or 0.0
        shares = {
            "share": ic / truth["best"] if truth["best"] else None,
            "share_of_realised": ic / truth["realised"] if truth["best"] else None,
        }
        rows.append(
            {
                "market": name, "chain": chain, "chosen": candidate["chosen"], "horizon": candidate["horizon"],
                "ic": ic, "interval": candidate["oos"]["interval"], **truth, **shares,
                "net_pnl": candidate["oos"]["net_pnl"], "verdict": verdict["verdict"],
                "failed": [one["name"] for one in verdict["checks"] if not one["passed"]],
                "variants": {variant: one["ic"] for variant, one in candidate["variants"].items()},
                "candidate": candidate["id"], "seconds": seconds,
            }
        )  # fmt: skip
    return rows


def met(row: dict[str, Any]) -> bool:
    """Whether a row is as it has to be: found where there was something, not promoted where there was nothing."""
    if row["market"] == "null":
        return row["verdict"] != "passed"
    return min(row["share"], row["share_of_realised"]) >= LEAST


def main(words: list[str] | None = None) -> int:
    """Both markets, all chains; a line a candidate, and one of JSON at the end."""
    given = options(words)
    found: list[dict[str, Any]] = []
    for name in given.markets:
        home = given.home / f"{name}-{given.days}d-{given.seed}"
        plant = ["--null"] if name == "null" else ["--plant", f"flow_r2={given.flow_r2}"]
        size = ["--days", str(given.days), "--timeframe", given.timeframe, "--seed", str(given.seed), "--steady"]
        alphaloop(home, "data", "simulate", "--symbols", SYMBOL, *size, *plant)
        if given.leaks:
            alphaloop(home, "evaluate", "leaks", "--cuts", "100", "--processes", "1")
        chosen = [] if given.features == "all" else ["--features", given.features]
        alphaloop(home, "features", "build", "--symbols", SYMBOL, "--timeframe", given.timeframe, *chosen)
        for chain in given.chains:
            for row in judged(given, home, name, chain):
                found.append(row)
                show(row)
    passed = all(met(row) for row in found)
    print(json.dumps({"passed": passed, "least": LEAST, "rows": found}))
    return 0 if passed else 1


def show(row: dict[str, Any]) -> None:
    """One line for people."""
    share = "" if row["share"] is None else f"  share {row['share']:.2f}, of realised {row['share_of_realised']:.2f}"
    print(
        f"{row['market']:8s}{row['chain']:11s}{row['horizon']:4s} IC {row['ic']:+.4f}  best {row['best']:.4f} "
        f"(here {row['realised']:.4f}, error {row['error']:.4f}){share}  {row['verdict']}  {row['seconds']:.0f} s",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())
