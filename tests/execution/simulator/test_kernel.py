"""Every rule of docs/fills.md with other numbers than the page's, worked out by hand.

Costs are those of the builders: taker 0.1 %, maker 0.04 %, slippage 1 %, liquidation 2 %.
"""

from decimal import Decimal

import pytest

from alphaloop.core.market import MarginTier
from alphaloop.core.orders import Order, OrderType, Reason
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.execution.builders import MISSING, TIERS, Desk, make_bars, make_instrument

FREE = {"taker_fee": 0.0, "maker_fee": 0.0, "slippage": 0.0}


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-12, abs=1e-12)


# orders that open


def test_a_market_buy_pays_the_open_slippage_and_the_taker_fee():
    desk = Desk()
    desk.order(2.0)

    (fill,) = desk.bar(100, 104, 99, 103)

    assert (fill.quantity, fill.price, fill.reason) == (2.0, near(101.0), Reason.MARKET)
    assert (fill.fee, fill.slippage, fill.funding, fill.shortfall) == (near(0.202), near(2.0), 0.0, 0.0)
    assert desk.account.cash == near(999.798)
    assert desk.account.equity == near(999.798 + 2 * (103 - 101))
    assert desk.position == (2.0, near(101.0), near(202.0))


def test_a_market_sell_opens_a_short_below_the_open():
    desk = Desk()
    desk.order(-2.0, leverage=4.0)

    (fill,) = desk.bar(100, 104, 99, 103)

    assert (fill.price, fill.fee, fill.slippage, fill.leverage) == (near(99.0), near(0.198), near(2.0), 4.0)
    assert desk.account.equity == near(1000 - 0.198 - 2 * (103 - 99))
    assert desk.position == (-2.0, near(99.0), near(49.5))


@pytest.mark.parametrize(
    ("row", "price"), [((100, 101, 99, 100), None), ((100, 101.5, 99, 100), 101.0), ((103, 104, 102, 103), 103.0)]
)
def test_a_sell_limit_is_filled_by_a_trade_above_it(row, price):
    desk = Desk()
    desk.order(-1.0, OrderType.LIMIT, 101.0)

    fills = desk.bar(*row)

    assert [(fill.price, fill.slippage, fill.reason) for fill in fills] == (
        [] if price is None else [(price, 0.0, Reason.LIMIT)]
    )
    assert [fill.fee for fill in fills] == ([] if price is None else [near(0.0004 * price)])


@pytest.mark.parametrize(
    ("row", "price"), [((97, 99, 95.1, 96), None), ((97, 99, 95, 96), 94.05), ((90, 92, 89, 91), 89.1)]
)
def test_a_sell_stop_entry_is_triggered_by_a_touch(row, price):
    desk = Desk()
    desk.order(-1.0, OrderType.STOP, 95.0)

    fills = desk.bar(*row)

    assert [(fill.price, fill.fee, fill.reason) for fill in fills] == (
        [] if price is None else [(near(price), near(price * 0.001), Reason.STOP_ENTRY)]
    )


def test_a_resting_order_waits_bar_after_bar():
    desk = Desk()
    desk.order(1.0, OrderType.LIMIT, 90.0)

    assert [desk.bar(100, 101, 99, 100) for _ in range(3)] == [(), (), ()]
    assert [(fill.order_id, fill.price) for fill in desk.bar(95, 96, 89, 90)] == [("0", 90.0)]
    assert desk.bar(95, 96, 80, 90) == ()


# leaving


