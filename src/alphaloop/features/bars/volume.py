"""Volume features: size of the bar, how unusual it is, and the move per root of turnover.

An unknown volume is unknown, never zero: the value is NaN there, and windows begin again
after it. A volume of zero is a fact: ``log_volume`` is 0 then. Knows close and volume.
"""

import numpy as np

from alphaloop.core.market import CLOSE, VOLUME, Floats, Ints
from alphaloop.execution.simulator.jit import inlined
from alphaloop.features.bars.lanes import WIDTH, Lanes, above, every, hold, is_far, load, put, root
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
    place,
    room_for,
)
from alphaloop.features.family import RETURN, Column, Family, Param, compiled


@compiled
def log_kernel(bars: Floats, start: int, _params: Ints, _state: Floats, out: Floats) -> None:
    """Natural logarithm of 1 + volume."""
    for k in range(out.shape[1]):
        out[0, k] = np.log1p(bars[VOLUME, start + k])


@inlined
def _scores(blocks: Blocks, p: int, n: int, share: float, at: int) -> Lanes:
    """Deviations of the newest from the mean of windows of n values; ``share`` is one over n - 1."""
    mean, spread = joined(blocks, p, n, at)
    deviation = root(spread * share)
    return above(deviation, every(0.0), (load(blocks.sums, place(0) + at) - mean) / deviation, every(np.nan))


@compiled
def score_kernel(bars: Floats, start: int, params: Ints, _state: Floats, out: Floats) -> None:
    """Deviations of this volume from the mean of the last n, this one included, for each n of ``params``."""
    room, stop, far, shares = room_for(params), start + out.shape[1], is_far(out), 1.0 / (params - 1)
    blocks = blocks_in(room, params)
    for row in range(first_row(start, params), stop, TILE):
        rows = min(TILE, stop - row)
        lay(bars[VOLUME], row, rows, blocks)
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb(blocks, at)
            if due(at, row, start):
                for p in range(len(params)):
                    made = _scores(blocks, p, params[p], shares[p], at - LATE)
                    put(out, p, row + at - LATE - start, made, far)
        carry(blocks)
    hold(room)


@compiled
def impact_kernel(bars: Floats, start: int, _params: Ints, _state: Floats, out: Floats) -> None:
    """Absolute one-bar return per square root of the bar's quote turnover."""
    close, volume, move = bars[CLOSE], bars[VOLUME], bars[RETURN]
    for k in range(out.shape[1]):
        turnover = volume[start + k] * close[start + k]
        out[0, k] = abs(move[start + k]) / np.sqrt(turnover) if turnover > 0.0 else np.nan


FAMILIES = (
    Family(
        "log volume",
        log_kernel,
        (Column("log_volume", "log(1 + base)", "log(1 + volume)"),),
        ("volume",),
        lookback=lambda: 0,
        missing="NaN where the volume is unknown or the asset has no bar",
    ),
    Family(
        "volume score",
        score_kernel,
        (Column("vol_z", "standard deviations", "(volume - mean_n) / std_n, ddof=1"),),
        ("volume",),
        lookback=lambda n: n - 1,
        params=(Param("n", least=2, default=96),),
        together=True,
        version=2,
        missing="NaN until n known volumes in a row, and where all n are equal",
    ),
    Family(
        "volume impact",
        impact_kernel,
        (Column("volume_impact", "fraction per sqrt(quote)", "|ret_1| / sqrt(volume * close)"),),
        ("close", "volume"),
        lookback=lambda: 1,
        missing="NaN on the first bar, and where the volume is unknown or zero",
    ),
)
