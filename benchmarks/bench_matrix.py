"""The whole matrix, lake to lake: a simulated market of every modality, built and built again.

    python benchmarks/bench_matrix.py [--symbols 10] [--days 420]
    python benchmarks/bench_matrix.py --history [--symbols 20] [--bars 428000]

A build runs in a process of its own, so that its peak of memory is its own; kernels are
compiled beforehand on a small market. Then the same build again, which has nothing to do,
and one of a day more. Goal: 1.2 million rows in 25 s and 4 GB on two cores.

``--history`` is the full-history size instead: 8.56 million bars of a random walk, written
straight to a lake, and the features that are made of bars alone. It takes some minutes and
12 GB of disk. Goal: 150 s and 8 GB.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from _rounds import keep
from alphaloop.app.featuring import Order, build
from alphaloop.app.simulating import market_of, simulate_into
from alphaloop.core.time import instant_us
from alphaloop.features.contract import Schema, full
from alphaloop.lake.table import Lake

NAMES = ["BTC", "ETH", "SOL", "BNB", "XRP", "ADA", "DOGE", "TRX", "AVAX", "LINK"]
NAMES += ["DOT", "LTC", "BCH", "UNI", "ATOM", "XLM", "NEAR", "APT", "FIL", "ARB"]
DAY_US, STEP_US, WARM = 86_400_000_000, 300_000_000, 9_000
START = instant_us("2021-01-01")


def of_bars() -> Schema:
    """Every feature of the full matrix that is made of bars alone."""
    return Schema(one.name for one in full().features if one.modality == "price")


def walk(symbol: str, count: int, seed: int) -> pl.DataFrame:
    """Rows of ``market_bars``: a random walk with taker volumes."""
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(random.normal(0, 1e-3, count)))
    opened, volume = np.r_[100.0, close[:-1]], random.lognormal(3, 0.5, count)
    wide = np.exp(np.abs(random.normal(0, 5e-4, (2, count))))
    names = {"venue": "simulated", "symbol": symbol, "timeframe": "5m", "source": "bench_matrix"}
    columns = {
        "event_time": START + STEP_US * np.arange(count),
        "open": opened,
        "high": np.maximum(opened, close) * wide[0],
        "low": np.minimum(opened, close) / wide[1],
        "close": close,
        "volume": volume,
        "taker_buy_volume": volume * random.uniform(0.3, 0.7, count),
    }
    marks = {"is_synthetic": pl.lit(True), "is_derived": pl.lit(False)}
    return pl.DataFrame(columns).with_columns(**{name: pl.lit(text) for name, text in names.items()}, **marks)


def built(home: Path, symbols: tuple[str, ...], end: int | None, features: str = "full") -> dict[str, float]:
    """One build in a process of its own: seconds, CPU seconds, peak MiB, rows."""
    words = [sys.executable, __file__, "--build", str(home), "--names", ",".join(symbols), "--end", str(end or 0)]
    done = subprocess.run([*words, "--features", features], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def build_here(home: Path, symbols: tuple[str, ...], end: int | None, schema: Schema) -> None:
    """In this process; prints its figures."""
    order = Order(symbols, "5m", schema, end=end)
    load, started, spent = os.getloadavg()[0], time.perf_counter(), time.process_time()
    made = build(Lake(home / "lake"), home / "features", order, now=time.time_ns() // 1000)
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "rows": made["rows"],
        "features": made["features"],
        "wall_s": round(time.perf_counter() - started, 2),
        "cpu_s": round(time.process_time() - spent, 2),
        "peak_mib": round(usage),
        "load_before": round(load, 1),
    }
    print(json.dumps(figures))


def every_modality(home: Path, symbols: tuple[str, ...], days: int) -> dict[str, object]:
    """A simulated market: from nothing, again, and a day more."""
    for length, place in ((30, home / "warm"), (days, home / "full")):
        simulate_into(Lake(place / "lake"), market_of(symbols, length, "5m", 0, False), now=1)
    built(home / "warm", symbols[:1], None)
    last = Lake(home / "full" / "lake").scan("market_bars").select("event_time").max().collect().item()
    cut = int(last.timestamp() * 1e6) - DAY_US
    return {
        "from nothing": built(home / "full", symbols, cut),
        "again": built(home / "full", symbols, cut),
        "a day more": built(home / "full", symbols, None),
    }


def full_history(home: Path, symbols: tuple[str, ...], bars: int) -> dict[str, object]:
    """Bars alone, all there ever were: from nothing, and a day more."""
    Lake(home / "warm" / "lake").append("market_bars", walk("WARM", WARM, 0), ingested_at=1)
    for seed, symbol in enumerate(symbols):
        Lake(home / "full" / "lake").append("market_bars", walk(symbol, bars, seed), ingested_at=1)
    built(home / "warm", ("WARM",), None, "bars")
    cut = START + STEP_US * bars - DAY_US
    return {
        "full history": built(home / "full", symbols, cut, "bars"),
        "a day more": built(home / "full", symbols, None, "bars"),
    }


def main() -> int:
    """Make a market, build, print JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--symbols", type=int)
    options.add_argument("--days", type=int, default=420)
    options.add_argument("--history", action="store_true", help="the full-history size instead; minutes")
    options.add_argument("--bars", type=int, default=428_000, help="bars per symbol of --history")
    options.add_argument("--folder", help="where the lakes stand, for their time")
    for name in ("--build", "--names", "--features"):
        options.add_argument(name, help=argparse.SUPPRESS)
    options.add_argument("--end", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.build:
        schema = full() if given.features == "full" else of_bars()
        build_here(Path(given.build), tuple(given.names.split(",")), given.end or None, schema)
        return 0
    symbols = tuple(f"{name}USDT" for name in NAMES[: given.symbols or (20 if given.history else 10)])
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        if given.history:
            keep("matrix_history", full_history(Path(folder), symbols, given.bars))
        else:
            keep("matrix", every_modality(Path(folder), symbols, given.days))
    return 0


if __name__ == "__main__":
    sys.exit(main())
