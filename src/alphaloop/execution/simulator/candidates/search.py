"""Candidates at market: the bar each leaves in, eight bars at once, and then why and at what price.

Long windows pass by blocks: eight bars whose lowest low and highest high reach no level need no
look at each; how far they fell is known too. Gives the bits of :mod:`.walk`, for bars that all
trade and the default rules: on a checked tape an open beyond a level implies a low or high
beyond it, so the first bar that reaches a level is the bar of the exit.
"""

from alphaloop.core.market import Floats
from alphaloop.execution.simulator.candidates.compiling import inlined
from alphaloop.execution.simulator.candidates.lanes import hunt
from alphaloop.execution.simulator.candidates.records import (
    BLOCK,
    ENTRY,
    FALL,
    PEAK,
    PROTECT,
    RAW_EXIT,
    RESULT,
    SIDE,
    TAKE,
    TARGET,
    Bars,
    Work,
)
from alphaloop.execution.simulator.jit import nth

LOWEST, HIGHEST, TOP, BOTTOM, LONG_FALL, SHORT_FALL = range(6)  # rows of ``Bars.blocks``
OPENED, CLOSED, LOW, HIGH = range(RESULT, RESULT + 4)  # of the bar of the exit, until there are results
LONG_WINDOW = 64  # bars from which blocks pay


@inlined
def summarise(bars: Bars, block: int, blocks: Floats) -> None:
    """One block's lowest low, highest high, highest and lowest close, and its own falls, long and short."""
    start = block * BLOCK
    low, high, top, bottom = bars.low[start], bars.high[start], bars.close[start], bars.close[start]
    long_fall = short_fall = 0.0
    for j in range(start + 1, start + BLOCK):
        long_fall = max(long_fall, top - bars.low[j])
        short_fall = max(short_fall, bars.high[j] - bottom)
        low, high = min(low, bars.low[j]), max(high, bars.high[j])
        top, bottom = max(top, bars.close[j]), min(bottom, bars.close[j])
    blocks[LOWEST, block], blocks[HIGHEST, block] = low, high
    blocks[TOP, block], blocks[BOTTOM, block] = top, bottom
    blocks[LONG_FALL, block], blocks[SHORT_FALL, block] = long_fall, short_fall


@inlined
def search(bars: Bars, work: Work, i: int) -> None:
    """The bar in which the trade in column ``i`` reaches a level, and peak and fall before it."""
    sheet, start, stop = work.prices, work.start[i], work.last[i] + 1
    side, protect, take = sheet[SIDE, i], sheet[PROTECT, i], sheet[TAKE, i]
    wish = (protect, take, side) if side > 0.0 else (-take, -protect, side)
    singles = (bars.low, bars.high, bars.close, bars.close)
    so_far = (side * sheet[ENTRY, i], 0.0)
    if stop - start <= LONG_WINDOW:
        end, peak, fall = hunt(singles, (start, stop), wish, so_far)
    else:
        first = (start + BLOCK - 1) // BLOCK
        end, peak, fall = hunt(singles, (start, first * BLOCK), wish, so_far)
        if end == first * BLOCK:
            b = bars.blocks
            rows = (b[LOWEST], b[HIGHEST], b[TOP], b[BOTTOM], b[LONG_FALL], b[SHORT_FALL])
            block, peak, fall = hunt(rows, (first, stop // BLOCK), wish, (peak, fall))
            rest = (block * BLOCK, min(block * BLOCK + BLOCK, stop))
            end, peak, fall = hunt(singles, rest, wish, (peak, fall))
    work.end[i], sheet[PEAK, i], sheet[FALL, i] = end, peak, fall


@inlined
def leave(bars: Bars, work: Work, count: int) -> None:
    """Reason and signed price of the exit in bar ``end`` of the first columns, and the fall with that bar's.

    The reads are one loop, the choices another, without a branch to guess.
    """
    sheet = work.prices
    for i in range(count):
        side, end = sheet[SIDE, i], nth(min(work.end[i], work.last[i]))
        sheet[OPENED, i], sheet[CLOSED, i] = side * bars.open[end], side * bars.close[end]
        sheet[LOW, i], sheet[HIGH, i] = side * bars.low[end], side * bars.high[end]
    for i in range(count):
        first, protect, take, low, high = (
            sheet[OPENED, i],
            sheet[PROTECT, i],
            sheet[TAKE, i],
            sheet[LOW, i],
            sheet[HIGH, i],
        )
        closed, before, peak, acting, timeout = (
            sheet[CLOSED, i],
            sheet[FALL, i],
            sheet[PEAK, i],
            work.acting[i],
            work.timeout[i],
        )
        end, last = work.end[i], work.last[i]
        worst = low if low < high else high
        jumped, ahead, through = first <= protect, first >= take, end > last
        stopped, at_open = jumped | ((worst <= protect) & (first < take)), jumped | ahead
        price = protect if stopped else take
        price = first if at_open else price
        deepest = price if stopped | ahead else worst
        reason = acting if stopped else TARGET
        fall = peak - deepest
        fall = before if through | (before > fall) else fall
        work.reason[i] = timeout if through else reason
        sheet[RAW_EXIT, i], sheet[FALL, i] = closed if through else price, fall
        work.end[i] = last if through else end
