"""The fill rules, once: what happens to orders and positions inside a bar.

The stages of a bar are ``events``, top to bottom; everything above it is one rule each.
:mod:`alphaloop.execution.simulator.compiled` turns them into the two entry points that the
venue, the vectorised backtest and the reward oracle call. The rules in words, with worked
numbers: ``docs/fills.md``.

Conventions: quantities are signed, costs are positive, prices are quote per base, NaN is
"none". The rows of ``state``, ``account`` and ``fills`` are named in the layout beside
this file. Nothing here knows any bar but the one it is given.
"""

import math

from numba.extending import register_jitable

from alphaloop.core.account import wanted_quantity
from alphaloop.core.market import CLOSE, FUNDING, HIGH, LOW, OPEN, VOLUME, Floats
from alphaloop.core.orders import round_to_lot
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.jit import compiled

# The very functions the Python side uses; numba compiles them in place.
register_jitable(round_to_lot)
register_jitable(wanted_quantity)


@compiled
def tradable(bars: Floats, asset: int) -> bool:
    """Whether anything can fill: a bar exists, and it is not the flat, volumeless bar of a halt."""
    if math.isnan(bars[asset, CLOSE]):
        return False
    return not (bars[asset, VOLUME] == 0.0 and bars[asset, HIGH] == bars[asset, LOW])


@compiled
def liquidation_price(state: Floats, asset: int) -> float:
    """Price at which margin plus profit equals maintenance, quote per base; NaN if none above zero.

    Solves ``margin + q (p - entry) = rate |q| p - deduction`` in the first tier whose cap
    covers the notional at the solution.
    """
    quantity, entry, margin = state[at.QUANTITY, asset], state[at.ENTRY, asset], state[at.MARGIN, asset]
    size, price = abs(quantity), math.nan
    for row in range(at.TIERS, state.shape[0], 3):
        cap, rate, deduction = state[row, asset], state[row + 1, asset], state[row + 2, asset]
        if quantity > 0.0:
            price = (size * entry - margin - deduction) / (size * (1.0 - rate))
        else:
            price = (size * entry + margin + deduction) / (size * (1.0 + rate))
        if size * price <= cap:
            break
    return price if price > 0.0 else math.nan


@compiled
def fill_price(state: Floats, asset: int, quantity: float, level: float, reason: int) -> tuple[float, float]:
    """Price after slippage, and the fee rate, by the kind of fill."""
    if reason in (at.R_LIMIT, at.R_TARGET):
        return level, state[at.MAKER, asset]
    if reason == at.R_LIQUIDATION:
        return level, state[at.LIQUIDATION_FEE, asset]
    side = 1.0 if quantity > 0.0 else -1.0
    return level * (1.0 + side * state[at.SLIPPAGE, asset]), state[at.TAKER, asset]


@compiled
def write_fill(state: Floats, account: Floats, fills: Floats, asset: int, reason: int, quantity: float) -> int:
    """Begin a fill row: who, why, how much. Returns the row, for the caller to finish."""
    row = int(account[at.ROWS])
    ordered = reason in (at.R_MARKET, at.R_LIMIT, at.R_STOP_ENTRY)
    fills[row, at.F_ASSET] = asset
    fills[row, at.F_TICKET] = state[at.TICKET, asset] if ordered else -1.0
    fills[row, at.F_QUANTITY] = quantity
    fills[row, at.F_REASON] = reason
    fills[row, at.F_LEVERAGE] = state[at.LEVERAGE, asset]
    fills[row, at.F_FEE] = 0.0
    fills[row, at.F_SLIPPAGE] = 0.0
    fills[row, at.F_FUNDING] = 0.0
    fills[row, at.F_SHORTFALL] = 0.0
    account[at.ROWS] += 1.0
    return row


@compiled
def reduce(
    state: Floats, account: Floats, fills: Floats, asset: int, quantity: float, level: float, reason: int
) -> None:
    """Close all or part of a position at ``level``. ``quantity`` opposes it and is no larger."""
    held = state[at.QUANTITY, asset]
    price, rate = fill_price(state, asset, quantity, level, reason)
    share = 1.0 if quantity == -held else abs(quantity) / abs(held)
    fee = abs(quantity) * price * rate
    profit = -quantity * (price - state[at.ENTRY, asset])
    margin, paid = state[at.MARGIN, asset] * share, state[at.PAID, asset] * share
    # Isolated margin: a position cannot lose more than it committed; the venue bears the rest.
    shortfall = max(0.0, -margin - (profit - paid - fee))
    account[at.CASH] += profit - fee + shortfall
    account[at.REALISED] += profit
    account[at.SHORTFALL] += shortfall
    account[at.MARGINS] -= margin
    row = write_fill(state, account, fills, asset, reason, quantity)
    fills[row, at.F_SHORTFALL] = shortfall
    charge(account, fills, row, price, level, fee)
    if share == 1.0:
        clear(state, asset)
        return
    state[at.QUANTITY, asset] = held + quantity
    state[at.MARGIN, asset] -= margin
    state[at.PAID, asset] -= paid
    state[at.LIQUIDATION, asset] = liquidation_price(state, asset)  # a smaller position may stand in a lower tier


