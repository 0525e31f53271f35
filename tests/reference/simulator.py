"""The simulator again, slowly: plain Python floats, one bar and one symbol at a time.

Written from ``docs/fills.md``, without a look at the kernel, so that the two can prove each
other wrong (chosen rules and order terms by the hands that had written the kernel too). Reads like
the page: one method per stage of a bar. It knows nothing of speed, and shares with the fast
one only ``round_to_lot`` and the records.
"""

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

import numpy as np

from alphaloop.core.account import AccountView
from alphaloop.core.errors import SchemaViolation
from alphaloop.core.market import Bars, Instrument
from alphaloop.core.orders import Fill, Order, OrderType, Reason, TimeInForce, round_to_lot
from alphaloop.execution.simulator.rules import (
    Both,
    EntryBar,
    FillRules,
    Gap,
    Kind,
    Queued,
    Rounding,
    StopBarSignal,
    Timing,
)
from tests.reference.desk import ENTRIES, INF, Bar, Desk, Position, resting_price, sign, takes, trail_of

KINDS = {
    Reason.LIMIT: Kind.LIMIT,
    Reason.STOP_ENTRY: Kind.STOP_ENTRY,
    Reason.STOP: Kind.STOP,
    Reason.TARGET: Kind.TARGET,
}


class SlowVenue(Desk):
    """The reference of ``core.protocols.Venue``: one working order, or one pair, per symbol."""

    def __init__(
        self,
        instruments: dict[str, Instrument],
        symbols: tuple[str, ...],
        cash: float,
        rules: FillRules | None = None,
        share: float | None = None,
        latency: int = 0,
    ) -> None:
        super().__init__(instruments, symbols, share, latency)
        self.rules = rules or FillRules()
        self.beaten: dict[str, float] = {}  # what a level closed in this bar
        self.cash = self.peak = float(cash)
        self.positions = {symbol: Position() for symbol in symbols}
        self.marks = dict.fromkeys(symbols, float("nan"))
        self.fills: list[Fill] = []
        self.ts = 0

    # the protocol

    def account(self) -> AccountView:
        held = [self.positions[symbol] for symbol in self.symbols]
        return AccountView(
            self.symbols,
            self.equity(),
            self.cash,
            self.peak,
            np.array([one.quantity for one in held]),
            np.array([one.entry for one in held]),
            np.array([self.marks[symbol] for symbol in self.symbols]),
            np.array([one.margin for one in held]),
            frozenset(self.orders) | {order.symbol for order in self.underway},
            self.on_their_way(),
        )

    def on_their_way(self) -> dict[str, float]:
        sure = [order for order in self.underway if order.type is OrderType.MARKET]
        return {one.symbol: sum(order.quantity for order in sure if order.symbol == one.symbol) for one in sure}

    def on_bars(self, bars: Bars) -> tuple[Fill, ...]:
        self.fills, self.ts, self.beaten = [], bars.ts, {}
        row = dict(zip(bars.symbols, bars.values.tolist(), strict=True))
        marks = {} if bars.mark is None else dict(zip(bars.symbols, bars.mark.tolist(), strict=True))
        day = {symbol: Bar(*row[symbol], *marks.get(symbol, ())) for symbol in self.symbols}
        self.arrive(bars.ts if self.latency else INF)
        self.expire(bars.available_at)
        if self.share is not None:
            if any(bar.exists and bar.volume != bar.volume for bar in day.values()):
                raise SchemaViolation("a bar of unknown volume", "a volume", "")
            self.room = {symbol: self.share * bar.volume for symbol, bar in day.items()}
        open_now = {symbol: bar for symbol, bar in day.items() if bar.trades}
        for symbol in self.symbols:
            self.positions[symbol].touched = self.positions[symbol].blind = False
        if self.rules.timing is Timing.SIGNAL_CLOSE:
            self.market_orders({symbol: self.marks[symbol] for symbol in open_now})
        for symbol in self.symbols:
            self.pay_funding(symbol, day[symbol])
        for symbol, bar in open_now.items():
            self.post(symbol, bar)
            self.move_levels_at_open(symbol, bar)
        if self.rules.timing is Timing.NEXT_OPEN:
            if self.rules.queued is Queued.AFTER_STOPS:
                for symbol, bar in open_now.items():
                    for stage in (self.gap, self.protect, self.take):
                        stage(symbol, bar)
                self.forget_beaten()
            self.market_orders({symbol: bar.open for symbol, bar in open_now.items()})
        for stage in (self.gap, self.enter, self.protect, self.reduce, self.arm, self.take):
            for symbol, bar in open_now.items():
                stage(symbol, bar)
        if self.rules.timing is Timing.NEXT_CLOSE:
            self.forget_beaten()
            self.market_orders({symbol: bar.close for symbol, bar in open_now.items()})
        for symbol, bar in open_now.items():
            self.follow(symbol, bar)
        for symbol, bar in day.items():
            if bar.exists:
                self.marks[symbol] = bar.close
        self.peak = max(self.peak, self.equity())
        return tuple(self.fills)

    def equity(self) -> float:
        held = [(self.positions[symbol], self.marks[symbol]) for symbol in self.symbols]
        return self.cash + sum(one.quantity * (mark - one.entry) for one, mark in held if one.quantity != 0)

    # the stages of a bar, in order

    def pay_funding(self, symbol: str, bar: Bar) -> None:
        """(0) A rate at this open is paid on what was held before it."""
        position = self.positions[symbol]
        if position.quantity == 0 or not bar.exists or not abs(bar.rate) > 0:
            return
        paid = position.quantity * bar.open * bar.rate
        self.cash -= paid
        position.costs += paid
        self.fills.append(Fill("", symbol, self.ts, 0.0, bar.open, Reason.FUNDING, funding=paid))

    def move_levels_at_open(self, symbol: str, bar: Bar) -> None:
        """(1) Orders that only move levels move them, or are dropped."""
        order, other, position = self.orders.get(symbol), self.others.get(symbol), self.positions[symbol]
        if order is None or not order.moves_levels:
            return
        del self.orders[symbol]
        self.others.pop(symbol, None)
        if position.quantity != 0 and order.quantity * position.quantity <= 0:
            self.move_levels(order, bar.open)
            if other is not None:
                self.move_levels(other, bar.open)

    def market_orders(self, prices: dict[str, float]) -> None:
        """(1) First every market order closes what it stands against, then what is left opens or adds."""
        left = {}
        for symbol, price in prices.items():
            order = self.orders.get(symbol)
            if order is not None and takes(order) and price == price:
                del self.orders[symbol]
                if order.price is None or sign(order.quantity) * (order.price - price) >= 0:
                    left[symbol] = order, self.close_by(order, price, Reason.MARKET)
        for symbol, (order, quantity) in left.items():
            if quantity != 0 and self.open_by(order, quantity, prices[symbol], Reason.MARKET):
                unseen = self.rules.entry_bar is EntryBar.NOT_WATCHED and self.rules.timing is Timing.NEXT_OPEN
                self.positions[symbol].blind = unseen or self.rules.timing is Timing.NEXT_CLOSE

    def forget_beaten(self) -> None:
        """A market order whose position a level closed: dropped, or only what it would open."""
        for symbol, closed in self.beaten.items():
            order = self.orders.get(symbol)
            if order is None or not takes(order):
                continue
            left = order.quantity
            if left * closed < 0:
                left = left + closed if abs(left) > abs(closed) else 0.0
            del self.orders[symbol]
            if left != 0 and self.rules.stop_bar_signal is StopBarSignal.KEPT:
                self.orders[symbol] = replace(order, quantity=left)

    def move_levels(self, order: Order, first: float) -> None:
        """What the order names moves; a stop that is named ends or begins a trail."""
        symbol, position = order.symbol, self.positions[order.symbol]
        stop = order.price if order.type is OrderType.STOP and order.reduce_only else order.stop_loss
        target = order.price if order.type is OrderType.TAKE_PROFIT else order.take_profit
        trail = trail_of(order)
        if stop is None and trail is not None and trail != position.trail:  # the same trail runs on
            stop = trail.level(first, position.side)
        if stop is not None:
            position.stop, position.trail, position.leaving = self.on_tick(symbol, stop, -position.side), trail, False
        position.target = position.target if target is None else self.on_tick(symbol, target, position.side)

    def on_tick(self, symbol: str, level: float, away: int) -> float:
        """A level on the grid of ticks; ``away`` points from the entry."""
        if self.rules.rounding is Rounding.NONE:
            return level
        tick = Fraction(self.instruments[symbol].tick)
        ticks = Fraction(level) / tick
        whole = floor(ticks + Fraction(1, 2))
        if self.rules.rounding is Rounding.AGAINST_US and abs(ticks - whole) > 1e-9 * max(1, abs(ticks)):
            whole = ceil(ticks) if away > 0 else floor(ticks)
        return float(whole * tick)

    def gap(self, symbol: str, bar: Bar) -> None:
        """(2) The open itself is beyond a level: out at the open, for better or worse."""
        if self.finish(symbol, bar):
            return
        if self.exit_if_beyond_at_open(symbol, bar):
            return
        position = self.positions[symbol]
        if self.rules.both is Both.STOP_ALWAYS and self.protection(symbol, bar, False)[0] is not None:
            return
        waits = position.touched or position.blind
        if not waits and position.target is not None and position.side * (bar.open - position.target) >= 0:
            self.leave(symbol, jumped(self.rules.target_gap, position.target, bar), Reason.TARGET)

    def finish(self, symbol: str, bar: Bar) -> bool:
        """(2) The rest of a stop that found no volume leaves at the open; true while there is more of it."""
        if self.positions[symbol].leaving and not self.positions[symbol].blind:
            self.leave(symbol, bar.open, Reason.STOP)
        if self.positions[symbol].leaving:
            self.exit_if_beyond_at_open(symbol, bar)
            return self.rules.both is Both.STOP_ALWAYS
        return False

    def exit_if_beyond_at_open(self, symbol: str, bar: Bar) -> bool:
        level, reason = self.protection(symbol, bar, True)
        if level is None:
            return False
        self.leave(symbol, jumped(self.rules.stop_gap, level, bar), reason)
        if self.positions[symbol].leaving and reason is Reason.STOP:
            self.exit_if_beyond_at_open(symbol, bar)  # what found no volume may be liquidated there
        return True

    def enter(self, symbol: str, bar: Bar) -> None:
        """(3) Resting orders that open or increase a position."""
        self.choose(symbol, bar)
        order, position = self.orders.get(symbol), self.positions[symbol]
        if order is None or order.type not in ENTRIES:
            return
        if order.reduce_only or order.quantity * position.quantity < 0:
            return
        self.fill_resting(symbol, order, bar)

    def protect(self, symbol: str, bar: Bar) -> None:
        """(4) The bar's worst price reaches the stop or the liquidation level, unless the target came first."""
        if self.rose_to_target(symbol, bar):
            self.take(symbol, bar)
        level, reason = self.protection(symbol, bar, False)
        if level is not None:
            self.leave(symbol, level, reason)
        if self.positions[symbol].leaving and reason is Reason.STOP:
            level, reason = self.protection(symbol, bar, False)
            if level is not None:
                self.leave(symbol, level, reason)

    def rose_to_target(self, symbol: str, bar: Bar) -> bool:
        side = self.positions[symbol].side
        if self.rules.both is Both.OPEN_HIGH_LOW_CLOSE:
            return side > 0
        if self.rules.both is Both.CANDLE_PATH:
            return side > 0 if bar.close < bar.open else side < 0
        return self.rules.both is Both.TARGET_FIRST

    def reduce(self, symbol: str, bar: Bar) -> None:
        """(5) Resting orders against the position; what turns it must survive (4) again."""
        order, position = self.orders.get(symbol), self.positions[symbol]
        if order is None or order.type not in ENTRIES or order.quantity * position.quantity >= 0:
            return
        self.fill_resting(symbol, order, bar)
        if self.positions[symbol].touched:
            self.protect(symbol, bar)

    def follow(self, symbol: str, bar: Bar) -> None:
        """A trailing stop moves behind the best price of the bar, or its close if the bar opened the position."""
        position = self.positions[symbol]
        if position.quantity == 0 or position.trail is None or position.leaving:
            return
        inside = position.touched or position.blind
        best = bar.close if inside else bar.high if position.side > 0 else bar.low
        level = self.on_tick(symbol, position.trail.level(best, position.side), -position.side)
        if position.stop is None or position.side * (level - position.stop) > 0:
            position.stop = level

    def take(self, symbol: str, bar: Bar) -> None:
        """(6) The bar's best price reaches the target."""
        position = self.positions[symbol]
        if position.quantity == 0 or position.target is None or position.touched or position.blind:
            return
        best = bar.high if position.side > 0 else bar.low
        if position.side * (best - position.target) >= 0:
            self.leave(symbol, position.target, Reason.TARGET)

    # trades

    def fill_resting(self, symbol: str, order: Order, bar: Bar) -> None:
        """A limit or stop-entry order meets a bar; filled at the open it meets the open rule too."""
        price = resting_price(order, bar)
        if price is None:
            return
        del self.orders[symbol]
        reason = Reason.LIMIT if order.type is OrderType.LIMIT else Reason.STOP_ENTRY
        left = self.close_by(order, price, reason)
        opened = left != 0 and self.open_by(order, left, price, reason)
        position = self.positions[symbol]
        position.touched = position.touched or opened
        position.blind = position.blind or (opened and self.rules.entry_bar is not EntryBar.WATCHED)
        if opened and price == bar.open:
            self.exit_if_beyond_at_open(symbol, bar)

    def close_by(self, order: Order, price: float, reason: Reason) -> float:
        """Close what the order stands against; the quantity it may still open. Its pair is over."""
        symbol = order.symbol
        self.others.pop(symbol, None)
        held, closing, same = self.positions[symbol].quantity, 0.0, False
        if order.quantity * held < 0:
            closing = min(abs(order.quantity), abs(held)) * sign(order.quantity)
            same = abs(order.quantity + held) <= 1e-6 * float(self.instruments[symbol].lot) + 1e-12 * abs(held)
            closing = -held if same else closing
            part = self.cut(symbol, closing)
            if part:
                rate, slipped = self.terms(symbol, reason, price, part, Kind.MARKET_EXIT)
                slipped = capped(order, slipped, reason)
                self.settle(symbol, part, slipped, abs(slipped - price), rate, reason, order.id)
            if part != closing:
                self.keep_rest(order, (closing if same else order.quantity) - part, reason)
                return 0.0
        left = 0.0 if same else order.quantity - closing
        forbidden = order.reduce_only or (self.instruments[symbol].kind != "perp" and left < 0)
        return 0.0 if forbidden else left

    def open_by(self, order: Order, quantity: float, price: float, reason: Reason) -> bool:
        """Open or add what the order may; true if anything was."""
        self.others.pop(order.symbol, None)
        leverage = 1.0 if self.instruments[order.symbol].kind != "perp" else order.leverage
        size = self.affordable(order, quantity, price, leverage, reason)
        part = self.cut(order.symbol, size)
        self.keep_rest(order, size - part, reason)
        if part == 0:
            return False
        rate, slipped = self.terms(order.symbol, reason, price, part, Kind.MARKET_ENTRY)
        slipped = capped(order, slipped, reason)
        self.open(order, part, slipped, abs(slipped - price), rate, leverage, reason)
        return True

    def affordable(self, order: Order, quantity: float, price: float, leverage: float, reason: Reason) -> float:
        """The quantity that free cash can carry at the price of all of it, cut to lots where it is less."""
        rate, slipped = self.terms(order.symbol, reason, price, quantity, Kind.MARKET_ENTRY)
        slipped = capped(order, slipped, reason)
        free = self.cash - sum(one.margin for one in self.positions.values())
        if abs(quantity) * slipped / leverage + abs(quantity) * slipped * rate <= free:
            return quantity
        lot = float(self.instruments[order.symbol].lot)
        return round_to_lot(max(free, 0.0) / (slipped * (1 / leverage + rate)), lot) * sign(quantity)

    def open(
        self, order: Order, traded: float, price: float, slip: float, rate: float, leverage: float, reason
    ) -> None:
        """Add to a position."""
        position, size = self.positions[order.symbol], abs(traded)
        self.room[order.symbol] -= size
        fee = size * price * rate
        self.cash -= fee
        total = position.quantity + traded
        position.entry = (position.quantity * position.entry + traded * price) / total
        position.quantity = total
        position.margin += size * price / leverage
        position.costs += fee
        position.stop = position.target = position.trail = None
        position.leaving = False
        self.move_levels(replace(order, type=OrderType.PROTECT, quantity=0.0, price=None, trigger=None, **PLAIN), price)
        fill = Fill(order.id, order.symbol, self.ts, traded, price, reason, fee, slip * size, 0.0, 0.0, leverage)
        self.fills.append(fill)

    def settle(self, symbol: str, quantity: float, price: float, slip: float, rate: float, reason, order_id) -> None:
        """Close part or all of a position; a loss beyond its margin is the venue's."""
        position = self.positions[symbol]
        self.room[symbol] -= abs(quantity)
        share = abs(quantity) / abs(position.quantity)
        fee = abs(quantity) * price * rate
        profit = -quantity * (price - position.entry)
        floor = -share * position.margin
        net = profit - share * position.costs - fee
        shortfall = max(0.0, floor - net)
        self.cash += profit - fee + shortfall
        if share == 1.0:
            self.positions[symbol] = Position()
        else:
            position.quantity += quantity
            position.margin *= 1 - share
            position.costs *= 1 - share
        size = abs(quantity)
        self.fills.append(Fill(order_id, symbol, self.ts, quantity, price, reason, fee, slip * size, 0.0, shortfall))

    def leave(self, symbol: str, price: float, reason: Reason) -> None:
        """Out by a level, as far as the volume goes; the rest of a stop leaves at the next opens."""
        quantity = -self.positions[symbol].quantity
        rate, slipped = self.terms(symbol, reason, price, quantity, Kind.MARKET_EXIT)
        part = quantity if reason is Reason.LIQUIDATION else self.cut(symbol, quantity)
        self.beaten[symbol] = -part
        if part:
            self.settle(symbol, part, slipped, abs(slipped - price), rate, reason, "")
        if reason is Reason.STOP:
            self.positions[symbol].leaving = part != quantity

    def terms(self, symbol: str, reason: Reason, price: float, quantity: float, market: Kind) -> tuple[float, float]:
        """Fee rate and price after slippage."""
        instrument = self.instruments[symbol]
        if reason is Reason.LIQUIDATION:
            return instrument.liquidation_fee, price
        slips = KINDS.get(reason, market) in self.rules.slips
        pays = instrument.slippage + instrument.impact * abs(quantity) ** 0.5 if instrument.slippage else 0.0
        slipped = price * (1 + sign(quantity) * min(pays, 1.0)) if slips else price
        maker = reason in (Reason.LIMIT, Reason.TARGET)
        return instrument.maker_fee if maker else instrument.taker_fee, slipped

    def protection(self, symbol: str, bar: Bar, opening: bool) -> tuple[float | None, Reason]:
        """The level that ends the position at the open, or in the bar: of those reached the one met first."""
        position = self.positions[symbol]
        if position.quantity == 0 or position.blind:
            return None, Reason.STOP
        liquidation = liquidation_price(position, self.instruments[symbol])
        stop, side = None if position.leaving else position.stop, position.side
        worst = bar.open if opening else bar.low if side > 0 else bar.high
        judged = worst
        if bar.mark_low == bar.mark_low:
            judged = bar.mark_low if (side > 0) != opening else bar.mark_high
        reached = []
        if side * (judged - liquidation) <= 0 and liquidation > 0:
            reached.append((side * liquidation, 0, liquidation, Reason.LIQUIDATION))
        if stop is not None and side * (worst - stop) <= 0:
            reached.append((side * stop, 1, stop, Reason.STOP))
        return max(reached)[2:] if reached else (None, Reason.STOP)


