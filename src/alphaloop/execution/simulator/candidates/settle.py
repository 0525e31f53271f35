"""What finished trades made: costs and returns in units of their margin.

    price  = raw exit, moved against us by the slippage unless a target or a liquidation
    fees   = L * (entry fee + exit fee * price / entry)
    gross  = L * side * (raw exit / raw entry - 1)
    net    = max(-1, L * side * (price / entry - 1) - fees - funding)

Every way of finding an exit ends here, so equal exits settle to equal bits.
"""

from alphaloop.core.market import Ints
from alphaloop.execution.simulator.candidates.compiling import inlined
from alphaloop.execution.simulator.candidates.enter import limited
from alphaloop.execution.simulator.candidates.records import (
    DRAWDOWN,
    ENTRY,
    EXIT,
    FALL,
    FEE_RATE,
    FEES,
    FILLED,
    FUNDING,
    GROSS,
    LEVERAGE,
    LIQUIDATION,
    NET,
    NOT_FILLED,
    PAID,
    RAW_ENTRY,
    RAW_EXIT,
    RESULT,
    SIDE,
    TARGET,
    Bars,
    Candidates,
    Results,
    Terms,
    Work,
)


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
def price_exits(bars: Bars, terms: Terms, work: Work, order: Ints) -> None:
    """Exit prices after slippage, fee rates and funding of every column."""
    sheet = work.prices
    for i in range(len(order)):
        reason, side = work.reason[i], sheet[SIDE, i]
        quiet = reason in (TARGET, LIQUIDATION)
        fee = terms.maker_fee if reason == TARGET else terms.taker_fee
        sheet[FEE_RATE, i] = terms.liquidation_fee if reason == LIQUIDATION else fee
        slippage = 0.0 if quiet else terms.slippage
        sheet[EXIT, i] = side * sheet[RAW_EXIT, i] * (1.0 - side * slippage)
        sheet[PAID, i] = 0.0
    if len(bars.paid_at) > 0:
        for i in range(len(order)):
            sheet[PAID, i] = paid_between(bars, work.start[i], work.end[i])


@inlined
def settle(terms: Terms, work: Work, count: int) -> None:
    """Returns of the first ``count`` columns."""
    sheet = work.prices
    for i in range(count):
        side, leverage, entry = sheet[SIDE, i], sheet[LEVERAGE, i], sheet[ENTRY, i]
        share, ratio = leverage / entry, sheet[EXIT, i] / entry
        fees = leverage * (terms.taker_fee + sheet[FEE_RATE, i] * ratio)
        funding = side * sheet[PAID, i] * share
        net = leverage * side * (ratio - 1.0) - fees - funding
        sheet[RESULT + NET, i] = net if net > -1.0 else -1.0
        sheet[RESULT + GROSS, i] = leverage * side * (side * sheet[RAW_EXIT, i] / sheet[RAW_ENTRY, i] - 1.0)
        sheet[RESULT + DRAWDOWN, i] = sheet[FALL, i] * share
        sheet[FILLED, i], sheet[RESULT + FEES, i], sheet[RESULT + FUNDING, i] = entry, fees, funding


@inlined
def correct(candidates: Candidates, terms: Terms, work: Work, order: Ints) -> None:
    """What the loop above took for granted: an entry that was filled, and paid the taker fee."""
    sheet = work.prices
    for i in range(len(order)):
        if work.reason[i] == NOT_FILLED:
            for row in range(RESULT, sheet.shape[0]):
                sheet[row, i] = 0.0
        elif limited(candidates, order[i]):
            leverage, ratio = sheet[LEVERAGE, i], sheet[EXIT, i] / sheet[ENTRY, i]
            fees = leverage * (terms.maker_fee + sheet[FEE_RATE, i] * ratio)
            net = leverage * sheet[SIDE, i] * (ratio - 1.0) - fees - sheet[RESULT + FUNDING, i]
            sheet[RESULT + NET, i], sheet[RESULT + FEES, i] = max(-1.0, net), fees


@inlined
def write_out(work: Work, results: Results, first: int, count: int) -> None:
    """Columns to rows ``first`` and on, one figure after the other: long runs of writes."""
    sheet, figures = work.prices, results.figures
    for row in range(figures.shape[0]):
        for i in range(count):
            figures[row, first + i] = sheet[RESULT + row, i]
    for i in range(count):
        results.exit_bar[first + i] = work.end[i]
        results.reason[first + i] = work.reason[i]


@inlined
def hand_back(sheet: Results, results: Results, order: Ints) -> None:
    """Rows of a sheet to where their candidates stand; one column at a time stays in the cache."""
    for row in range(sheet.figures.shape[0]):
        for p in range(len(order)):
            results.figures[row, order[p]] = sheet.figures[row, p]
    for p in range(len(order)):
        results.exit_bar[order[p]] = sheet.exit_bar[p]
    for p in range(len(order)):
        results.reason[order[p]] = sheet.reason[p]
