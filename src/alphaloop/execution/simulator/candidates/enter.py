"""Entries of a batch: the price each candidate gets, and the levels that hang on it.

    entry = open * (1 + side * slippage), or the limit (a better open) without slippage
    stop = entry * (1 - side * s)          target = entry * (1 + side * g)
    liquidation = entry * (1 - side * (1 / L + deduction / notional)) / (1 - side * rate)

The reads are one loop, the arithmetic another, so that the second can go as vectors.
"""

import math

import numpy as np

from alphaloop.core.market import Ints
from alphaloop.execution.simulator.candidates.compiling import inlined
from alphaloop.execution.simulator.candidates.records import (
    ENTRY,
    LEVERAGE,
    LIQUIDATION,
    NOT_FILLED,
    NOTIONAL,
    PER_NOTIONAL,
    PROTECT,
    RAW_ENTRY,
    SHARE,
    SIDE,
    STOP,
    STOP_PART,
    TAKE,
    TARGET_PART,
    Bars,
    Candidates,
    Terms,
    Work,
)
from alphaloop.execution.simulator.candidates.walk import entry_bar, trades

EPSILON = 2.0**-53


@inlined
def limited(candidates: Candidates, k: int) -> bool:
    """Whether candidate ``k`` waits for a price."""
    return len(candidates.limit) > 0 and not math.isnan(candidates.limit[k])


@inlined
def take_in(bars: Bars, candidates: Candidates, terms: Terms, work: Work, k: int, i: int) -> None:
    """Candidate ``k`` into column ``i``: its wishes, its window, and its entry; ``start`` -1 if nothing filled."""
    sheet, bar = work.prices, candidates.bar[k]
    sheet[SIDE, i], sheet[STOP_PART, i], sheet[TARGET_PART, i] = (
        candidates.side[k],
        candidates.stop[k],
        candidates.target[k],
    )
    sheet[LEVERAGE, i] = candidates.leverage[k]
    last, start = min(bar + terms.horizon, len(bars.open) - 1), bar + 1
    waits = limited(candidates, k)
    if start > last or waits or not trades(bars, start):
        start = entry_bar(bars, candidates, k, last)
    work.start[i], work.last[i], work.end[i], work.reason[i] = start, last, 0, NOT_FILLED
    raw = bars.open[max(start, 0)]
    slip = 1.0 + candidates.side[k] * terms.slippage
    if waits:
        raw = min(raw, candidates.limit[k]) if candidates.side[k] > 0 else max(raw, candidates.limit[k])
        slip = 1.0
    sheet[RAW_ENTRY, i], sheet[ENTRY, i] = raw, raw * slip


@inlined
def set_levels(candidates: Candidates, terms: Terms, work: Work, order: Ints) -> None:
    """Signed protective level and target of every column."""
    sheet, rate = work.prices, terms.tiers[0, 1]
    for i in range(len(order)):
        side, entry = sheet[SIDE, i], sheet[ENTRY, i]
        target = side * (entry * (1.0 + side * sheet[TARGET_PART, i]))
        sheet[TAKE, i] = target if target == target else math.inf
        sheet[PROTECT, i] = side * (entry * (1.0 - side / sheet[LEVERAGE, i]) / (1.0 - side * rate))
    if terms.tiers.shape[0] > 1 or terms.tiers[0, 2] != 0.0:
        set_tiered(candidates, terms, work, order)
    for i in range(len(order)):
        side = sheet[SIDE, i]
        stop = side * (sheet[ENTRY, i] * (1.0 - side * sheet[STOP_PART, i]))
        acting = LIQUIDATION if stop != stop or sheet[PROTECT, i] > stop else STOP
        work.acting[i] = acting
        sheet[PROTECT, i] = stop if acting == STOP else sheet[PROTECT, i]
    if terms.grid:
        for i in range(len(order)):
            sheet[PROTECT, i], sheet[TAKE, i] = on_grid(sheet[PROTECT, i]), on_grid(sheet[TAKE, i])


@inlined
def on_grid(level: float) -> float:
    """The whole number of ticks within a few roundings of ``level``, else ``level``."""
    near = np.rint(level)
    return float(near) if abs(level - near) <= 8.0 * EPSILON * abs(level) else level


@inlined
def set_tiered(candidates: Candidates, terms: Terms, work: Work, order: Ints) -> None:
    """Signed liquidation prices in the first tier whose cap covers the notional at that price.

    Tiers from the last, which covers all, to the first: the first that covers is written last.
    """
    sheet, tiers = work.prices, terms.tiers
    for i in range(len(order)):
        sheet[SHARE, i], sheet[NOTIONAL, i] = 1.0 / sheet[LEVERAGE, i], candidates.notional[order[i]]
        sheet[PER_NOTIONAL, i] = 1.0 / sheet[NOTIONAL, i]
    for row in range(tiers.shape[0] - 1, -1, -1):
        cap, rate, deduction = tiers[row, 0], tiers[row, 1], tiers[row, 2]
        up, down = 1.0 / (1.0 - rate), 1.0 / (1.0 + rate)
        for i in range(len(order)):
            side, entry = sheet[SIDE, i], sheet[ENTRY, i]
            lost = 1.0 - side * (sheet[SHARE, i] + deduction * sheet[PER_NOTIONAL, i])
            level = entry * lost * (up if side > 0.0 else down)
            covers = sheet[NOTIONAL, i] * level <= cap * entry
            sheet[PROTECT, i] = side * level if covers else sheet[PROTECT, i]
