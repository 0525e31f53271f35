"""Laws of the simulator: it equals its slow reference, invents no money, sees no future, has no side.

Markets are small and rough on purpose: integer prices, so that bars, limits and levels often
coincide; gaps, halts, holes, ruinous moves and funding; orders of every type over several symbols.
"""

import math
import os
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.account import Account
from alphaloop.core.errors import InvalidOrder
from alphaloop.core.market import Bars, Instrument, MarginTier
from alphaloop.core.orders import Fill, Order, OrderType, Reason, TimeInForce
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.reference.simulator import SlowVenue

ROUNDS = settings(
    deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "100"))
)  # first calls compile
STEP = 60_000_000
NAN = math.nan
TIERS = (
    (MarginTier(math.inf, 0.005),),
    (MarginTier(500.0, 0.004), MarginTier(5000.0, 0.01, 3.0), MarginTier(math.inf, 0.05, 203.0)),
)


@dataclass(frozen=True)
class Play:
    """A market and the orders submitted after each of its bars. rows: (T, A, 6)."""

    instruments: tuple[Instrument, ...]
    rows: list[list[list[float]]]
    orders: list[list[Order]]
    cash: float
    share: float | None = None
    latency: int = 0

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(one.symbol for one in self.instruments)


@st.composite
def bar_rows(draw, wild: bool):
    kind = draw(st.integers(0, 11))
    if kind == 0:
        return [NAN] * 6
    level = st.integers(1, 400) if wild else st.integers(90, 110)
    start, end = float(draw(level)), float(draw(level))
    rate = draw(st.sampled_from([0.0, 0.0, 0.0, 0.0001, -0.0005, 0.03, -0.3]))
    if kind == 1:
        return [start, start, start, start, 0.0, rate]
    up, down = draw(st.sampled_from([0, 0, 1, 3, 0.37])), draw(st.sampled_from([0, 0, 1, 3, 0.37]))
    high, low = max(start, end) + up, max(min(start, end) - down, 0.5)
    return [start, high, low, end, draw(st.sampled_from([1.0, 1.0, 0.0, NAN])), rate]


@st.composite
def instruments(draw, symbol: str):
    return Instrument(
        symbol,
        kind=draw(st.sampled_from(["perp", "perp", "perp", "spot", "stock"])),
        lot=draw(st.sampled_from([Decimal("0.001"), Decimal("0.5"), Decimal(1)])),
        taker_fee=draw(st.sampled_from([0.0, 0.0005, 0.01])),
        maker_fee=draw(st.sampled_from([0.0, 0.0002, -0.0001])),
        slippage=draw(st.sampled_from([0.0, 0.0001, 0.02])),
        margin_tiers=draw(st.sampled_from(TIERS)),
        impact=draw(st.sampled_from([0.0, 0.0, 0.0, 0.003])),
    )


TRAILS = ((None, None), (None, None), (2.0, None), (None, 0.03))
RESTING = (OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT)


@st.composite
def terms(draw, kind: OrderType, level, now: int):
    """What only some orders may say, mostly nothing."""
    distance, fraction = draw(st.sampled_from(TRAILS[kind is OrderType.TRAILING_STOP and 2 :]))
    found = {"trail_distance": distance, "trail_fraction": fraction}
    if kind is OrderType.STOP_LIMIT:
        found["trigger"] = draw(level.filter(lambda one: one is not None))
    force = draw(st.sampled_from([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTD, TimeInForce.IOC]))
    found["time_in_force"] = force
    if force is TimeInForce.GTD:
        found["expires_at"] = now + draw(st.integers(0, 4)) * STEP
    found["post_only"] = kind is OrderType.LIMIT and draw(st.integers(0, 3)) == 0
    return found if draw(st.booleans()) or kind in (OrderType.STOP_LIMIT, OrderType.TRAILING_STOP) else {}


