"""Laws of the simulator: it equals its slow reference, invents no money, sees no future, has no side.

Markets are small and rough on purpose: integer prices, so that bars, limits and levels often
coincide; gaps, halts, holes, ruinous moves and funding; orders of every type over several symbols.
"""

import math
import os
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.account import Account
from alphaloop.core.errors import InvalidOrder
from alphaloop.core.market import Bars, Instrument, MarginTier
from alphaloop.core.orders import Fill, Order, OrderType, Reason
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
    )


@st.composite
def some_orders(draw, symbol: str, now: int, wild: bool):
    """One order, or none; an impossible one counts as none."""
    if draw(st.integers(0, 2)) == 0:
        return []
    kind = draw(st.sampled_from(list(OrderType)))
    price = (st.integers(1, 400) if wild else st.integers(88, 112)).map(float)
    level = st.none() | price
    size = draw(st.sampled_from([0.001, 0.5, 1.0, 2.0, 3.25, 10.0, 1e5])) * draw(st.sampled_from([1, -1]))
    try:
        order = Order(
            f"{now}:{symbol}",
            symbol,
            now,
            0.0 if kind is OrderType.PROTECT else size,
            kind,
            None if kind in (OrderType.MARKET, OrderType.PROTECT) else draw(price),
            draw(level),
            draw(level),
            draw(st.sampled_from([1.0, 2.0, 3.5, 10.0, 50.0])),
            kind is OrderType.TAKE_PROFIT or draw(st.integers(0, 3)) == 0,
        )
    except InvalidOrder:
        return []
    return [order]


@st.composite
def plays(draw, most_bars: int = 9):
    symbols = ("A", "B", "C")[: draw(st.integers(1, 3))]
    wild = draw(st.booleans())
    bars = draw(st.integers(2, most_bars))
    rows = [[draw(bar_rows(wild)) for _ in symbols] for _ in range(bars)]
    orders = [[one for name in symbols for one in draw(some_orders(name, i * STEP + STEP, wild))] for i in range(bars)]
    kinds = tuple(draw(instruments(one)) for one in symbols)
    return Play(kinds, rows, orders, draw(st.sampled_from([1000.0, 100.0, 1e6])))


def slow_venue(play: Play) -> SlowVenue:
    return SlowVenue({one.symbol: one for one in play.instruments}, play.symbols, play.cash)


def fast_venue(play: Play) -> SimulatedVenue:
    return SimulatedVenue(play.instruments, play.cash)


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
        assert fast.working == slow.working
        for name in slow._fields[1:-1]:
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
    created = {order.id: order.created_at for orders in play.orders for order in orders}
    for fills, _ in run(play, fast_venue(play)):
        assert [fill for fill in fills if fill.order_id in created and fill.ts < created[fill.order_id]] == []


@ROUNDS
@given(plays(), st.integers(1, 8))
def test_the_past_does_not_depend_on_the_future(play, cut):
    short = Play(play.instruments, play.rows[:cut], play.orders[:cut], play.cash)
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

    levels = over(order.price), over(order.stop_loss), over(order.take_profit)
    return Order(order.id, "A", order.created_at, -order.quantity, order.type, *levels, 1.0, order.reduce_only)


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
