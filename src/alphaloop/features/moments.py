"""Sliding mean and spread of a window, as good as computed afresh.

A window of n values slides by one: Welford's update moves mean and sum of squared
deviations ("spread") in constant time. Rounding would creep in for ever, and a window
that calms down would be left with the rounding of its wilder past. So both are computed
afresh from the window once every n rows, and whenever the spread has fallen below a
thousandth of its peak since: the cost per row stays constant.

Not to be confused with sums of squares (as TA-Lib keeps them), which lose all digits
when the mean is large against the spread.

The memory of a window travels as four numbers: rows since computed afresh (modulo n),
mean, spread, peak. Begin with zeros on the first full window.

Source
------
Welford (1962), Technometrics 4(3), 419-420.
"""

from alphaloop.core.market import Floats
from alphaloop.features.family import compiled

CALM = 1e-3  # three of sixteen digits may be lost before the window is computed afresh

Memory = tuple[float, float, float, float]


@compiled
def moved(mean: float, spread: float, new: float, old: float, n: int) -> tuple[float, float]:
    """Mean and spread after ``old`` left the window and ``new`` entered."""
    step = new - old
    after = mean + step / n
    return after, max(spread + step * (new - after + old - mean), 0.0)


@compiled
def slide_values(values: Floats, i: int, n: int, memory: Memory) -> Memory:
    """Memory of the ``n`` values up to row ``i``, from that of row ``i - 1``."""
    turn, mean, spread, peak = memory
    if turn > 0.0:
        mean, spread = moved(mean, spread, values[i], values[i - n], n)
    if turn == 0.0 or spread < CALM * peak:
        mean, spread = 0.0, 0.0
        for j in range(i - n + 1, i + 1):
            mean += values[j]
        mean /= n
        for j in range(i - n + 1, i + 1):
            spread += (values[j] - mean) ** 2
        peak = spread
    return (turn + 1.0 if turn + 1.0 < n else 0.0), mean, spread, max(peak, spread)


@compiled
def slide_returns(close: Floats, i: int, n: int, memory: Memory) -> Memory:
    """The same over the ``n`` one-bar simple returns up to row ``i``."""
    turn, mean, spread, peak = memory
    if turn > 0.0:
        new, old = close[i] / close[i - 1] - 1.0, close[i - n] / close[i - n - 1] - 1.0
        mean, spread = moved(mean, spread, new, old, n)
    if turn == 0.0 or spread < CALM * peak:
        mean, spread = 0.0, 0.0
        for j in range(i - n + 1, i + 1):
            mean += close[j] / close[j - 1] - 1.0
        mean /= n
        for j in range(i - n + 1, i + 1):
            spread += (close[j] / close[j - 1] - 1.0 - mean) ** 2
        peak = spread
    return (turn + 1.0 if turn + 1.0 < n else 0.0), mean, spread, max(peak, spread)
