"""The worked examples of docs/fills.md, number by number, by the simulator and by its slow reference."""

import sys
from decimal import Decimal

import numpy as np
import pytest

from alphaloop.core.account import AccountView
from alphaloop.core.conformance import check_venue
from alphaloop.core.errors import InvalidOrder
from alphaloop.core.market import Bars, Instrument, MarginTier
from alphaloop.core.orders import Fill, Order, OrderType, Reason
from alphaloop.core.protocols import Venue
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.reference.simulator import SlowVenue

MINUTE = 60_000_000


def slow(instruments: list[Instrument], cash: float) -> Venue:
    return SlowVenue({one.symbol: one for one in instruments}, tuple(one.symbol for one in instruments), cash)


make_venue = slow


@pytest.fixture(params=[slow, SimulatedVenue], ids=["reference", "simulator"], autouse=True)
def venue(request, monkeypatch) -> None:
    """Every example runs on both."""
    monkeypatch.setattr(sys.modules[__name__], "make_venue", request.param)


class Table:
    """A venue of one symbol, fed bar by bar."""

    def __init__(self, cash: float = 1000.0, **options: object) -> None:
        self.venue = make_venue([Instrument("X", **options)], cash)  # type: ignore[arg-type]
        self.ts = 0

    def bar(self, o: float, h: float, low: float, c: float, volume: float = 1.0, rate: float = 0.0) -> tuple[Fill, ...]:
        self.ts += MINUTE
        return self.venue.on_bars(Bars(self.ts, self.ts + MINUTE, ("X",), np.array([[o, h, low, c, volume, rate]])))

    def order(self, quantity: float, kind: OrderType = OrderType.MARKET, price: float | None = None, **options) -> None:
        self.venue.submit([Order(f"{self.ts}", "X", self.ts, quantity, kind, price, **options)])

    @property
    def account(self) -> AccountView:
        return self.venue.account()


def costless_open(quantity: float = 1.0, **options: object) -> Table:
    """A position opened by a limit at exactly 100, one bar ago."""
    table = Table()
    table.order(quantity, OrderType.LIMIT, 100.0, **options)
    table.bar(100, 100.5, 99.5, 100)
    return table


def test_both_keep_what_a_venue_promises():
    check_venue(lambda symbols: make_venue([Instrument(symbol) for symbol in symbols], 1000.0))


def test_market():
    table = Table()
    table.order(2.0)

    (fill,) = table.bar(100, 101, 99, 100)

    assert (fill.price, fill.quantity, fill.reason) == (pytest.approx(100.01), 2.0, Reason.MARKET)
    assert (fill.fee, fill.slippage) == (pytest.approx(0.10001), pytest.approx(0.02))
    assert table.account.cash == pytest.approx(999.89999)
    assert table.account.equity == pytest.approx(999.87999)


def test_limit_must_be_traded_through():
    table = Table()
    table.order(1.0, OrderType.LIMIT, 99.0)

    assert table.bar(100, 101, 99, 100) == ()

    (fill,) = table.bar(100, 101, 98.9, 99.5)

    assert (fill.price, fill.fee, fill.slippage) == (99.0, pytest.approx(0.0198), 0.0)


def test_limit_through_the_open():
    table = Table()
    table.order(1.0, OrderType.LIMIT, 99.0)

    assert [fill.price for fill in table.bar(98, 99, 97, 98)] == [98.0]


@pytest.mark.parametrize(("row", "price"), [((103, 105, 102, 104), 105.0105), ((107, 108, 106, 107), 107.0107)])
def test_stop_entry(row, price):
    table = Table()
    table.order(1.0, OrderType.STOP, 105.0)

    (fill,) = table.bar(*row)

    assert (fill.price, fill.reason) == (pytest.approx(price), Reason.STOP_ENTRY)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_funding(side):
    table = costless_open(2.0 * side)

    (fill,) = table.bar(100, 100, 100, 100, 1.0, 0.0001)

    assert (fill.reason, fill.quantity, fill.price) == (Reason.FUNDING, 0.0, 100.0)
    assert fill.funding == pytest.approx(0.02 * side)


def test_funding_is_not_paid_in_the_bar_of_the_entry():
    table = Table()
    table.order(1.0)

    assert [fill.reason for fill in table.bar(100, 101, 99, 100, 1.0, 0.0001)] == [Reason.MARKET]


def test_protect_moves_what_it_names():
    table = costless_open(stop_loss=95.0, take_profit=110.0)
    table.order(0.0, OrderType.PROTECT, stop_loss=98.0)

    (fill,) = table.bar(99, 99, 97, 98)

    assert (fill.price, fill.reason) == (pytest.approx(98 * 0.9999), Reason.STOP)


