"""Orders and fills: what a venue is asked, and what it answers.

Quantities are in base units and signed: above zero buys, below zero sells. Prices are
quote per base. Floats here; the Decimal truth of money is :class:`alphaloop.core.account.Account`.
"""

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import NamedTuple

from alphaloop.core.errors import InvalidOrder


class OrderType(StrEnum):
    """How an order wants to be filled; exact conditions are in ``docs/fills.md``."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"  # becomes a market order once the price is reached
    STOP_LIMIT = "stop_limit"  # becomes a limit order once its trigger is reached
    TRAILING_STOP = "trailing_stop"  # a position's stop that follows the price at a distance
    TAKE_PROFIT = "take_profit"  # closes a position at a better price, as a maker
    PROTECT = "protect"  # moves the stop and target of an open position; trades nothing


class TimeInForce(StrEnum):
    """How long an order works."""

    GTC = "gtc"  # until it is filled or replaced
    GTD = "gtd"  # the same, but no longer than ``expires_at``
    IOC = "ioc"  # at once or not at all; what cannot trade then is dropped


class Reason(StrEnum):
    """Why money moved."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_ENTRY = "stop_entry"
    STOP = "stop"
    TARGET = "target"
    LIQUIDATION = "liquidation"
    FUNDING = "funding"


@dataclass(frozen=True, slots=True)
class Terms:
    """How the order that an intent becomes is to be worked; the default is a plain order.

    Parameters
    ----------
    trigger : float, optional
        The order waits until the price gets here: then it is a market order, or, where the
        intent has an ``entry_price``, a limit order at that (stop-limit).
    trail_distance, trail_fraction : float, optional
        At most one: the position's stop follows the best price this far behind, in quote
        or as a fraction of that price.
    time_in_force : TimeInForce
    expires_at : int, microseconds UTC, optional
        Of GTD.
    post_only : bool
        Of a limit: dropped if it would trade on arrival.

    Raises
    ------
    InvalidOrder
        If a number is out of range, or two terms do not go together.

    Examples
    --------
    >>> Terms(post_only=True).without_entry == PLAIN
    True
    >>> Terms(trigger=105.0, trail_fraction=0.02).without_entry
    Terms(trigger=None, trail_distance=None, trail_fraction=0.02, time_in_force=<TimeInForce.GTC: 'gtc'>, \
expires_at=None, post_only=False)
    """

    trigger: float | None = None
    trail_distance: float | None = None
    trail_fraction: float | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_at: int | None = None
    post_only: bool = False

    def __post_init__(self) -> None:
        trail = (self.trail_distance, self.trail_fraction)
        named = [one for one in (*trail, self.trigger) if one is not None]
        ioc = self.time_in_force is TimeInForce.IOC
        rules = (
            (all(math.isfinite(one) and one > 0 for one in named), "trigger and trail finite and above zero"),
            (None in trail and (self.trail_fraction or 0.0) < 1, "one trail: a distance, or a fraction below 1"),
            ((self.time_in_force is TimeInForce.GTD) == (self.expires_at is not None), "expires_at with GTD, and only"),
            (not ioc or (self.trigger is None and not self.post_only), "IOC without trigger and post_only"),
            (not self.post_only or self.trigger is None, "post_only or a trigger, not both"),
        )
        for holds, expected in rules:
            if not holds:
                raise InvalidOrder(f"terms {self}", expected, "correct the terms")

    @property
    def trails(self) -> bool:
        """Whether they ask for a stop that follows the price."""
        return self.trail_distance is not None or self.trail_fraction is not None

    @property
    def without_entry(self) -> "Terms":
        """What they say of the position alone: its trail."""
        return Terms(trail_distance=self.trail_distance, trail_fraction=self.trail_fraction) if self.trails else PLAIN


PLAIN = Terms()
"""No terms: shared, so that most intents need no look at them."""

_COMMON = 10  # fields of an order that its text always shows, up to reduce_only


