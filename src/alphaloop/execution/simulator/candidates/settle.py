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

NEAR = 4  # payments to look at before bisecting


@inlined
def first_after(paid_at: Ints, bar: int, guess: int) -> int:
    """The first payment after ``bar``: near ``guess``, as candidates come by bar, else by bisection."""
    for _ in range(NEAR):
        if guess > 0 and paid_at[guess - 1] > bar:
            break
        if guess == len(paid_at) or paid_at[guess] > bar:
            return guess
        guess += 1
    low, high = 0, len(paid_at)
    while low < high:
        middle = (low + high) // 2
        if paid_at[middle] <= bar:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def pay(bars: Bars, work: Work, count: int) -> None:
    """Sum of rate times open over the funding of bars ``start < j <= end``, for the first ``count`` columns."""
    guess, paid_at = 0, bars.paid_at
    for i in range(count):
        j = guess = first_after(paid_at, work.start[i], guess)
        total = 0.0
        while j < len(paid_at) and paid_at[j] <= work.end[i]:
            total += bars.paid[j]
            j += 1
        work.prices[PAID, i] = total


@inlined
def price_exits(bars: Bars, terms: Terms, work: Work, count: int) -> None:
    """Exit prices after slippage, fee rates and funding of the first ``count`` columns."""
    sheet = work.prices
    for i in range(count):
        reason, side = work.reason[i], sheet[SIDE, i]
        slippage = 0.0 if (reason == TARGET) | (reason == LIQUIDATION) else terms.slippage
        fee = terms.liquidation_fee if reason == LIQUIDATION else terms.taker_fee
        sheet[FEE_RATE, i] = terms.maker_fee if reason == TARGET else fee
        sheet[EXIT, i] = side * sheet[RAW_EXIT, i] * (1.0 - side * slippage)
        sheet[PAID, i] = 0.0
    if len(bars.paid_at) > 0:
        pay(bars, work, count)


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
def correct(candidates: Candidates, terms: Terms, work: Work, count: int) -> None:
    """What the loop above took for granted: an entry that was filled, and paid the taker fee."""
    sheet = work.prices
    for i in range(count):
        if work.start[i] < 0:
            work.end[i], work.reason[i] = 0, NOT_FILLED
            for row in range(RESULT, sheet.shape[0]):
                sheet[row, i] = 0.0
        elif limited(candidates, work.row[i]):
            leverage, ratio = sheet[LEVERAGE, i], sheet[EXIT, i] / sheet[ENTRY, i]
            fees = leverage * (terms.maker_fee + sheet[FEE_RATE, i] * ratio)
            net = leverage * sheet[SIDE, i] * (ratio - 1.0) - fees - sheet[RESULT + FUNDING, i]
            sheet[RESULT + NET, i], sheet[RESULT + FEES, i] = max(-1.0, net), fees


@inlined
def write_out(work: Work, results: Results, first: int, count: int) -> None:
    """Columns to rows ``first`` and on, one figure after the other: long runs of writes."""
    sheet, part = work.prices, slice(first, first + count)
    for row in range(results.figures.shape[0]):
        into = results.figures[row, part]
        for i in range(count):
            into[i] = sheet[RESULT + row, i]
    exit_bar, reason = results.exit_bar[part], results.reason[part]
    for i in range(count):
        exit_bar[i] = work.end[i]
    for i in range(count):
        reason[i] = work.reason[i]


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
