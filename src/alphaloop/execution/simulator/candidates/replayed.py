"""Candidates under rules other than the default, or with mark prices: replayed through the kernel.

One symbol, one order, one account that nothing can empty; the kernel of the portfolio form
decides each bar. Slower, and no second statement of any rule.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alphaloop.core.market import CLOSE, FUNDING, HIGH, LOW, OPEN, VOLUME, Floats, Ints
from alphaloop.execution.simulator import compiled as portfolio
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator import rules
from alphaloop.execution.simulator.candidates import compiled, enter, settle, walk
from alphaloop.execution.simulator.candidates.compiling import entry_point, inlined, lent
from alphaloop.execution.simulator.candidates.records import (
    BATCH,
    END_OF_DATA,
    ENTRY,
    EXIT,
    FALL,
    FEE_RATE,
    HORIZON,
    LEVERAGE,
    LIQUIDATION,
    NOT_FILLED,
    PAID,
    RAW_ENTRY,
    RAW_EXIT,
    SIDE,
    STOP,
    TARGET,
    Bars,
    Candidates,
    Results,
    Terms,
    Work,
)
from alphaloop.execution.simulator.jit import compiled as called
from alphaloop.execution.simulator.kernel import events
from alphaloop.execution.simulator.quiet import mark

STAMP = sha256((portfolio.STAMP + compiled.STAMP).encode() + Path(__file__).read_bytes()).hexdigest()


class Desk(NamedTuple):
    """What the kernel works on: its state and account, room for fills, and the bar (1, 6)."""

    state: Floats
    account: Floats
    fills: Floats
    row: Floats


@inlined
def new_desk(fresh: Floats) -> Desk:
    """A desk for one symbol."""
    fills = np.empty((at.FILLS_PER_ASSET, at.FILL_FIELDS))
    return Desk(fresh.copy(), np.zeros(at.ACCOUNT_FIELDS), fills, np.empty((1, 6)))


@called
def one_bar(state: Floats, account: Floats, fills: Floats, bars: Floats) -> int:
    """The kernel's events of one bar of one symbol; returns the fills."""
    account[at.ROWS] = 0.0
    events(state, account, fills, bars)
    mark(state, account, bars.reshape((1, 1, bars.shape[1])), 0)
    return int(account[at.ROWS])


@inlined
def set_bar(bars: Bars, state: Floats, row: Floats, j: int) -> None:
    """Bar ``j`` in the kernel's layout."""
    row[0, OPEN], row[0, HIGH], row[0, LOW], row[0, CLOSE] = bars.open[j], bars.high[j], bars.low[j], bars.close[j]
    row[0, VOLUME] = 1.0 if walk.trades(bars, j) else 0.0
    row[0, FUNDING] = bars.rate[j] if len(bars.rate) > 0 else 0.0
    if len(bars.mark_low) > 0:
        state[at.MARK_LOW, 0], state[at.MARK_HIGH, 0] = bars.mark_low[j], bars.mark_high[j]


@inlined
def set_order(state: Floats, candidates: Candidates, row: Floats, k: int) -> None:
    """The candidate as the symbol's working order, sized so that its notional is that at the entry."""
    side = float(candidates.side[k])
    timing, price = state[at.TIMING, 0], row[0, OPEN]
    if timing != rules.NEXT_OPEN:
        price = state[at.MARK, 0] if timing == rules.SIGNAL_CLOSE else row[0, CLOSE]
    price *= 1.0 + side * state[at.ENTRY_SLIPPAGE, 0]
    state[at.KIND, 0] = at.MARKET
    if enter.limited(candidates, k):
        limit, slip = candidates.limit[k], 1.0 + side * state[at.SLIPPAGE + at.R_LIMIT, 0]
        state[at.KIND, 0], state[at.PRICE, 0] = at.LIMIT, limit
        price = (min(row[0, OPEN], limit) if side > 0.0 else max(row[0, OPEN], limit)) * slip
    state[at.AMOUNT, 0] = side * candidates.notional[k] / price if len(candidates.notional) > 0 else side
    state[at.STOP_LEVEL, 0], state[at.TARGET_LEVEL, 0] = candidates.stop[k], candidates.target[k]
    state[at.ORDER_LEVERAGE, 0], state[at.FRACTIONS, 0] = candidates.leverage[k], 1.0


@inlined
def took_off(work: Work, state: Floats, fills: Floats, count: int, i: int) -> bool:
    """Read the bar's fills into column ``i``: an entry, funding, an exit. Returns whether it left."""
    sheet, left = work.prices, False
    for row in range(count):
        reason, quantity = int(fills[row, at.F_REASON]), fills[row, at.F_QUANTITY]
        if reason == at.R_FUNDING:
            sheet[PAID, i] += fills[row, at.F_FUNDING]
        elif quantity * sheet[SIDE, i] > 0.0:
            sheet[ENTRY, i], sheet[RAW_ENTRY, i] = fills[row, at.F_PRICE], state[at.BASE, 0]
        else:
            left = True
            work.reason[i] = STOP if reason == at.R_STOP else (TARGET if reason == at.R_TARGET else LIQUIDATION)
            sheet[EXIT, i] = fills[row, at.F_PRICE]
            slip = 1.0 - sheet[SIDE, i] * state[at.SLIPPAGE + reason, 0]
            sheet[RAW_EXIT, i] = sheet[SIDE, i] * fills[row, at.F_PRICE] / slip
            maker = state[at.MAKER, 0] if reason == at.R_TARGET else state[at.TAKER, 0]
            sheet[FEE_RATE, i] = state[at.LIQUIDATION_FEE, 0] if reason == at.R_LIQUIDATION else maker
    return left


