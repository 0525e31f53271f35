"""Exponential averages: ``average * (1 - weight) + value * weight``, several at a time.

Each step of an average waits for the step before, so four of them side by side take the
time of one. An average begins with the plain mean of its first n values, as TA-Lib's does.
"""

import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.features.bars.lanes import WIDTH, ask_ahead
from alphaloop.features.bars.multiply_add import multiply_add
from alphaloop.features.family import compiled

SLOTS = 2  # of the state of one average: values seen, average so far


@compiled
def step(average: float, value: float, weight: float) -> float:
    """The average after one more value: each waits for one instruction on the average before."""
    return float(multiply_add(average, 1.0 - weight, value * weight))


@compiled
def _weight(n: int) -> float:
    return 2.0 / (n + 1.0)


@compiled
def _alone(values: Floats, n: int, state: Floats, out: Floats) -> None:
    weight, seen, average = _weight(n), int(state[0]), state[1]
    for k in range(len(values)):
        seen += 1
        if seen > n:
            average = step(average, values[k], weight)
        else:
            average += values[k]
            if seen == n:
                average /= n
        out[k] = average if seen >= n else np.nan
    state[0], state[1] = seen, average


@compiled
def _four(values: Floats, windows: Ints, states: Floats, out: Floats) -> None:
    """Four averages that are past their beginning, or fewer: the last is then computed more than once."""
    last, rows = len(windows) - 1, len(values)
    i, j, k = min(1, last), min(2, last), min(3, last)
    a, b, c, d = states[1], states[SLOTS * i + 1], states[SLOTS * j + 1], states[SLOTS * k + 1]
    u, v, w, x = (
        2.0 / (windows[0] + 1.0),
        2.0 / (windows[i] + 1.0),
        2.0 / (windows[j] + 1.0),
        2.0 / (windows[k] + 1.0),
    )
    first, second, third, fourth = out[0], out[i], out[j], out[k]
    for begin in range(0, rows, WIDTH):
        ask_ahead(values, begin)
        for row in range(begin, min(begin + WIDTH, rows)):
            value = values[row]
            a, b, c, d = step(a, value, u), step(b, value, v), step(c, value, w), step(d, value, x)
            first[row], second[row], third[row], fourth[row] = a, b, c, d
    states[1], states[SLOTS * i + 1], states[SLOTS * j + 1], states[SLOTS * k + 1] = a, b, c, d
    for p in range(len(windows)):
        states[SLOTS * p] += rows


@compiled
def exponential_averages(values: Floats, windows: Ints, states: Floats, out: Floats) -> None:
    """Averages of ``values`` (m,) with weights 2 / (n + 1): (P, m), NaN until n values were seen.

    ``states`` (P * SLOTS,) is zeros before the first value, and is carried on.
    """
    young = 0  # rows until every average is past its beginning
    for p in range(len(windows)):
        young = max(young, min(len(values), windows[p] - int(states[SLOTS * p])))
    for p in range(len(windows)):
        _alone(values[:young], windows[p], states[SLOTS * p : SLOTS * p + SLOTS], out[p, :young])
    for p in range(0, len(windows), 4):
        four = slice(p, min(p + 4, len(windows)))
        _four(values[young:], windows[four], states[SLOTS * p :], out[four, young:])