@dataclass(frozen=True, slots=True)
class Order:
    """One instruction to a venue. It rests from the bar after ``created_at``.

    Parameters
    ----------
    id : str
        Derived from decision time and symbol, so that replays agree.
    symbol : str
    created_at : int, microseconds UTC
        ``available_at`` of the bar it was decided on.
    quantity : float, base units, signed
    type : OrderType
    price : float, optional
        Limit or trigger price; none for a market order.
    stop_loss, take_profit : float, optional
        Price levels attached to the position once filled (a bracket).
    leverage : float
        Isolated margin committed is notional / leverage.
    reduce_only : bool
        Never opens or turns a position.
    trigger : float, optional
        Of a stop-limit order: the price that makes it a limit order at ``price``.
    trail_distance, trail_fraction : float, optional
        At most one: the position's stop follows the best price this far behind, in quote
        or as a fraction of that price.
    time_in_force : TimeInForce
    expires_at : int, microseconds UTC, optional
        Of a GTD order.
    post_only : bool
        Of a limit order: dropped if it would trade on arrival.
    oco : str
        Two orders for one symbol with the same name here: the first to trade cancels the other.

    Raises
    ------
    InvalidOrder
        If a number is not finite, a price is missing or superfluous, leverage is below
        1, a level of a limit bracket stands on the wrong side of its limit, or the
        order's kind and its terms do not go together.
    """

    id: str
    symbol: str
    created_at: int
    quantity: float
    type: OrderType = OrderType.MARKET
    price: float | None = None
    stop_loss: float | None = None
    take_profit: float | None = None
    leverage: float = 1.0
    reduce_only: bool = False
    trigger: float | None = None
    trail_distance: float | None = None
    trail_fraction: float | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_at: int | None = None
    post_only: bool = False
    oco: str = ""

    def __post_init__(self) -> None:
        numbers = (self.quantity, self.leverage, self.price, self.stop_loss, self.take_profit)
        for number in numbers:
            if number is not None and not math.isfinite(number):
                raise InvalidOrder(f"{self.symbol}: {numbers}", "finite numbers", "correct the order")
        for level in numbers[2:]:
            if level is not None and level <= 0:
                raise InvalidOrder(f"{self.symbol}: price, stop or target of zero or less", "prices above zero", "")
        if self.leverage < 1:
            raise InvalidOrder(f"{self.symbol}: leverage {self.leverage}", "1 or more", "use 1 for no leverage")
        if (self.type in _PRICED) != (self.price is not None):
            raise InvalidOrder(
                f"{self.symbol}: {self.type} with price {self.price}",
                "a price for limit, stop, stop_limit and take_profit, none otherwise",
                "",
            )
        if (self.quantity == 0) != (self.type is OrderType.PROTECT):
            raise InvalidOrder(f"{self.symbol}: {self.type} of quantity {self.quantity}", "a quantity to trade", "")
        if self.type is OrderType.TAKE_PROFIT and not self.reduce_only:
            raise InvalidOrder(f"{self.symbol}: take_profit that may open a position", "reduce_only", "use limit")
        self._check_bracket()
        terms = (self.trigger, self.trail_distance, self.trail_fraction, self.time_in_force, self.expires_at)
        if self.type in _TERMED or terms != _NO_TERMS or self.post_only or self.oco:
            self._check_terms()

    def __repr__(self) -> str:
        """The terms that every order has, and those of the rest that it uses: what a trace hashes of it."""
        names, rest = [one.name for one in fields(self)[:_COMMON]], fields(self)[_COMMON:]
        names += [one.name for one in rest if getattr(self, one.name) != one.default]
        return f"Order({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def _check_bracket(self) -> None:
        """A resting price is known beforehand, so its bracket must surround it."""
        if self.price is None or self.type is OrderType.TAKE_PROFIT:
            return
        side = 1.0 if self.quantity > 0 else -1.0
        for level, sign, name in ((self.stop_loss, -1.0, "stop_loss"), (self.take_profit, 1.0, "take_profit")):
            if level is not None and side * sign * (level - self.price) <= 0:
                raise InvalidOrder(
                    f"{self.symbol}: {name} {level} of an order at {self.price}",
                    "stop and target on either side of the price",
                    "swap them or turn the side",
                )

    def _check_terms(self) -> None:
        """What only some orders may say."""
        kind, trail = self.type, (self.trail_distance, self.trail_fraction)
        named = [one for one in (*trail, self.trigger) if one is not None]
        gtd, ioc = self.time_in_force is TimeInForce.GTD, self.time_in_force is TimeInForce.IOC
        rules = (
            (all(math.isfinite(one) and one > 0 for one in named), "trigger and trail finite and above zero"),
            (None in trail and (self.trail_fraction or 0.0) < 1, "one trail: a distance, or a fraction below 1"),
            ((kind is OrderType.STOP_LIMIT) == (self.trigger is not None), "a trigger for stop_limit, none otherwise"),
            (kind is not OrderType.TRAILING_STOP or trail != (None, None), "a trail for a trailing stop"),
            (kind is not OrderType.TRAILING_STOP or self.reduce_only, "reduce_only for a trailing stop"),
            (kind is not OrderType.TAKE_PROFIT or trail == (None, None), "no trail for a take_profit"),
            (gtd == (self.expires_at is not None), "expires_at for GTD, none otherwise"),
            (not gtd or kind in _RESTING, "GTD for limit, stop and stop_limit"),
            (not ioc or kind in (OrderType.MARKET, OrderType.LIMIT), "IOC for market and limit"),
            (not self.post_only or (kind is OrderType.LIMIT and not ioc), "post_only for a limit that may rest"),
            (not self.oco or kind in (*_RESTING, OrderType.TAKE_PROFIT), "OCO for orders that rest at a price"),
            (not (self.oco and self.post_only), "OCO or post_only, not both"),
        )
        for holds, expected in rules:
            if not holds:
                raise InvalidOrder(f"{self.symbol}: {self}", expected, "correct the order")

    @property
    def moves_levels(self) -> bool:
        """Whether it trades nothing itself but sets the stop or target of a position."""
        if self.type is OrderType.STOP:
            return self.reduce_only
        return self.type in (OrderType.PROTECT, OrderType.TAKE_PROFIT, OrderType.TRAILING_STOP)