@compiled
def charge(account: Floats, fills: Floats, row: int, price: float, level: float, fee: float) -> None:
    """Finish a fill row with its price and costs, and add them to the running totals."""
    slippage = abs(price - level) * abs(fills[row, at.F_QUANTITY])
    fills[row, at.F_PRICE] = price
    fills[row, at.F_FEE] = fee
    fills[row, at.F_SLIPPAGE] = slippage
    account[at.FEES] += fee
    account[at.SLIPPAGE_PAID] += slippage


@compiled
def clear(state: Floats, asset: int) -> None:
    """Forget everything about a closed position but its mark."""
    state[at.QUANTITY, asset] = 0.0
    state[at.ENTRY, asset] = 0.0
    state[at.MARGIN, asset] = 0.0
    state[at.PAID, asset] = 0.0
    state[at.LEVERAGE, asset] = 1.0
    state[at.STOP, asset] = math.nan
    state[at.TARGET, asset] = math.nan
    state[at.LIQUIDATION, asset] = math.nan
    state[at.TOUCHED, asset] = 0.0


@compiled
def affordable(state: Floats, account: Floats, asset: int, level: float, reason: int) -> float:
    """The working order's signed quantity, cut to the lots that free margin pays for."""
    quantity = state[at.AMOUNT, asset]
    if state[at.UNLEVERED, asset]:
        if quantity < 0.0:
            return 0.0  # spot and stock cannot go short
        state[at.ORDER_LEVERAGE, asset] = 1.0
    price, rate = fill_price(state, asset, quantity, level, reason)
    need = price * (1.0 / state[at.ORDER_LEVERAGE, asset] + rate)
    free = max(0.0, account[at.CASH] - account[at.MARGINS])
    if abs(quantity) * need <= free:
        return float(quantity)
    return round_to_lot(math.copysign(free / need, quantity), state[at.LOT, asset])


@compiled
def order_level(state: Floats, asset: int, field: int, way: float) -> float:
    """The working order's stop (``way`` -1) or target (+1) as a price; fractions are of the position's entry."""
    level = state[field, asset]
    if state[at.FRACTIONS, asset] == 0.0:
        return float(level)
    side = 1.0 if state[at.QUANTITY, asset] > 0.0 else -1.0
    return float(state[at.ENTRY, asset] * (1.0 + way * side * level))


@compiled
def enlarge(state: Floats, account: Floats, fills: Floats, asset: int, level: float, reason: int) -> None:
    """Open or increase by the working order at ``level`` and set its bracket. Ends the order."""
    state[at.KIND, asset] = at.NONE
    quantity = affordable(state, account, asset, level, reason)
    if quantity == 0.0:
        return
    price, rate = fill_price(state, asset, quantity, level, reason)
    leverage, held = state[at.ORDER_LEVERAGE, asset], state[at.QUANTITY, asset]
    fee, margin = abs(quantity) * price * rate, abs(quantity) * price / leverage
    entry = (held * state[at.ENTRY, asset] + quantity * price) / (held + quantity)
    state[at.ENTRY, asset] = entry
    state[at.QUANTITY, asset] = held + quantity
    state[at.MARGIN, asset] += margin
    state[at.PAID, asset] += fee
    state[at.LEVERAGE, asset] = leverage
    account[at.MARGINS] += margin
    account[at.CASH] -= fee
    state[at.STOP, asset] = order_level(state, asset, at.STOP_LEVEL, -1.0)
    state[at.TARGET, asset] = order_level(state, asset, at.TARGET_LEVEL, 1.0)
    state[at.LIQUIDATION, asset] = liquidation_price(state, asset)
    if reason != at.R_MARKET:
        state[at.TOUCHED, asset] = 1.0  # filled inside the bar: its target waits for the next one
    row = write_fill(state, account, fills, asset, reason, quantity)
    charge(account, fills, row, price, level, fee)