@st.composite
def pairs(draw, symbol: str, now: int, wild: bool):
    """Two orders of which one cancels the other; none if they are impossible."""
    level = (st.integers(1, 400) if wild else st.integers(88, 112)).map(float)
    size, sides = draw(st.sampled_from([0.5, 1.0, 3.25])), draw(st.sampled_from([(1, 1), (1, -1), (-1, 1), (-1, -1)]))
    both = [OrderType.STOP, OrderType.TAKE_PROFIT]
    levels = draw(st.booleans())
    try:
        found = []
        for leg, side in enumerate(sides):
            kind = both[leg] if levels else draw(st.sampled_from(RESTING))
            trigger = draw(level) if kind is OrderType.STOP_LIMIT else None
            found.append(
                Order(
                    f"{now}:{symbol}:{leg}", symbol, now, size * (sides[0] if levels else side), kind, draw(level),
                    draw(st.none() | level), None, draw(st.sampled_from([1.0, 3.0])), levels, trigger, oco=symbol,
                )
            )  # fmt: skip
    except InvalidOrder:
        return []
    return found


@st.composite
def some_orders(draw, symbol: str, now: int, wild: bool):
    """One order, or none; an impossible one counts as none."""
    if draw(st.integers(0, 2)) == 0:
        return []
    if draw(st.integers(0, 4)) == 0:
        return draw(pairs(symbol, now, wild))
    kind = draw(st.sampled_from(list(OrderType)))
    level = st.none() | (st.integers(1, 400) if wild else st.integers(88, 112)).map(float)
    size = draw(st.sampled_from([0.001, 0.5, 1.0, 2.0, 3.25, 10.0, 1e5])) * draw(st.sampled_from([1, -1]))
    try:
        order = Order(
            f"{now}:{symbol}",
            symbol,
            now,
            0.0 if kind is OrderType.PROTECT else size,
            kind,
            draw(level.filter(lambda one: one is not None)) if kind in (*RESTING, OrderType.TAKE_PROFIT) else None,
            draw(level),
            draw(level),
            draw(st.sampled_from([1.0, 2.0, 3.5, 10.0, 50.0])),
            kind in (OrderType.TAKE_PROFIT, OrderType.TRAILING_STOP) or draw(st.integers(0, 3)) == 0,
            **draw(terms(kind, level, now)),
        )
    except InvalidOrder:
        return []
    return [order]


VOLUMES = st.sampled_from([0.0, 0.7, 1.0, 4.0, 30.0])


@st.composite
def plays(draw, most_bars: int = 9):
    symbols = ("A", "B", "C")[: draw(st.integers(1, 3))]
    wild = draw(st.booleans())
    bars = draw(st.integers(2, most_bars))
    rows = [[draw(bar_rows(wild)) for _ in symbols] for _ in range(bars)]
    orders = [[one for name in symbols for one in draw(some_orders(name, i * STEP + STEP, wild))] for i in range(bars)]
    kinds = tuple(draw(instruments(one)) for one in symbols)
    share = draw(st.sampled_from([None, None, 0.5, 1.0]))
    if share is not None:  # volumes must be known, and are of the size of orders
        rows = [[[*row[:4], row[4] if row[0] != row[0] else draw(VOLUMES), row[5]] for row in some] for some in rows]
    latency = draw(st.sampled_from([0, 0, 1, STEP, STEP + 1]))
    return Play(kinds, rows, orders, draw(st.sampled_from([1000.0, 100.0, 1e6])), share, latency)


def slow_venue(play: Play) -> SlowVenue:
    return SlowVenue(
        {one.symbol: one for one in play.instruments}, play.symbols, play.cash, None, play.share, play.latency
    )


def fast_venue(play: Play) -> SimulatedVenue:
    return SimulatedVenue(play.instruments, play.cash, participation=play.share, latency_us=play.latency)


def run(play: Play, venue):
    """Fills and account after each bar."""
    for i, (rows, orders) in enumerate(zip(play.rows, play.orders, strict=True)):
        fills = venue.on_bars(Bars(i * STEP, (i + 1) * STEP, play.symbols, np.array(rows)))
        yield fills, venue.account()
        venue.submit(orders)


def facts(fill: Fill) -> tuple[object, ...]:
    """What must agree to the letter. Only orders have ids, only openings a leverage."""
    from_order = fill.reason in (Reason.MARKET, Reason.LIMIT, Reason.STOP_ENTRY)
    return fill.symbol, fill.ts, fill.reason, fill.order_id if from_order else None


