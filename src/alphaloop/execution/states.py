"""The state of an order, worked out from all that was heard of it.

A state machine that moves from message to message breaks when messages come twice or in
another order than they happened. So the state here is a function of the *set* of events:
the same events in any order, any number of times, put an order in the same state, and a
set that cannot be true raises.

A timeout is not a rejection. An order whose answer is overdue is ``unresolved`` until the
venue says what became of it: "I have it" (``Found``, or any later report), or "I do not
know it" (``NotFound``), asked when the request could not arrive any more. Knows no venue,
no clock and no storage.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256

from alphaloop.core.account import exact
from alphaloop.core.errors import ImpossibleTransition, InvalidOrder
from alphaloop.core.orders import Order
from alphaloop.execution.order_events import (
    ZERO,
    Accepted,
    Cancelled,
    Denied,
    Event,
    Expired,
    Found,
    NotFound,
    OrderState,
    Rejected,
    Submitted,
    TimedOut,
    Traded,
)

_LIVE = frozenset({OrderState.WORKING, OrderState.PARTIAL})
_ENDS = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED})
TERMINAL = _ENDS | {OrderState.DENIED}
ALLOWED: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.CREATED: frozenset({OrderState.SUBMITTED, OrderState.DENIED}),
    OrderState.SUBMITTED: _LIVE | _ENDS | {OrderState.UNRESOLVED},
    OrderState.UNRESOLVED: _LIVE | _ENDS,
    OrderState.WORKING: _ENDS - {OrderState.REJECTED} | {OrderState.PARTIAL, OrderState.UNRESOLVED},
    OrderState.PARTIAL: _ENDS - {OrderState.REJECTED} | {OrderState.UNRESOLVED},
} | dict.fromkeys(TERMINAL, frozenset())
"""From each state, where one event can lead; a terminal state leads nowhere."""


def client_order_id(run: str, symbol: str, created_at: int, leg: str = "") -> str:
    """The name under which we send an order: the same decision gives the same name.

    So a repeated request is recognised by the venue, and an unresolved order can be asked
    for. 128 bits in hexadecimal, the form of Hyperliquid's ``cloid``.

    Parameters
    ----------
    run : str
        Names the session; two sessions never share one.
    symbol : str
    created_at : int, microseconds UTC
        Of the decision.
    leg : str
        Tells the orders of one decision apart.

    Examples
    --------
    >>> client_order_id("paper-1", "BTCUSDT", 1_700_000_000_000_000)
    '0x7d1cb089faff18a509657de8246c7fa6'
    """
    return "0x" + sha256(repr((run, symbol, created_at, leg)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One order and its history, append-only. Immutable: an event makes a new record.

    Parameters
    ----------
    client_id : str
    symbol : str
    quantity : Decimal, base units, signed
    history : tuple of Event
        In the order they were heard, each once.

    Examples
    --------
    >>> order = OrderRecord("a", "X", Decimal(2)).after(Submitted(0, valid_until=5)).after(TimedOut(1))
    >>> order.state, order.after(NotFound(4)).state, order.after(NotFound(5)).state
    (<OrderState.UNRESOLVED: 'unresolved'>, <OrderState.UNRESOLVED: 'unresolved'>, <OrderState.REJECTED: 'rejected'>)
    >>> order.after(Traded(3, "f1", Decimal(1), Decimal(100))).state
    <OrderState.PARTIAL: 'partial'>
    """

    client_id: str
    symbol: str
    quantity: Decimal
    history: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        if not self.quantity.is_finite() or self.quantity == 0:
            raise InvalidOrder(f"{self.symbol}: an order for {self.quantity}", "a quantity to trade", "")

    def after(self, event: Event) -> "OrderRecord":
        """The record once ``event`` was heard; itself if it was heard before.

        Raises
        ------
        ImpossibleTransition
            If the event cannot be true together with what was heard before.
        """
        if _repeats(self.history, event):
            return self
        before, heard = self.state, replace(self, history=(*self.history, event))
        broken = _contradiction(abs(self.quantity), heard.history)
        now = heard.state
        if broken is None and now is not before and now not in ALLOWED[before]:
            broken = f"a {now} order"
        if broken is not None:
            raise ImpossibleTransition(
                f"{self.client_id}: {event} of a {before} order",
                f"no {broken}",
                "compare with the venue's own list of orders and fills before trading on",
            )
        return heard

    @property
    def state(self) -> OrderState:
        """Where the order stands."""
        return _state(abs(self.quantity), self.history)

    @property
    def fills(self) -> tuple[Traded, ...]:
        """Each trade once, by time and id."""
        return _fills(self.history)

    @property
    def filled(self) -> Decimal:
        """Base units in the fills we have, without sign."""
        return sum((one.quantity for one in self.fills), ZERO)

    @property
    def missing(self) -> Decimal:
        """Base units the venue says have traded, but whose fills we have not got."""
        return max(_done(self.history) - self.filled, ZERO)

    @property
    def average_price(self) -> Decimal | None:
        """Of the fills we have, quote per base."""
        value = sum((one.quantity * one.price for one in self.fills), ZERO)
        return value / self.filled if self.filled else None

    @property
    def fees(self) -> Decimal:
        """Paid on the fills we have, quote currency."""
        return sum((one.fee for one in self.fills), ZERO)


