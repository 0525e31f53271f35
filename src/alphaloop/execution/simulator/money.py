"""What a fill does to position and account: prices after slippage, fees, margin, profit, shortfall.

Each function books one thing; when it happens is decided in the kernel beside this file.
Quantities are signed, costs positive, prices quote per base.
"""

import math

from numba.extending import register_jitable

from alphaloop.core.market import Floats
from alphaloop.core.orders import round_to_lot
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator import rules
from alphaloop.execution.simulator.jit import compiled, inlined
from alphaloop.execution.simulator.levels import begin_trail, liquidation_price, order_level

register_jitable(round_to_lot)  # the very function the Python side uses; numba compiles it in place


@inlined
def fill_price(
    state: Floats, asset: int, quantity: float, level: float, reason: int, opens: bool
) -> tuple[float, float]:
    """Price after slippage, and the fee rate, by the kind of fill."""
    fee = state[at.TAKER, asset]
    if reason == at.R_LIMIT or reason == at.R_TARGET:
        fee = state[at.MAKER, asset]
    elif reason == at.R_LIQUIDATION:
        fee = state[at.LIQUIDATION_FEE, asset]
    row = at.ENTRY_SLIPPAGE if opens and reason == at.R_MARKET else at.SLIPPAGE + reason
    side, slip = 1.0 if quantity > 0.0 else -1.0, state[row, asset]
    if slip > 0.0 and state[at.IMPACT, asset] > 0.0:
        slip = min(slip + state[at.IMPACT, asset] * math.sqrt(abs(quantity)), 1.0)
    price = level * (1.0 + side * slip)
    if (reason == at.R_MARKET or reason == at.R_STOP_ENTRY) and side * (price - state[at.CAP, asset]) > 0.0:
        price = state[at.CAP, asset]  # a limit that takes liquidity has no worse price than its limit
    return price, fee


@inlined
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


@inlined
def charge(account: Floats, fills: Floats, row: int, price: float, level: float, fee: float) -> None:
    """Finish a fill row with its price and costs, and add them to the running totals."""
    slippage = abs(price - level) * abs(fills[row, at.F_QUANTITY])
    fills[row, at.F_PRICE] = price
    fills[row, at.F_FEE] = fee
    fills[row, at.F_SLIPPAGE] = slippage
    account[at.FEES] += fee
    account[at.SLIPPAGE_PAID] += slippage


@inlined
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
    state[at.TRAIL, asset] = math.nan
    state[at.WAITS, asset] = at.NOTHING


@compiled
def reduce(
    state: Floats, account: Floats, fills: Floats, asset: int, quantity: float, level: float, reason: int
) -> None:
    """Close all or part of a position at ``level``. ``quantity`` opposes it and is no larger."""
    held = state[at.QUANTITY, asset]
    price, rate = fill_price(state, asset, quantity, level, reason, False)
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
    state[at.CAPACITY, asset] -= abs(quantity)
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


@inlined
def within(state: Floats, asset: int, quantity: float) -> float:
    """``quantity``, cut to the lots that this bar's volume still has room for."""
    room, lot = state[at.CAPACITY, asset], state[at.LOT, asset]
    if abs(quantity) <= room:
        return float(quantity)
    cut = round_to_lot(math.copysign(max(room, 0.0), quantity), lot)
    return float(quantity) if abs(cut) >= abs(quantity) - 1e-6 * lot else cut


@inlined
def keep_rest(state: Floats, asset: int, rest: float, reason: int) -> None:
    """What found no volume works on: a triggered stop at the market, a limit where it is. Ends a pair."""
    state[at.OTHER, asset] = at.NONE
    if abs(rest) <= 1e-6 * state[at.LOT, asset] or state[at.IMMEDIATE, asset]:
        state[at.KIND, asset] = at.NONE
        return
    state[at.AMOUNT, asset] = rest
    if reason == at.R_STOP_ENTRY:
        state[at.KIND, asset] = at.LIMIT if state[at.KIND, asset] == at.STOP_LIMIT else at.MARKET


@inlined
def affordable(state: Floats, account: Floats, asset: int, level: float, reason: int) -> float:
    """The working order's signed quantity, cut to the lots that free margin pays for."""
    quantity = state[at.AMOUNT, asset]
    if state[at.UNLEVERED, asset]:
        if quantity < 0.0:
            return 0.0  # spot and stock cannot go short
        state[at.ORDER_LEVERAGE, asset] = 1.0
    price, rate = fill_price(state, asset, quantity, level, reason, True)
    need = price * (1.0 / state[at.ORDER_LEVERAGE, asset] + rate)
    free = max(0.0, account[at.CASH] - account[at.MARGINS])
    if abs(quantity) * need <= free:
        return float(quantity)
    return round_to_lot(math.copysign(free / need, quantity), state[at.LOT, asset])


