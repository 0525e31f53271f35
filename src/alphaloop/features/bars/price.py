"""Price features: the close itself, simple returns, and their acceleration.

Returns are simple, not logarithmic: ``ret_n = close / close[-n] - 1``, where ``[-n]`` is
the asset's n-th bar before this one. Knows only closes.
"""

import numpy as np

from alphaloop.core.market import CLOSE, Floats, Ints
from alphaloop.features.family import RETURN, Column, Family, Param, compiled


@compiled
def close_kernel(bars: Floats, start: int, _params: Ints, _state: Floats, out: Floats) -> None:
    """The last close, quote currency."""
    for k in range(out.shape[1]):
        out[0, k] = bars[CLOSE, start + k]


@compiled
def returns(close: Floats, start: int, n: int, out: Floats) -> None:
    """``close / close[-n] - 1`` at rows from ``start``; NaN where there is no such close."""
    unknown = min(max(0, n - start), len(out))
    out[:unknown] = np.nan
    new, old, known = close[start + unknown :], close[start + unknown - n :], out[unknown:]
    for k in range(len(known)):
        known[k] = new[k] / old[k] - 1.0


@compiled
def return_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Simple return over ``params[0]`` bars; that over one is laid out beside them."""
    if params[0] > 1:
        returns(bars[CLOSE], start, params[0], out[0])
    else:
        for k in range(out.shape[1]):
            out[0, k] = bars[RETURN, start + k]


@compiled
def acceleration_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Mean return per bar over the short span, less that over the long one."""
    close, rows, a, b = bars[CLOSE], out.shape[1], 1.0 / params[0], 1.0 / params[1]
    short, difference = np.empty(rows), out[0]
    returns(close, start, params[0], short)
    returns(close, start, params[1], difference)
    for k in range(rows):
        difference[k] = short[k] * a - difference[k] * b


FAMILIES = (
    Family(
        "close",
        close_kernel,
        (Column("close", "quote per base", "close"),),
        ("close",),
        lookback=lambda: 0,
        missing="NaN where the asset has no bar",
    ),
    Family(
        "returns",
        return_kernel,
        (Column("ret", "fraction", "close / close[-n] - 1"),),
        ("close",),
        lookback=lambda n: n,
        params=(Param("n"),),
    ),
    Family(
        "acceleration",
        acceleration_kernel,
        (Column("ret_accel", "fraction per bar", "ret_a / a - ret_b / b"),),
        ("close",),
        lookback=lambda _a, b: b,
        params=(Param("a"), Param("b")),
        version=2,
        ascending=2,
    ),
)