def test_protect_keeps_what_it_does_not_name():
    table = costless_open(stop_loss=95.0, take_profit=110.0)
    table.order(0.0, OrderType.PROTECT, stop_loss=98.0)

    assert [(fill.price, fill.reason) for fill in table.bar(109, 110, 109, 110)] == [(110.0, Reason.TARGET)]


@pytest.mark.parametrize(
    ("order", "row", "price"),
    [
        ((-1.0, OrderType.STOP, 98.0), (99, 99, 97, 98), 98 * 0.9999),
        ((-1.0, OrderType.TAKE_PROFIT, 105.0), (104, 106, 104, 105), 105.0),
        ((1.0, OrderType.STOP, 98.0), (99, 99, 97, 98), None),
    ],
)
def test_reduce_only_levels(order, row, price):
    table = costless_open(take_profit=110.0)
    table.order(*order, reduce_only=True)

    assert [fill.price for fill in table.bar(*row)] == ([] if price is None else [pytest.approx(price)])


@pytest.mark.parametrize(
    ("row", "price", "reason"),
    [((93, 94, 92, 93), 93 * 0.9999, Reason.STOP), ((112, 113, 111, 112), 112.0, Reason.TARGET)],
)
def test_gaps(row, price, reason):
    (fill,) = costless_open(stop_loss=95.0, take_profit=110.0).bar(*row)

    assert (fill.price, fill.reason) == (pytest.approx(price), reason)


def test_limit_filled_at_an_open_beyond_its_stop():
    table = Table()
    table.order(1.0, OrderType.LIMIT, 100.0, stop_loss=97.0)

    entry, out = table.bar(95, 96, 94, 95.5)

    assert (entry.price, out.price, out.reason) == (95.0, pytest.approx(94.9905), Reason.STOP)


def test_the_stop_comes_before_the_target():
    (fill,) = costless_open(stop_loss=95.0, take_profit=105.0).bar(100, 106, 94, 101)

    assert (fill.price, fill.reason) == (pytest.approx(94.9905), Reason.STOP)


def test_a_limit_that_turns_the_position():
    table = costless_open()
    table.order(-3.0, OrderType.LIMIT, 104.0, stop_loss=108.0)

    fills = table.bar(103, 105, 102, 104)

    assert sum(fill.quantity for fill in fills) == -3.0
    assert {fill.price for fill in fills} == {104.0}
    assert (table.account.quantity[0], table.account.entry_price[0]) == (-2.0, 104.0)


def test_a_limit_that_turns_the_position_may_be_stopped_in_the_same_bar():
    table = costless_open()
    table.order(-3.0, OrderType.LIMIT, 104.0, stop_loss=108.0)

    *_, out = table.bar(103, 109, 102, 104)

    assert (out.quantity, out.price, out.reason) == (2.0, pytest.approx(108.0108), Reason.STOP)


def test_a_turn_at_an_open_beyond_its_own_stop_leaves_at_the_open():
    table = costless_open()
    table.order(-3.0, OrderType.LIMIT, 104.0, stop_loss=108.0)

    *_, out = table.bar(110, 111, 109, 110)

    assert (out.quantity, out.price) == (2.0, pytest.approx(110.011))


def test_no_target_in_the_bar_of_a_limit_entry():
    table = Table()
    table.order(1.0, OrderType.LIMIT, 99.0, take_profit=103.0)

    assert [fill.price for fill in table.bar(100, 104, 98, 101)] == [99.0]
    assert [fill.price for fill in table.bar(101, 103, 100, 102)] == [103.0]


def test_a_target_in_the_bar_of_a_market_entry():
    table = Table()
    table.order(1.0, take_profit=103.0)

    assert [fill.price for fill in table.bar(100, 104, 98, 101)] == [pytest.approx(100.01), 103.0]


def test_a_halted_bar_marks_but_does_not_trade():
    table = costless_open(stop_loss=95.0)

    assert table.bar(90, 90, 90, 90, 0.0) == ()
    assert table.account.mark_price[0] == 90.0
    assert [fill.price for fill in table.bar(91, 92, 90, 91)] == [pytest.approx(90.9909)]


def test_a_missing_bar_changes_nothing():
    table, nan = costless_open(stop_loss=95.0), float("nan")
    table.order(1.0)

    assert table.bar(nan, nan, nan, nan, nan, nan) == ()
    assert table.account.mark_price[0] == 100.0
    assert [fill.quantity for fill in table.bar(100, 101, 99, 100)] == [1.0]


def test_an_enlarging_order_replaces_both_levels_a_reducing_one_leaves_them():
    table = costless_open(stop_loss=95.0, take_profit=110.0)
    table.order(1.0, stop_loss=97.0)
    table.bar(100, 101, 99, 100)
    table.order(-1.0)
    table.bar(100, 111, 98, 100)

    (fill,) = table.bar(98, 98, 96, 97)

    assert (fill.quantity, fill.price) == (-1.0, pytest.approx(97 * 0.9999))


