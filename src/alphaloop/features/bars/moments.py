"""Sliding mean and spread of a window, as good as computed afresh.

A window of n values slides by one: Welford's update moves mean and sum of squared
deviations ("spread") in constant time. Rounding would creep in for ever, and a window
that calms down would be left with the rounding of its wilder past. So both are computed
afresh from the window once every n rows, and whenever the spread has fallen below a
thousandth of its peak since: the cost per row stays constant.

Not to be confused with sums of squares (as TA-Lib keeps them), which lose all digits
when the mean is large against the spread.

An unknown value (NaN) empties the window. A window whose values are all equal has its
mean and a spread of zero to the last digit.

Source
------
Welford (1962), Technometrics 4(3), 419-420.
"""

import numpy as np

from alphaloop.core.market import Floats
from alphaloop.features.family import compiled

CALM = 1e-3  # three of sixteen digits may be lost before the window is computed afresh

SLOTS = 6  # of the state: values in a row, equal values, rows until computed afresh, mean, spread, peak


@compiled
def window_moments(values: Floats, i: int, n: int) -> tuple[float, float]:
    """Mean and spread of the ``n`` values up to row ``i``, from the values themselves."""
    mean, spread = 0.0, 0.0
    for j in range(i - n + 1, i + 1):
        mean += values[j]
    mean /= n
    for j in range(i - n + 1, i + 1):
        spread += (values[j] - mean) ** 2
    return mean, spread


@compiled
def slide(values: Floats, start: int, n: int, state: Floats, means: Floats, spreads: Floats) -> None:
    """Mean and spread of the last ``n`` values at each row from ``start``; NaN until there are n.

    ``means`` and ``spreads`` (m,) are written, ``state`` (:data:`SLOTS`,) is carried on.
    """
    run, same, left, share = int(state[0]), int(state[1]), int(state[2]), 1.0 / n
    mean, spread, peak = state[3], state[4], state[5]
    for k in range(len(means)):
        i = start + k
        value = values[i]
        if np.isnan(value):
            run, left = 0, 0
        else:
            same = same + 1 if run > 0 and value == values[i - 1] else 1
            run += 1
        if run < n:
            means[k], spreads[k] = np.nan, np.nan
            continue
        if left > 0:
            left -= 1
            step, before = value - values[i - n], mean
            mean += step * share
            spread += step * (value - mean + values[i - n] - before)
            peak = max(peak, spread)
            if spread < CALM * peak:
                mean, spread = window_moments(values, i, n)
                peak = spread
        else:
            left = n - 1
            mean, spread = window_moments(values, i, n)
            peak = spread
        if same >= n:
            mean, spread, peak = value, 0.0, 0.0
        means[k], spreads[k] = mean, spread
    state[0], state[1], state[2], state[3], state[4], state[5] = run, same, left, mean, spread, peak
