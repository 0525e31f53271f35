"""Volatility features: deviation of returns, its term structure, and the true range.

``vol_n`` is the sample deviation (divided by n - 1) of the last n one-bar simple returns,
per bar, not annualised. ``atr_n`` is Wilder's, in quote currency, with TA-Lib's warm-up:
the first value is the plain mean of n true ranges. Knows high, low and close.
"""

import numpy as np

from alphaloop.core.market import CLOSE, HIGH, LOW, Floats, Ints
from alphaloop.execution.simulator.jit import inlined
from alphaloop.features.bars.averages import step
from alphaloop.features.bars.lanes import WIDTH, Lanes, above, ask_ahead, every, hold, is_far, put, root
from alphaloop.features.bars.moments import (
    LATE,
    TILE,
    Blocks,
    blocks_in,
    carry,
    climb,
    due,
    first_row,
    joined,
    lay,
    room_for,
)
from alphaloop.features.family import RETURN, Column, Family, Param, compiled


@inlined
def _deviations(blocks: Blocks, p: int, n: int, share: float, at: int) -> Lanes:
    """Sample deviations of windows of n values; ``share`` is one over n - 1."""
    _, spread = joined(blocks, p, n, at)
    return root(spread * share)


@compiled
def deviation_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Sample deviation of the last n one-bar returns, for each n of ``params``."""
    room, stop, far, shares = room_for(params), start + out.shape[1], is_far(out), 1.0 / (params - 1)
    blocks = blocks_in(room, params)
    for row in range(first_row(start, params), stop, TILE):
        rows = min(TILE, stop - row)
        lay(bars[RETURN], row, rows, blocks)
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb(blocks, at)
            if due(at, row, start):
                for p in range(len(params)):
                    made = _deviations(blocks, p, params[p], shares[p], at - LATE)
                    put(out, p, row + at - LATE - start, made, far)
        carry(blocks)
    hold(room)


@compiled
def term_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Short deviation over long deviation, for each pair of ``params``; NaN when the long one is zero."""
    room, stop, far, shares = room_for(params), start + out.shape[1], is_far(out), 1.0 / (params - 1)
    blocks = blocks_in(room, params)
    for row in range(first_row(start, params), stop, TILE):
        rows = min(TILE, stop - row)
        lay(bars[RETURN], row, rows, blocks)
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb(blocks, at)
            if due(at, row, start):
                for p in range(0, len(params), 2):
                    short = _deviations(blocks, p, params[p], shares[p], at - LATE)
                    long = _deviations(blocks, p + 1, params[p + 1], shares[p + 1], at - LATE)
                    made = above(long, every(0.0), short / long, every(np.nan))
                    put(out, p // 2, row + at - LATE - start, made, far)
        carry(blocks)
    hold(room)


@compiled
def true_range_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Wilder's average of the true range over ``params[0]`` bars."""
    high, low, close, n = bars[HIGH], bars[LOW], bars[CLOSE], params[0]
    seen, average, weight = int(state[0]), state[1], 1.0 / n
    young = min(max(0, n + 1 - seen), out.shape[1])
    for k in range(young):
        i = start + k
        if seen > 0:  # the first bar has no previous close, hence no true range
            before = close[i - 1]
            average += max(high[i], before) - min(low[i], before)
            average = average / n if seen == n else average
        out[0, k] = average if seen >= n else np.nan
        seen += 1
    for begin in range(young, out.shape[1], WIDTH):
        for column in (high, low, close):
            ask_ahead(column, start + begin)
        for k in range(begin, min(begin + WIDTH, out.shape[1])):
            i, before = start + k, close[start + k - 1]
            average = step(average, max(high[i], before) - min(low[i], before), weight)
            out[0, k] = average
    state[0], state[1] = seen + out.shape[1] - young, average


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
