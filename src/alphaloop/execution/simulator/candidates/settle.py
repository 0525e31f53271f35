"""What a finished trade made: costs and returns in units of its margin.

    price  = raw exit, moved against us by the slippage unless a target or a liquidation
    fees   = L * (entry fee + exit fee * price / entry)
    gross  = L * side * (raw exit / raw entry - 1)
    net    = max(-1, L * side * (price / entry - 1) - fees - funding)

One loop over a batch; every way of walking ends here, so equal walks settle to equal bits.
"""

import math

from alphaloop.execution.simulator.candidates.compiling import inlined
from alphaloop.execution.simulator.candidates.records import (
    DRAWDOWN,
    ENTRY,
    ENTRY_PRICE,
    EXIT_PRICE,
    FALL,
    FEES,
    FUNDING,
    GROSS,
    LIQUIDATION,
    NET,
    NOT_FILLED,
    PAID,
    RAW_ENTRY,
    RAW_EXIT,
    TARGET,
    Candidates,
    Results,
    Terms,
    Work,
)


@inlined
def settle(candidates: Candidates, terms: Terms, work: Work, results: Results, k: int, i: int) -> None:
    """Write the outcome of the trade in column ``i`` to row ``k``."""
    figures, prices, reason = results.figures, work.prices, work.reason[i]
    results.reason[k] = reason
    if reason == NOT_FILLED:
        results.exit_bar[k] = 0
        for row in range(figures.shape[0]):
            figures[row, k] = 0.0
        return
    side, leverage = float(candidates.side[k]), candidates.leverage[k]
    entry, raw_exit = prices[ENTRY, i], side * prices[RAW_EXIT, i]
    limited = len(candidates.limit) > 0 and not math.isnan(candidates.limit[k])
    entry_fee = terms.maker_fee if limited else terms.taker_fee
    exit_fee, slippage = terms.taker_fee, terms.slippage
    if reason == TARGET:
        exit_fee, slippage = terms.maker_fee, 0.0
    elif reason == LIQUIDATION:
        exit_fee, slippage = terms.liquidation_fee, 0.0
    price = raw_exit * (1.0 - side * slippage)
    ratio = price / entry
    fees = leverage * (entry_fee + exit_fee * ratio)
    funding = side * leverage * prices[PAID, i] / entry
    figures[NET, k] = max(-1.0, leverage * side * (ratio - 1.0) - fees - funding)
    figures[GROSS, k] = leverage * side * (raw_exit / prices[RAW_ENTRY, i] - 1.0)
    figures[DRAWDOWN, k] = leverage * prices[FALL, i] / entry
    figures[EXIT_PRICE, k], figures[ENTRY_PRICE, k] = price, entry
    figures[FEES, k], figures[FUNDING, k] = fees, funding
    results.exit_bar[k] = work.end[i]