def numbers(fill: Fill) -> list[float]:
    return [fill.quantity, fill.price, fill.fee, fill.slippage, fill.funding, fill.shortfall]


def merged(fills: tuple[Fill, ...]) -> list[Fill]:
    """Fills with the two halves of a turn as one: how many records it takes is no matter of money."""
    whole: list[Fill] = []
    for fill in fills:
        last = whole[-1] if whole else None
        if last is not None and facts(last) == facts(fill) and fill.reason is not Reason.FUNDING:
            sums = {
                name: getattr(last, name) + getattr(fill, name) for name in ("quantity", "fee", "slippage", "shortfall")
            }
            whole[-1] = last._replace(**sums)
        else:
            whole.append(fill)
    return whole


@ROUNDS
@given(plays())
def test_the_simulator_equals_its_reference(play):
    for (fast_fills, fast), (slow_fills, slow) in zip(
        run(play, fast_venue(play)), run(play, slow_venue(play)), strict=True
    ):
        expected, actual = merged(slow_fills), merged(fast_fills)

        assert [facts(fill) for fill in actual] == [facts(fill) for fill in expected]
        for one, other in zip(actual, expected, strict=True):
            assert numbers(one) == pytest.approx(numbers(other), rel=1e-9, abs=1e-9)
        assert (fast.working, fast.underway) == (slow.working, slow.underway)
        for name in ("equity", "cash", "peak_equity", "quantity", "entry_price", "mark_price", "margin"):
            value = getattr(slow, name)
            assert getattr(fast, name) == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name


@ROUNDS
@given(plays())
def test_the_ledger_agrees_with_the_venue(play):
    """Cash is deposits + profit - fees - funding + shortfall, and Decimal comes to the same sum."""
    ledger, marks = Account(Decimal(str(play.cash))), {}
    for i, (fills, view) in enumerate(run(play, fast_venue(play))):
        for fill in fills:
            ledger = ledger.apply(fill)
        marks |= {symbol: row[3] for symbol, row in zip(play.symbols, play.rows[i], strict=True) if row[3] == row[3]}
        again = ledger.view(play.symbols, marks, view.peak_equity)
        scale = play.cash

        assert view.cash == pytest.approx(again.cash, rel=1e-9, abs=1e-9 * scale)
        assert view.equity == pytest.approx(again.equity, rel=1e-9, abs=1e-9 * scale)
        assert view.quantity == pytest.approx(again.quantity, rel=1e-9, abs=1e-9)
        assert view.margin == pytest.approx(again.margin, rel=1e-9, abs=1e-9 * scale)
        gains = Decimal(str(play.cash)) + ledger.realised - ledger.fees - ledger.funding + ledger.shortfall
        assert abs(ledger.cash - gains) <= Decimal("1e-18") * Decimal(str(scale))  # each sum keeps 28 digits


@ROUNDS
@given(plays())
def test_no_fill_from_a_bar_known_before_its_order(play):
    orders = {order.id: order for orders in play.orders for order in orders}
    for fills, _ in run(play, fast_venue(play)):
        made = [(fill, orders[fill.order_id]) for fill in fills if fill.order_id in orders]

        assert [fill for fill, order in made if fill.ts < order.created_at + play.latency] == []
        assert [fill for fill, order in made if order.expires_at and fill.ts + STEP > order.expires_at] == []


@ROUNDS
@given(plays())
def test_no_more_trades_than_the_volume_has_room_for(play):
    """A liquidation apart: the venue takes that position over."""
    for i, (fills, _) in enumerate(run(play, fast_venue(play))):
        for place, symbol in enumerate(play.symbols):
            mine = [one for one in fills if one.symbol == symbol and one.reason is not Reason.LIQUIDATION]
            traded = sum(abs(fill.quantity) for fill in mine)

            assert play.share is None or traded <= play.share * play.rows[i][place][4] * (1 + 1e-9) + 1e-9 or not mine