def test_margin_cuts_what_does_not_fit():
    table = Table(slippage=0.0, lot=Decimal("0.1"))
    table.order(30.0, leverage=2.0)

    (fill,) = table.bar(100, 101, 99, 100)

    assert (fill.quantity, fill.fee) == (pytest.approx(19.9), pytest.approx(0.995))
    assert table.account.margin[0] == pytest.approx(995.0)


@pytest.mark.parametrize(("side", "level"), [(1.0, 90 / 0.995), (-1.0, 110 / 1.005)])
def test_liquidation_price(side, level):
    table = costless_open(side, leverage=10.0)

    assert table.bar(100, 109.4, 90.5, 100) == ()

    (fill,) = table.bar(100, 109.5, 90.4, 100) if side > 0 else table.bar(100, 109.5, 99, 100)

    assert (fill.price, fill.reason) == (pytest.approx(level), Reason.LIQUIDATION)
    assert fill.fee == pytest.approx(level * 0.0125)


def test_the_tier_is_the_one_that_covers_the_notional_at_the_level():
    tiers = (MarginTier(50.0, 0.004), MarginTier(float("inf"), 0.01, 0.3))
    table = Table(margin_tiers=tiers)
    table.order(1.0, OrderType.LIMIT, 100.0, leverage=10.0)
    table.bar(100, 100.5, 99.5, 100)

    (fill,) = table.bar(95, 95, 80, 90)

    assert fill.price == pytest.approx((90 - 0.3) / 0.99)


def test_no_position_loses_more_than_its_margin():
    table = Table(slippage=0.0)
    table.order(1.0, leverage=10.0)
    table.bar(100, 100.5, 99.5, 100)

    (fill,) = table.bar(85, 86, 84, 85)

    assert (fill.price, fill.reason) == (85.0, Reason.LIQUIDATION)
    assert fill.shortfall == pytest.approx(6.1125)
    assert table.account.cash == pytest.approx(990.0)


@pytest.mark.parametrize("kind", ["spot", "stock"])
def test_spot_has_no_leverage_and_no_shorts(kind):
    table = Table(kind=kind)
    table.order(-1.0)

    assert table.bar(100, 101, 99, 100) == ()

    table.order(2.0, leverage=5.0)

    assert [fill.leverage for fill in table.bar(100, 101, 99, 100)] == [1.0]

    table.order(-5.0)

    assert [fill.quantity for fill in table.bar(100, 101, 99, 100)] == [-2.0]


def test_reduce_only_never_turns():
    table = costless_open()
    table.order(-5.0, reduce_only=True)

    assert [fill.quantity for fill in table.bar(100, 101, 99, 100)] == [-1.0]


def test_a_new_order_replaces_the_resting_one():
    table = Table()
    table.order(1.0, OrderType.LIMIT, 99.0)
    table.order(2.0, OrderType.LIMIT, 98.0)

    assert [fill.quantity for fill in table.bar(100, 101, 90, 100)] == [2.0]


def test_an_unknown_symbol_is_refused_and_nothing_rests():
    table = Table()
    good, bad = Order("a", "X", 0, 1.0), Order("b", "Y", 0, 1.0)

    with pytest.raises(InvalidOrder):
        table.venue.submit([good, bad])

    assert table.bar(100, 101, 99, 100) == ()


def test_more_leverage_than_the_instrument_allows_is_refused():
    table = Table(max_leverage=20.0)

    with pytest.raises(InvalidOrder):
        table.order(1.0, leverage=21.0)


def test_reducing_moves_the_liquidation_price_where_a_tier_has_a_deduction():
    table = Table(margin_tiers=(MarginTier(50.0, 0.004), MarginTier(float("inf"), 0.01, 0.3)))
    table.order(2.0, OrderType.LIMIT, 100.0, leverage=10.0)
    table.bar(100, 100.5, 99.5, 100)
    table.order(-1.0)
    table.bar(100, 100.5, 99.5, 100)

    (fill,) = table.bar(95, 95, 80, 90)

    assert fill.price == pytest.approx((90 - 0.3) / 0.99)


def test_what_reduces_frees_margin_for_what_opens():
    venue = make_venue([Instrument(symbol, slippage=0.0) for symbol in "AB"], 100.0)
    row = [10.0, 10.5, 9.5, 10.0, 1.0, 0.0]
    venue.submit([Order("1", "B", 0, 9.0)])
    venue.on_bars(Bars(0, MINUTE, ("A", "B"), np.array([row, row])))
    venue.submit([Order("2", "A", MINUTE, 8.0), Order("3", "B", MINUTE, -9.0)])

    fills = venue.on_bars(Bars(MINUTE, 2 * MINUTE, ("A", "B"), np.array([row, row])))

    assert [(fill.symbol, fill.quantity) for fill in fills] == [("B", -9.0), ("A", 8.0)]
