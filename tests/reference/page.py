"""A second slow simulator, written from ``docs/fills.md`` alone, before its author had read the kernel.

One class, its stages in the order of the page, under the default rules: market, limit, stop and stop-limit orders,
protect and trailing stops, pairs, time in force, post-only, reduce-only, a share of the volume and latency. No mark
prices and no slippage that grows with size: the first reference beside this file has those.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from alphaloop.core.market import Bars, Instrument
from alphaloop.core.orders import Fill, Order, OrderType, Reason, TimeInForce

INF = math.inf


@dataclass
class Bar:
    open: float
    high: float
    low: float
    close: float
    volume: float
    rate: float

    @property
    def trades(self) -> bool:
        return not math.isnan(self.open) and not (self.volume == 0 and self.high == self.low)


@dataclass
class Position:
    """``leaving``: its stop was reached and found too little volume. ``rested``: a resting order came into it today."""

    instrument: Instrument
    quantity: float = 0.0
    entry: float = 0.0
    margin: float = 0.0
    costs: float = 0.0
    stop: float | None = None
    target: float | None = None
    trail: tuple[float | None, float | None] = (None, None)
    leaving: bool = False
    rested: bool = False
    mark: float = 0.0

    @property
    def side(self) -> int:
        return (self.quantity > 0) - (self.quantity < 0)

    @property
    def liquidation(self) -> float | None:
        """Where margin and open profit are no more than the tier's maintenance margin."""
        size = abs(self.quantity)
        for tier in self.instrument.margin_tiers:
            debt = size * self.entry - self.side * (self.margin + tier.deduction)
            price = debt / (size * (1 - self.side * tier.rate))
            if size * price <= tier.notional_cap:
                return price if price > 0 else None
        return None

    def follow(self, price: float) -> float:
        """Where the trailing stop of a best price stands."""
        distance, fraction = self.trail
        return price - self.side * (price * (fraction or 0.0) if distance is None else distance)

    def same(self, one: float, other: float) -> bool:
        return abs(one - other) < max(1e-6 * float(self.instrument.lot), 1e-12 * abs(self.quantity))


@dataclass
class Working:
    """An order at the venue. ``market``: it is to be filled at the next open; ``triggered``: of a stop-limit."""

    order: Order
    left: float
    market: bool = False
    triggered: bool = False
    fresh: bool = True

    @property
    def side(self) -> int:
        return 1 if self.order.quantity > 0 else -1

    @property
    def ioc(self) -> bool:
        return self.order.time_in_force is TimeInForce.IOC

    @property
    def limit(self) -> bool:
        return self.order.type is OrderType.LIMIT or self.triggered

    @property
    def level(self) -> float:
        """The price that has to be reached."""
        waits = self.order.type is OrderType.STOP_LIMIT and not self.triggered
        return float((self.order.trigger if waits else self.order.price) or 0.0)

    def met(self, bar: Bar) -> bool:
        if self.limit:
            return bar.low < self.level if self.side > 0 else bar.high > self.level
        return bar.high >= self.level if self.side > 0 else bar.low <= self.level

    def fills(self, bar: Bar) -> bool:
        """Met, and of a stop-limit also within its limit: else it only becomes one."""
        if self.order.type is not OrderType.STOP_LIMIT or self.triggered:
            return self.met(bar)
        price = bar.open if self.at_open(bar) else self.level
        return self.met(bar) and self.side * (price - (self.order.price or 0.0)) <= 0

    def at_open(self, bar: Bar) -> bool:
        """Whether the open itself meets it."""
        beyond = self.side * (bar.open - self.level)
        return beyond <= 0 if self.limit else beyond >= 0