@ROUNDS
@given(plays())
def test_no_order_trades_more_than_it_asked_for_nor_beyond_its_limit(play):
    orders = {order.id: order for orders in play.orders for order in orders}
    traded: dict[str, float] = {}
    for fills, _ in run(play, fast_venue(play)):
        for fill in fills:
            if fill.order_id not in orders or fill.reason is Reason.FUNDING:
                continue
            order = orders[fill.order_id]
            traded[order.id] = traded.get(order.id, 0.0) + fill.quantity
            side = 1.0 if order.quantity > 0 else -1.0
            limited = order.type in (OrderType.LIMIT, OrderType.STOP_LIMIT)

            assert 0 <= side * traded[order.id] <= side * order.quantity * (1 + 1e-9) + 1e-9
            assert not limited or side * (fill.price - order.price) <= 0


@ROUNDS
@given(plays(), st.integers(1, 8))
def test_the_past_does_not_depend_on_the_future(play, cut):
    short = replace(play, rows=play.rows[:cut], orders=play.orders[:cut])
    for (fills, view), (fills_too, view_too) in zip(
        run(short, fast_venue(short)), run(play, fast_venue(play)), strict=False
    ):
        assert fills == fills_too
        assert view.equity == view_too.equity


@ROUNDS
@given(plays())
def test_what_is_committed_is_never_more_than_cash(play):
    """A trade that opens leaves free cash at or above zero."""
    for fills, view in run(play, fast_venue(play)):
        if fills and all(fill.reason in (Reason.MARKET, Reason.LIMIT) for fill in fills) and len(play.symbols) == 1:
            opened = view.quantity[0] != 0 and fills[-1].quantity * view.quantity[0] > 0
            assert not opened or view.cash - view.margin.sum() >= -1e-6 * max(view.cash, 1.0)


MIRROR = 200.0
TAME = (Instrument("A", slippage=0.0, taker_fee=0.0, maker_fee=0.0, liquidation_fee=0.0, margin_tiers=TIERS[0]),)


@st.composite
def mirrored(draw):
    """A play around 100, and the same play with prices 200 - p and sides turned."""
    bars = draw(st.integers(2, 8))
    rows = [[draw(bar_rows(wild=False))] for _ in range(bars)]
    orders = [
        [order for order in draw(some_orders("A", (i + 1) * STEP, wild=False)) if abs(order.quantity) < 100]
        for i in range(bars)
    ]
    return Play(TAME, rows, orders, 1e9)


def reflect(play: Play) -> Play:
    rows = [
        [[MIRROR - o, MIRROR - low, MIRROR - h, MIRROR - c, v, 0.0] for o, h, low, c, v, _ in row] for row in play.rows
    ]
    orders = [[turned(order) for order in some] for some in play.orders]
    return Play(play.instruments, rows, orders, play.cash)


def turned(order: Order) -> Order:
    def over(price: float | None) -> float | None:
        return None if price is None else MIRROR - price

    prices = {name: over(getattr(order, name)) for name in ("price", "trigger", "stop_loss", "take_profit")}
    trail = {"trail_distance": 3.0 if order.trail_fraction else order.trail_distance, "trail_fraction": None}
    return replace(order, quantity=-order.quantity, leverage=1.0, **prices, **trail)


@ROUNDS
@given(mirrored())
def test_long_and_short_are_mirror_images(play):
    """Without costs, turning the market upside down and every order round changes nothing but signs."""
    flat = [[[*row[:5], 0.0] for row in rows] for rows in play.rows]
    upright = Play(play.instruments, flat, [[turned(turned(o)) for o in some] for some in play.orders], play.cash)
    for (fills, view), (turned_fills, turned_view) in zip(
        run(upright, fast_venue(upright)), run(reflect(upright), fast_venue(upright)), strict=True
    ):
        assert [(fill.reason, fill.quantity) for fill in fills] == [
            (fill.reason, -fill.quantity) for fill in turned_fills
        ]
        assert [fill.price for fill in fills] == [pytest.approx(MIRROR - fill.price) for fill in turned_fills]
        assert view.cash == pytest.approx(turned_view.cash, rel=1e-12)