def jumped(rule: Gap, level: float, bar: Bar) -> float:
    """Where an exit fills whose level the open is beyond."""
    if rule is Gap.OPEN or (rule is Gap.LEVEL_ELSE_OPEN and not bar.low <= level <= bar.high):
        return bar.open
    if rule is Gap.LEVEL_ELSE_NEAREST:
        return min(max(level, bar.low), bar.high)
    return level


PLAIN = {"time_in_force": TimeInForce.GTC, "expires_at": None, "post_only": False, "oco": ""}


def capped(order: Order, price: float, reason: Reason) -> float:
    """A limit that trades as a taker has no worse price than its limit."""
    if reason is Reason.LIMIT or order.type not in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        return price
    return min(price, order.price) if order.quantity > 0 else max(price, order.price)


def liquidation_price(position: Position, instrument: Instrument) -> float:
    """Where margin plus profit equals the maintenance margin; zero or less: never."""
    size = abs(position.quantity)
    for tier in instrument.margin_tiers:
        if position.side > 0:
            price = (size * position.entry - position.margin - tier.deduction) / (size * (1 - tier.rate))
        else:
            price = (size * position.entry + position.margin + tier.deduction) / (size * (1 + tier.rate))
        if size * price <= tier.notional_cap:
            return price
    raise AssertionError("the last tier is infinite")
