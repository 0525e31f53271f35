"""The fill rules, once: what happens to orders and positions inside a bar.

The stages of a bar are ``events``, top to bottom; everything above it is one rule each.
The prices of levels are in ``levels``, what a fill books in ``money``, both beside this
file; :mod:`alphaloop.execution.simulator.compiled` turns all of it into the entry points
that the venue and the vectorised backtest call. The rules in words, with worked numbers:
``docs/fills.md``; which of them can be chosen: :class:`FillRules`.

Conventions: quantities are signed, costs are positive, prices are quote per base, NaN is
"none". The rows of ``state``, ``account`` and ``fills`` are named in the layout beside
this file. Nothing here knows any bar but the one it is given.
"""

import math

from alphaloop.core.market import CLOSE, FUNDING, HIGH, LOW, OPEN, VOLUME, Floats
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator import rules
from alphaloop.execution.simulator.jit import compiled, inlined
from alphaloop.execution.simulator.levels import (
    jumped_price,
    liquidation_nearer,
    mark_reached,
    stop_reached,
    target_leads,
)
from alphaloop.execution.simulator.money import (
    enlarge,
    opposes,
    pay_funding,
    reduce,
    reduce_by_order,
    set_levels,
    within,
)
from alphaloop.execution.simulator.resting import (
    arm,
    arrive,
    choose,
    refused,
    resting_level,
    resting_reason,
    tradable,
    waiting,
)


@compiled
def leave(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int, opening: bool, reason: int) -> None:
    """Close the position because a level was reached, and remember how much that was.

    What finds no volume stays; of a stop it leaves at the next opens, wherever they are.
    """
    held = state[at.QUANTITY, asset]
    level, gap = state[at.STOP, asset], state[at.STOP_GAP, asset]
    if reason == at.R_LIQUIDATION:
        level = state[at.LIQUIDATION, asset]
    elif reason == at.R_TARGET:
        level, gap = state[at.TARGET, asset], state[at.TARGET_GAP, asset]
    if opening:
        level = bars[asset, OPEN] if math.isinf(level) else jumped_price(gap, level, bars, asset)
    part = -held if reason == at.R_LIQUIDATION else within(state, asset, -held)
    if part != 0.0:
        reduce(state, account, fills, asset, part, level, reason)
    state[at.STOPPED, asset] = held - state[at.QUANTITY, asset]
    if reason == at.R_STOP and state[at.QUANTITY, asset] != 0.0:
        state[at.STOP, asset] = math.copysign(math.inf, held)


@inlined
def protection_reached(state: Floats, bars: Floats, asset: int, opening: bool) -> int:
    """The reason for which the open (or the bar) ends a position, -1 for none.

    Of stop and liquidation the one nearer to the entry acts, since the market meets it
    first. Where a mark price is known liquidation looks at that alone, so the farther one
    may be reached without the nearer.
    """
    held = state[at.QUANTITY, asset]
    liquidates = liquidation_nearer(state, asset)
    if math.isnan(state[at.MARK_LOW, asset]):
        level = state[at.LIQUIDATION, asset] if liquidates else state[at.STOP, asset]
        if not stop_reached(held, level, bars, asset, opening):
            return -1
        return at.R_LIQUIDATION if liquidates else at.R_STOP
    stopped = stop_reached(held, state[at.STOP, asset], bars, asset, opening)
    if mark_reached(state, asset, opening) and (liquidates or not stopped):
        return at.R_LIQUIDATION
    return at.R_STOP if stopped else -1


@compiled
def finish_stop(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int, opening: bool) -> None:
    """The rest of a stop for which there was no volume: the venue liquidates it where the bar comes to that level."""
    held = state[at.QUANTITY, asset]
    if math.isnan(state[at.MARK_LOW, asset]):
        reached = stop_reached(held, state[at.LIQUIDATION, asset], bars, asset, opening)
    else:
        reached = mark_reached(state, asset, opening)
    if reached:
        leave(state, account, fills, bars, asset, opening, at.R_LIQUIDATION)


