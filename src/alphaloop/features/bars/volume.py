"""Volume features: size of the bar, how unusual it is, and the move per root of turnover.

An unknown volume is unknown, never zero: the value is NaN there, and windows begin again
after it. A volume of zero is a fact: ``log_volume`` is 0 then. Knows close and volume.
"""

import numpy as np

from alphaloop.core.market import CLOSE, VOLUME, Floats, Ints
from alphaloop.features.bars.moments import SLOTS, slide
from alphaloop.features.family import RETURN, Column, Family, Param, compiled


@compiled
def log_kernel(bars: Floats, start: int, _params: Ints, _state: Floats, out: Floats) -> None:
    """Natural logarithm of 1 + volume."""
    for k in range(out.shape[1]):
        out[0, k] = np.log1p(bars[VOLUME, start + k])


@compiled
def score_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Deviations of this volume from the mean of the last ``params[0]``, this one included."""
    volume, n, score = bars[VOLUME], params[0], out[0]
    means = np.empty(len(score))
    slide(volume, start, n, state, means, score)
    for k in range(len(score)):
        deviation = np.sqrt(score[k] / (n - 1))
        score[k] = (volume[start + k] - means[k]) / deviation if deviation > 0.0 else np.nan


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
        slots=SLOTS,
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
