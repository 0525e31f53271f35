"""Features: own kernels, TA-Lib, polars and pandas on the same bars, interleaved in one process.

    python benchmarks/bench_features.py [--rows 120000] [--symbols 10] [--rounds 5]

Every column of every peer is compared with ours first (after the warm-up, where polars
begins its averages otherwise); if one differs by more than 1e-6 of its typical size
nothing is reported and the exit code is 1. Figures are rows per CPU-second, median of
the rounds and best of them. Each round starts with another job.

``columns`` is the indicators alone, from loose columns to loose columns, all symbols kept. Ours are
written in two ways: into memory asked for each time (``alphaloop``), and into memory that the
caller keeps from call to call (``alphaloop kept``), which no peer offers. pandas is written in three:
from loose columns, a symbol at a time (the least it can cost); from one frame of all symbols to one
frame by a loop over its symbols; and the same by grouped windows.
``matrix`` is the job the product does, values (T, A, F) and mask. Then the latency of one observation
and of one decision.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl

from _rounds import interleaved
from alphaloop.core.account import Account
from alphaloop.core.market import BAR_COLUMNS, CLOSE, Market
from alphaloop.core.time import Timeframe
from alphaloop.features.bars.lanes import kept
from alphaloop.features.contract import Schema
from alphaloop.features.family import RETURN, step_returns
from alphaloop.features.matrix import compute_arrays, plan
from alphaloop.features.view import MarketView
from alphaloop.policies.baselines import BASELINES
from shared.indicators import (
    NAMES,
    Columns,
    with_pandas,
    with_pandas_groups,
    with_pandas_loop,
    with_polars,
    with_talib,
)

WARM = 5_000  # rows after which the beginnings of exponential averages no longer show


def random_market(symbols: int, rows: int) -> Market:
    """Random walks without holes."""
    rng = np.random.default_rng(0)
    shape = (rows, symbols)
    close = 1_000 * np.exp(np.cumsum(rng.normal(0, 0.001, shape), axis=0))
    before = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(close, before) * (1 + 0.001 * rng.random(shape))
    low = np.minimum(close, before) * (1 - 0.001 * rng.random(shape))
    values = np.stack([before, high, low, close, rng.lognormal(3, 1, shape), np.zeros(shape)], axis=2)
    five = Timeframe.parse("5m")
    return Market(np.arange(rows) * five.us, tuple(f"S{n}" for n in range(symbols)), values, five)


def own_columns(symbols: list[np.ndarray], schema: Schema, memory: list[np.ndarray] | None = None) -> list[np.ndarray]:
    """Our kernels alone: one array (columns, T) per symbol, from bars (7, T) whose returns are yet to be made."""
    order, made = plan(schema.features), []
    for place, bars in enumerate(symbols):
        step_returns(bars[CLOSE], bars[RETURN])
        columns = np.empty((order.width, bars.shape[1])) if memory is None else memory[place]
        order.run(bars, 0, order.fresh(), columns)
        made.append(columns)
    return made


def as_matrix(tapes: list[Columns]) -> tuple[np.ndarray, np.ndarray]:
    """A peer's loose columns as values (T, A, F) and mask."""
    values = np.empty((len(tapes[0][NAMES[0]]), len(tapes), len(NAMES)))
    for asset, columns in enumerate(tapes):
        for place, name in enumerate(NAMES):
            values[:, asset, place] = columns[name]
    return values, np.isfinite(values)


def polars_tapes(made: pl.DataFrame) -> list[Columns]:
    """Columns of a polars frame as numpy, per symbol."""
    parts = made.partition_by("symbol", maintain_order=True)
    return [{name: part[name].to_numpy() for name in NAMES} for part in parts]


def pandas_tapes(made: pd.DataFrame, symbols: int) -> list[Columns]:
    """Columns of a panel of equally many rows a symbol, per symbol."""
    rows = len(made) // symbols
    return [{name: made[name].to_numpy()[k * rows : k * rows + rows] for name in NAMES} for k in range(symbols)]


def differences(ours: np.ndarray, peers: dict[str, list[Columns]]) -> list[str]:
    """Columns where a peer disagrees, with the size of the largest difference."""
    wrong = []
    for peer, tapes in peers.items():
        for place, name in enumerate(NAMES):
            for asset, columns in enumerate(tapes):
                mine, other = ours[WARM:, asset, place], np.asarray(columns[name])[WARM:]
                worst = float(np.max(np.abs(mine - other)) / np.median(np.abs(mine)))
                if not worst <= 1e-6:
                    wrong.append(f"{peer} {name} of symbol {asset}: {worst:.2e} of its median size")
    return wrong


