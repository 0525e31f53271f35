"""Orders replayed against a recorded book and its trades, event by event.

For short windows, where the size of the book and our place in the queue decide: what bars
cannot tell. Not a venue of the session loop, which lives on bars; a function from orders
and records to fills. Ours is a small order: the recording never heard of it, so what we
take is missing from the book only until the recording next sets that level.

The queue follows Rigtorp, "Estimating order queue position" (2013), with his f(x) = x: an
order joins behind the size displayed at its price. Trades at the price come off the front.
A further decrease is cancellations, taken to be spread evenly through the queue, so the
part ``ahead / displayed`` of it was ahead of us. Increases join behind. At a price deeper
than the deepest level shown, everything is ahead of us until the level is shown. The rules
with worked numbers: ``docs/fills.md``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from alphaloop.core.errors import InvalidOption, InvalidOrder
from alphaloop.core.market import Instrument
from alphaloop.core.orders import Fill, Order, OrderType, Reason, TimeInForce
from alphaloop.execution.book.depth import Book, Side
from alphaloop.execution.book.rows import BookRow, TradeRow
from alphaloop.execution.order_events import OrderState

_TRADE, _BOOK, _ORDER = range(3)  # what comes first at one instant


@dataclass(slots=True)
class Resting:
    """One of our orders in the book. ``ahead``: base units that trade before it."""

    order: Order
    left: float
    ahead: float = 0.0
    traded: float = 0.0  # at its price since the book last showed that level

    @property
    def side(self) -> int:
        """+1 buys, -1 sells."""
        return 1 if self.order.quantity > 0 else -1


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of the orders: fills in time order, the end state and unfilled size of each by id."""

    fills: tuple[Fill, ...]
    states: dict[str, OrderState]
    left: dict[str, float]


@dataclass
class _Floor:
    """The replay while it runs."""

    instrument: Instrument
    book: Book = field(default_factory=Book)
    resting: dict[str, Resting] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    states: dict[str, OrderState] = field(default_factory=dict)
    left: dict[str, float] = field(default_factory=dict)

    def fill(self, one: Resting, ts: int, quantity: float, price: float, best: float | None) -> None:
        """Book a part of an order; ``best`` is what a taker saw first, none for a maker."""
        rate = self.instrument.maker_fee if best is None else self.instrument.taker_fee
        reason = Reason.LIMIT if best is None else Reason.MARKET
        slippage = 0.0 if best is None else abs(price - best) * quantity
        order = one.order
        fee = quantity * price * rate
        self.fills.append(Fill(order.id, order.symbol, ts, one.side * quantity, price, reason, fee, slippage))
        one.left = max(one.left - quantity, 0.0)
        self.settle(one, OrderState.PARTIAL)

    def settle(self, one: Resting, state: OrderState) -> None:
        """Note where an order stands; one that has ended leaves the book."""
        state = OrderState.FILLED if one.left <= 1e-12 * abs(one.order.quantity) else state
        self.states[one.order.id] = state
        self.left[one.order.id] = 0.0 if state is OrderState.FILLED else one.left
        if state not in (OrderState.WORKING, OrderState.PARTIAL):
            self.resting.pop(one.order.id, None)

    def arrive(self, order: Order, ts: int) -> None:
        """An order reaches the book: it takes what it may, and the rest of it rests, or is over."""
        one = Resting(order, abs(order.quantity))
        facing, best = self._facing(one), self._facing(one).best
        if order.expires_at is not None and ts >= order.expires_at:
            self.settle(one, OrderState.EXPIRED)
        elif order.post_only and facing.reaches(order.price):
            self.settle(one, OrderState.REJECTED)
        else:
            for quantity, price in facing.take(one.left, order.price):
                self.fill(one, ts, quantity, price, best)
            self.rest(one)

    def rest(self, one: Resting) -> None:
        """What an order has not taken joins the queue at its limit, or is cancelled if it may not rest."""
        if one.order.type is OrderType.MARKET or one.order.time_in_force is TimeInForce.IOC:
            self.settle(one, OrderState.CANCELLED)
            return
        own, price = self._own(one), one.order.price or 0.0
        one.ahead = math.inf if own.hides(price) else own.size.get(price, 0.0)
        self.resting[one.order.id] = one
        self.settle(one, OrderState.PARTIAL if one.left < abs(one.order.quantity) else OrderState.WORKING)

    def see_trade(self, trade: TradeRow) -> None:
        """A trade at our price moves the queue; one beyond it must have met us first."""
        for one in list(self.resting.values()):
            price = one.order.price or 0.0
            beyond = one.side * (price - trade.price)
            if beyond > 0:
                one.ahead = 0.0
                self.fill(one, trade.ts, min(one.left, trade.quantity), price, None)
            elif beyond == 0 and trade.seller_took is (one.side > 0):
                one.traded += trade.quantity
                through = trade.quantity - one.ahead
                one.ahead = max(-through, 0.0)
                if through > 0:
                    self.fill(one, trade.ts, min(one.left, through), price, None)

    def see_book(self, row: BookRow) -> None:
        """A new book: cancellations move the queue; a book that has come through our price has met us."""
        before = {key: self._own(one).size.get(one.order.price or 0.0, 0.0) for key, one in self.resting.items()}
        self.book.apply(row)
        for key, one in list(self.resting.items()):
            price = one.order.price or 0.0
            shown = self._own(one).size.get(price, 0.0)
            cancelled = max(before[key] - shown - one.traded, 0.0)
            if before[key] > 0:
                one.ahead -= cancelled * min(one.ahead / before[key], 1.0)
            if not self._own(one).hides(price):
                one.ahead = min(max(one.ahead, 0.0), shown)
            one.traded = 0.0
            if self._facing(one).reaches(price):
                size = sum(part for part, _ in self._facing(one).take(one.left, price))
                self.fill(one, row.ts, size, price, None)

    def expire(self, ts: int) -> None:
        """Orders whose time is up by ``ts`` are gone before what happens then."""
        for one in list(self.resting.values()):
            if one.order.expires_at is not None and one.order.expires_at <= ts:
                self.settle(one, OrderState.EXPIRED)

    def _own(self, one: Resting) -> Side:
        return self.book.bids if one.side > 0 else self.book.asks

    def _facing(self, one: Resting) -> Side:
        return self.book.asks if one.side > 0 else self.book.bids


