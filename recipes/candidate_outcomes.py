"""What random trades came to: outcomes by regime, side, stop and target, over all history.

    python recipes/candidate_outcomes.py --home .alphaloop --symbols BTCUSDT,ETHUSDT,SOLUSDT --out outcomes.html

Draws decisions uniformly over the bars of each symbol, each with a side, a stop and a target
from a grid, asks the reward oracle what every one would have made net of costs, joins the
regime known at the decision, and draws the page. Random entries have no skill, so what
remains after costs is the market's drift and the shape of the levels: the floor that any
policy has to beat. Rows go to a Parquet file beside the page.
"""

import argparse
import json
import os
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from alphaloop.app.report.outcomes import write_outcomes
from alphaloop.core.errors import AlphaloopError
from alphaloop.core.market import FUNDING, Market
from alphaloop.core.time import Timeframe
from alphaloop.features.contract import Schema
from alphaloop.features.matrix import compute
from alphaloop.features.regime import LABELS
from alphaloop.features.sources.symbols import names_of
from alphaloop.hindsight.outcomes import Costs, label_candidates
from alphaloop.lake.bars import load_market
from alphaloop.lake.table import Lake

STOPS, TARGETS = (0.0025, 0.005, 0.01, 0.02), (0.005, 0.01, 0.02, 0.04, np.nan)
LEVERAGES = (1.0, 3.0, 10.0)
UNKNOWN = "unknown"


def regimes(lake: Lake, symbol: str, timeframe: Timeframe) -> pl.DataFrame:
    """``ts`` (open of the bar, microseconds) and ``regime`` as known when the bar closed."""
    frames = {
        "market_bars": lake.read("market_bars", symbols=[symbol], timeframe=str(timeframe)),
        "open_interest": lake.read("open_interest", symbols=list(names_of(symbol))),
    }
    found = compute(frames, symbols=[symbol], timeframe=timeframe, schema=Schema(["regime_code"]))
    return found.select(
        pl.col("event_time").to_physical().alias("ts"),
        regime=pl.col("regime_code").replace_strict(dict(enumerate(LABELS)), default=UNKNOWN, return_dtype=pl.String),
    )


def stretches(market: Market) -> list[slice]:
    """Runs of bars without a hole: a trade cannot be followed across one."""
    cuts = np.flatnonzero(np.diff(market.ts) != market.timeframe.us) + 1
    return [slice(first, stop) for first, stop in pairwise([0, *cuts.tolist(), len(market)])]


def drawn(rng: np.random.Generator, bars: int, count: int) -> dict[str, np.ndarray]:
    """Candidates that know nothing, one row each."""
    return {
        "bar": rng.integers(0, bars, count),
        "side": rng.choice([1, -1], count),
        "stop": rng.choice(STOPS, count),
        "target": rng.choice(TARGETS, count),
        "leverage": rng.choice(LEVERAGES, count),
    }


def labelled(lake: Lake, symbol: str, count: int, given: argparse.Namespace, rng: np.random.Generator) -> pl.DataFrame:
    """One symbol's candidates with their outcomes and regimes."""
    market = load_market(lake, [symbol], given.timeframe)
    known, parts = regimes(lake, symbol, market.timeframe), []
    for stretch in stretches(market):
        values, ts = market.values[stretch, 0], market.ts[stretch]
        shares = [round(count * edge / len(market)) for edge in (stretch.start, stretch.stop)]
        tried = drawn(rng, len(ts), shares[1] - shares[0])
        bars = {name: np.ascontiguousarray(values[:, k]) for k, name in enumerate(("open", "high", "low", "close"))}
        bars["funding_rate"], bars["volume"] = values[:, FUNDING].copy(), values[:, FUNDING - 1].copy()
        found = label_candidates(bars, tried, costs=Costs(), horizon=given.horizon, threads=given.threads)
        frame = pl.DataFrame(tried).with_columns(symbol=pl.lit(symbol), ts=pl.Series(ts[tried["bar"]]))
        parts.append(pl.concat([frame, found.frame()], how="horizontal"))
    return pl.concat(parts).join(known, on="ts", how="left").with_columns(pl.col("regime").fill_null(UNKNOWN))


def options(words: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("ALPHALOOP_HOME", ".alphaloop")))
    parser.add_argument("--symbols", type=lambda text: text.split(","), required=True)
    parser.add_argument("--timeframe", default="5m")
    parser.add_argument("--out", type=Path, required=True)
    for name, default in (("--candidates", 1_000_000), ("--horizon", 48), ("--seed", 0), ("--threads", 1)):
        parser.add_argument(name, type=int, default=default)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Draw, label, join, write; a line of JSON at the end."""
    given = options(words)
    lake, rng, begun = Lake(given.home / "lake"), np.random.default_rng(given.seed), time.perf_counter()
    try:
        shares = [round(given.candidates * k / len(given.symbols)) for k in range(len(given.symbols) + 1)]
        counts = zip(given.symbols, pairwise(shares), strict=True)
        rows = pl.concat([labelled(lake, symbol, stop - first, given, rng) for symbol, (first, stop) in counts])
        held = rows.with_columns(
            pl.col("stop", "target").fill_nan(None),
            pl.col("reason").cast(pl.String),
            bars_held=pl.col("exit_bar") - pl.col("bar"),
        )
        synthetic = (
            lake.scan("market_bars", symbols=given.symbols).select(pl.col("is_synthetic").any()).collect().item()
        )
        tables = write_outcomes(
            held,
            given.out,
            f"{rows.height:,} random trades",
            subtitle=f"{', '.join(given.symbols)} · {given.timeframe} bars · horizon {given.horizon} bars · "
            f"taker 5 bp, maker 2 bp, slippage 1 bp · leverage {', '.join(f'{one:g}' for one in LEVERAGES)}",
            banner="Simulated market: no claim about real markets." if synthetic else "",
            notes=[
                "Stops, targets, sides and leverages were drawn at random, evenly; entries at the next open.",
                "A regime is unknown where the bars have no taker volume, or too few came before.",
            ],
        )
    except AlphaloopError as error:
        print(error, file=sys.stderr)
        return 2
    rows.write_parquet(given.out.with_suffix(".parquet"))
    print(json.dumps({"out": str(given.out), "seconds": round(time.perf_counter() - begun, 2), **tables["totals"]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