@compiled
def reduce_by_order(state: Floats, account: Floats, fills: Floats, asset: int, level: float, reason: int) -> None:
    """Fill the closing part of the working order; what would turn the position stays in the order.

    0.1 + 0.2 held and 0.3 sold leaves nothing: sizes that only floating point tells apart are one.
    """
    amount, held = state[at.AMOUNT, asset], state[at.QUANTITY, asset]
    closing = math.copysign(min(abs(amount), abs(held)), amount)
    if abs(amount + held) <= 1e-6 * state[at.LOT, asset] + 1e-12 * abs(held):
        amount = closing = -held
    reduce(state, account, fills, asset, closing, level, reason)
    state[at.AMOUNT, asset] = amount - closing
    if amount == closing or state[at.REDUCE_ONLY, asset]:
        state[at.KIND, asset] = at.NONE


@compiled
def opposes(state: Floats, asset: int) -> bool:
    """Whether the working order would make the position smaller."""
    return bool(state[at.AMOUNT, asset] * state[at.QUANTITY, asset] < 0.0)


@compiled
def set_levels(state: Floats, asset: int) -> None:
    """A PROTECT order moves the levels it names; without a position it could close, it is dropped."""
    if state[at.QUANTITY, asset] != 0.0 and state[at.AMOUNT, asset] * state[at.QUANTITY, asset] <= 0.0:
        if not math.isnan(state[at.STOP_LEVEL, asset]):
            state[at.STOP, asset] = order_level(state, asset, at.STOP_LEVEL, -1.0)
        if not math.isnan(state[at.TARGET_LEVEL, asset]):
            state[at.TARGET, asset] = order_level(state, asset, at.TARGET_LEVEL, 1.0)
    state[at.KIND, asset] = at.NONE


@compiled
def protect(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int, opening: bool) -> None:
    """Stop or liquidation: at the open if that is already beyond the level, else at the level.

    Of the two the one nearer to the entry acts, since the market meets it first.
    """
    held = state[at.QUANTITY, asset]
    if held == 0.0:
        return
    level, reason = state[at.STOP, asset], at.R_STOP
    liquidation = state[at.LIQUIDATION, asset]
    if held > 0.0:
        if math.isnan(level) or liquidation > level:
            level, reason = liquidation, at.R_LIQUIDATION
        reached = (bars[asset, OPEN] if opening else bars[asset, LOW]) <= level
    else:
        if math.isnan(level) or liquidation < level:
            level, reason = liquidation, at.R_LIQUIDATION
        reached = (bars[asset, OPEN] if opening else bars[asset, HIGH]) >= level
    if reached:
        reduce(state, account, fills, asset, -held, bars[asset, OPEN] if opening else level, reason)


@compiled
def take_target(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int, opening: bool) -> None:
    """Target: at the open if that is already beyond it, else at the level."""
    held, level = state[at.QUANTITY, asset], state[at.TARGET, asset]
    if held == 0.0 or state[at.TOUCHED, asset]:
        return
    if held > 0.0:
        reached = (bars[asset, OPEN] if opening else bars[asset, HIGH]) >= level
    else:
        reached = (bars[asset, OPEN] if opening else bars[asset, LOW]) <= level
    if reached:
        reduce(state, account, fills, asset, -held, bars[asset, OPEN] if opening else level, at.R_TARGET)


@compiled
def resting_level(state: Floats, bars: Floats, asset: int) -> float:
    """Where a limit or stop-entry order fills in this bar, before slippage; NaN if it does not.

    A limit needs a trade *through* it: a touch may have been somebody else's fill.
    """
    price, first = state[at.PRICE, asset], bars[asset, OPEN]
    buys = state[at.AMOUNT, asset] > 0.0
    if state[at.KIND, asset] == at.LIMIT:
        if buys:
            return min(first, price) if bars[asset, LOW] < price else math.nan
        return max(first, price) if bars[asset, HIGH] > price else math.nan
    if buys:
        return max(first, price) if bars[asset, HIGH] >= price else math.nan
    return min(first, price) if bars[asset, LOW] <= price else math.nan


@compiled
def resting_reason(state: Floats, asset: int) -> int:
    """How a resting order's fill is named."""
    return at.R_LIMIT if state[at.KIND, asset] == at.LIMIT else at.R_STOP_ENTRY


@compiled
def pay_funding(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int) -> None:
    """A position held before this bar pays (or receives) the rate at its open."""
    held, rate, first = state[at.QUANTITY, asset], bars[asset, FUNDING], bars[asset, OPEN]
    if held == 0.0 or rate == 0.0 or math.isnan(rate) or math.isnan(first):
        return
    amount = held * first * rate
    account[at.CASH] -= amount
    account[at.FUNDING_PAID] += amount
    state[at.PAID, asset] += amount
    row = write_fill(state, account, fills, asset, at.R_FUNDING, 0.0)
    fills[row, at.F_PRICE] = first
    fills[row, at.F_FUNDING] = amount


