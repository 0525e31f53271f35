"""One candidate, bar by bar: every default rule, none of the speed.

The plain statement of ``docs/outcomes.md``. Limits and halts come this way; :mod:`.search` and
:mod:`.group` must give the same bits where they can answer. Other rules: :mod:`.replayed`.
"""

import math

from alphaloop.execution.simulator.candidates.compiling import inlined
from alphaloop.execution.simulator.candidates.records import (
    END_OF_DATA,
    ENTRY,
    FALL,
    HORIZON,
    PROTECT,
    RAW_ENTRY,
    RAW_EXIT,
    TAKE,
    TARGET,
    Bars,
    Candidates,
    Terms,
    Work,
)


@inlined
def trades(bars: Bars, j: int) -> bool:
    """Whether anything can fill in bar ``j``."""
    return len(bars.halted) == 0 or bars.halted[j + 1] == bars.halted[j]


@inlined
def entry_bar(bars: Bars, candidates: Candidates, k: int, last: int) -> int:
    """First bar that fills the entry, -1 if none does by ``last``."""
    for j in range(candidates.bar[k] + 1, last + 1):
        if not trades(bars, j):
            continue
        if len(candidates.limit) == 0 or math.isnan(candidates.limit[k]):
            return j
        if candidates.side[k] > 0 and bars.low[j] < candidates.limit[k]:
            return j
        if candidates.side[k] < 0 and bars.high[j] > candidates.limit[k]:
            return j
    return -1


@inlined
def leave(bars: Bars, work: Work, j: int, i: int, side: float, watched: int) -> tuple[int, float, float]:
    """Why and at what signed prices the trade leaves in bar ``j``: reason (0 stays), fill, worst.

    ``watched`` adds 1 if the open may meet a level, 2 if the target may be met.
    """
    protect, take = work.prices[PROTECT, i], work.prices[TAKE, i]
    first, worst, best = side * bars.open[j], side * bars.low[j], side * bars.high[j]
    worst, best = min(worst, best), max(worst, best)
    acting = int(work.acting[i])
    if watched & 1 and first <= protect:
        return acting, first, first
    if watched & 1 and watched & 2 and first >= take:
        return TARGET, first, first
    if worst <= protect:
        return acting, protect, protect
    if watched & 2 and best >= take:
        return TARGET, take, worst
    return 0, 0.0, worst


@inlined
def walk(bars: Bars, candidates: Candidates, terms: Terms, work: Work, k: int, i: int) -> None:
    """Where the trade in column ``i`` ends, and its deepest fall from an earlier close to then."""
    prices, side, start, end = work.prices, float(candidates.side[k]), work.start[i], work.last[i]
    limited = len(candidates.limit) > 0 and not math.isnan(candidates.limit[k])
    at_open = prices[RAW_ENTRY, i] == bars.open[start]
    peak, fall = side * prices[ENTRY, i], 0.0
    reason, leaving = 0, 0.0
    for j in range(start, end + 1):
        worst = min(side * bars.low[j], side * bars.high[j])
        if trades(bars, j):
            watched = int(j > start or at_open) + 2 * int(j > start or not limited)
            reason, leaving, worst = leave(bars, work, j, i, side, watched)
        fall = max(fall, peak - worst)
        if reason > 0:
            end = j
            break
        peak = max(peak, side * bars.close[j])
    if reason == 0:
        leaving = side * bars.close[end]
        reason = HORIZON if candidates.bar[k] + terms.horizon <= end else END_OF_DATA
    prices[RAW_EXIT, i], prices[FALL, i] = leaving, fall
    work.end[i], work.reason[i] = end, reason