@inlined
def deepest(work: Work, row: Floats, i: int, left: bool) -> float:
    """The signed price to which a bar took column ``i``: its worst, or where a level or the open ended it."""
    side = work.prices[SIDE, i]
    worst = row[0, LOW] if side > 0.0 else -row[0, HIGH]
    if not left:
        return float(worst)
    leaving, first = work.prices[RAW_EXIT, i], side * row[0, OPEN]
    return float(leaving if work.reason[i] != TARGET or abs(leaving - first) <= 1e-14 * abs(first) else worst)


@inlined
def replay(bars: Bars, candidates: Candidates, work: Work, desk: Desk, k: int, i: int) -> None:
    """Candidate ``k`` in column ``i``, bar by bar through the kernel."""
    sheet, state, row = work.prices, desk.state, desk.row
    side, peak, fall, left = sheet[SIDE, i], 0.0, 0.0, False
    state[at.MARK, 0] = bars.close[candidates.bar[k]]
    j = candidates.bar[k] + 1
    while j <= work.last[i] and not left:
        set_bar(bars, state, row, j)
        waits = work.start[i] < 0
        if waits:
            set_order(state, candidates, row, k)
        left = took_off(work, state, desk.fills, one_bar(state, desk.account, desk.fills, row), i)
        if waits and (left or state[at.QUANTITY, 0] != 0.0):
            work.start[i], peak = j, side * sheet[ENTRY, i]
            if state[at.TIMING, 0] == rules.NEXT_CLOSE and not enter.limited(candidates, k):
                row[0, LOW] = row[0, HIGH] = sheet[RAW_ENTRY, i]  # what the bar did came before
        if work.start[i] >= 0:
            fall = max(fall, peak - deepest(work, row, i, left))
            peak = max(peak, side * bars.close[j])
        j += 1
    work.end[i], sheet[FALL, i] = j - 1, fall


@inlined
def finish(bars: Bars, candidates: Candidates, terms: Terms, work: Work, k: int, i: int) -> None:
    """What the kernel does not know: the horizon, and funding per unit of base."""
    sheet, side, last = work.prices, work.prices[SIDE, i], work.last[i]
    if work.start[i] < 0:
        work.end[i] = 0
        return
    units = candidates.notional[k] / sheet[ENTRY, i] if len(candidates.notional) > 0 else 1.0
    sheet[PAID, i] *= side / units
    if work.reason[i] == NOT_FILLED:
        sheet[RAW_EXIT, i] = side * bars.close[last]
        sheet[EXIT, i] = bars.close[last] * (1.0 - side * terms.slippage)
        sheet[FEE_RATE, i] = terms.taker_fee
        work.reason[i] = HORIZON if candidates.bar[k] + terms.horizon <= last else END_OF_DATA


def _entry_point(stamp: str) -> Callable[..., None]:
    @entry_point
    def label(bars: Bars, candidates: Candidates, terms: Terms, results: Results, chosen: Ints, fresh: Floats) -> None:
        """As the fast entry point; ``fresh`` is a flat symbol's state, and ``terms.slippage`` the horizon's."""
        _ = stamp
        sheets, ordered, own = compiled.sheet(), compiled.outcomes(BATCH), new_desk(fresh)
        tape, tried, costs, written = lent(bars), lent(candidates), lent(terms), lent(results)
        work, chunk, desk = lent(sheets), lent(ordered), lent(own)
        for first in range(0, len(chosen), BATCH):
            batch = chosen[first : first + BATCH]
            for i in range(len(batch)):
                k = batch[i]
                desk.state[:] = fresh
                desk.account[:] = 0.0
                desk.account[at.CASH] = 1e30
                work.row[i], work.start[i], work.last[i] = k, -1, min(tried.bar[k] + costs.horizon, len(tape.open) - 1)
                work.reason[i], work.prices[PAID, i] = NOT_FILLED, 0.0
                work.prices[SIDE, i], work.prices[LEVERAGE, i] = tried.side[k], tried.leverage[k]
                replay(tape, tried, work, desk, k, i)
                finish(tape, tried, costs, work, k, i)
            settle.settle(costs, work, len(batch))
            settle.correct(tried, costs, work, len(batch))
            settle.write_out(work, chunk, 0, len(batch))
            settle.hand_back(chunk, written, batch)
        own.state[0, 0] = sheets.prices[0, 0] = ordered.figures[0, 0] = 0.0  # the owners live to here

    return label


label = _entry_point(STAMP)
