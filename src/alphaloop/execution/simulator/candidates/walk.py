"""One candidate, bar by bar: every rule, none of the speed.

The plain statement of ``docs/outcomes.md``. Limits, halts, mark prices and rules other than
the default come this way; :mod:`.search` must give the same bits where both can answer.
"""

import math

from alphaloop.execution.simulator.candidates.compiling import inlined
from alphaloop.execution.simulator.candidates.records import (
    END_OF_DATA,
    ENTRY,
    FALL,
    HORIZON,
    LIQUIDATION,
    NOT_FILLED,
    PAID,
    PROTECT,
    RAW_ENTRY,
    RAW_EXIT,
    STOP,
    TAKE,
    TARGET,
    Bars,
    Candidates,
    Terms,
    Work,
)


@inlined
def liquidation_level(terms: Terms, candidates: Candidates, k: int, entry: float) -> float:
    """Price at which margin plus profit is maintenance, in the first tier whose cap covers it."""
    side, share = float(candidates.side[k]), 1.0 / candidates.leverage[k]
    tiers, level = terms.tiers, math.nan
    for row in range(tiers.shape[0]):
        rate, lent = tiers[row, 1], 0.0
        if tiers[row, 2] != 0.0:
            lent = tiers[row, 2] / candidates.notional[k]
        level = entry * (1.0 - side * (share + lent)) / (1.0 - side * rate)
        if tiers.shape[0] == 1 or candidates.notional[k] * level / entry <= tiers[row, 0]:
            break
    return level


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
def enter(bars: Bars, candidates: Candidates, terms: Terms, work: Work, k: int, i: int) -> None:
    """Entry and levels of candidate ``k`` into column ``i``; ``start`` -1 where nothing filled."""
    side, prices = float(candidates.side[k]), work.prices
    last = min(candidates.bar[k] + terms.horizon, len(bars.open) - 1)
    start = entry_bar(bars, candidates, k, last)
    work.start[i], work.last[i] = start, last
    work.reason[i] = NOT_FILLED
    if start < 0:
        return
    raw = bars.open[start]
    entry = raw * (1.0 + side * terms.slippage)
    if len(candidates.limit) > 0 and not math.isnan(candidates.limit[k]):
        raw = entry = min(raw, candidates.limit[k]) if side > 0.0 else max(raw, candidates.limit[k])
    stop, target = candidates.stop[k], candidates.target[k]
    liquidation = side * liquidation_level(terms, candidates, k, entry)
    level = -math.inf if math.isnan(stop) else side * (entry * (1.0 - side * stop))
    prices[RAW_ENTRY, i], prices[ENTRY, i] = raw, entry
    prices[PROTECT, i] = max(level, liquidation)
    work.acting[i] = LIQUIDATION if liquidation > level else STOP
    prices[TAKE, i] = math.inf if math.isnan(target) else side * (entry * (1.0 + side * target))


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
def paid_between(bars: Bars, start: int, end: int) -> float:
    """Sum of rate times open over the funding of bars ``start < j <= end``."""
    low, high = 0, len(bars.paid_at)
    while low < high:
        middle = (low + high) // 2
        if bars.paid_at[middle] <= start:
            low = middle + 1
        else:
            high = middle
    total = 0.0
    while low < len(bars.paid_at) and bars.paid_at[low] <= end:
        total += bars.paid[low]
        low += 1
    return total


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
    prices[RAW_EXIT, i], prices[FALL, i], prices[PAID, i] = leaving, fall, paid_between(bars, start, end)
    work.end[i], work.reason[i] = end, reason
