"""How the kernel packs its state: which row holds what.

Three float64 arrays and nothing else, because numba passes arrays in nanoseconds where
records cost microseconds, and counts references on every tuple it opens.

* ``state`` (field, asset): position, working order, costs and margin tiers of each asset;
  one field of all assets is contiguous.
* ``account`` (field,): money, running totals, and how many fill rows are written.
* ``fills`` (row, field): what happened.

NaN means "none" for prices and levels.
"""

import numpy as np

from alphaloop.core.market import Floats, Instrument
from alphaloop.core.orders import Fill, Reason

# state[field, asset]: the position ...
QUANTITY, ENTRY, MARK, MARGIN, STOP, TARGET, LIQUIDATION, PAID, LEVERAGE, TOUCHED = range(10)
# ... its one working order ...
KIND, AMOUNT, PRICE, STOP_LEVEL, TARGET_LEVEL, ORDER_LEVERAGE, REDUCE_ONLY, FRACTIONS, TICKET = range(10, 19)
# ... what trading costs ...
TAKER, MAKER, SLIPPAGE, LIQUIDATION_FEE, LOT, UNLEVERED, MIN_NOTIONAL = range(19, 26)
# ... and from here on triples of notional cap, maintenance rate, deduction.
TIERS = 26

# the KIND of a working order
NONE, MARKET, LIMIT, STOP_ENTRY, PROTECT = 0.0, 1.0, 2.0, 3.0, 4.0

# account[field]
CASH, EQUITY, PEAK, MARGINS, FEES, SLIPPAGE_PAID, FUNDING_PAID, REALISED, SHORTFALL, ROWS = range(10)
ACCOUNT_FIELDS = 10

# fills[row, field]
F_BAR, F_ASSET, F_TICKET, F_QUANTITY, F_PRICE, F_REASON, F_FEE, F_SLIPPAGE, F_FUNDING, F_SHORTFALL, F_LEVERAGE = range(
    11
)
FILL_FIELDS = 11
FILLS_PER_ASSET = 10  # more than one asset can have in one bar, counted stage by stage

REASONS = (
    Reason.MARKET,
    Reason.LIMIT,
    Reason.STOP_ENTRY,
    Reason.STOP,
    Reason.TARGET,
    Reason.LIQUIDATION,
    Reason.FUNDING,
)
R_MARKET, R_LIMIT, R_STOP_ENTRY, R_STOP, R_TARGET, R_LIQUIDATION, R_FUNDING = range(7)


def new_state(instruments: tuple[Instrument, ...]) -> Floats:
    """Flat positions, no orders, the instruments' costs and tiers; shape (26 + 3 K, A)."""
    depth = max(len(one.margin_tiers) for one in instruments)
    state = np.zeros((TIERS + 3 * depth, len(instruments)))
    state[[MARK, STOP, TARGET, LIQUIDATION]] = np.nan
    state[LEVERAGE] = 1.0
    for asset, one in enumerate(instruments):
        state[TAKER, asset], state[MAKER, asset] = one.taker_fee, one.maker_fee
        state[SLIPPAGE, asset], state[LIQUIDATION_FEE, asset] = one.slippage, one.liquidation_fee
        state[LOT, asset], state[UNLEVERED, asset] = float(one.lot), float(one.kind != "perp")
        state[MIN_NOTIONAL, asset] = one.min_notional
        for k in range(depth):
            tier = one.margin_tiers[min(k, len(one.margin_tiers) - 1)]
            state[TIERS + 3 * k : TIERS + 3 * k + 3, asset] = tier.notional_cap, tier.rate, tier.deduction
    return state


def new_account(cash: float) -> Floats:
    """An account that holds only ``cash`` (quote currency), shape (ACCOUNT_FIELDS,)."""
    account = np.zeros(ACCOUNT_FIELDS)
    account[[CASH, EQUITY, PEAK]] = cash
    return account


def new_fills(rows: int) -> Floats:
    """Room for ``rows`` fills, shape (rows, FILL_FIELDS)."""
    return np.zeros((rows, FILL_FIELDS))


def fill_of(row: list[float], order_id: str, symbol: str, ts: int) -> Fill:
    """A fill row as a record; an order's id only where an order, not a level, made it."""
    return Fill(
        order_id=order_id if row[F_TICKET] >= 0 else "",
        symbol=symbol,
        ts=ts,
        quantity=row[F_QUANTITY],
        price=row[F_PRICE],
        reason=REASONS[int(row[F_REASON])],
        fee=row[F_FEE],
        slippage=row[F_SLIPPAGE],
        funding=row[F_FUNDING],
        shortfall=row[F_SHORTFALL],
        leverage=row[F_LEVERAGE],
    )
