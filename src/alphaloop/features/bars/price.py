"""Price features: the close itself, simple returns, and their acceleration.

Returns are simple, not logarithmic: ``ret_n = close / close[-n] - 1``, where ``[-n]`` is
the asset's n-th bar before this one. Knows only closes.
"""

import numpy as np

from alphaloop.core.market import CLOSE, Floats, Ints
from alphaloop.features.bars.lanes import WIDTH, ask_ahead, is_far, load, put
from alphaloop.features.family import RETURN, Column, Family, Param, compiled


@compiled
def close_kernel(bars: Floats, start: int, _params: Ints, _state: Floats, out: Floats) -> None:
    """The last close, quote currency."""
    for k in range(out.shape[1]):
        out[0, k] = bars[CLOSE, start + k]


@compiled
def returns(close: Floats, start: int, n: int, out: Floats) -> None:
    """``close / close[-n] - 1`` at rows of ``out`` (1, m) from ``start``; NaN where there is no such close."""
    rows, far = out.shape[1], is_far(out)
    unknown = min(max(0, n - start), rows)
    out[0, :unknown] = np.nan
    first = min(-(-unknown // WIDTH) * WIDTH, rows)  # whole steps of the column
    last = max(first, rows // WIDTH * WIDTH)
    for row in range(first, last, WIDTH):
        ask_ahead(close, start + row)
        put(out, 0, row, load(close, start + row) / load(close, start + row - n) - 1.0, far)
    for edge, stop in ((unknown, first), (last, rows)):
        for row in range(edge, stop):
            out[0, row] = close[start + row] / close[start + row - n] - 1.0


@compiled
def return_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Simple return over ``params[0]`` bars; that over one is laid out beside them."""
    if params[0] > 1:
        returns(bars[CLOSE], start, params[0], out)
    else:
        rows, known, far = out.shape[1], bars[RETURN], is_far(out)
        for row in range(0, rows // WIDTH * WIDTH, WIDTH):
            ask_ahead(known, start + row)
            put(out, 0, row, load(known, start + row), far)
        for row in range(rows // WIDTH * WIDTH, rows):
            out[0, row] = known[start + row]


@compiled
def acceleration_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Mean return per bar over the short span, less that over the long one."""
    close, rows, a, b = bars[CLOSE], out.shape[1], 1.0 / params[0], 1.0 / params[1]
    short, difference = np.empty((1, rows)), out
    returns(close, start, params[0], short)
    returns(close, start, params[1], difference)
    for k in range(rows):
        difference[0, k] = short[0, k] * a - difference[0, k] * b


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
