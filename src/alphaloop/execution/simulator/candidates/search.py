"""One candidate at market, fast: eight bars at once.

A block of eight bars whose lowest low and highest high reach no level needs no look at its
bars; how far it fell is known too. Gives the bits of :mod:`.walk`, for bars that all trade and
the default rules: on a checked tape an open beyond a level implies a low or high beyond it, so
the first bar that reaches a level is the bar of the exit.
"""

from alphaloop.core.market import Floats
from alphaloop.execution.simulator.candidates.compiling import inlined
from alphaloop.execution.simulator.candidates.records import (
    BLOCK,
    END_OF_DATA,
    ENTRY,
    FALL,
    HORIZON,
    PROTECT,
    RAW_EXIT,
    SIDE,
    TAKE,
    TARGET,
    Bars,
    Candidates,
    Terms,
    Work,
)

LOWEST, HIGHEST, TOP, BOTTOM, LONG_FALL, SHORT_FALL = range(6)  # columns of ``Bars.blocks``


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
    blocks[block, LOWEST], blocks[block, HIGHEST] = low, high
    blocks[block, TOP], blocks[block, BOTTOM] = top, bottom
    blocks[block, LONG_FALL], blocks[block, SHORT_FALL] = long_fall, short_fall


@inlined
def hunt(bars: Bars, sheet: Floats, i: int, start: int, stop: int, long: bool) -> tuple[int, float, float]:
    """The first bar in ``start .. stop`` that reaches a level (``stop``: none), peak and fall before it."""
    protect, take, blocks = sheet[PROTECT, i], sheet[TAKE, i], bars.blocks
    j, peak, fall = start, sheet[ENTRY, i] if long else -sheet[ENTRY, i], 0.0
    while j < stop:
        b = j // BLOCK
        if j % BLOCK == 0 and j + BLOCK <= stop:
            worst, best = (blocks[b, LOWEST], blocks[b, HIGHEST]) if long else (-blocks[b, HIGHEST], -blocks[b, LOWEST])
            if worst > protect and best < take:
                inside, top = (
                    (blocks[b, LONG_FALL], blocks[b, TOP]) if long else (blocks[b, SHORT_FALL], -blocks[b, BOTTOM])
                )
                fall, peak = max(max(fall, peak - worst), inside), max(peak, top)
                j += BLOCK
                continue
        worst, best = (bars.low[j], bars.high[j]) if long else (-bars.high[j], -bars.low[j])
        if worst <= protect or best >= take:
            break
        fall, peak = max(fall, peak - worst), max(peak, bars.close[j] if long else -bars.close[j])
        j += 1
    return j, peak, fall


@inlined
def close_out(bars: Bars, work: Work, i: int, side: float, end: int, peak: float) -> float:
    """Reason and signed price of the exit in bar ``end``, which reaches a level; returns the bar's fall."""
    prices, protect, take = work.prices, work.prices[PROTECT, i], work.prices[TAKE, i]
    first, worst = side * bars.open[end], bars.low[end] if side > 0.0 else -bars.high[end]
    work.end[i] = end
    if first <= protect:
        work.reason[i], prices[RAW_EXIT, i], worst = work.acting[i], first, first
    elif first >= take:
        work.reason[i], prices[RAW_EXIT, i], worst = TARGET, first, first
    elif worst <= protect:
        work.reason[i], prices[RAW_EXIT, i], worst = work.acting[i], protect, protect
    else:
        work.reason[i], prices[RAW_EXIT, i] = TARGET, take
    return float(peak - worst)


@inlined
def search(bars: Bars, candidates: Candidates, terms: Terms, work: Work, k: int, i: int) -> None:
    """Where the trade in column ``i`` ends, and its deepest fall."""
    sheet, start, last = work.prices, work.start[i], work.last[i]
    if sheet[SIDE, i] > 0.0:
        end, peak, fall = hunt(bars, sheet, i, start, last + 1, True)
    else:
        end, peak, fall = hunt(bars, sheet, i, start, last + 1, False)
    if end <= last:
        sheet[FALL, i] = max(fall, close_out(bars, work, i, sheet[SIDE, i], end, peak))
        return
    sheet[FALL, i], sheet[RAW_EXIT, i], work.end[i] = fall, sheet[SIDE, i] * bars.close[last], last
    work.reason[i] = HORIZON if candidates.bar[k] + terms.horizon <= last else END_OF_DATA