@pytest.mark.parametrize(
    ("side", "row", "price", "reason"),
    [
        (1, (100, 101, 95, 96), 95 * 0.99, Reason.STOP),  # reached exactly
        (1, (94, 96, 93, 95), 94 * 0.99, Reason.STOP),  # the open beyond it
        (1, (100, 110, 96, 101), 110.0, Reason.TARGET),
        (1, (112, 113, 94, 101), 112.0, Reason.TARGET),  # the open is known before the low
        (1, (100, 111, 94, 101), 95 * 0.99, Reason.STOP),  # both inside: the stop
        (-1, (100, 105, 99, 104), 105 * 1.01, Reason.STOP),
        (-1, (106, 107, 104, 105), 106 * 1.01, Reason.STOP),
        (-1, (100, 104, 90, 99), 90.0, Reason.TARGET),
        (-1, (88, 106, 87, 99), 88.0, Reason.TARGET),
        (-1, (100, 106, 89, 99), 105 * 1.01, Reason.STOP),
    ],
)
def test_brackets(side, row, price, reason):
    desk = Desk().hold(float(side), stop_loss=100 - 5.0 * side, take_profit=100 + 10.0 * side)

    (fill,) = desk.bar(*row)

    rate = 0.001 if reason is Reason.STOP else 0.0004
    assert (fill.quantity, fill.price, fill.reason, fill.order_id) == (-side, near(price), reason, "")
    assert fill.fee == near(price * rate)
    assert desk.account.cash == near(1000 - 0.04 + side * (price - 100) - price * rate)
    assert desk.account.equity == desk.account.cash
    assert desk.position == (0.0, 0.0, 0.0)


def test_no_target_in_the_bar_of_a_stop_entry_but_its_stop():
    desk = Desk()
    desk.order(1.0, OrderType.STOP, 105.0, stop_loss=104.0, take_profit=108.0)

    entry, out = desk.bar(104.5, 109, 103, 108)

    assert (entry.price, entry.reason) == (near(105 * 1.01), Reason.STOP_ENTRY)
    assert (out.price, out.reason) == (near(104 * 0.99), Reason.STOP)


def test_the_target_of_a_limit_waits_for_the_next_bar():
    desk = Desk()
    desk.order(-1.0, OrderType.LIMIT, 105.0, take_profit=99.0)

    assert [fill.price for fill in desk.bar(100, 106, 98, 104)] == [105.0]
    assert [(fill.price, fill.reason) for fill in desk.bar(104, 104.5, 99, 100)] == [(99.0, Reason.TARGET)]


def test_a_market_order_may_be_stopped_at_its_own_open():
    """Bought at the open while the open is already below the stop it brought along."""
    desk = Desk()
    desk.order(1.0, stop_loss=95.0)

    entry, out = desk.bar(94, 96, 93, 95)

    assert (entry.price, out.price, out.reason) == (near(94 * 1.01), near(94 * 0.99), Reason.STOP)


# funding


@pytest.mark.parametrize(("quantity", "rate", "paid"), [(2.0, 0.001, 0.2), (-2.0, 0.001, -0.2), (-2.0, -0.001, 0.2)])
def test_funding_is_quantity_times_open_times_rate(quantity, rate, paid):
    desk = Desk().hold(quantity)
    before = desk.account.cash

    (fill,) = desk.bar(100, 103, 98, 101, 1.0, rate)

    assert (fill.quantity, fill.price, fill.reason, fill.order_id) == (0.0, 100.0, Reason.FUNDING, "")
    assert fill.funding == near(paid)
    assert desk.account.cash == near(before - paid)


def test_funding_is_paid_by_what_was_held_before_the_bar():
    desk = Desk()
    desk.order(1.0)
    entered = desk.bar(100, 101, 99, 100, 1.0, 0.01)
    desk.order(-1.0)
    left = desk.bar(110, 111, 109, 110, 1.0, 0.01)
    after = desk.bar(110, 111, 109, 110, 1.0, 0.01)

    assert [fill.reason for fill in entered] == [Reason.MARKET]
    assert [(fill.reason, fill.funding) for fill in left] == [(Reason.FUNDING, near(1.1)), (Reason.MARKET, 0.0)]
    assert after == ()


# margin


