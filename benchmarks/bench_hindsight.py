"""Hindsight: the oracle and the triple barrier against plain numpy of the same rules, interleaved.

    python benchmarks/bench_hindsight.py [--rows 200000] [--rounds 5]

The peers are what one writes without a compiler: a loop over bars that is vectorised over
positions (the oracle), and one slice of the future per row (the barrier). Values are
compared first; if one differs nothing is reported and the exit code is 1. Figures are bars
per CPU-second, median of the rounds.
"""

import argparse
import os
import sys

import numpy as np

from _rounds import interleaved, keep
from alphaloop.core.market import HIGH, LOW, OPEN, Instrument, Market
from alphaloop.core.time import Timeframe
from alphaloop.hindsight.labels import LabelSpec, label_frame, triple_barrier, windows
from alphaloop.hindsight.oracle import Tape, best_paths, future_values, tape, whole_lots

WIDTH, HORIZON = 0.01, 48
SYMBOL = Instrument("X")


def random_market(rows: int) -> Market:
    """A random walk without holes, with funding every eight hours."""
    rng = np.random.default_rng(0)
    close = 1_000 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    opened = np.append(close[0], close[:-1])
    high, low = np.maximum(opened, close) * 1.0005, np.minimum(opened, close) * 0.9995
    funding = np.where(np.arange(rows) % 96 == 0, rng.normal(0.0001, 0.0001, rows), 0.0)
    values = np.stack([opened, high, low, close, np.ones(rows), funding], axis=1)
    five = Timeframe.parse("5m")
    return Market(np.arange(rows) * five.us, ("X",), values[:, None], five)


def numpy_oracle(given: Tape) -> float:
    """Value of the best path: one bar at a time, all switches at once."""
    levels, flat = given.levels, given.flat
    change = levels[:, None] - levels[None, :]  # to, from
    rate = given.costs[1] + given.costs[0] * (1.0 + np.sign(change) * given.costs[1])
    cost = np.abs(change) * rate
    value = np.full(len(levels), -np.inf)
    value[flat] = 0.0
    for first, close, before, due, _, _ in given.bars[1:]:
        value = value + levels * (first - before - due)
        value = (value[None, :] - cost * first).max(axis=1) + levels * (close - first)
    return float(value.max())


def numpy_barrier(market: Market, rows: int) -> np.ndarray:
    """Labels of the first ``rows`` rows: one slice of the future per row, stop before target."""
    bars, found = market.values[:, 0], np.zeros(rows, dtype=np.int64)
    for row in range(rows):
        future = bars[row + 1 : row + 1 + HORIZON]
        entry = future[0, OPEN] * (1.0 + SYMBOL.slippage)
        low = np.flatnonzero(future[:, LOW] <= entry * (1.0 - WIDTH))
        high = np.flatnonzero(future[:, HIGH] >= entry * (1.0 + WIDTH))
        stop, target = low[0] if len(low) else HORIZON, high[0] if len(high) else HORIZON
        found[row] = 0 if stop == target == HORIZON else -1 if stop <= target else 1
    return found


def main() -> int:
    """Compare, then measure; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    market = random_market(asked.rows)
    some = min(20_000, asked.rows - HORIZON - 1)
    small = Market(market.ts[: asked.rows // 10], ("X",), market.values[: asked.rows // 10], market.timeframe)
    own, part = (tape(one, 0, SYMBOL, whole_lots(SYMBOL, 1.0, (-1, 0, 1))) for one in (market, small))
    window = windows(market, 0, HORIZON)
    agree = abs(numpy_oracle(part) - best_paths(part).values[0]) < 1e-6
    agree &= bool((triple_barrier(window, SYMBOL, WIDTH).label[:some] == numpy_barrier(market, some)).all())
    if not agree:
        print("values differ: nothing is reported", file=sys.stderr)
        return 1
    jobs = {
        "values": (len(own), lambda: future_values(own)),
        "best path": (len(own), lambda: best_paths(own)),
        "8 best paths": (len(own), lambda: best_paths(own, 8)),
        "numpy oracle": (len(part), lambda: numpy_oracle(part)),
        "barrier": (len(own), lambda: triple_barrier(window, SYMBOL, WIDTH)),
        "numpy barrier": (some, lambda: numpy_barrier(market, some)),
        "label table, 2 horizons": (len(own), lambda: label_frame(market, [SYMBOL], LabelSpec(horizons=(12, 48)))),
    }
    spent = interleaved({name: job for name, (_, job) in jobs.items()}, asked.rounds)
    rates = {name: jobs[name][0] / spent[name]["cpu_s"] for name in jobs}
    figures: dict[str, object] = {name: round(rate) for name, rate in rates.items()}
    figures |= {
        "values x numpy": round(rates["values"] / rates["numpy oracle"], 1),
        "best path x numpy": round(rates["best path"] / rates["numpy oracle"], 1),
        "barrier x numpy": round(rates["barrier"] / rates["numpy barrier"], 1),
        "load": round(os.getloadavg()[0], 1),
    }
    keep("hindsight", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