def record_of(order: Order, run: str, leg: str = "") -> OrderRecord:
    """A record of an order about to be sent.

    Examples
    --------
    >>> record_of(Order("1:X", "X", 1, -0.3), "paper-1").quantity
    Decimal('-0.3')
    """
    return OrderRecord(client_order_id(run, order.symbol, order.created_at, leg), order.symbol, exact(order.quantity))


def _repeats(history: tuple[Event, ...], event: Event) -> bool:
    """Whether it was heard before; a fill is known by its id, whenever it is told."""
    if not isinstance(event, Traded):
        return event in history
    terms = [
        (one.quantity, one.price, one.fee)
        for one in history
        if isinstance(one, Traded) and one.fill_id == event.fill_id
    ]
    return (event.quantity, event.price, event.fee) in terms


def _fills(history: tuple[Event, ...]) -> tuple[Traded, ...]:
    return tuple(sorted((one for one in history if isinstance(one, Traded)), key=lambda one: (one.ts, one.fill_id)))


def _done(history: tuple[Event, ...]) -> Decimal:
    """Base units known to have traded: by our fills or by the venue's totals, whichever is ahead."""
    told = [one.filled or ZERO for one in history if isinstance(one, Found | Cancelled | Expired)]
    return max([sum((one.quantity for one in _fills(history)), ZERO), *told])


def _ends(history: tuple[Event, ...]) -> set[OrderState]:
    """Every end that the venue has reported, a full fill by quantity left out."""
    found = {one.state for one in history if isinstance(one, Found) and one.state in _ENDS}
    for kind, state in (
        (Cancelled, OrderState.CANCELLED),
        (Expired, OrderState.EXPIRED),
        (Rejected, OrderState.REJECTED),
    ):
        if any(isinstance(one, kind) for one in history):
            found.add(state)
    deadline = next((one.valid_until for one in history if isinstance(one, Submitted)), None)
    if deadline is not None and any(isinstance(one, NotFound) and one.ts >= deadline for one in history):
        found.add(OrderState.REJECTED)
    return found


def _alive(history: tuple[Event, ...]) -> bool:
    """Whether the venue has ever shown that it took the order."""
    return any(
        isinstance(one, Accepted | Traded | Cancelled | Expired)
        or (isinstance(one, Found) and one.state is not OrderState.REJECTED)
        for one in history
    )


def _overdue(history: tuple[Event, ...]) -> bool:
    """Whether an answer we waited for is still owed."""
    if any(isinstance(one, TimedOut) and one.request == "submit" for one in history) and not _alive(history):
        return True
    cancels = [one.ts for one in history if isinstance(one, TimedOut) and one.request == "cancel"]
    answers = [one.ts for one in history if isinstance(one, Found)]
    return bool(cancels) and max(cancels) > max(answers, default=-1)


def _state(ordered: Decimal, history: tuple[Event, ...]) -> OrderState:
    if any(isinstance(one, Denied) for one in history):
        return OrderState.DENIED
    if not any(isinstance(one, Submitted) for one in history):
        return OrderState.CREATED
    done, ends = _done(history), _ends(history)
    if done == ordered:
        return OrderState.FILLED
    if ends:
        return min(ends)  # one, or a contradiction that is about to be raised
    if _overdue(history):
        return OrderState.UNRESOLVED
    if done > 0:
        return OrderState.PARTIAL
    return OrderState.WORKING if _alive(history) else OrderState.SUBMITTED


def _contradiction(ordered: Decimal, history: tuple[Event, ...]) -> str | None:
    """What cannot be true of these events together, in words; none if they can."""
    sent = [one for one in history if isinstance(one, Submitted)]
    if any(isinstance(one, Denied) for one in history):
        return "further event of an order that was never sent" if len(history) > 1 else None
    if not sent:
        return "answer to an order that was never sent"
    if len(sent) > 1:
        return "second request under one client id; repeat the first"
    return _fills_contradict(ordered, history) or _ends_contradict(ordered, history)


def _fills_contradict(ordered: Decimal, history: tuple[Event, ...]) -> str | None:
    fills, venue_ids = _fills(history), {one.venue_id for one in history if isinstance(one, Accepted) and one.venue_id}
    if len({one.fill_id for one in fills}) < len(fills):
        return "fill id with two meanings"
    if len(venue_ids) > 1:
        return f"order with the venue ids {sorted(venue_ids)}"
    if _done(history) > ordered:
        return f"more than the {ordered} ordered"
    totals = [one.filled for one in history if isinstance(one, Cancelled | Expired) and one.filled is not None]
    totals += [one.filled for one in history if isinstance(one, Found) and one.state in _ENDS]
    if any(total != totals[0] or total < _done(history) for total in totals):
        return f"trades beyond the venue's closing total of {totals[0]}"
    return None


def _ends_contradict(ordered: Decimal, history: tuple[Event, ...]) -> str | None:
    ends = _ends(history)
    if len(ends) > 1:
        return f"order that ended as {' and '.join(sorted(ends))}"
    if OrderState.REJECTED in ends and (_alive(history) or _done(history) > 0):
        return "rejection of an order that the venue has worked"
    full = _done(history) == ordered
    if ends and full != (OrderState.FILLED in ends):
        return f"{min(ends)} order with {_done(history)} of {ordered} filled"
    return None
