"""Many candidates of one bar: tables of what the window does, once, and a short search each.

For each side the window becomes four running tables: the worst and best price so far (both
monotone, so the first bar that reaches a level is found by counting those that do not), the peak before each
bar, and the deepest fall through it. A further candidate
costs four short counts.
"""

import math
from typing import NamedTuple

from alphaloop.core.market import Floats, Ints
from alphaloop.execution.simulator.candidates.compiling import inlined
from alphaloop.execution.simulator.candidates.records import (
    END_OF_DATA,
    ENTRY,
    FALL,
    HORIZON,
    PROTECT,
    RAW_EXIT,
    SIDE,
    TAKE,
    Bars,
    Candidates,
    Terms,
    Work,
)
from alphaloop.execution.simulator.candidates.search import close_out

LEAST = 6  # candidates of one bar for which tables pay
WIDEST = 4095  # bars of a window that still gets tables
STEP = 8  # bars from one coarse entry to the next

WORST, BEST, PEAK, FALLEN = 0, 2, 4, 6  # rows of ``Tables.fine`` for a long; a short's are one further


class Tables(NamedTuple):
    """Signed prices after bar ``start + j`` of the window; ``PEAK`` and ``FALLEN`` before it.

    ``fine`` (8, W) holds the rows named above. Past the window nothing is left to reach, which
    they say by a worst of -inf and a best of inf. ``coarse`` (4, W / STEP - 1) is every eighth
    of the worst and best. ``bar`` (2,) is the decision bar that a side's rows were made for.
    """

    fine: Floats
    coarse: Floats
    bar: Ints


@inlined
def fill(bars: Bars, tables: Tables, row: int, entry: float, start: int, last: int) -> None:
    """The rows of one side (0 long, 1 short) of the window ``start .. last``."""
    fine, side = tables.fine, 1.0 - 2.0 * row
    worst, best, fall, peak = math.inf, -math.inf, 0.0, side * entry
    for j in range(last - start + 1):
        low = bars.low[start + j] if row == 0 else -bars.high[start + j]
        high = bars.high[start + j] if row == 0 else -bars.low[start + j]
        fine[PEAK + row, j], fine[FALLEN + row, j] = peak, fall
        worst, best, fall = min(worst, low), max(best, high), max(fall, peak - low)
        fine[WORST + row, j], fine[BEST + row, j] = worst, best
        peak = max(peak, side * bars.close[start + j])
    fine[FALLEN + row, last - start + 1] = fall
    for j in range(last - start + 1, fine.shape[1]):
        fine[WORST + row, j], fine[BEST + row, j] = -math.inf, math.inf
    for step in range(tables.coarse.shape[1]):
        tables.coarse[row, step] = fine[WORST + row, step * STEP + STEP - 1]
        tables.coarse[2 + row, step] = fine[BEST + row, step * STEP + STEP - 1]


@inlined
def ready(bars: Bars, tables: Tables, candidates: Candidates, work: Work, k: int, i: int, run: int) -> bool:
    """Whether the tables of candidate ``k`` stand; made here if its bar has a ``run`` of enough others."""
    row = 0 if candidates.side[k] > 0 else 1
    if tables.bar[row] == candidates.bar[k]:
        return True
    if run < LEAST or work.last[i] - work.start[i] + 1 >= tables.fine.shape[1]:
        return False
    fill(bars, tables, row, work.prices[ENTRY, i], work.start[i], work.last[i])
    tables.bar[row] = candidates.bar[k]
    return True


@inlined
def ahead_of(tables: Tables, row: int, protect: float, take: float) -> tuple[int, int]:
    """Bars of the window before the first that reaches each level: counted, as the rows are monotone."""
    fine, coarse = tables.fine, tables.coarse
    safe, short = 0, 0
    for step in range(coarse.shape[1]):
        safe += int(coarse[row, step] > protect)
        short += int(coarse[2 + row, step] < take)
    start, safe = safe * STEP, safe * STEP
    for j in range(STEP):
        safe += int(fine[WORST + row, start + j] > protect)
    start, short = short * STEP, short * STEP
    for j in range(STEP):
        short += int(fine[BEST + row, start + j] < take)
    return safe, short


@inlined
def look_up(bars: Bars, tables: Tables, candidates: Candidates, terms: Terms, work: Work, k: int, i: int) -> None:
    """Where the trade of candidate ``k`` in column ``i`` ends, and its deepest fall."""
    sheet, fine, start, last = work.prices, tables.fine, work.start[i], work.last[i]
    side, protect, take = sheet[SIDE, i], sheet[PROTECT, i], sheet[TAKE, i]
    row = int(side < 0.0)
    through = last - start
    if fine[WORST + row, through] > protect and fine[BEST + row, through] < take:
        sheet[FALL, i], sheet[RAW_EXIT, i] = fine[FALLEN + row, through + 1], side * bars.close[last]
        work.end[i] = last
        work.reason[i] = HORIZON if candidates.bar[k] + terms.horizon <= last else END_OF_DATA
        return
    safe, short = ahead_of(tables, row, protect, take)
    ahead = min(safe, short)
    end, before = start + ahead, fine[FALLEN + row, ahead]
    sheet[FALL, i] = max(before, close_out(bars, work, i, side, end, fine[PEAK + row, ahead]))