@inlined
def protect(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int, opening: bool) -> None:
    """Stop or liquidation: at the open if that is already beyond the level, else at the level."""
    if state[at.QUANTITY, asset] == 0.0 or state[at.WAITS, asset] == at.ALL_LEVELS:
        return
    if not math.isinf(state[at.STOP, asset]):
        reason = protection_reached(state, bars, asset, opening)
        if reason >= 0:
            leave(state, account, fills, bars, asset, opening, reason)
    elif opening:  # a stop that earlier bars had no volume for
        leave(state, account, fills, bars, asset, True, at.R_STOP)
    if math.isinf(state[at.STOP, asset]):
        finish_stop(state, account, fills, bars, asset, opening)


@inlined
def take_target(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int, opening: bool) -> None:
    """Target: at the open if that is already beyond it, else at the level."""
    held, level = state[at.QUANTITY, asset], state[at.TARGET, asset]
    if held == 0.0 or state[at.WAITS, asset] != at.NOTHING:
        return
    if held > 0.0:
        reached = (bars[asset, OPEN] if opening else bars[asset, HIGH]) >= level
    else:
        reached = (bars[asset, OPEN] if opening else bars[asset, LOW]) <= level
    if reached:
        leave(state, account, fills, bars, asset, opening, at.R_TARGET)


@inlined
def gapped(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int) -> None:
    """The open itself beyond a level: stop or liquidation, else the target."""
    protect(state, account, fills, bars, asset, True)
    stops = state[at.BOTH, asset] == rules.STOP_ALWAYS and state[at.QUANTITY, asset] != 0.0
    if stops and protection_reached(state, bars, asset, False) >= 0:
        return
    take_target(state, account, fills, bars, asset, True)


@inlined
def inside(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int) -> None:
    """Stop or liquidation inside the bar, after a target that was reached before it."""
    if target_leads(state, bars, asset):
        take_target(state, account, fills, bars, asset, False)
    protect(state, account, fills, bars, asset, False)


@compiled
def rest_and_enlarge(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int) -> None:
    """A resting order that opens or increases."""
    choose(state, bars, asset)
    if state[at.REDUCE_ONLY, asset] or opposes(state, asset):
        return
    level = resting_level(state, bars, asset, 0)
    if math.isnan(level):
        return
    enlarge(state, account, fills, asset, level, resting_reason(state, asset))
    if level == bars[asset, OPEN]:
        protect(state, account, fills, bars, asset, True)


@compiled
def rest_and_reduce(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int) -> None:
    """A resting order against the position; a remainder that turns it opens at the same price."""
    if not opposes(state, asset):
        return
    level = resting_level(state, bars, asset, 0)
    if math.isnan(level):
        return
    reason = resting_reason(state, asset)
    reduce_by_order(state, account, fills, asset, level, reason)
    if state[at.KIND, asset] == at.NONE or opposes(state, asset):
        return
    enlarge(state, account, fills, asset, level, reason)
    if level == bars[asset, OPEN]:
        protect(state, account, fills, bars, asset, True)
    protect(state, account, fills, bars, asset, False)


@inlined
def held(state: Floats, bars: Floats, asset: int) -> bool:
    """Whether a bar can act on a position: there is one, and the bar trades."""
    return bool(state[at.QUANTITY, asset] != 0.0) and tradable(bars, asset)


@inlined
def market_orders(state: Floats, account: Floats, fills: Floats, bars: Floats, column: int) -> None:
    """Queued market orders at a price of the bar (its open, its close) or, below zero, at the last close.

    All that free margin first, then all that need it.
    """
    for asset in range(bars.shape[0]):
        if state[at.KIND, asset] == at.MARKET and opposes(state, asset) and tradable(bars, asset):
            level = state[at.MARK, asset] if column < 0 else bars[asset, column]
            if refused(state, level, asset):
                state[at.KIND, asset] = at.NONE
            else:
                reduce_by_order(state, account, fills, asset, level, at.R_MARKET)
    for asset in range(bars.shape[0]):
        if state[at.KIND, asset] != at.MARKET or opposes(state, asset) or not tradable(bars, asset):
            continue
        level = state[at.MARK, asset] if column < 0 else bars[asset, column]
        if math.isnan(level):
            continue  # nothing has closed yet
        if state[at.REDUCE_ONLY, asset] or refused(state, level, asset):
            state[at.KIND, asset] = at.NONE
        else:
            enlarge(state, account, fills, asset, level, at.R_MARKET)


