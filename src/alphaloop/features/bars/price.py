"""Price features: the close itself, simple returns, and their acceleration.

Returns are simple, not logarithmic: ``ret_n = close / close[-n] - 1``, where ``[-n]`` is
the asset's n-th bar before this one. Knows only closes.
"""

import numpy as np

from alphaloop.core.market import CLOSE, Floats, Ints
from alphaloop.features.family import Column, Family, Param, compiled


@compiled
def close_kernel(bars: Floats, start: int, _params: Ints, _state: Floats, out: Floats) -> None:
    """The last close, quote currency."""
    for k in range(out.shape[1]):
        out[0, k] = bars[CLOSE, start + k]


@compiled
def return_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Simple return over ``params[0]`` bars."""
    close, n, seen = bars[CLOSE], params[0], int(state[0])
    for k in range(out.shape[1]):
        i = start + k
        out[0, k] = close[i] / close[i - n] - 1.0 if seen + k >= n else np.nan
    state[0] = seen + out.shape[1]


@compiled
def acceleration_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Mean return per bar over the short span, less that over the long one."""
    close, a, b, seen = bars[CLOSE], params[0], params[1], int(state[0])
    for k in range(out.shape[1]):
        i = start + k
        if seen + k >= b:
            out[0, k] = (close[i] / close[i - a] - 1.0) / a - (close[i] / close[i - b] - 1.0) / b
        else:
            out[0, k] = np.nan
    state[0] = seen + out.shape[1]


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
        ascending=2,
    ),
)
