"""Volume features: size of the bar, how unusual it is, and the move per root of turnover.

An unknown volume is unknown, never zero: the value is NaN there, and windows begin again
after it. A volume of zero is a fact: ``log_volume`` is 0 then. Knows close and volume.
"""

import numpy as np

from alphaloop.core.market import CLOSE, VOLUME, Floats, Ints
from alphaloop.features.family import Column, Family, Param, compiled
from alphaloop.features.moments import slide_values


@compiled
def log_kernel(bars: Floats, start: int, _params: Ints, _state: Floats, out: Floats) -> None:
    """Natural logarithm of 1 + volume."""
    for k in range(out.shape[1]):
        out[0, k] = np.log1p(bars[VOLUME, start + k])


@compiled
def score_kernel(bars: Floats, start: int, params: Ints, state: Floats, out: Floats) -> None:
    """Deviations of this volume from the mean of the last ``params[0]``, this one included."""
    volume, n = bars[VOLUME], params[0]
    run, same, memory = int(state[0]), int(state[1]), (state[2], state[3], state[4], state[5])
    for k in range(out.shape[1]):
        i = start + k
        out[0, k] = np.nan
        if np.isnan(volume[i]):
            run, memory = 0, (0.0, 0.0, 0.0, 0.0)
            continue
        same = same + 1 if run > 0 and volume[i] == volume[i - 1] else 1
        run += 1
        if run >= n:
            memory = slide_values(volume, i, n, memory)
            if same < n and memory[2] > 0.0:
                out[0, k] = (volume[i] - memory[1]) / np.sqrt(memory[2] / (n - 1))
    state[0], state[1] = run, same
    state[2], state[3], state[4], state[5] = memory


@compiled
def impact_kernel(bars: Floats, start: int, _params: Ints, state: Floats, out: Floats) -> None:
    """Absolute one-bar return per square root of the bar's quote turnover."""
    close, volume, seen = bars[CLOSE], bars[VOLUME], int(state[0])
    for k in range(out.shape[1]):
        i = start + k
        if seen + k > 0 and volume[i] > 0.0:
            out[0, k] = abs(close[i] / close[i - 1] - 1.0) / np.sqrt(volume[i] * close[i])
        else:
            out[0, k] = np.nan
    state[0] = seen + out.shape[1]


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
        slots=6,
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