@pytest.mark.parametrize(
    ("side", "level"),
    [(1, (1000 - 200 - 1) / (10 * 0.98)), (-1, (1000 + 200 + 31) / (10 * 1.05))],
    ids=["long", "short"],
)
def test_liquidation_in_the_tier_that_covers_it(side, level):
    """Notional at the level is 815 for the long (second tier) and 1172 for the short (third)."""
    desk = Desk(margin_tiers=TIERS).hold(10.0 * side, leverage=5.0)
    inside = level + 0.01 * side

    assert desk.bar(100, max(100, inside), min(100, inside), 100) == ()

    (fill,) = desk.bar(100, max(100, level), min(100, level), 100)

    assert (fill.price, fill.reason, fill.slippage) == (near(level), Reason.LIQUIDATION, 0.0)
    assert fill.fee == near(10 * level * 0.02)


def test_a_liquidation_beyond_the_open_leaves_at_the_open():
    desk = Desk(margin_tiers=TIERS).hold(10.0, leverage=5.0)

    assert [(fill.price, fill.reason) for fill in desk.bar(81, 82, 80, 81)] == [(81.0, Reason.LIQUIDATION)]


def test_a_long_without_leverage_has_no_liquidation_price():
    assert Desk().hold(1.0).bar(100, 100, 0.001, 50) == ()


@pytest.mark.parametrize(
    ("stop", "price", "reason"),
    [
        (85.0, 85 * 0.99, Reason.STOP),
        (81.0, 799 / 9.8, Reason.LIQUIDATION),
        (799 / 9.8, 799 / 9.8 * 0.99, Reason.STOP),  # equal: the stop
    ],
)
def test_of_stop_and_liquidation_the_nearer_one_acts(stop, price, reason):
    desk = Desk(margin_tiers=TIERS).hold(10.0, leverage=5.0, stop_loss=stop)

    (fill,) = desk.bar(100, 100, 75, 76)

    assert (fill.price, fill.reason) == (near(price), reason)


def test_a_short_liquidated_in_a_gap_loses_its_margin_and_no_more():
    desk = Desk().hold(-1.0, leverage=10.0)

    (fill,) = desk.bar(120, 121, 119, 120)

    assert (fill.price, fill.reason, fill.fee) == (120.0, Reason.LIQUIDATION, near(2.4))
    assert fill.shortfall == near(20 + 2.4 + 0.04 - 10)
    assert desk.account.cash == near(990.0)


def test_the_floor_holds_part_by_part():
    """Long 2 with a margin of 20. One is sold at 84.15, the other liquidated at 85: 20 are lost."""
    desk = Desk().hold(2.0, leverage=10.0)
    desk.order(-1.0)

    sold, liquidated = desk.bar(85, 86, 84, 85)

    assert (sold.price, sold.shortfall) == (near(84.15), near(15.85 + 0.08415 + 0.04 - 10))
    assert (liquidated.quantity, liquidated.shortfall) == (-1.0, near(15 + 1.7 + 0.04 - 10))
    assert desk.account.cash == near(980.0)


def test_funding_counts_against_the_margin():
    desk = Desk().hold(1.0, leverage=10.0)
    desk.bar(100, 100, 100, 100, 1.0, 0.05)
    desk.order(-1.0)

    (fill,) = desk.bar(95, 96, 94, 95)

    assert fill.shortfall == near(5.95 + 0.09405 + 5 + 0.04 - 10)
    assert desk.account.cash == near(990.0)


def test_what_does_not_fit_is_cut_to_whole_lots():
    """100 / (10.1 x (1/2 + 0.001)) = 19.76: 19.7 are bought."""
    desk = Desk(100.0, lot=Decimal("0.1"))
    desk.order(30.0, leverage=2.0)

    (fill,) = desk.bar(10, 11, 9, 10)

    assert fill.quantity == near(19.7)
    assert desk.account.cash == near(100 - 19.7 * 10.1 * 0.001)
    assert desk.position == (near(19.7), near(10.1), near(19.7 * 10.1 / 2))