@inlined
def waits_for(state: Floats, asset: int, reason: int) -> float:
    """Which levels do not act in the bar in which a fill of this kind opened or enlarged the position."""
    watch = state[at.ENTRY_BAR, asset]
    if reason == at.R_MARKET:  # what was filled at the close before the bar has the whole bar before it
        timing = state[at.TIMING, asset]
        late = timing == rules.NEXT_CLOSE or (watch == rules.NOT_WATCHED and timing != rules.SIGNAL_CLOSE)
        return at.ALL_LEVELS if late else at.NOTHING
    return at.ITS_TARGET if watch == rules.WATCHED else at.ALL_LEVELS


@compiled
def enlarge(state: Floats, account: Floats, fills: Floats, asset: int, level: float, reason: int) -> None:
    """Open or increase by the working order at ``level`` and set its bracket; what finds no volume works on."""
    wanted = affordable(state, account, asset, level, reason)
    quantity = within(state, asset, wanted)
    keep_rest(state, asset, wanted - quantity, reason)
    if quantity == 0.0:
        return
    price, rate = fill_price(state, asset, quantity, level, reason, True)
    leverage, held = state[at.ORDER_LEVERAGE, asset], state[at.QUANTITY, asset]
    fee, margin = abs(quantity) * price * rate, abs(quantity) * price / leverage
    entry = (held * state[at.ENTRY, asset] + quantity * price) / (held + quantity)
    state[at.ENTRY, asset] = entry
    state[at.BASE, asset] = level
    state[at.QUANTITY, asset] = held + quantity
    state[at.MARGIN, asset] += margin
    state[at.PAID, asset] += fee
    state[at.LEVERAGE, asset] = leverage
    account[at.MARGINS] += margin
    account[at.CASH] -= fee
    state[at.CAPACITY, asset] -= abs(quantity)
    state[at.STOP, asset] = order_level(state, asset, at.STOP_LEVEL, -1.0)
    begin_trail(state, asset, price)
    state[at.TARGET, asset] = order_level(state, asset, at.TARGET_LEVEL, 1.0)
    state[at.LIQUIDATION, asset] = liquidation_price(state, asset)
    state[at.WAITS, asset] = max(state[at.WAITS, asset], waits_for(state, asset, reason))
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
    part = within(state, asset, closing)
    if part != 0.0:
        reduce(state, account, fills, asset, part, level, reason)
    if part != closing:
        keep_rest(state, asset, amount - part, reason)
        return
    state[at.OTHER, asset] = at.NONE
    state[at.AMOUNT, asset] = amount - closing
    if amount == closing or state[at.REDUCE_ONLY, asset]:
        state[at.KIND, asset] = at.NONE


@inlined
def opposes(state: Floats, asset: int) -> bool:
    """Whether the working order would make the position smaller."""
    return bool(state[at.AMOUNT, asset] * state[at.QUANTITY, asset] < 0.0)


@compiled
def set_levels(state: Floats, asset: int, first: float) -> None:
    """A PROTECT order moves the levels it names; without a position it could close, it is dropped.

    ``first`` is the bar's open, behind which a new trail begins; one that runs already runs on.
    """
    if state[at.QUANTITY, asset] != 0.0 and state[at.AMOUNT, asset] * state[at.QUANTITY, asset] <= 0.0:
        runs = state[at.ORDER_TRAIL, asset] == state[at.TRAIL, asset]
        if not math.isnan(state[at.STOP_LEVEL, asset]) or not (runs or math.isnan(state[at.ORDER_TRAIL, asset])):
            state[at.STOP, asset] = order_level(state, asset, at.STOP_LEVEL, -1.0)
            begin_trail(state, asset, first)
        if not math.isnan(state[at.TARGET_LEVEL, asset]):
            state[at.TARGET, asset] = order_level(state, asset, at.TARGET_LEVEL, 1.0)
    state[at.KIND, asset] = at.NONE
    state[at.OTHER, asset] = at.NONE


@compiled
def pay_funding(state: Floats, account: Floats, fills: Floats, asset: int, first: float, rate: float) -> None:
    """A position held before this bar pays (or receives) the rate at its open ``first``."""
    held = state[at.QUANTITY, asset]
    if held == 0.0 or rate == 0.0 or math.isnan(rate) or math.isnan(first):
        return
    amount = held * first * rate
    account[at.CASH] -= amount
    account[at.FUNDING_PAID] += amount
    state[at.PAID, asset] += amount
    row = write_fill(state, account, fills, asset, at.R_FUNDING, 0.0)
    fills[row, at.F_PRICE] = first
    fills[row, at.F_FUNDING] = amount
