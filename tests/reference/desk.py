"""Orders at the slow simulator: their arrival, pairs, time in force, triggers, and the volume there is for them.

The half of the reference that knows orders but no money; the other half is beside it.
"""

from dataclasses import dataclass, replace

from alphaloop.core.errors import InvalidOrder
from alphaloop.core.market import Instrument
from alphaloop.core.orders import Order, OrderType, Reason, TimeInForce, round_to_lot

ENTRIES = (OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT)
INF = float("inf")


@dataclass
class Bar:
    """One symbol's bar; ``open`` is NaN where there is none."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    rate: float
    mark_low: float = float("nan")
    mark_high: float = float("nan")

    @property
    def exists(self) -> bool:
        return self.open == self.open

    @property
    def trades(self) -> bool:
        """Whether anything can fill: a bar without volume that never moved was halted."""
        return self.exists and not (self.volume == 0 and self.high == self.low)


@dataclass(frozen=True)
class Trail:
    """How far a stop stays behind the best price."""

    distance: float | None
    fraction: float | None

    def level(self, price: float, side: int) -> float:
        return price - side * (price * self.fraction if self.distance is None else self.distance)


def trail_of(order: Order) -> Trail | None:
    if order.trail_distance is None and order.trail_fraction is None:
        return None
    return Trail(order.trail_distance, order.trail_fraction)


@dataclass
class Position:
    """What is held of one symbol. ``costs``: fees and funding it has paid and not yet settled."""

    quantity: float = 0.0
    entry: float = 0.0
    margin: float = 0.0
    costs: float = 0.0
    stop: float | None = None
    target: float | None = None
    trail: Trail | None = None
    leaving: bool = False  # a stop was reached, and its rest awaits the next opens
    touched: bool = False  # opened or increased inside this bar by a limit or stop-entry order
    blind: bool = False  # opened or increased in this bar, none of whose prices its levels may see

    @property
    def side(self) -> int:
        return (self.quantity > 0) - (self.quantity < 0)


class Desk:
    """Working orders, or pairs of them, by symbol."""

    def __init__(self, instruments: dict[str, Instrument], symbols: tuple[str, ...], share, latency: int) -> None:
        self.instruments, self.symbols = instruments, tuple(symbols)
        self.orders: dict[str, Order] = {}
        self.others: dict[str, Order] = {}  # the second orders of pairs
        self.underway: list[Order] = []
        self.share, self.latency = share, latency
        self.room = dict.fromkeys(symbols, INF)
        self.expiry: dict[str, float] = {}
        self.rank: dict[str, int] = {}  # who was given first

    def submit(self, orders) -> None:
        for order in orders:
            if order.symbol not in self.symbols:
                raise InvalidOrder(f"an order for {order.symbol}", f"one of {self.symbols}", "")
            if order.leverage > self.instruments[order.symbol].max_leverage:
                raise InvalidOrder(f"leverage {order.leverage}", "what the instrument allows", "lower it")
        pairs = [order for order in orders if order.oco]
        for order in pairs:
            same = [one for one in pairs if one.oco == order.oco]
            alike = {(one.symbol, one.created_at, one.moves_levels) for one in same}
            sides = {one.quantity > 0 for one in same if one.moves_levels}
            if len(same) != 2 or len(alike) != 1 or len(sides) > 1:
                raise InvalidOrder("half a pair", "two that belong together", "")
        self.underway.extend(orders)
        if not self.latency:
            self.arrive(INF)

    def arrive(self, now: float) -> None:
        """Orders reach the venue, in the order they were sent."""
        due = [one for one in self.underway if one.created_at + self.latency <= now]
        self.underway = [one for one in self.underway if one not in due]
        for order in due:
            self.rank[order.id] = len(self.rank)
            self.expiry[order.id] = INF if order.expires_at is None else order.expires_at
            first = self.orders.get(order.symbol)
            paired = first is not None and order.oco and (first.oco, first.created_at) == (order.oco, order.created_at)
            if not paired:
                self.orders[order.symbol] = order
                self.others.pop(order.symbol, None)
            else:
                self.others[order.symbol] = order

    def expire(self, end: int) -> None:
        """Orders whose time would run out in this bar are gone before it."""
        for symbol in self.symbols:
            left = [book.pop(symbol) for book in (self.orders, self.others) if symbol in book]
            left = [order for order in left if self.expiry[order.id] >= end]
            for book, order in zip((self.orders, self.others), left, strict=False):
                book[symbol] = order

    def post(self, symbol: str, bar: Bar) -> None:
        """(1) A post-only limit that would trade at the first open it meets is dropped."""
        order = self.orders.get(symbol)
        if order is None or not order.post_only:
            return
        self.orders[symbol] = replace(order, post_only=False)
        if sign(order.quantity) * (order.price - bar.open) >= 0:
            del self.orders[symbol]

    def choose(self, symbol: str, bar: Bar) -> None:
        """(3) Of a pair the order that this bar fills comes to the front; of two the nearer to the open."""
        if symbol not in self.others:
            return
        pair = self.orders[symbol], self.others[symbol]
        ways = [abs(price - bar.open) if price is not None else INF for price in (resting_price(o, bar) for o in pair)]
        if ways[1] < ways[0] or (ways[1] == ways[0] < INF and self.rank[pair[1].id] < self.rank[pair[0].id]):
            self.others[symbol], self.orders[symbol] = pair

    def arm(self, symbol: str, bar: Bar) -> None:
        """(5) A stop-limit order that was triggered and did not trade is a limit order from now on."""
        for book in (self.orders, self.others):
            order = book.get(symbol)
            if order is not None and order.type is OrderType.STOP_LIMIT:
                buys = order.quantity > 0
                if bar.high >= order.trigger if buys else bar.low <= order.trigger:
                    book[symbol] = replace(order, type=OrderType.LIMIT, trigger=None)

    def cut(self, symbol: str, quantity: float) -> float:
        """Whole lots of ``quantity`` that the bar's volume still allows."""
        lot = float(self.instruments[symbol].lot)
        if abs(quantity) <= self.room[symbol]:
            return quantity
        size = round_to_lot(max(self.room[symbol], 0.0), lot)
        return quantity if size >= abs(quantity) - 1e-6 * lot else size * sign(quantity)

    def keep_rest(self, order: Order, rest: float, reason: Reason) -> None:
        """What found no volume: a limit rests on, anything else goes to the next open; IOC is over."""
        if abs(rest) <= 1e-6 * float(self.instruments[order.symbol].lot) or order.time_in_force is TimeInForce.IOC:
            return
        terms = {"quantity": rest, "time_in_force": TimeInForce.GTC, "expires_at": None}
        if reason is Reason.STOP_ENTRY and order.type is OrderType.STOP_LIMIT:
            terms |= {"type": OrderType.LIMIT, "trigger": None}
        elif reason is not Reason.LIMIT:
            terms |= {"type": OrderType.MARKET, "price": None, "oco": ""}
        self.orders[order.symbol] = replace(order, **terms)


def takes(order: Order) -> bool:
    """Market orders, and limits that may not rest."""
    return order.type is OrderType.MARKET or order.time_in_force is TimeInForce.IOC


def sign(number: float) -> float:
    return 1.0 if number > 0 else -1.0


def resting_price(order: Order, bar: Bar) -> float | None:
    """Price before slippage at which a limit or stop-entry order fills in this bar, if it does."""
    buys = order.quantity > 0
    if order.type is OrderType.LIMIT:
        if buys:
            return min(bar.open, order.price) if bar.low < order.price else None
        return max(bar.open, order.price) if bar.high > order.price else None
    if order.type is OrderType.STOP_LIMIT:
        met = max(bar.open, order.trigger) if buys else min(bar.open, order.trigger)
        triggered = bar.high >= order.trigger if buys else bar.low <= order.trigger
        return met if triggered and sign(order.quantity) * (order.price - met) >= 0 else None
    if buys:
        return max(bar.open, order.price) if bar.high >= order.price else None
    return min(bar.open, order.price) if bar.low <= order.price else None
