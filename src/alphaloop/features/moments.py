"""Sliding mean and spread of a window, exact again every n rows.

A window of n values slides by one: Welford's update moves mean and sum of squared
deviations in constant time. Rounding would creep in for ever, so each time the window
has been replaced wholly both are computed afresh from its values: the error is that of
n steps, never of the whole history, and the cost per row stays constant.

Not to be confused with sums of squares (as TA-Lib keeps them), which lose all digits
when the mean is large against the spread.

Source
------
Welford (1962), Technometrics 4(3), 419-420.
"""

from alphaloop.core.market import Floats
from alphaloop.features.family import compiled


@compiled
def window_moments(values: Floats, stop: int, n: int) -> tuple[float, float]:
    """Mean and sum of squared deviations of the ``n`` values before ``stop``."""
    mean = 0.0
    for j in range(stop - n, stop):
        mean += values[j]
    mean /= n
    spread = 0.0
    for j in range(stop - n, stop):
        spread += (values[j] - mean) ** 2
    return mean, spread


@compiled
def return_moments(close: Floats, stop: int, n: int) -> tuple[float, float]:
    """The same over the ``n`` one-bar returns that end before ``stop``."""
    mean = 0.0
    for j in range(stop - n, stop):
        mean += close[j] / close[j - 1] - 1.0
    mean /= n
    spread = 0.0
    for j in range(stop - n, stop):
        spread += (close[j] / close[j - 1] - 1.0 - mean) ** 2
    return mean, spread


@compiled
def slide(mean: float, spread: float, new: float, old: float, n: int) -> tuple[float, float]:
    """Mean and spread after ``old`` left the window and ``new`` entered."""
    step = new - old
    moved = mean + step / n
    return moved, max(spread + step * (new - moved + old - mean), 0.0)
