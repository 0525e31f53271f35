"""Candidates by bar, and tables for many of one bar.

Neighbours share their window, and the cache with it. Where many share a bar, what the window
does is written down once, and each looks it up: four running tables for each side, the worst and
best price so far (both monotone, so the first bar that reaches a level is found by counting
those that do not), the peak before each bar, and the deepest fall before it. The count looks at
every eighth bar first.
"""

from typing import NamedTuple

import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.execution.simulator.candidates.compiling import inlined
from alphaloop.execution.simulator.candidates.lanes import LANES, passed, write
from alphaloop.execution.simulator.candidates.records import FALL, PEAK, PROTECT, SIDE, TAKE, Bars, Work
from alphaloop.execution.simulator.jit import nth

LEAST = 6  # candidates of one bar for which tables pay
WIDEST = 4095  # bars of a window that still gets tables
STRETCHES, STRETCH = 16, 256  # rows to look at before sorting
DIGIT = 11  # bits of the bar that one pass sorts by; 2048 counters stay in the first cache


class Tables(NamedTuple):
    """Signed prices after bar ``start + j`` of the window, ``peak`` and ``fallen`` before it, each (2 W,).

    A long's at ``j``, a short's at ``W + j``; W is a multiple of 64 above the horizon. Past the
    window nothing is left to reach: a worst of -inf. ``steps`` are every eighth worst and best,
    (2, 2 W / 8). ``bar`` (1,) is the decision bar they were made for.
    """

    worst: Floats
    best: Floats
    peak: Floats
    fallen: Floats
    steps: Floats
    bar: Ints


@inlined
def in_order(bar: Ints) -> bool:
    """Whether ``bar`` (K,) is ascending, or most rows have the bar of the row before.

    Looks at sixteen stretches: a wrong guess costs time, no digit, and each row read here is read
    before any thread has work.
    """
    late = others = seen = 0
    apart = max(len(bar) // STRETCHES, STRETCH)
    for first in range(0, len(bar), apart):
        late += first > 0 and bar[first] < bar[first - apart]
        for k in range(first + 1, min(first + STRETCH, len(bar))):
            late += bar[k] < bar[k - 1]
            others += bar[k] != bar[k - 1]
            seen += 1
    return late == 0 or (others + 1) * LEAST <= seen


@inlined
def by_bar(bar: Ints, bars: int) -> Ints:
    """Positions of ``bar`` (K,) in ascending order of bar, equals in theirs; empty where rows may stay as they are."""
    if in_order(bar):
        return np.empty(0, np.int64)
    order, other = np.arange(len(bar)), np.empty(len(bar), np.int64)
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


@inlined
def tables(horizon: int) -> Tables:
    """Empty tables for windows of ``horizon`` bars; none where that is too wide."""
    size = (horizon // (LANES * LANES) + 1) * LANES * LANES if horizon <= WIDEST else 0
    worst, best, peak, fallen = np.empty(2 * size), np.empty(2 * size), np.empty(2 * size), np.empty(2 * size)
    return Tables(worst, best, peak, fallen, np.empty((2, 2 * size // LANES)), np.full(1, -1))


@inlined
def ready(bars: Bars, tables: Tables, work: Work, slippage: float, i: int, run: int) -> bool:
    """Whether the tables of column ``i`` stand; made here if its bar has a ``run`` of enough candidates."""
    start, last = work.start[i], work.last[i]
    if tables.bar[0] == work.bar[i]:
        return True
    if run < LEAST or len(tables.worst) == 0:
        return False
    raw, size = bars.open[start], len(tables.worst) // 2
    entries = (raw * (1.0 + slippage), -(raw * (1.0 - slippage)))
    rows = (tables.worst, tables.best, tables.peak, tables.fallen, tables.steps)
    write((bars.low, bars.high, bars.close), rows, (start, last - start + 1, size), entries)
    tables.bar[0] = work.bar[i]
    return True


@inlined
def look_up(tables: Tables, work: Work, first: int, stop: int) -> None:
    """The bar in which the trades in columns ``first .. stop`` reach a level, and peak and fall before it."""
    sheet, size = work.prices, len(tables.worst) // 2
    rows, steps = (tables.worst, tables.best), (tables.steps[0], tables.steps[1])
    for i in range(first, stop):
        row = 0 if sheet[SIDE, i] > 0.0 else size
        protect, take = sheet[PROTECT, i], sheet[TAKE, i]
        step = row // LANES
        for some in range(0, size // LANES, LANES):  # as both only go on, those that pass come first
            step += passed(steps, row // LANES + some, protect, take)
        end = step * LANES + passed(rows, step * LANES, protect, take)
        sheet[PEAK, i], sheet[FALL, i] = tables.peak[nth(end)], tables.fallen[nth(end)]
        work.end[i] = max(work.start[i], 0) + end - row
