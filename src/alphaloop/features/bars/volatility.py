"""Volatility features: deviation of returns, its term structure, and the true range.

``vol_n`` is the sample deviation (divided by n - 1) of the last n one-bar simple returns,
per bar, not annualised. ``atr_n`` is Wilder's, in quote currency, with TA-Lib's warm-up:
the first value is the plain mean of n true ranges. Knows high, low and close.
"""

import numpy as np

from alphaloop.core.market import CLOSE, HIGH, LOW, Floats, Ints
from alphaloop.features.bars.averages import step
from alphaloop.features.bars.moments import TILE, hold, moments, room_for, tiles
from alphaloop.features.family import RETURN, Column, Family, Param, compiled


@compiled
def _roots(spreads: Floats, n: int, deviations: Floats) -> None:
    """Sample deviations from sums of squared deviations."""
    share = 1.0 / (n - 1)
    for k in range(len(deviations)):
        deviations[k] = np.sqrt(spreads[k] * share)


@compiled
def deviation_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Sample deviation of the last n one-bar returns, for each n of ``params``."""
    room = room_for(params)
    work, averages, spreads = tiles(room, params)
    for begin in range(0, out.shape[1], TILE):
        rows = min(TILE, out.shape[1] - begin)
        moments(bars[RETURN], start + begin, rows, params, work, averages, spreads)
        for p in range(len(params)):
            _roots(spreads[p, :rows], params[p], out[p, begin : begin + rows])
    hold(room)


@compiled
def term_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Short deviation over long deviation, for each pair of ``params``; NaN when the long one is zero."""
    room = room_for(params)
    work, averages, spreads = tiles(room, params)
    for begin in range(0, out.shape[1], TILE):
        rows = min(TILE, out.shape[1] - begin)
        moments(bars[RETURN], start + begin, rows, params, work, averages, spreads)
        for p in range(len(params)):
            _roots(spreads[p, :rows], params[p], averages[p, :rows])
        for p in range(out.shape[0]):
            for k in range(rows):
                short, long = averages[2 * p, k], averages[2 * p + 1, k]
                out[p, begin + k] = short / long if long > 0.0 else np.nan
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
