"""Direction: how one-sided the movement is (ADX and its two sides), and the place in the range (stochastic).

The definitions and the warm-up are TA-Lib's, checked against it in ``tests/features``,
with the house's one difference: what is 0/0 (no movement at all, a range of no width)
is NaN, where TA-Lib writes 0.

Sources
-------
Wilder, New Concepts in Technical Trading Systems (directional movement); Lane's slow
stochastic; TA-Lib 0.6 for all warm-ups.
"""

import numpy as np

from alphaloop.core.market import CLOSE, HIGH, LOW, Floats, Ints
from alphaloop.execution.simulator.jit import inlined
from alphaloop.features.bars.extremes import climb_extremes, highest, lay_extremes, lowest
from alphaloop.features.bars.lanes import WIDTH, Lanes, above, every, hold, load, put
from alphaloop.features.bars.moments import LATE, TILE, Blocks, blocks_in, carry, due, first_row, room_for
from alphaloop.features.family import Column, Family, Param, compiled

SIDES = 4  # slots of the state of the two sides: rows seen, upward, downward, true range


@compiled
def _sides(bars: Floats, i: int, n: int, state: Floats) -> tuple[float, float]:
    """Upward and downward movement at bar ``i``, percent of the true range; NaN until n changes are known."""
    high, low, close, seen = bars[HIGH], bars[LOW], bars[CLOSE], int(state[0])
    state[0] = seen + 1
    if seen == 0:
        return np.nan, np.nan
    rise, drop = high[i] - high[i - 1], low[i - 1] - low[i]
    reach = max(high[i], close[i - 1]) - min(low[i], close[i - 1])
    kept = 1.0 if seen < n else 1.0 - 1.0 / n  # sums of n - 1 at first, then Wilder's decay
    state[1] = state[1] * kept + (rise if rise > drop and rise > 0.0 else 0.0)
    state[2] = state[2] * kept + (drop if drop > rise and drop > 0.0 else 0.0)
    state[3] = state[3] * kept + reach
    if seen < n or state[3] <= 0.0:
        return np.nan, np.nan
    return 100.0 * state[1] / state[3], 100.0 * state[2] / state[3]


@compiled
def sides_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Plus and minus directional indicator over ``params[0]`` bars."""
    for k in range(out.shape[1]):
        out[0, k], out[1, k] = _sides(bars, start + k, params[0], state)


@compiled
def index_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Wilder's average of the directional index; where neither side moved it stays as it was."""
    n, average, moved = params[0], state[SIDES], state[SIDES + 1]
    for k in range(out.shape[1]):
        plus, minus = _sides(bars, start + k, n, state)
        before, moves = int(state[0]) - 1, plus + minus > 0.0
        if moves:
            index = 100.0 * abs(plus - minus) / (plus + minus)
            moved += 1.0
            average += index / n if before < 2 * n else (index - average) / n
        out[0, k] = average if before >= 2 * n - 1 and moved > 0.0 else np.nan
    state[SIDES], state[SIDES + 1] = average, moved


@inlined
def _place_in_range(blocks: Blocks, at: int, close: Lanes) -> Lanes:
    """Place of the close in the range of the window, percent; NaN where it has no width."""
    bottom = lowest(blocks, 0, at)
    width = highest(blocks, 0, at) - bottom
    return above(width, every(0.0), (close - bottom) * 100.0 / width, every(np.nan))


@compiled
def _places(bars: Floats, first: int, window: Ints, out: Floats) -> None:
    """Place of the close in the range of the window, percent, at rows of ``out`` (1, m) from ``first``."""
    room, stop, closes = room_for(window), first + out.shape[1], np.zeros(TILE)
    blocks = blocks_in(room, window)
    for row in range(first_row(first, window), stop, TILE):
        rows = min(TILE, stop - row)
        lay_extremes(bars[HIGH], bars[LOW], row, rows, blocks)
        closes[:rows] = bars[CLOSE, row : row + rows]
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb_extremes(blocks, at)
            if due(at, row, first):
                made = _place_in_range(blocks, at - LATE, load(closes, at - LATE))
                put(out, 0, row + at - LATE - first, made, False)
        carry(blocks)
    hold(room)


@compiled
def _smooth(values: Floats, n: int, out: Floats) -> None:
    """Mean of n values from each on, oldest first."""
    share = 1.0 / n
    for k in range(len(out)):
        out[k] = values[k]
    for back in range(1, n):
        later = values[back:]
        for k in range(len(out)):
            out[k] += later[k]
    for k in range(len(out)):
        out[k] *= share


@compiled
def stochastic_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Place of the close in the range of n bars, averaged over k, and that averaged over d."""
    slow, signal, rows = params[1], params[2], out.shape[1]
    early = slow + signal - 2
    places, smooth = np.full(early + rows, np.nan), np.empty(signal - 1 + rows)
    known = max(0, early - start)  # places before row 0 stay unknown
    _places(bars, start - early + known, params[:1], places[known:].reshape((1, early + rows - known)))
    _smooth(places, slow, smooth)
    _smooth(smooth, signal, out[1])
    latest = smooth[signal - 1 :]
    for k in range(rows):
        out[0, k] = latest[k] if start + k >= params[0] - 1 + early else np.nan


_STILL = "and where the price has not moved"

FAMILIES = (
    Family(
        "directional movement",
        sides_kernel,
        (
            Column("plus_di", "0 to 100", "100 * upward movement / true range, Wilder sums over n"),
            Column("minus_di", "0 to 100", "100 * downward movement / true range, Wilder sums over n"),
        ),
        ("high", "low", "close"),
        lookback=lambda n: n,
        params=(Param("n", least=2, default=14),),
        slots=SIDES,
        missing=f"NaN until n changes are known, {_STILL}",
    ),
    Family(
        "directional index",
        index_kernel,
        (Column("adx", "0 to 100", "Wilder average over n of 100 * |plus_di - minus_di| / (plus_di + minus_di)"),),
        ("high", "low", "close"),
        lookback=lambda n: 2 * n - 1,
        params=(Param("n", least=2, default=14),),
        slots=SIDES + 2,
        missing=f"NaN until 2n - 1 changes are known, {_STILL}",
    ),
    Family(
        "stochastic",
        stochastic_kernel,
        (
            Column("stoch_k", "0 to 100", "mean over k of 100 * (close - low_n) / (high_n - low_n)"),
            Column("stoch_d", "0 to 100", "mean over d of stoch_k"),
        ),
        ("high", "low", "close"),
        lookback=lambda n, k, d: n + k + d - 3,
        params=(Param("n", default=14), Param("k", default=3), Param("d", default=3)),
        version=2,
        missing=f"NaN until n + k + d - 2 bars are known, {_STILL}",
    ),
)
