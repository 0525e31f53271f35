"""Volatility features: deviation of returns, its term structure, and the true range.

``vol_n`` is the sample deviation (divided by n - 1) of the last n one-bar simple returns,
per bar, not annualised. ``atr_n`` is Wilder's, in quote currency, with TA-Lib's warm-up:
the first value is the plain mean of n true ranges. Knows high, low and close.
"""

import numpy as np

from alphaloop.core.market import CLOSE, HIGH, LOW, Floats, Ints
from alphaloop.features.family import Column, Family, Param, compiled
from alphaloop.features.moments import return_moments, slide

_SEEN, _TURN, _MEAN, _SPREAD, _SAME = range(5)


@compiled
def deviation_row(close: Floats, i: int, n: int, state: Floats) -> float:
    """Deviation of the ``n`` returns up to bar ``i``; moves ``state`` by one bar."""
    seen = state[_SEEN]
    state[_SEEN] = seen + 1.0
    state[_SAME] = state[_SAME] + 1.0 if seen > 0 and close[i] == close[i - 1] else 0.0
    if seen < n:
        return np.nan
    if state[_TURN] == 0.0:
        state[_MEAN], state[_SPREAD] = return_moments(close, i + 1, n)
    else:
        new, old = close[i] / close[i - 1] - 1.0, close[i - n] / close[i - n - 1] - 1.0
        state[_MEAN], state[_SPREAD] = slide(state[_MEAN], state[_SPREAD], new, old, n)
    state[_TURN] = state[_TURN] + 1.0 if state[_TURN] + 1.0 < n else 0.0
    return 0.0 if state[_SAME] >= n else np.sqrt(state[_SPREAD] / (n - 1))


@compiled
def deviation_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Sample deviation of the last ``params[0]`` one-bar returns."""
    close = bars[CLOSE]
    for k in range(out.shape[1]):
        out[0, k] = deviation_row(close, start + k, params[0], state)


@compiled
def term_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Short deviation over long deviation; NaN when the long one is zero."""
    close = bars[CLOSE]
    for k in range(out.shape[1]):
        short = deviation_row(close, start + k, params[0], state[:5])
        long = deviation_row(close, start + k, params[1], state[5:])
        out[0, k] = short / long if long > 0.0 else np.nan


@compiled
def true_range_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Wilder's average of the true range over ``params[0]`` bars."""
    high, low, close, n = bars[HIGH], bars[LOW], bars[CLOSE], params[0]
    seen, average = int(state[0]), state[1]
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
                average += (reach - average) / n
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
        slots=5,
    ),
    Family(
        "term structure",
        term_kernel,
        (Column("vol_term", "ratio", "vol_a / vol_b"),),
        ("close",),
        lookback=lambda _a, b: b,
        params=(Param("a", least=2), Param("b", least=2)),
        slots=10,
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
    ),
)
