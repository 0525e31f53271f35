"""Volatility features: deviation of returns, its term structure, and the true range.

``vol_n`` is the sample deviation (divided by n - 1) of the last n one-bar simple returns,
per bar, not annualised. ``atr_n`` is Wilder's, in quote currency, with TA-Lib's warm-up:
the first value is the plain mean of n true ranges. Knows high, low and close.
"""

import numpy as np

from alphaloop.core.market import CLOSE, HIGH, LOW, Floats, Ints
from alphaloop.execution.simulator.jit import inlined
from alphaloop.features.bars.averages import step
from alphaloop.features.bars.moments import (
    TILE,
    Window,
    blocks_in,
    carry,
    climb,
    first_row,
    hold,
    joined,
    room_for,
    tile,
    window,
)
from alphaloop.features.family import RETURN, Column, Family, Param, compiled


@inlined
def _deviations(parts: Window, n: int, deviations: Floats) -> None:
    """Sample deviations of windows of n values."""
    share = 1.0 / (n - 1)
    for k in range(len(deviations)):
        _, spread = joined(parts, k)
        deviations[k] = np.sqrt(spread * share)


@compiled
def deviation_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Sample deviation of the last n one-bar returns, for each n of ``params``."""
    room, stop = room_for(params), start + out.shape[1]
    blocks = blocks_in(room, params)
    for row in range(first_row(start, params), stop, TILE):
        rows, early, begin = tile(row, start, stop)
        climb(bars[RETURN], row, rows, blocks)
        for p in range(len(params)):
            made = out[p, begin : begin + rows - early]
            _deviations(window(blocks, params[p], early, len(made)), params[p], made)
        carry(rows, blocks)
    hold(room)


@compiled
def term_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Short deviation over long deviation, for each pair of ``params``; NaN when the long one is zero."""
    room, stop = room_for(params), start + out.shape[1]
    blocks, long = blocks_in(room, params), np.empty(TILE)
    for row in range(first_row(start, params), stop, TILE):
        rows, early, begin = tile(row, start, stop)
        climb(bars[RETURN], row, rows, blocks)
        for p in range(out.shape[0]):
            made = out[p, begin : begin + rows - early]
            _deviations(window(blocks, params[2 * p], early, len(made)), params[2 * p], made)
            _deviations(window(blocks, params[2 * p + 1], early, len(made)), params[2 * p + 1], long[: len(made)])
            for k in range(len(made)):
                made[k] = made[k] / long[k] if long[k] > 0.0 else np.nan
        carry(rows, blocks)
    hold(room)


@compiled
def true_range_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Wilder's average of the true range over ``params[0]`` bars."""
    high, low, close, n = bars[HIGH], bars[LOW], bars[CLOSE], params[0]
    seen, average, weight = int(state[0]), state[1], 1.0 / n
    for k in range(out.shape[1]):
        i = start + k
        if seen > 0:  # the first bar has no previous close, hence no true range
            before = close[i - 1]
            reach = max(high[i], before) - min(low[i], before)
            if seen < n:
                average += reach
            elif seen == n:
                average = (average + reach) / n
            else:
                average = step(average, reach, weight)
        out[0, k] = average if seen >= n else np.nan
        seen += 1
    state[0], state[1] = seen, average


FAMILIES = (
    Family(
        "volatility",
        deviation_kernel,
        (Column("vol", "fraction per bar", "std(ret_1 over n bars), ddof=1"),),
        ("close",),
        lookback=lambda n: n,
        params=(Param("n", least=2),),
        together=True,
        version=2,
    ),
    Family(
        "term structure",
        term_kernel,
        (Column("vol_term", "ratio", "vol_a / vol_b"),),
        ("close",),
        lookback=lambda _a, b: b,
        params=(Param("a", least=2), Param("b", least=2)),
        together=True,
        version=2,
        missing="as vol_b, and NaN where vol_b is 0",
        ascending=2,
    ),
    Family(
        "true range",
        true_range_kernel,
        (Column("atr", "quote per base", "Wilder average over n of max(high, close[-1]) - min(low, close[-1])"),),
        ("high", "low", "close"),
        lookback=lambda n: n,
        params=(Param("n", default=14),),
        slots=2,
        version=2,
    ),
)