@compiled
def at_the_open(state: Floats, account: Floats, fills: Floats, bars: Floats) -> None:
    """Queued market orders: all that free margin first, then all that need it."""
    for asset in range(bars.shape[0]):
        kind = state[at.KIND, asset]
        if kind == at.NONE or not tradable(bars, asset):
            continue
        if kind == at.PROTECT:
            set_levels(state, asset)
        elif kind == at.MARKET and opposes(state, asset):
            reduce_by_order(state, account, fills, asset, bars[asset, OPEN], at.R_MARKET)
    for asset in range(bars.shape[0]):
        if state[at.KIND, asset] != at.MARKET or not tradable(bars, asset):
            continue
        if state[at.REDUCE_ONLY, asset]:
            state[at.KIND, asset] = at.NONE
        else:
            enlarge(state, account, fills, asset, bars[asset, OPEN], at.R_MARKET)


@compiled
def rest_and_enlarge(state: Floats, account: Floats, fills: Floats, bars: Floats, asset: int) -> None:
    """A resting order that opens or increases."""
    if state[at.REDUCE_ONLY, asset] or opposes(state, asset):
        return
    level = resting_level(state, bars, asset)
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
    level = resting_level(state, bars, asset)
    if math.isnan(level):
        return
    reason = resting_reason(state, asset)
    reduce_by_order(state, account, fills, asset, level, reason)
    if state[at.KIND, asset] == at.NONE:
        return
    enlarge(state, account, fills, asset, level, reason)
    if level == bars[asset, OPEN]:
        protect(state, account, fills, bars, asset, True)
    protect(state, account, fills, bars, asset, False)


@compiled
def held(state: Floats, bars: Floats, asset: int) -> bool:
    """Whether a bar can act on a position: there is one, and the bar trades."""
    return bool(state[at.QUANTITY, asset] != 0.0) and tradable(bars, asset)


@compiled
def waiting(state: Floats, bars: Floats, asset: int) -> bool:
    """Whether a bar can act on a resting order: there is one, and the bar trades."""
    kind = state[at.KIND, asset]
    return bool(kind == at.LIMIT or kind == at.STOP_ENTRY) and tradable(bars, asset)


@compiled
def events(state: Floats, account: Floats, fills: Floats, bars: Floats) -> None:
    """The stages of a bar, in the order that ``docs/fills.md`` states."""
    assets = range(bars.shape[0])
    for asset in assets:
        if state[at.QUANTITY, asset] != 0.0:
            pay_funding(state, account, fills, bars, asset)
    at_the_open(state, account, fills, bars)
    for asset in assets:
        if held(state, bars, asset):
            protect(state, account, fills, bars, asset, True)
            take_target(state, account, fills, bars, asset, True)
    for asset in assets:
        if waiting(state, bars, asset):
            rest_and_enlarge(state, account, fills, bars, asset)
    for asset in assets:
        if held(state, bars, asset):
            protect(state, account, fills, bars, asset, False)
    for asset in assets:
        if waiting(state, bars, asset):
            rest_and_reduce(state, account, fills, bars, asset)
    for asset in assets:
        if held(state, bars, asset):
            take_target(state, account, fills, bars, asset, False)


@compiled
def mark(state: Floats, account: Floats, values: Floats, t: int) -> None:
    """Value every position at its last known close, and end bar ``t``."""
    equity = account[at.CASH]
    for asset in range(values.shape[1]):
        close = values[t, asset, CLOSE]
        if not math.isnan(close):
            state[at.MARK, asset] = close
        state[at.TOUCHED, asset] = 0.0
        held = state[at.QUANTITY, asset]
        if held != 0.0:
            equity += held * (state[at.MARK, asset] - state[at.ENTRY, asset])
    account[at.EQUITY] = equity
    account[at.PEAK] = max(account[at.PEAK], equity)


@compiled
def quiet(state: Floats, values: Floats, t: int) -> bool:
    """Whether bar ``t`` can change nothing but marks: no order, no funding, no level in reach."""
    for asset in range(values.shape[1]):
        if state[at.KIND, asset] != at.NONE:
            return False
        held = state[at.QUANTITY, asset]
        if held == 0.0:
            continue
        if values[t, asset, FUNDING] != 0.0:
            return False
        low, high = values[t, asset, LOW], values[t, asset, HIGH]
        if held > 0.0:
            beyond = low <= state[at.STOP, asset] or low <= state[at.LIQUIDATION, asset]
            if beyond or high >= state[at.TARGET, asset]:
                return False
        else:
            beyond = high >= state[at.STOP, asset] or high >= state[at.LIQUIDATION, asset]
            if beyond or low <= state[at.TARGET, asset]:
                return False
    return True
