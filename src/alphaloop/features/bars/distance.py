"""Distance: how far the close is from its averages, and where the volume went.

``obv_n`` is on-balance volume as a share: of the volume of the last n bars, that of rises
less that of falls. The running total TA-Lib keeps depends on where history begins and is
not a feature; its change over n bars is our numerator. Sums are made anew for every row.
"""

import numpy as np

from alphaloop.core.market import CLOSE, HIGH, LOW, VOLUME, Floats, Ints
from alphaloop.features.bars.indicators import exponential_average_kernel, simple_average_kernel
from alphaloop.features.family import Column, Family, Param, compiled


@compiled
def _from_close(bars: Floats, start: int, out: Floats) -> None:
    """Turn averages of the close into distances from them."""
    for k in range(out.shape[1]):
        out[0, k] = bars[CLOSE, start + k] / out[0, k] - 1.0


@compiled
def simple_distance_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Close over the mean of the last ``params[0]`` closes, less one."""
    simple_average_kernel(bars, start, params, state, out)
    _from_close(bars, start, out)


@compiled
def exponential_distance_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Close over its exponential average, less one."""
    exponential_average_kernel(bars, start, params, state, out)
    _from_close(bars, start, out)


@compiled
def _total(values: Floats, first: int, n: int) -> float:
    """Sum of n values in four interleaved parts: the order depends on the window alone."""
    a, b, c, d, whole = 0.0, 0.0, 0.0, 0.0, n - n % 4
    for i in range(first, first + whole, 4):
        a += values[i]
        b += values[i + 1]
        c += values[i + 2]
        d += values[i + 3]
    for i in range(first + whole, first + n):
        a += values[i]
    return (a + b) + (c + d)


@compiled
def traded_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Close over the volume-weighted price of the last ``params[0]`` bars, less one."""
    n, seen, rows = params[0], int(state[0]), out.shape[1]
    begin = max(0, start - min(n, seen))
    volume, turnover = bars[VOLUME], np.empty(start + rows - begin)
    for i in range(begin, start + rows):
        turnover[i - begin] = (bars[HIGH, i] + bars[LOW, i] + bars[CLOSE, i]) / 3.0 * volume[i]
    for k in range(rows):
        i = start + k
        if seen + k + 1 < n:
            out[0, k] = np.nan
            continue
        size, paid = _total(volume, i - n + 1, n), _total(turnover, i - n + 1 - begin, n)
        out[0, k] = bars[CLOSE, i] * size / paid - 1.0 if paid > 0.0 else np.nan
    state[0] = seen + rows


@compiled
def balance_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Volume of rises less volume of falls over all volume of the last ``params[0]`` bars."""
    n, seen, rows = params[0], int(state[0]), out.shape[1]
    close, volume = bars[CLOSE], bars[VOLUME]
    begin = max(1, start - min(n, seen))
    signed = np.zeros(start + rows - begin + 1)
    for i in range(begin, start + rows):
        signed[i - begin] = np.sign(close[i] - close[i - 1]) * volume[i]
    for k in range(rows):
        i = start + k
        if seen + k < n:
            out[0, k] = np.nan
            continue
        size = _total(volume, i - n + 1, n)
        out[0, k] = _total(signed, i - n + 1 - begin, n) / size if size > 0.0 else np.nan
    state[0] = seen + rows


_UNKNOWN_VOLUME = "NaN until n bars of known volume are there, and where nothing was traded"

FAMILIES = (
    Family(
        "distance from simple average",
        simple_distance_kernel,
        (Column("sma_dist", "fraction", "close / sma_n - 1"),),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n"),),
        slots=3,
    ),
    Family(
        "distance from exponential average",
        exponential_distance_kernel,
        (Column("ema_dist", "fraction", "close / ema_n - 1"),),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n"),),
        slots=2,
    ),
    Family(
        "distance from traded price",
        traded_kernel,
        (
            Column(
                "vwap_dist", "fraction", "close / (sum of (high + low + close) / 3 * volume over n / volume over n) - 1"
            ),
        ),
        ("high", "low", "close", "volume"),
        lookback=lambda n: n - 1,
        params=(Param("n"),),
        missing=_UNKNOWN_VOLUME,
    ),
    Family(
        "on-balance volume",
        balance_kernel,
        (Column("obv", "-1 to 1", "(volume of rises - volume of falls) / volume, over n bars"),),
        ("close", "volume"),
        lookback=lambda n: n,
        params=(Param("n"),),
        missing=_UNKNOWN_VOLUME,
    ),
)