def test_what_cannot_be_paid_at_all_is_dropped():
    desk = Desk(100.0, lot=Decimal(1))
    desk.order(1.0)

    assert desk.bar(200, 201, 199, 200) == ()
    assert desk.bar(10, 11, 9, 10) == ()


def test_open_profit_does_not_carry_new_positions():
    desk = Desk(100.0, **FREE).hold(1.0)
    desk.bar(100, 300, 100, 300)
    desk.order(0.5)

    assert desk.account.equity == 300.0
    assert desk.bar(300, 301, 299, 300) == ()


# changing a position


def test_enlarging_averages_the_entry():
    desk = Desk(**FREE).hold(1.0, leverage=2.0)
    desk.order(3.0, leverage=4.0)

    desk.bar(120, 121, 119, 120)

    assert desk.position == (4.0, near((100 + 3 * 120) / 4), near(50 + 90))


def test_reducing_keeps_the_entry_and_frees_margin():
    desk = Desk().hold(4.0, leverage=2.0)
    desk.order(-1.0, OrderType.LIMIT, 105.0)

    (fill,) = desk.bar(104, 106, 103, 104)

    assert (fill.quantity, fill.price, fill.fee) == (-1.0, 105.0, near(0.042))
    assert desk.position == (3.0, 100.0, near(150.0))
    assert desk.account.cash == near(1000 - 0.16 + 5 - 0.042)


def test_a_market_order_through_zero_closes_then_opens():
    desk = Desk().hold(2.0, stop_loss=50.0)
    desk.order(-5.0, stop_loss=120.0)

    closing, opening = desk.bar(110, 111, 109, 110)

    assert (closing.quantity, opening.quantity) == (-2.0, -3.0)
    assert (closing.price, opening.price) == (near(108.9), near(108.9))
    assert desk.position == (-3.0, near(108.9), near(326.7))
    assert desk.account.cash == near(1000 - 0.08 + 17.8 - 0.2178 - 0.3267)
    assert [(fill.price, fill.reason) for fill in desk.bar(119, 121, 118, 119)] == [(near(121.2), Reason.STOP)]


def test_a_stop_entry_through_zero():
    desk = Desk().hold(2.0)
    desk.order(-3.0, OrderType.STOP, 95.0)

    fills = desk.bar(97, 98, 94, 96)

    assert [(fill.quantity, fill.price, fill.reason) for fill in fills] == [
        (-2.0, near(94.05), Reason.STOP_ENTRY),
        (-1.0, near(94.05), Reason.STOP_ENTRY),
    ]


@pytest.mark.parametrize(
    ("kind", "price", "row"),
    [(OrderType.LIMIT, 105.0, (104, 106, 103, 104)), (OrderType.STOP, 95.0, (96, 97, 94, 96))],
)
def test_an_order_against_a_position_rests_until_it_is_reached(kind, price, row):
    desk = Desk(**FREE).hold(2.0)
    desk.order(-1.0, kind, price)

    assert [desk.bar(100, 104, 96, 100), desk.bar(100, 104, 96, 100)] == [(), ()]
    assert [(fill.quantity, fill.price) for fill in desk.bar(*row)] == [(-1.0, price)]
    assert desk.position == (1.0, 100.0, 100.0)


def test_reduce_only_without_a_position_is_dropped():
    desk = Desk()
    desk.order(-1.0, reduce_only=True)

    assert desk.bar(100, 101, 99, 100) == ()
    desk.order(1.0)
    assert [fill.quantity for fill in desk.bar(100, 101, 99, 100)] == [1.0]


# levels


def test_protect_moves_levels_from_the_next_open_on():
    desk = Desk().hold(1.0, stop_loss=90.0, take_profit=120.0)
    desk.order(0.0, OrderType.PROTECT, stop_loss=97.0, take_profit=103.0)

    (fill,) = desk.bar(100, 102, 96.5, 98)

    assert (fill.price, fill.reason) == (near(97 * 0.99), Reason.STOP)