@dataclass
class PageVenue:
    instruments: Sequence[Instrument]
    cash: float
    participation: float | None = None
    latency_us: int = 0
    travelling: list[Order] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.positions = {one.symbol: Position(one) for one in self.instruments}
        self.resting: dict[str, list[Working]] = {one.symbol: [] for one in self.instruments}
        self.budget: dict[str, float] = {}
        self.fills: list[Fill] = []
        self.ts = 0

    @property
    def equity(self) -> float:
        return self.cash + sum(one.quantity * (one.mark - one.entry) for one in self.positions.values() if one.quantity)

    @property
    def free(self) -> float:
        return self.cash - sum(one.margin for one in self.positions.values())

    @property
    def working(self) -> frozenset[str]:
        return frozenset(
            [symbol for symbol, rest in self.resting.items() if rest] + [order.symbol for order in self.travelling]
        )

    def submit(self, orders: Sequence[Order]) -> None:
        self.travelling += orders

    def on_bars(self, bars: Bars) -> list[Fill]:
        self.fills, self.ts = [], bars.ts
        every = {symbol: Bar(*row) for symbol, row in zip(bars.symbols, bars.values.tolist(), strict=True)}
        self._arrive(bars)
        for symbol, bar in every.items():
            self._fund(symbol, bar)
        open_ = {symbol: bar for symbol, bar in every.items() if bar.trades}
        for symbol, bar in open_.items():
            self.positions[symbol].rested = False
            lot = float(self.positions[symbol].instrument.lot)
            share = None if self.participation is None else self.participation * bar.volume
            self.budget[symbol] = INF if share is None else math.floor(share / lot + 1e-9) * lot
        self._at_the_open(open_)
        for symbol, bar in open_.items():
            self._open_beyond(symbol, bar, target=True)
        for symbol, bar in open_.items():
            self._first_open(symbol, bar)
            self._rest(symbol, bar, against=False)
        for symbol, bar in open_.items():
            self._reached(symbol, bar)
        for symbol, bar in open_.items():
            self._rest(symbol, bar, against=True)
        for symbol, bar in open_.items():
            self._target(symbol, bar)
            for one in self.resting[symbol]:
                one.triggered |= one.order.type is OrderType.STOP_LIMIT and one.met(bar)
        for symbol, bar in every.items():
            self._close(symbol, bar)
        return self.fills

    def _arrive(self, bars: Bars) -> None:
        """Orders that have come replace what rests; a GTD order is gone with the bar that ends after it."""
        come = [one for one in self.travelling if one.created_at + self.latency_us <= bars.ts]
        self.travelling = [one for one in self.travelling if one not in come]
        for order in come:
            pair = [one for one in self.resting[order.symbol] if order.oco and one.order.oco == order.oco]
            now = order.type is OrderType.MARKET or order.time_in_force is TimeInForce.IOC
            self.resting[order.symbol] = [*pair, Working(order, abs(order.quantity), now)]
        for symbol, rest in self.resting.items():
            self.resting[symbol] = [
                one for one in rest if one.order.expires_at is None or bars.available_at <= one.order.expires_at
            ]

    # 0

    def _fund(self, symbol: str, bar: Bar) -> None:
        held = self.positions[symbol]
        if math.isnan(bar.open) or not held.quantity or not bar.rate:
            return
        paid = held.quantity * bar.open * bar.rate
        self.cash -= paid
        held.costs += paid
        self.fills.append(Fill("", symbol, self.ts, 0.0, bar.open, Reason.FUNDING, funding=paid))

    # 1

    def _at_the_open(self, bars: dict[str, Bar]) -> None:
        for symbol, bar in bars.items():
            for one in list(self.resting[symbol]):
                if one.ioc and one.order.price and one.side * (bar.open - one.order.price) > 0:
                    self._drop(symbol, one)
                elif one.order.moves_levels:
                    self._move_levels(symbol, one.order, bar)
                    self._drop(symbol, one)
                elif one.market and one.side * self.positions[symbol].side < 0:
                    self._reduce(symbol, one, bar.open, Reason.MARKET)
        for symbol, bar in bars.items():
            for one in [each for each in self.resting[symbol] if each.market]:
                held = self.positions[symbol]
                if one.left and one.side * held.side >= 0 and not one.order.reduce_only:
                    self._enlarge(symbol, one, bar.open, Reason.MARKET)
                if not one.left or one.ioc or (one.order.reduce_only and one.side * held.side >= 0):
                    self._drop(symbol, one)

    def _move_levels(self, symbol: str, order: Order, bar: Bar) -> None:
        held = self.positions[symbol]
        if not held.quantity or order.quantity * held.quantity > 0:
            return
        stop, target = order.stop_loss, order.take_profit
        if order.type is OrderType.STOP:
            stop = order.price
        if order.type is OrderType.TAKE_PROFIT:
            target = order.price
        runs = stop is None and held.trail == (order.trail_distance, order.trail_fraction)
        if not runs:
            self._set_levels(held, order, stop, bar.open)
        held.target = held.target if target is None else target

    def _set_levels(self, held: Position, order: Order, stop: float | None, price: float) -> None:
        """Stop and trail of an order that names one of them; else they stay."""
        trail = (order.trail_distance, order.trail_fraction)
        if stop is None and trail == (None, None):
            return
        held.trail, held.leaving = trail, False
        held.stop = held.follow(price) if stop is None else stop

    # 2 and 4

    def _acting(self, held: Position) -> tuple[float, Reason] | None:
        """Of stop and liquidation the one the price meets first."""
        levels = [(held.stop, Reason.STOP), (held.liquidation, Reason.LIQUIDATION)]
        named = [(level, reason) for level, reason in levels if level is not None]
        return max(named, key=lambda one: held.side * one[0]) if named else None

    def _open_beyond(self, symbol: str, bar: Bar, *, target: bool) -> None:
        held = self.positions[symbol]
        if not held.quantity:
            return
        acting = self._acting(held)
        if held.leaving:
            self._leave(symbol, bar.open, Reason.STOP)
        elif acting and held.side * (bar.open - acting[0]) <= 0:
            self._leave(symbol, bar.open, acting[1])
        if held.leaving and held.liquidation is not None and held.side * (bar.open - held.liquidation) <= 0:
            self._leave(symbol, bar.open, Reason.LIQUIDATION)
        elif target and held.target is not None and held.side * (bar.open - held.target) >= 0:
            self._leave(symbol, bar.open, Reason.TARGET)

    def _reached(self, symbol: str, bar: Bar) -> None:
        held = self.positions[symbol]
        acting = self._acting(held) if held.quantity else None
        worst = bar.low if held.side > 0 else bar.high
        if acting and held.side * (worst - acting[0]) <= 0:
            self._leave(symbol, acting[0], acting[1])
        if held.leaving and held.liquidation is not None and held.side * (worst - held.liquidation) <= 0:
            self._leave(symbol, held.liquidation, Reason.LIQUIDATION)

    # 3 and 5

    def _first_open(self, symbol: str, bar: Bar) -> None:
        """A post-only order that would have traded there is dropped."""
        for one in list(self.resting[symbol]):
            if one.fresh and one.order.post_only and one.at_open(bar):
                self._drop(symbol, one)
            one.fresh = False

    def _first(self, symbol: str, bar: Bar) -> list[Working]:
        """The resting order that can trade in this bar: of a pair the nearer to the open, of equals the first."""
        held = self.positions[symbol]
        able = [one for one in self.resting[symbol] if not one.market and one.fills(bar)]
        able = [one for one in able if not (one.order.reduce_only and one.side * held.side >= 0)]
        return sorted(able, key=lambda one: 0.0 if one.at_open(bar) else abs(one.level - bar.open))[:1]

    def _rest(self, symbol: str, bar: Bar, *, against: bool) -> None:
        for one in self._first(symbol, bar):
            if (one.side * self.positions[symbol].side < 0) == against:
                self._trade(symbol, one, bar, against=against)

    def _trade(self, symbol: str, one: Working, bar: Bar, *, against: bool) -> None:
        """A resting order whose condition is met; it ends the other of a pair."""
        self.resting[symbol] = [one]
        reason, at_open = Reason.LIMIT if one.limit else Reason.STOP_ENTRY, one.at_open(bar)
        price = bar.open if at_open else one.level
        one.triggered |= one.order.type is OrderType.STOP_LIMIT
        if against:
            self._reduce(symbol, one, price, reason)
        if one.left and not one.order.reduce_only and one.side * self.positions[symbol].side >= 0:
            opened = self._enlarge(symbol, one, price, reason)
            self.positions[symbol].rested |= opened
            if opened and at_open:
                self._open_beyond(symbol, bar, target=False)
            if opened and against:
                self._reached(symbol, bar)
        one.market = one.order.type is OrderType.STOP
        flat = one.order.reduce_only and not self.positions[symbol].quantity
        if not one.left or flat:
            self._drop(symbol, one)

    # 6

    def _target(self, symbol: str, bar: Bar) -> None:
        held = self.positions[symbol]
        if not held.quantity or held.target is None or held.rested:
            return
        if held.side * ((bar.high if held.side > 0 else bar.low) - held.target) >= 0:
            self._leave(symbol, held.target, Reason.TARGET)

    def _close(self, symbol: str, bar: Bar) -> None:
        held = self.positions[symbol]
        if not math.isnan(bar.open):
            held.mark = bar.close
        if bar.trades and held.quantity and held.stop is not None and held.trail != (None, None):
            best = bar.close if held.rested else bar.high if held.side > 0 else bar.low
            follow = held.follow(best)
            held.stop = max(held.stop, follow) if held.side > 0 else min(held.stop, follow)

    # money

    def _drop(self, symbol: str, one: Working) -> None:
        if one in self.resting[symbol]:
            self.resting[symbol].remove(one)

    def _paid(self, one: Working, price: float, reason: Reason) -> tuple[float, float]:
        """Price after slippage, and the rate of the fee."""
        instrument = self.positions[one.order.symbol].instrument
        if reason is Reason.LIMIT and not one.ioc:
            return price, instrument.maker_fee
        slipped = price * (1 + one.side * instrument.slippage)
        if (one.ioc and one.order.type is OrderType.LIMIT) or one.order.type is OrderType.STOP_LIMIT:
            limit = one.order.price or 0.0
            slipped = min(slipped, limit) if one.side > 0 else max(slipped, limit)
        return slipped, instrument.taker_fee

    def _reduce(self, symbol: str, one: Working, raw: float, reason: Reason) -> None:
        """Close what the order can of the position; what it found no volume for stays in ``left``."""
        held = self.positions[symbol]
        want = min(one.left, abs(held.quantity))
        if held.same(want, abs(held.quantity)):
            want = abs(held.quantity)
        size = min(want, self.budget[symbol])
        price, rate = self._paid(one, raw, reason)
        if size > 0:
            self._settle(symbol, one.side * size, price, raw, (rate, reason))
            one.left = 0.0 if held.same(one.left, size) or one.left < size else one.left - size
        if not held.quantity and one.order.reduce_only:
            one.left = 0.0

    def _enlarge(self, symbol: str, one: Working, raw: float, reason: Reason) -> bool:
        """Open or add what volume and margin allow; whether anything was."""
        held = self.positions[symbol]
        instrument, order = held.instrument, one.order
        if instrument.kind != "perp" and one.side < 0:
            one.left = 0.0
            return False
        leverage = order.leverage if instrument.kind == "perp" else 1.0
        price, rate = self._paid(one, raw, reason)
        size, lot = min(one.left, self.budget[symbol]), float(instrument.lot)
        one.left -= size
        if size * price / leverage + size * price * rate > self.free:
            room = max(self.free, 0.0) / (price * (1 / leverage + rate))
            size, one.left = math.floor(room / lot + 1e-9) * lot, 0.0
        if size <= 0:
            return False
        fee = size * price * rate
        held.entry = (abs(held.quantity) * held.entry + size * price) / (abs(held.quantity) + size)
        held.quantity += one.side * size
        held.margin += size * price / leverage
        held.costs += fee
        self.cash -= fee
        self.budget[symbol] -= size
        held.stop, held.target, held.trail, held.leaving = None, order.take_profit, (None, None), False
        self._set_levels(held, order, order.stop_loss, price)
        slipped = abs(price - raw) * size
        self.fills.append(Fill("", symbol, self.ts, one.side * size, price, reason, fee, slipped, leverage=leverage))
        return True

    def _leave(self, symbol: str, raw: float, reason: Reason) -> None:
        """Close the position by a level, as far as the volume goes; a liquidation goes all the way."""
        held = self.positions[symbol]
        instrument, side = held.instrument, -held.side
        size = abs(held.quantity) if reason is Reason.LIQUIDATION else min(abs(held.quantity), self.budget[symbol])
        rate = {Reason.LIQUIDATION: instrument.liquidation_fee, Reason.TARGET: instrument.maker_fee}
        slip = instrument.slippage if reason is Reason.STOP else 0.0
        if size > 0:
            price = raw * (1 + side * slip)
            self._settle(symbol, side * size, price, raw, (rate.get(reason, instrument.taker_fee), reason))
        held.leaving = held.quantity != 0 and (held.leaving or reason is Reason.STOP)

    def _settle(self, symbol: str, quantity: float, price: float, raw: float, how: tuple[float, Reason]) -> None:
        """A part of the position is over: profit, its share of costs and margin, and the venue's loss if any."""
        held, (rate, reason) = self.positions[symbol], how
        part = abs(quantity) / abs(held.quantity)
        profit, fee = -quantity * (price - held.entry), abs(quantity) * price * rate
        shortfall = max(0.0, -held.margin * part - (profit - held.costs * part - fee))
        self.cash += profit - fee + shortfall
        held.margin, held.costs = held.margin * (1 - part), held.costs * (1 - part)
        held.quantity += quantity
        self.budget[symbol] = max(0.0, self.budget[symbol] - abs(quantity))
        if held.same(part, 1.0) or part == 1.0:
            held.quantity = held.entry = held.margin = held.costs = 0.0
            held.stop = held.target = None
            held.trail, held.leaving = (None, None), False
        slipped = abs(price - raw) * abs(quantity)
        self.fills.append(Fill("", symbol, self.ts, quantity, price, reason, fee, slipped, shortfall=shortfall))