def microseconds(call: Callable[[int], object], calls: int) -> float:
    """Median of five timings of one call, microseconds of CPU time."""
    timings = []
    for _ in range(5):
        begin = time.process_time()
        for number in range(calls):
            call(number)
        timings.append((time.process_time() - begin) / calls * 1e6)
    return round(statistics.median(timings), 2)


def latencies() -> dict[str, float]:
    """One observation, and one decision of each baseline on three symbols."""
    market = random_market(3, 20_000)
    step, calls = market.timeframe.us, 19_000
    account = Account(cash=10_000).view(market.symbols, dict.fromkeys(market.symbols, 100.0), 0.0)
    holding = account._replace(quantity=np.ones(3))
    view = MarketView(market, Schema(NAMES), lookback=32)
    measured = {
        f"observe, {len(NAMES)} features x 3 symbols": microseconds(lambda n: view.observe(n * step, account), calls)
    }
    for name, kind in BASELINES.items():
        policy = kind()
        view = MarketView(market, Schema(policy.features))
        seen = [view.observe(n * step, account if name == "flat" else holding) for n in range(calls)]
        policy.reset(0)
        measured[f"decide, {name}"] = microseconds(lambda n, policy=policy, seen=seen: policy.decide(seen[n]), calls)
    return measured


def main() -> int:
    """Compare, time, print JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("--rows", 120_000), ("--symbols", 10), ("--rounds", 5)):
        options.add_argument(name, type=int, default=default)
    given = options.parse_args()
    market, schema = random_market(given.symbols, given.rows), Schema(NAMES)
    tapes = [
        {name: np.ascontiguousarray(market.values[:, asset, part]) for part, name in enumerate(BAR_COLUMNS)}
        for asset in range(given.symbols)
    ]
    symbols = [np.stack([*tape.values(), np.full(given.rows, np.nan)]) for tape in tapes]
    frame = pl.concat(
        [pl.DataFrame(tape).with_columns(symbol=pl.lit(one)) for one, tape in zip(market.symbols, tapes, strict=True)]
    )
    runs: dict[str, Callable[[], object]] = {
        "alphaloop columns": lambda: own_columns(symbols, schema),
        "alphaloop kept columns": lambda: own_columns(symbols, schema, memory),
        "talib columns": lambda: with_talib(tapes),
        "polars columns": lambda: with_polars(frame),
        "pandas columns": lambda: with_pandas(tapes),
        "pandas panel by loop columns": lambda: with_pandas_loop(panel),
        "pandas panel by groups columns": lambda: with_pandas_groups(panel),
        "alphaloop matrix": lambda: compute_arrays(market, schema),
        "talib matrix": lambda: as_matrix(with_talib(tapes)),
        "polars matrix": lambda: as_matrix(polars_tapes(with_polars(frame))),
        "pandas matrix": lambda: as_matrix(with_pandas(tapes)),
    }
    panel, memory = frame.to_pandas(), [kept(len(NAMES), given.rows) for _ in symbols]
    peers = {
        "talib": with_talib(tapes),
        "polars": polars_tapes(with_polars(frame)),
        "pandas": with_pandas(tapes),
        "pandas panel by loop": pandas_tapes(with_pandas_loop(panel), given.symbols),
        "pandas panel by groups": pandas_tapes(with_pandas_groups(panel), given.symbols),
    }
    wrong = differences(compute_arrays(market, schema)[0], peers)
    if wrong:
        print(json.dumps({"refused": "values differ", "where": wrong}, indent=1))
        return 1
    peers = {peer: [] for peer in peers}  # their columns need not lie in memory meanwhile
    cpu, load = interleaved(runs, given.rounds), os.getloadavg()[0]
    rows = given.rows * given.symbols
    ways = {"alphaloop columns": "columns", "alphaloop kept columns": "columns", "alphaloop matrix": "matrix"}
    report = {
        "rows": rows,
        "columns": len(NAMES),
        "load": load,
        "million_rows_per_cpu_second": {
            name: {kind: round(rows / spent[f"{kind}_s"] / 1e6, 2) for kind in ("cpu", "best_cpu")}
            for name, spent in cpu.items()
        },
        "times_faster_per_cpu_second": {
            f"{way} than {peer}": {
                kind: round(cpu[f"{peer} {job}"][f"{kind}_s"] / cpu[way][f"{kind}_s"], 2)
                for kind in ("cpu", "best_cpu")
            }
            for way, job in ways.items()
            for peer in peers
            if f"{peer} {job}" in cpu
        },
        "cpu_microseconds": latencies(),
    }
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
