"""Distance: how far the close is from its averages, and where the volume went.

``obv_n`` is on-balance volume as a share: of the volume of the last n bars, that of rises
less that of falls. The running total TA-Lib keeps depends on where history begins and is
not a feature; its change over n bars is our numerator.
"""

import numpy as np

from alphaloop.core.market import CLOSE, HIGH, LOW, VOLUME, Floats, Ints
from alphaloop.features.bars.averages import SLOTS
from alphaloop.features.bars.indicators import exponential_average_kernel, simple_average_kernel
from alphaloop.features.bars.lanes import WIDTH, above, every, hold, put
from alphaloop.features.bars.moments import (
    LATE,
    TILE,
    blocks_in,
    carry_sums,
    climb_sums,
    due,
    first_row,
    joined,
    lay,
    room_for,
)
from alphaloop.features.family import Column, Family, Param, compiled


@compiled
def _from_close(bars: Floats, start: int, out: Floats) -> None:
    """Turn averages of the close into distances from them."""
    rows = out.shape[1]
    close = bars[CLOSE, start : start + rows]
    for p in range(out.shape[0]):
        for k in range(rows):
            out[p, k] = close[k] / out[p, k] - 1.0


@compiled
def simple_distance_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Close over the mean of the last n closes, less one, for each n of ``params``."""
    simple_average_kernel(bars, start, params, state, out)
    _from_close(bars, start, out)


@compiled
def exponential_distance_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Close over its exponential average, less one, for each n of ``params``."""
    exponential_average_kernel(bars, start, params, state, out)
    _from_close(bars, start, out)


@compiled
def _share(bars: Floats, paid: Floats, begin: int, start: int, params: Ints, out: Floats) -> None:
    """Mean of ``paid`` (from row ``begin`` on) over the mean volume of the last n bars, for each n."""
    rooms, stop = (room_for(params), room_for(params)), start + out.shape[1]
    turnover, volume = blocks_in(rooms[0], params), blocks_in(rooms[1], params)
    for row in range(first_row(start, params), stop, TILE):
        rows = min(TILE, stop - row)
        lay(paid, row - begin, rows, turnover)
        lay(bars[VOLUME], row, rows, volume)
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb_sums(turnover, at)
                climb_sums(volume, at)
            if due(at, row, start):
                for p in range(len(params)):
                    mine, _ = joined(turnover, p, params[p], at - LATE)
                    size, _ = joined(volume, p, params[p], at - LATE)
                    made = above(size, every(0.0), mine / size, every(np.nan))
                    put(out, p, row + at - LATE - start, made, False)
        carry_sums(turnover)
        carry_sums(volume)
    hold(rooms[0])
    hold(rooms[1])


@compiled
def traded_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Close over the volume-weighted price of the last n bars, less one, for each n of ``params``."""
    begin, stop = first_row(start, params), start + out.shape[1]
    turnover, high, low = np.empty(stop - begin), bars[HIGH, begin:stop], bars[LOW, begin:stop]
    close, volume = bars[CLOSE, begin:stop], bars[VOLUME, begin:stop]
    for k in range(len(turnover)):
        turnover[k] = (high[k] + low[k] + close[k]) / 3.0 * volume[k]
    _share(bars, turnover, begin, start, params, out)
    _from_close(bars, start, out)


@compiled
def balance_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Volume of rises less volume of falls over all volume of the last n bars, for each n of ``params``."""
    begin, stop = first_row(start, params), start + out.shape[1]
    signed, volume, close = np.empty(stop - begin), bars[VOLUME, begin:stop], bars[CLOSE]
    for k in range(len(signed)):
        i = begin + k
        change = close[i] - close[i - 1] if i > 0 else np.nan
        signed[k] = np.sign(change) * volume[k]
    _share(bars, signed, begin, start, params, out)


_UNKNOWN_VOLUME = "NaN until n bars of known volume are there, and where nothing was traded"

FAMILIES = (
    Family(
        "distance from simple average",
        simple_distance_kernel,
        (Column("sma_dist", "fraction", "close / sma_n - 1"),),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n"),),
        together=True,
        version=2,
    ),
    Family(
        "distance from exponential average",
        exponential_distance_kernel,
        (Column("ema_dist", "fraction", "close / ema_n - 1"),),
        ("close",),
        lookback=lambda n: n - 1,
        params=(Param("n"),),
        slots=SLOTS,
        together=True,
        version=2,
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
        together=True,
        version=2,
        missing=_UNKNOWN_VOLUME,
    ),
    Family(
        "on-balance volume",
        balance_kernel,
        (Column("obv", "-1 to 1", "(volume of rises - volume of falls) / volume, over n bars"),),
        ("close", "volume"),
        lookback=lambda n: n,
        params=(Param("n"),),
        together=True,
        version=2,
        missing=_UNKNOWN_VOLUME,
    ),
)