def test_protect_beyond_the_open_leaves_at_the_open():
    desk = Desk().hold(1.0)
    desk.order(0.0, OrderType.PROTECT, stop_loss=99.0)

    assert [fill.price for fill in desk.bar(98, 99, 97, 98)] == [near(98 * 0.99)]


def test_protect_without_a_position_is_forgotten():
    desk = Desk()
    desk.order(0.0, OrderType.PROTECT, stop_loss=99.0)
    desk.bar(100, 101, 98, 100)
    desk.order(1.0)

    assert len(desk.bar(100, 101, 98, 100)) == 1


@pytest.mark.parametrize(
    ("quantity", "kind", "price", "row", "out"),
    [
        (1.0, OrderType.STOP, 105.0, (104, 106, 103, 104), 105 * 1.01),
        (1.0, OrderType.TAKE_PROFIT, 92.0, (95, 96, 92, 94), 92.0),
    ],
)
def test_reduce_only_levels_of_a_short(quantity, kind, price, row, out):
    desk = Desk().hold(-3.0)
    desk.order(quantity, kind, price, reduce_only=True)

    assert [(fill.quantity, fill.price) for fill in desk.bar(*row)] == [(3.0, near(out))]  # the whole position


def test_an_order_without_levels_takes_the_old_ones_away():
    desk = Desk().hold(1.0, stop_loss=95.0, take_profit=110.0)
    desk.order(1.0)

    assert [fill.reason for fill in desk.bar(100, 115, 90, 100)] == [Reason.MARKET]


def test_closing_clears_the_levels():
    desk = Desk().hold(1.0, stop_loss=95.0)
    desk.order(-1.0)
    desk.bar(100, 101, 99, 100)
    desk.order(1.0)

    assert [fill.reason for fill in desk.bar(100, 101, 90, 100)] == [Reason.MARKET]


# bars that do not trade


def test_a_halt_holds_orders_and_levels_but_pays_funding():
    desk = Desk().hold(1.0, stop_loss=95.0)
    desk.order(1.0, OrderType.LIMIT, 99.0, stop_loss=80.0)

    assert [fill.funding for fill in desk.bar(90, 90, 90, 90, 0.0, 0.01)] == [near(0.9)]
    assert desk.account.mark_price[0] == 90.0

    fills = desk.bar(90, 91, 89, 90)
    assert [(fill.reason, fill.price) for fill in fills] == [(Reason.STOP, near(90 * 0.99)), (Reason.LIMIT, 90.0)]


def test_a_missing_bar_pays_nothing_and_a_market_order_waits():
    desk = Desk().hold(1.0)
    desk.order(1.0)
    before = desk.account

    assert (desk.gap(), desk.account.equity) == ((), before.equity)
    assert [fill.price for fill in desk.bar(120, 121, 119, 120)] == [near(121.2)]


def test_a_flat_bar_with_volume_trades():
    desk = Desk()
    desk.order(1.0)

    assert [fill.price for fill in desk.bar(50, 50, 50, 50, 3.0)] == [near(50.5)]


@pytest.mark.parametrize("volume", [float("nan"), 0.0])
def test_a_moving_bar_trades_whatever_its_volume(volume):
    desk = Desk()
    desk.order(1.0)

    assert len(desk.bar(50, 51, 50, 51, volume)) == 1


# spot and stock


@pytest.mark.parametrize("kind", ["spot", "stock"])
def test_spot_sells_what_it_has(kind):
    desk = Desk(kind=kind, **FREE)
    desk.order(2.0, leverage=5.0)
    desk.bar(100, 101, 99, 100)

    assert desk.position == (2.0, 100.0, 200.0)

    desk.order(-9.0, OrderType.LIMIT, 110.0)
    assert [fill.quantity for fill in desk.bar(109, 111, 108, 110)] == [-2.0]
    assert desk.position == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("order", [(-1.0, OrderType.LIMIT, 99.0), (-1.0, OrderType.STOP, 101.0), (-1.0,)])
