"""How the kernel packs its state: which row holds what.

Three float64 arrays and nothing else, because numba passes arrays in nanoseconds where
records cost microseconds, and counts references on every tuple it opens.

* ``state`` (field, asset): position, working order, costs, fill rules and margin tiers of
  each asset; one field of all assets is contiguous.
* ``account`` (field,): money, running totals, and how many fill rows are written.
* ``fills`` (row, field): what happened.

NaN means "none" for prices and levels.
"""

import math

import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import CLOSE, VOLUME, Floats, Instrument
from alphaloop.core.orders import Fill, Reason
from alphaloop.execution.simulator.rules import FillRules, Kind

# state[field, asset]: the position ...
QUANTITY, ENTRY, MARK, MARGIN, STOP, TARGET, LIQUIDATION, PAID, LEVERAGE, WAITS, BASE, STOPPED = range(12)
# ... its working order, whose CAP is the worst price it may have as a taker ...
KIND, AMOUNT, PRICE, STOP_LEVEL, TARGET_LEVEL, ORDER_LEVERAGE, REDUCE_ONLY, FRACTIONS, TICKET = range(12, 21)
TRIGGER, CAP, ORDER_TRAIL, POST_ONLY, IMMEDIATE = range(21, 26)
ORDER_FIELDS = 14
# ... the other order of a pair of which one cancels the other, in the same layout ...
OTHER = KIND + ORDER_FIELDS
# ... how the stop trails (a distance above zero, a fraction of price below), the share of a bar's volume
# that may be traded, and what is left of it in this bar (base units) ...
TRAIL, PARTICIPATION, CAPACITY = range(40, 43)
# ... the lowest and highest mark price of the bar, NaN where liquidation looks at trades ...
MARK_LOW, MARK_HIGH = range(43, 45)
# ... what trading costs; slippage by the reason of a fill (an exit at the market is 0), and of market entries ...
TAKER, MAKER, LIQUIDATION_FEE, LOT, UNLEVERED, MIN_NOTIONAL, TICK_UP, TICK_DOWN = range(45, 53)
SLIPPAGE, ENTRY_SLIPPAGE = 53, 60
# ... by which rules (see rules.Codes) ...
TIMING, ENTRY_BAR, QUEUED, BOTH, STOP_GAP, TARGET_GAP, BASIS, ROUNDING, STOP_BAR_SIGNAL = range(61, 70)
# ... what slippage grows by with the square root of the quantity ...
IMPACT = 70
# ... and from here on triples of notional cap, maintenance rate, deduction.
TIERS = 71

# what WAITS for the next bar: nothing, the target, or every level
NOTHING, ITS_TARGET, ALL_LEVELS = 0.0, 1.0, 2.0

# the KIND of a working order
NONE, MARKET, LIMIT, STOP_ENTRY, PROTECT, STOP_LIMIT = 0.0, 1.0, 2.0, 3.0, 4.0, 5.0

# account[field]
CASH, EQUITY, PEAK, MARGINS, FEES, SLIPPAGE_PAID, FUNDING_PAID, REALISED, SHORTFALL, ROWS = range(10)
ACCOUNT_FIELDS = 10

# fills[row, field]
F_BAR, F_ASSET, F_TICKET, F_QUANTITY, F_PRICE, F_REASON, F_FEE, F_SLIPPAGE, F_FUNDING, F_SHORTFALL, F_LEVERAGE = range(
    11
)
FILL_FIELDS = 11
FILLS_PER_ASSET = 16  # more than one asset can have in one bar, counted stage by stage

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
_SLIPPING = (Kind.MARKET_EXIT, Kind.LIMIT, Kind.STOP_ENTRY, Kind.STOP, Kind.TARGET)  # in the order of the reasons
DEFAULT = FillRules()


def new_state(instruments: tuple[Instrument, ...], rules: FillRules = DEFAULT, share: float = math.nan) -> Floats:
    """Flat positions, no orders, the instruments' costs and tiers; shape (71 + 3 K, A)."""
    depth = max(len(one.margin_tiers) for one in instruments)
    state = np.zeros((TIERS + 3 * depth, len(instruments)))
    state[[MARK, STOP, TARGET, LIQUIDATION, MARK_LOW, MARK_HIGH, TRAIL, CAP, ORDER_TRAIL]] = np.nan
    state[PARTICIPATION], state[CAPACITY] = share, np.inf
    state[LEVERAGE] = 1.0
    state[TIMING : STOP_BAR_SIGNAL + 1] = np.array(rules.codes, dtype=np.float64)[:, None]
    slips = dict(zip(Kind, rules.slip_flags, strict=True))
    for asset, one in enumerate(instruments):
        state[TAKER, asset], state[MAKER, asset] = one.taker_fee, one.maker_fee
        state[LIQUIDATION_FEE, asset], state[MIN_NOTIONAL, asset] = one.liquidation_fee, one.min_notional
        state[LOT, asset], state[UNLEVERED, asset] = float(one.lot), float(one.kind != "perp")
        state[TICK_UP, asset], state[TICK_DOWN, asset] = one.tick.as_integer_ratio()
        state[IMPACT, asset] = one.impact
        state[ENTRY_SLIPPAGE, asset] = one.slippage * slips[Kind.MARKET_ENTRY]
        for reason, kind in enumerate(_SLIPPING):
            state[SLIPPAGE + reason, asset] = one.slippage * slips[kind]
        for k in range(depth):
            tier = one.margin_tiers[min(k, len(one.margin_tiers) - 1)]
            state[TIERS + 3 * k : TIERS + 3 * k + 3, asset] = tier.notional_cap, tier.rate, tier.deduction
    return state


def share_of_volume(participation: float | None) -> float:
    """The share as the kernel has it: NaN for no bound.

    Raises
    ------
    InvalidOption
        If it is not above 0 and at most 1.
    """
    if participation is None:
        return math.nan
    if not 0 < participation <= 1:
        raise InvalidOption(f"participation {participation}", "a fraction above 0, at most 1", "use e.g. 0.1")
    return participation


def check_volume(values: Floats) -> None:
    """Every bar that exists must say its volume, if a share of it may be traded; values: (..., 6).

    Raises
    ------
    SchemaViolation
    """
    if bool((np.isnan(values[..., VOLUME]) & ~np.isnan(values[..., CLOSE])).any()):
        raise SchemaViolation("a bar of unknown volume", "a volume to take a share of", "leave out participation")


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
