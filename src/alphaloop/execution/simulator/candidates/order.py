"""Candidates by bar: neighbours share their window, and the cache with it."""

import numpy as np

from alphaloop.core.market import Ints
from alphaloop.execution.simulator.candidates.compiling import inlined

DIGIT = 11  # bits of the bar that one pass sorts by; 2048 counters stay in the first cache


@inlined
def ascending(values: Ints) -> bool:
    """Whether no value is below the one before."""
    late = 0
    for k in range(1, len(values)):
        late += values[k] < values[k - 1]
    return late == 0


@inlined
def consecutive(values: Ints) -> bool:
    """Whether each value is one above the one before."""
    strays = 0
    for k in range(1, len(values)):
        strays += values[k] != values[k - 1] + 1
    return strays == 0


@inlined
def by_bar(bar: Ints, bars: int) -> Ints:
    """Positions of ``bar`` (K,), each below ``bars``, in ascending order of bar; equals keep their order."""
    order, other = np.arange(len(bar)), np.empty(len(bar), np.int64)
    if ascending(bar):
        return order
    shift = 0
    while bars >> shift > 0:
        start = np.zeros((1 << DIGIT) + 1, np.int64)
        for k in range(len(bar)):
            start[((bar[k] >> shift) & ((1 << DIGIT) - 1)) + 1] += 1
        for digit in range(1 << DIGIT):
            start[digit + 1] += start[digit]
        for place in range(len(order)):
            digit = (bar[order[place]] >> shift) & ((1 << DIGIT) - 1)
            other[start[digit]] = order[place]
            start[digit] += 1
        order, other = other, order
        shift += DIGIT
    return order