def replay(
    orders: Sequence[Order],
    book: Sequence[BookRow],
    trades: Sequence[TradeRow] = (),
    *,
    instrument: Instrument,
    latency_us: int = 0,
) -> Replay:
    """Fills of market and limit orders against a recorded book.

    At one instant trades come before the book that already shows them, and our orders last.

    Parameters
    ----------
    orders : sequence of Order
        Market or limit; GTC, GTD or IOC, post-only or not. Each meets the book as it is at
        ``created_at + latency_us``.
    book : sequence of BookRow, by time, a snapshot first
    trades : sequence of TradeRow, by time
        Without them every decrease of a level counts as cancellations, and a limit order
        fills only when the book comes through its price.
    instrument : Instrument
        Fees are its own; slippage is what the walk through the book costs.
    latency_us : int, microseconds

    Returns
    -------
    Replay

    Raises
    ------
    InvalidOrder
        If an order is of another kind or symbol, or two share an id.
    InvalidOption
        If the latency is negative, or an order arrives before the first book.
    SchemaViolation
        If the book crosses.

    Examples
    --------
    >>> book = [BookRow(0, "snapshot", ((99.0, 4.0),), ((100.0, 2.0), (101.0, 5.0)))]
    >>> done = replay([Order("a", "X", 5, 3.0)], book, instrument=Instrument("X", taker_fee=0.0))
    >>> [(fill.quantity, fill.price) for fill in done.fills], done.states["a"].value
    ([(2.0, 100.0), (1.0, 101.0)], 'filled')
    """
    _check(orders, book, instrument, latency_us)
    events: list[tuple[int, int, Order | BookRow | TradeRow]] = [(one.ts, _TRADE, one) for one in trades]
    events += [(one.ts, _BOOK, one) for one in book]
    events += [(one.created_at + latency_us, _ORDER, one) for one in orders]
    events.sort(key=lambda event: event[:2])
    floor = _Floor(instrument)
    for ts, _, event in events:
        floor.expire(ts)
        if isinstance(event, Order):
            floor.arrive(event, ts)
        elif isinstance(event, BookRow):
            floor.see_book(event)
        else:
            floor.see_trade(event)
    return Replay(tuple(floor.fills), floor.states, floor.left)


def _check(orders: Sequence[Order], book: Sequence[BookRow], instrument: Instrument, latency_us: int) -> None:
    if latency_us < 0:
        raise InvalidOption(f"a latency of {latency_us} us", "zero or more", "orders cannot arrive before they leave")
    for order in orders:
        if order.type not in (OrderType.MARKET, OrderType.LIMIT) or order.oco or order.reduce_only:
            raise InvalidOrder(f"{order.symbol}: {order.type} in a book replay", "market or limit", "use the simulator")
        if order.symbol != instrument.symbol:
            raise InvalidOrder(f"an order for {order.symbol}", f"one for {instrument.symbol}", "")
        if not book or order.created_at + latency_us < book[0].ts:
            raise InvalidOption("an order before the first book", "a book to meet", "start the window earlier")
    if len({order.id for order in orders}) < len(orders):
        raise InvalidOrder("two orders of one id", "an id for each", "derive ids from instant and symbol")