@inlined
def arrivals(state: Floats, bars: Floats) -> None:
    """What a bar means to orders before it trades: its share of volume, PROTECT orders, post-only limits."""
    for asset in range(bars.shape[0]):
        if not math.isnan(state[at.PARTICIPATION, asset]):
            state[at.CAPACITY, asset] = state[at.PARTICIPATION, asset] * bars[asset, VOLUME]
        kind = state[at.KIND, asset]
        if kind == at.PROTECT and tradable(bars, asset):
            set_levels(state, asset, bars[asset, OPEN])
        elif kind == at.LIMIT and tradable(bars, asset):
            arrive(state, bars, asset)


@inlined
def all_funding(state: Floats, account: Floats, fills: Floats, bars: Floats) -> None:
    """What is held at the open pays the bar's rate."""
    for asset in range(bars.shape[0]):
        if state[at.QUANTITY, asset] != 0.0:
            pay_funding(state, account, fills, asset, bars[asset, OPEN], bars[asset, FUNDING])


@inlined
def levels_before_orders(state: Floats, account: Floats, fills: Floats, bars: Floats) -> None:
    """The whole bar against positions held before it, for rules that let a level beat a queued order."""
    for asset in range(bars.shape[0]):
        if held(state, bars, asset):
            gapped(state, account, fills, bars, asset)
            inside(state, account, fills, bars, asset)
            take_target(state, account, fills, bars, asset, False)


@inlined
def drop_beaten(state: Floats) -> None:
    """A queued market order whose position a level has closed: dropped, or left with what it would open."""
    for asset in range(state.shape[1]):
        closed = state[at.STOPPED, asset]
        if closed == 0.0 or state[at.KIND, asset] != at.MARKET:
            continue
        amount = state[at.AMOUNT, asset]
        left = amount + closed if amount * closed < 0.0 else amount
        if state[at.STOP_BAR_SIGNAL, asset] == rules.DROPPED or left * amount <= 0.0:
            state[at.KIND, asset] = at.NONE
        state[at.AMOUNT, asset] = left


@inlined
def first_orders(state: Floats, account: Floats, fills: Floats, bars: Floats) -> None:
    """Funding, then levels that orders move, then queued market orders: each when the rules let it."""
    timing, after = state[at.TIMING, 0], state[at.QUEUED, 0] == rules.AFTER_STOPS
    arrivals(state, bars)
    if timing == rules.SIGNAL_CLOSE:
        market_orders(state, account, fills, bars, -1)
    all_funding(state, account, fills, bars)
    if timing != rules.NEXT_OPEN:
        return
    if after:
        levels_before_orders(state, account, fills, bars)
        drop_beaten(state)
    market_orders(state, account, fills, bars, OPEN)


@inlined
def events(state: Floats, account: Floats, fills: Floats, bars: Floats) -> None:
    """The stages of a bar, in the order that ``docs/fills.md`` states."""
    assets = range(bars.shape[0])
    first_orders(state, account, fills, bars)
    for asset in assets:
        if held(state, bars, asset):
            gapped(state, account, fills, bars, asset)
    for asset in assets:
        if waiting(state, bars, asset):
            rest_and_enlarge(state, account, fills, bars, asset)
    for asset in assets:
        if held(state, bars, asset):
            inside(state, account, fills, bars, asset)
    for asset in assets:
        if waiting(state, bars, asset):
            rest_and_reduce(state, account, fills, bars, asset)
            arm(state, bars, asset)
    for asset in assets:
        if held(state, bars, asset):
            take_target(state, account, fills, bars, asset, False)
    if state[at.TIMING, 0] == rules.NEXT_CLOSE:
        drop_beaten(state)
        market_orders(state, account, fills, bars, CLOSE)