def test_spot_cannot_be_short(order):
    desk = Desk(kind="spot")
    desk.order(*order)

    assert desk.bar(100, 102, 98, 100) == ()
    assert desk.position == (0.0, 0.0, 0.0)


# several symbols


def test_the_stages_of_a_bar_go_over_all_symbols():
    """Funding of both, then B's market order, then A's limit."""
    symbols = ("A", "B")
    venue = SimulatedVenue([make_instrument(one) for one in symbols], 10_000.0)
    rows = [(100, 102, 98, 100, 1.0, 0.0)] * 2
    venue.submit([_order("A", 1.0), _order("B", 1.0)])
    venue.on_bars(make_bars(0, *rows, symbols=symbols))
    venue.submit([_order("A", 1.0, OrderType.LIMIT, 99.0), _order("B", -1.0)])

    fills = venue.on_bars(make_bars(1, *[(*row[:5], 0.01) for row in rows], symbols=symbols))

    assert [(fill.symbol, fill.reason) for fill in fills] == [
        ("A", Reason.FUNDING),
        ("B", Reason.FUNDING),
        ("B", Reason.MARKET),
        ("A", Reason.LIMIT),
    ]


def test_a_symbol_without_a_bar_does_not_stop_the_others():
    symbols = ("A", "B")
    venue = SimulatedVenue([make_instrument(one) for one in symbols], 10_000.0)
    venue.submit([_order("A", 1.0), _order("B", 1.0)])

    fills = venue.on_bars(make_bars(0, MISSING, (100, 102, 98, 100, 1.0, 0.0), symbols=symbols))

    assert [fill.symbol for fill in fills] == ["B"]


def test_the_peak_only_rises():
    desk = Desk(**FREE).hold(1.0)

    peaks = []
    for close in (120, 90, 110):
        desk.bar(100, 130, 80, close)
        peaks.append((desk.account.peak_equity, desk.account.drawdown))

    assert peaks == [(1020.0, 0.0), (1020.0, near(1 - 990 / 1020)), (1020.0, near(1 - 1010 / 1020))]


def test_one_tier_beside_three():
    """Instruments of different depth share one state: the shallow one repeats its last tier."""
    shallow = (MarginTier(float("inf"), 0.01),)
    deep, flat = make_instrument("A", margin_tiers=TIERS), make_instrument("B", margin_tiers=shallow)
    venue = SimulatedVenue([deep, flat], 10_000.0)
    venue.submit([_order(one, 10.0, OrderType.LIMIT, 100.0, leverage=5.0) for one in ("A", "B")])
    venue.on_bars(make_bars(0, *[(100, 100.5, 99.5, 100, 1.0, 0.0)] * 2, symbols=("A", "B")))

    fills = venue.on_bars(make_bars(1, *[(100, 100, 75, 76, 1.0, 0.0)] * 2, symbols=("A", "B")))

    assert [fill.price for fill in fills] == [near(799 / 9.8), near(800 / 9.9)]


def _order(symbol: str, quantity: float, kind: OrderType = OrderType.MARKET, price: float | None = None, **rest):
    return Order(f"{symbol}{quantity}", symbol, 0, quantity, kind, price, **rest)


def test_sizes_that_only_floating_point_tells_apart_are_one():
    """Ten tenths bought one by one are 0.9999999999999999; one sold leaves nothing behind."""
    desk = Desk(lot=Decimal("0.1"), **FREE)
    for _ in range(10):
        desk.order(0.1)
        desk.bar(100, 101, 99, 100)
    desk.order(-1.0)

    assert len(desk.bar(100, 101, 99, 100, 1.0, 0.0)) == 1
    assert desk.position == (0.0, 0.0, 0.0)
    assert desk.bar(100, 101, 99, 100, 1.0, 0.01) == ()
