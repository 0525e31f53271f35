"""Money: the Decimal ledger, its one bridge to float64, and orders that reach a target.

The account holds quote currency and linear positions with isolated margin. A spot
holding is the same thing at leverage 1: its margin is what was paid for it.

    equity = cash + sum(quantity * (mark - entry_price))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from alphaloop.core.decision import Action, Decision, Intent
from alphaloop.core.errors import InvalidOrder
from alphaloop.core.market import Floats, Instrument
from alphaloop.core.orders import PLAIN, Fill, Order, OrderType, Terms, round_to_lot

ZERO = Decimal(0)
NONE_UNDERWAY: Mapping[str, float] = {}  # a plain one: a proxy can be neither copied nor pickled


class AccountView(NamedTuple):
    """What deciding may know of the account: float64, in the order of ``symbols``.

    ``quantity`` is signed base units, the rest quote currency; arrays have shape (A,).
    ``mark_price`` is the last close known, NaN before a symbol's first bar; ``working``
    names the symbols that have an order resting at the venue or on its way; ``underway`` is what
    market orders on their way will have traded, signed base units by symbol.
    """

    symbols: tuple[str, ...]
    equity: float
    cash: float
    peak_equity: float
    quantity: Floats
    entry_price: Floats
    mark_price: Floats
    margin: Floats
    working: frozenset[str] = frozenset()
    underway: Mapping[str, float] = NONE_UNDERWAY

    @property
    def weights(self) -> Floats:
        """Signed notional of each position as a fraction of equity, shape (A,)."""
        held = self.quantity != 0
        notional = np.where(held, self.quantity * np.where(held, self.mark_price, 0.0), 0.0)
        return notional / self.equity if self.equity > 0 else np.zeros_like(notional)

    @property
    def drawdown(self) -> float:
        """Loss from the highest equity seen, fraction of it, 0 to 1."""
        peak = self.peak_equity
        return 1.0 - self.equity / peak if peak > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Holding:
    """One position in Decimal: signed quantity, average entry price, committed margin."""

    quantity: Decimal = ZERO
    entry_price: Decimal = ZERO
    margin: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Account:
    """The ledger's truth about money. Immutable: a fill makes a new account.

    Parameters
    ----------
    cash : Decimal, quote currency
        Deposits plus realised profit, less fees and funding.
    holdings : mapping of symbol to Holding
    fees, slippage, funding, realised, shortfall : Decimal, quote currency
        Running totals; ``slippage`` is information, it is already in the prices.

    Examples
    --------
    >>> from alphaloop.core.orders import Reason
    >>> account = Account(cash=Decimal(1000))
    >>> account = account.apply(Fill("a", "X", 0, 2.0, 100.0, Reason.MARKET, fee=0.1))
    >>> account = account.apply(Fill("b", "X", 1, -2.0, 110.0, Reason.MARKET, fee=0.11))
    >>> account.cash, account.realised
    (Decimal('1019.79'), Decimal('20.00'))
    """

    cash: Decimal
    holdings: Mapping[str, Holding] = field(default_factory=dict)
    fees: Decimal = ZERO
    slippage: Decimal = ZERO
    funding: Decimal = ZERO
    realised: Decimal = ZERO
    shortfall: Decimal = ZERO

    def apply(self, fill: Fill, lot: Decimal | None = None) -> "Account":
        """The account after one fill or funding payment, its quantity in whole lots where ``lot`` is given."""
        quantity, price = exact(fill.quantity), exact(fill.price)
        if lot is not None:
            quantity = (quantity / lot).to_integral_value() * lot
        old = self.holdings.get(fill.symbol, Holding())
        new, realised = _trade(old, quantity, price, exact(fill.leverage))
        fee, funding, shortfall = exact(fill.fee), exact(fill.funding), exact(fill.shortfall)
        return replace(
            self,
            cash=self.cash + realised - fee - funding + shortfall,
            holdings={**self.holdings, fill.symbol: new},
            fees=self.fees + fee,
            slippage=self.slippage + exact(fill.slippage),
            funding=self.funding + funding,
            realised=self.realised + realised,
            shortfall=self.shortfall + shortfall,
        )

    def equity(self, marks: Mapping[str, float]) -> Decimal:
        """Cash plus the profit open positions would realise at ``marks`` (quote per base)."""
        open_profit = sum(
            (
                held.quantity * (exact(marks[symbol]) - held.entry_price)
                for symbol, held in self.holdings.items()
                if held.quantity
            ),
            ZERO,
        )
        return self.cash + open_profit

    def view(self, symbols: Sequence[str], marks: Mapping[str, float], peak_equity: float) -> AccountView:
        """The one bridge from Decimal to float64."""
        held = [self.holdings.get(symbol, Holding()) for symbol in symbols]
        equity = float(self.equity(marks))
        return AccountView(
            symbols=tuple(symbols),
            equity=equity,
            cash=float(self.cash),
            peak_equity=max(peak_equity, equity),
            quantity=np.array([float(one.quantity) for one in held]),
            entry_price=np.array([float(one.entry_price) for one in held]),
            mark_price=np.array([marks.get(symbol, np.nan) for symbol in symbols]),
            margin=np.array([float(one.margin) for one in held]),
        )


def exact(value: float) -> Decimal:
    """The shortest Decimal that reads back as ``value``: the one way floats enter the ledger."""
    return Decimal(repr(float(value)))


def _trade(old: Holding, quantity: Decimal, price: Decimal, leverage: Decimal) -> tuple[Holding, Decimal]:
    """Average-cost bookkeeping: the new holding, and the profit realised."""
    if quantity == 0:
        return old, ZERO
    closing = ZERO
    if old.quantity * quantity < 0:
        closing = min(abs(quantity), abs(old.quantity)).copy_sign(quantity)
    realised = -closing * (price - old.entry_price)
    kept, opening = old.quantity + closing, quantity - closing
    margin = old.margin * kept / old.quantity if old.quantity else ZERO
    after = kept + opening
    entry = (kept * old.entry_price + opening * price) / after if after else ZERO
    return Holding(after, entry, margin + abs(opening) * price / leverage), realised


def orders_to_reach(
    decision: Decision,
    account: AccountView,
    instruments: Mapping[str, Instrument],
    now: int,
    band: float = 0.0,
) -> tuple[Order, ...]:
    """Orders that take the account from where it is to the decision's targets.

    Sizes at the limit price where there is one, else at the trigger, else at the last close.
    A change smaller than ``band`` (fraction of equity) is left alone, unless it closes or turns
    a position. An intent with a trigger opens, adds or turns; it never makes a position smaller.
    Market orders on their way count as filled: asked again, they are not sent twice.

    Parameters
    ----------
    decision : Decision
    account : AccountView
    instruments : mapping of symbol to Instrument
    now : int, microseconds UTC
    band : float, fraction of equity

    Returns
    -------
    tuple of Order
        In the decision's order of symbols; empty when all is held.

    Raises
    ------
    InvalidOrder
        If the decision names a symbol the account does not trade.
    """
    orders: list[Order] = []
    if not decision.intents:
        return ()
    for symbol, intent in decision.intents.items():
        if intent.action is Action.HOLD:
            continue
        try:
            asset = account.symbols.index(symbol)
        except ValueError as error:
            raise InvalidOrder(f"a decision for {symbol}", f"one of {account.symbols}", "") from error
        order = _order_for(symbol, intent, account, asset, instruments[symbol], now, band)
        if order is not None:
            orders.append(order)
    return tuple(orders)


def _order_for(
    symbol: str, intent: Intent, account: AccountView, asset: int, instrument: Instrument, now: int, band: float
) -> Order | None:
    held, mark = account.quantity.item(asset), account.mark_price.item(asset)
    if account.underway:
        held += account.underway.get(symbol, 0.0)
    terms = intent.terms
    price = intent.entry_price or terms.trigger or mark
    if not price > 0:  # no bar of this symbol yet: there is nothing to trade against
        return None
    delta = wanted_quantity(intent.target, account.equity, price, held, float(instrument.lot))
    # An order that only reduces must not open the other side, should a stop have closed the position before it fills.
    reduces = delta * held < 0 and intent.target * held >= 0
    if reduces and terms.trigger is not None:
        delta = 0.0
    notional = abs(delta) * price
    small = notional < instrument.min_notional or notional < band * account.equity
    closing = intent.target == 0 or intent.target * held < 0
    identity = f"{now}:{symbol}"
    if delta == 0 or (small and not closing):
        cancels = intent.target == 0 and symbol in account.working  # an empty PROTECT replaces the resting order
        names = intent.stop_loss is not None or intent.take_profit is not None or terms.trails
        if not cancels and (held == 0 or not names):
            return None
        order = Order(identity, symbol, now, 0.0, OrderType.PROTECT, None, intent.stop_loss, intent.take_profit)
        return order if terms is PLAIN else _worked(order, terms.without_entry)
    kind = OrderType.MARKET if intent.entry_price is None else OrderType.LIMIT
    levels = (intent.stop_loss, intent.take_profit)
    if intent.target == 0 or (reduces and kind is OrderType.LIMIT):  # they are the position's, not this order's
        levels = (None, None)
    order = Order(identity, symbol, now, delta, kind, intent.entry_price, *levels, intent.leverage, reduces)
    return order if terms is PLAIN else _worked(order, terms)


def _worked(order: Order, terms: Terms) -> Order:
    """A plain order with its terms; a trigger makes it a stop order, or a stop-limit order."""
    kind, price, trigger = order.type, order.price, terms.trigger
    if trigger is not None and price is None:
        kind, price, trigger = OrderType.STOP, trigger, None
    elif trigger is not None:
        kind = OrderType.STOP_LIMIT
    return replace(
        order,
        type=kind,
        price=price,
        trigger=trigger,
        trail_distance=terms.trail_distance,
        trail_fraction=terms.trail_fraction,
        time_in_force=terms.time_in_force,
        expires_at=terms.expires_at,
        post_only=terms.post_only,
    )


def wanted_quantity(target: float, equity: float, price: float, held: float, lot: float) -> float:
    """Signed base units to trade so that the position becomes ``target * equity``.

    Plain arithmetic, so that numba compiles this very function for the kernel. A target
    of zero closes to the last digit, whatever the lot.
    """
    if target == 0.0:
        return -held
    return round_to_lot(target * max(equity, 0.0) / price - held, lot)