_PRICED = frozenset({OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT})
_RESTING = (OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT)
_TERMED = (OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
_NO_TERMS = (None, None, None, TimeInForce.GTC, None)


class Fill(NamedTuple):
    """Money that moved, once: a trade, or a funding payment (then ``quantity`` is 0).

    ``fee``, ``slippage`` and ``funding`` are quote currency, costs above zero;
    ``slippage`` is already inside ``price``. ``shortfall`` is the loss beyond the
    isolated margin that the venue, not the account, bears.
    """

    order_id: str
    symbol: str
    ts: int
    quantity: float
    price: float
    reason: Reason
    fee: float = 0.0
    slippage: float = 0.0
    funding: float = 0.0
    shortfall: float = 0.0
    leverage: float = 1.0


def round_to_lot(quantity: float, lot: float) -> float:
    """Largest multiple of ``lot`` not beyond ``quantity``, towards zero.

    A quotient that floating point left just under an integer counts as that integer: a
    billionth of a lot under it, or a few units in its last place where that is more (above a
    million lots), never more than half a lot. Written in plain arithmetic, so that numba
    compiles this very function for the kernel.

    Examples
    --------
    >>> round_to_lot(0.3, 0.1), round_to_lot(-1.27, 0.5)
    (0.30000000000000004, -1.0)
    """
    lots = abs(quantity) / lot
    steps = math.floor(lots + max(1e-9, min(1e-15 * lots, 0.5)))
    return steps * lot if quantity > 0 else -steps * lot
