"""Entries of a batch: the price each candidate gets, and the levels that hang on it.

    entry = open * (1 + side * slippage), or the limit (a better open) without slippage
    stop = entry * (1 - side * s)          target = entry * (1 + side * g)
    liquidation = entry * (1 - side * (1 / L + deduction / notional)) / (1 - side * rate)

The reads are one loop, the arithmetic another, so that the second can go as vectors; what few
candidates have (a limit, a halt, no bar left) is put right in a third.
"""

import math

import numpy as np

from alphaloop.core.market import Ints
from alphaloop.execution.simulator.candidates.compiling import inlined
from alphaloop.execution.simulator.candidates.lanes import LANES
from alphaloop.execution.simulator.candidates.records import (
    END_OF_DATA,
    ENTRY,
    HORIZON,
    LEVERAGE,
    LIQUIDATION,
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
from alphaloop.execution.simulator.jit import ask_for, nth

AHEAD = 64  # bars of a window that are fetched ahead
EPSILON = 2.0**-53


@inlined
def limited(candidates: Candidates, k: int) -> bool:
    """Whether candidate ``k`` waits for a price."""
    return len(candidates.limit) > 0 and not math.isnan(candidates.limit[k])


@inlined
def take_in(candidates: Candidates, work: Work, order: Ints, first: int, count: int) -> None:
    """The wishes of candidates ``first`` and on, by ``order`` where there is one, into the first columns."""
    sheet = work.prices
    if len(order) > 0:
        for i in range(count):
            work.row[i] = k = order[first + i]
            work.bar[i], sheet[SIDE, i] = candidates.bar[k], candidates.side[k]
            sheet[STOP_PART, i], sheet[TARGET_PART, i] = candidates.stop[k], candidates.target[k]
            sheet[LEVERAGE, i] = candidates.leverage[k]
        return
    part = slice(first, first + count)
    bar, side, stop = candidates.bar[part], candidates.side[part], candidates.stop[part]
    target, leverage = candidates.target[part], candidates.leverage[part]
    for i in range(count):
        work.row[i], work.bar[i], sheet[SIDE, i] = first + i, bar[i], side[i]
        sheet[STOP_PART, i], sheet[TARGET_PART, i], sheet[LEVERAGE, i] = stop[i], target[i], leverage[i]


@inlined
def ask_ahead(bars: Bars, candidates: Candidates, horizon: int, first: int, stop: int) -> None:
    """Fetch the windows that many of candidates ``first .. stop`` share, while others are worked on.

    Windows of single candidates overlap, and the processor sees them coming.
    """
    before = -1
    for k in range(first + LANES, stop, LANES):
        bar = candidates.bar[nth(k)]
        if bar == before or bar != candidates.bar[nth(k - LANES)]:
            continue
        before = bar
        ask_for(bars.open, bar + 1)
        for j in range(bar + 1, bar + min(horizon, AHEAD) + LANES, LANES):
            ask_for(bars.low, j)
            ask_for(bars.high, j)
            ask_for(bars.close, j)


@inlined
def sound(work: Work, bars: int, count: int) -> bool:
    """Whether the first columns hold candidates that can be."""
    sheet, wrong = work.prices, 0
    for i in range(count):
        apart = (work.bar[i] < 0) | (work.bar[i] >= bars) | (abs(sheet[SIDE, i]) != 1.0)
        apart |= (sheet[STOP_PART, i] < 0.0) | (sheet[TARGET_PART, i] < 0.0)
        held = (sheet[LEVERAGE, i] > 0.0) & (sheet[LEVERAGE, i] < math.inf)
        wrong += int(apart | (not held))
    return wrong == 0


@inlined
def enter(bars: Bars, terms: Terms, work: Work, count: int) -> None:
    """Window and entry at market of the first columns, as if all bars traded."""
    sheet, end = work.prices, len(bars.open) - 1
    for i in range(count):
        sheet[RAW_ENTRY, i] = bars.open[nth(min(work.bar[i] + 1, end))]
    for i in range(count):
        bar, raw = work.bar[i], sheet[RAW_ENTRY, i]
        start, last = bar + 1, min(bar + terms.horizon, end)
        sheet[ENTRY, i] = raw * (1.0 + sheet[SIDE, i] * terms.slippage)
        work.start[i], work.last[i] = (start if start <= last else -1), last
        work.timeout[i] = HORIZON if bar + terms.horizon <= end else END_OF_DATA


@inlined
def wait(bars: Bars, candidates: Candidates, terms: Terms, work: Work, count: int) -> None:
    """Window and entry of the columns with a limit, or whose first bar does not trade."""
    sheet = work.prices
    for i in range(count):
        k, start, last = work.row[i], work.start[i], work.last[i]
        waits = limited(candidates, k)
        if not waits and (start < 0 or trades(bars, start)):
            continue
        work.start[i] = start = entry_bar(bars, candidates, k, last)
        raw = bars.open[max(start, 0)]
        slip = 1.0 + sheet[SIDE, i] * terms.slippage
        if waits:
            raw = min(raw, candidates.limit[k]) if sheet[SIDE, i] > 0.0 else max(raw, candidates.limit[k])
            slip = 1.0
        sheet[RAW_ENTRY, i], sheet[ENTRY, i] = raw, raw * slip


@inlined
def set_levels(candidates: Candidates, terms: Terms, work: Work, count: int) -> None:
    """Signed protective level and target of the first columns."""
    sheet, rate = work.prices, terms.tiers[0, 1]
    for i in range(count):
        side, entry = sheet[SIDE, i], sheet[ENTRY, i]
        target = side * (entry * (1.0 + side * sheet[TARGET_PART, i]))
        sheet[TAKE, i] = target if target == target else math.inf
        sheet[PROTECT, i] = side * (entry * (1.0 - side / sheet[LEVERAGE, i]) / (1.0 - side * rate))
    if terms.tiers.shape[0] > 1 or terms.tiers[0, 2] != 0.0:
        set_tiered(candidates, terms, work, count)
    for i in range(count):
        side = sheet[SIDE, i]
        stop = side * (sheet[ENTRY, i] * (1.0 - side * sheet[STOP_PART, i]))
        nearer = (stop != stop) | (sheet[PROTECT, i] > stop)
        work.acting[i] = LIQUIDATION if nearer else STOP
        sheet[PROTECT, i] = sheet[PROTECT, i] if nearer else stop
    if terms.grid:
        for i in range(count):
            sheet[PROTECT, i], sheet[TAKE, i] = on_grid(sheet[PROTECT, i]), on_grid(sheet[TAKE, i])


@inlined
def on_grid(level: float) -> float:
    """The whole number of ticks within a few roundings of ``level``, else ``level``."""
    near = np.rint(level)
    return float(near) if abs(level - near) <= 8.0 * EPSILON * abs(level) else level


@inlined
def set_tiered(candidates: Candidates, terms: Terms, work: Work, count: int) -> None:
    """Signed liquidation prices in the first tier whose cap covers the notional at that price.

    Tiers from the last, which covers all, to the first: the first that covers is written last.
    """
    sheet, tiers = work.prices, terms.tiers
    for i in range(count):
        sheet[SHARE, i], sheet[NOTIONAL, i] = 1.0 / sheet[LEVERAGE, i], candidates.notional[work.row[i]]
        sheet[PER_NOTIONAL, i] = 1.0 / sheet[NOTIONAL, i]
    for row in range(tiers.shape[0] - 1, -1, -1):
        cap, rate, deduction = tiers[row, 0], tiers[row, 1], tiers[row, 2]
        up, down = 1.0 / (1.0 - rate), 1.0 / (1.0 + rate)
        for i in range(count):
            side, entry = sheet[SIDE, i], sheet[ENTRY, i]
            lost = 1.0 - side * (sheet[SHARE, i] + deduction * sheet[PER_NOTIONAL, i])
            level = entry * lost * (up if side > 0.0 else down)
            covers = sheet[NOTIONAL, i] * level <= cap * entry
            sheet[PROTECT, i] = side * level if covers else sheet[PROTECT, i]
