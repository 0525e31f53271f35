from decimal import Decimal

import numpy as np
import pytest

from alphaloop.core.account import orders_to_reach, wanted_quantity
from alphaloop.core.decision import HOLD, Action, Decision, Intent
from alphaloop.core.errors import InvalidOrder
from alphaloop.core.market import Instrument
from alphaloop.core.orders import Order, OrderType, Terms, TimeInForce
from tests.core.builders import NAN, make_view


def reach(
    intent: Intent, held: float = 0.0, *, band: float = 0.0, equity: float = 1000.0, mark: float = 100.0, **options
):
    """The one order, or none, that takes an account of 1000 with ``held`` units at 100 to the intent."""
    instrument = Instrument("X", **{"lot": Decimal("0.5"), **options})
    orders = orders_to_reach(Decision({"X": intent}), make_view(held, mark, equity), {"X": instrument}, 7, band)
    return orders[0] if orders else None


def buy(target: float, **options: object) -> Intent:
    return Intent(Action.BUY, target, **options)


CLOSE = Intent(Action.CLOSE)


def test_opens_at_the_last_close():
    assert reach(buy(0.5, leverage=2.0, stop_loss=90.0, take_profit=120.0)) == Order(
        "7:X", "X", 7, 5.0, OrderType.MARKET, None, 90.0, 120.0, 2.0
    )


@pytest.mark.parametrize(
    ("target", "held", "quantity"),
    [(0.5, 2.0, 3.0), (0.5, 8.0, -3.0), (-0.5, 0.0, -5.0), (-0.5, 3.0, -8.0), (0.5, -3.0, 8.0), (0.37, 0.0, 3.5)],
    ids=["adds", "reduces", "shorts", "turns short", "turns long", "rounds down to the lot"],
)
def test_trades_the_difference(target, held, quantity):
    action = Action.BUY if target > 0 else Action.SELL

    assert reach(Intent(action, target), held).quantity == quantity


def test_sizes_at_the_limit_price_where_there_is_one():
    order = reach(buy(0.5, entry_price=80.0))

    assert (order.quantity, order.type, order.price) == (6.0, OrderType.LIMIT, 80.0)


def test_closes_to_the_last_digit_and_never_turns():
    order = reach(CLOSE, 3.1234567)

    assert (order.quantity, order.reduce_only) == (-3.1234567, True)


def test_reaching_a_smaller_target_of_the_same_side_never_turns():
    """Its position may be stopped out before the order fills; then there is nothing to reduce."""
    assert reach(buy(0.2, entry_price=110.0), 5.0).reduce_only is True
    assert reach(buy(0.8, entry_price=90.0), 5.0).reduce_only is False
    assert reach(Intent(Action.SELL, -0.2, entry_price=110.0), 5.0).reduce_only is False


@pytest.mark.parametrize("intent", [Intent(Action.HOLD), buy(0.5), buy(0.5, stop_loss=None)])
def test_what_is_there_already_needs_no_order(intent):
    assert reach(intent, 5.0) is None


def test_a_symbol_without_an_intent_needs_no_order():
    assert orders_to_reach(HOLD, make_view(5.0), {"X": Instrument("X")}, 7) == ()


def test_nothing_held_and_nothing_wanted_needs_no_order():
    assert reach(CLOSE) is None


def test_new_levels_for_what_is_held_protect():
    assert reach(buy(0.5, stop_loss=95.0), 5.0) == Order("7:X", "X", 7, 0.0, OrderType.PROTECT, None, 95.0, None)


def test_levels_for_a_change_too_small_to_trade_protect():
    order = reach(buy(0.56, take_profit=120.0), 5.0, band=0.1)

    assert (order.type, order.take_profit, order.stop_loss) == (OrderType.PROTECT, 120.0, None)


def test_levels_for_nothing_are_dropped():
    assert reach(buy(0.001, stop_loss=95.0)) is None


@pytest.mark.parametrize(("target", "quantity"), [(0.59, None), (0.6, 1.0), (0.65, 1.5)])
def test_a_change_inside_the_band_is_left_alone(target, quantity):
    order = reach(buy(target), 5.0, band=0.1)

    assert (order and order.quantity) == quantity


@pytest.mark.parametrize(("intent", "quantity"), [(CLOSE, -0.5), (Intent(Action.SELL, -0.05), -1.0)])
def test_closing_and_turning_ignore_the_band(intent, quantity):
    assert reach(intent, 0.5, band=0.5, min_notional=500.0).quantity == quantity


def test_below_the_smallest_notional_nothing_is_traded():
    assert reach(buy(0.05), min_notional=60.0) is None
    assert reach(buy(0.06), min_notional=60.0, lot=Decimal("0.1")).quantity == pytest.approx(0.6)


def test_before_the_first_bar_there_is_nothing_to_trade_against():
    assert reach(buy(0.5), mark=NAN) is None


def test_before_the_first_bar_a_limit_price_is_enough():
    assert reach(buy(0.5, entry_price=50.0), mark=NAN).quantity == 10.0


def test_without_equity_nothing_is_opened():
    assert reach(buy(0.5), equity=-10.0) is None


def test_an_unknown_symbol_is_refused():
    with pytest.raises(InvalidOrder):
        orders_to_reach(Decision({"Y": buy(0.5)}), make_view(), {"X": Instrument("X")}, 7)


def test_orders_come_in_the_order_of_the_decision():
    view = make_view()._replace(
        symbols=("X", "Y"), quantity=np.zeros(2), mark_price=np.array([100.0, 50.0]), entry_price=np.zeros(2)
    )
    instruments = {symbol: Instrument(symbol) for symbol in "XY"}

    orders = orders_to_reach(Decision({"Y": buy(0.1), "X": buy(0.2)}), view, instruments, 7)

    assert [(order.id, order.quantity) for order in orders] == [("7:Y", 2.0), ("7:X", 2.0)]


@pytest.mark.parametrize(
    ("target", "equity", "held", "quantity"),
    [(0.5, 1000.0, 0.0, 5.0), (0.0, 1000.0, 3.3, -3.3), (0.5, -5.0, 2.0, -2.0), (-1.0, 1000.0, 2.0, -12.0)],
)
def test_wanted_quantity(target, equity, held, quantity):
    assert wanted_quantity(target, equity, 100.0, held, 0.5) == quantity


def test_closing_a_flat_symbol_takes_its_resting_order_back():
    instruments = {"X": Instrument("X")}
    resting = make_view()._replace(working=frozenset({"X"}))

    assert orders_to_reach(Decision({"X": CLOSE}), make_view(), instruments, 7) == ()
    assert orders_to_reach(Decision({"X": CLOSE}), resting, instruments, 7) == (
        Order("7:X", "X", 7, 0.0, OrderType.PROTECT),
    )


def test_a_trigger_makes_it_a_stop_order_sized_there():
    order = reach(buy(0.5, terms=Terms(trigger=125.0)))

    assert (order.quantity, order.type, order.price, order.trigger) == (4.0, OrderType.STOP, 125.0, None)


def test_a_trigger_beside_a_limit_makes_it_a_stop_limit_sized_at_the_limit():
    order = reach(buy(0.5, entry_price=100.0, terms=Terms(trigger=98.0)))

    assert (order.quantity, order.type, order.price, order.trigger) == (5.0, OrderType.STOP_LIMIT, 100.0, 98.0)


@pytest.mark.parametrize(
    "terms",
    [
        Terms(post_only=True),
        Terms(time_in_force=TimeInForce.IOC),
        Terms(time_in_force=TimeInForce.GTD, expires_at=99),
        Terms(trail_distance=2.0),
        Terms(trail_fraction=0.02),
    ],
    ids=lambda terms: repr(terms)[:24],
)
def test_terms_are_the_order_s(terms):
    order = reach(buy(0.5, entry_price=80.0, terms=terms))

    assert order.type is OrderType.LIMIT
    assert all(getattr(order, name) == getattr(terms, name) for name in terms.__slots__)


def test_a_trigger_makes_no_position_smaller():
    assert reach(buy(0.5, terms=Terms(trigger=125.0)), 8.0) is None


def test_a_position_that_stands_gets_the_trail():
    order = reach(buy(0.5, terms=Terms(trail_fraction=0.02)), 5.0)

    assert (order.type, order.quantity, order.trail_fraction) == (OrderType.PROTECT, 0.0, 0.02)


def test_a_limit_that_reduces_carries_no_levels():
    """They are the position's, and need not surround the price at which a part of it leaves."""
    order = reach(buy(0.2, entry_price=100.0, stop_loss=95.0), 8.0)

    assert (order.quantity, order.reduce_only, order.stop_loss) == (-6.0, True, None)


@pytest.mark.parametrize(("held", "underway", "expected"), [(0.0, 5.0, None), (5.0, -5.0, 5.0), (2.0, 1.0, 2.0)])
def test_market_orders_on_their_way_are_not_sent_again(held, underway, expected):
    view = make_view(held, 100.0, 1000.0)._replace(underway={"X": underway})
    orders = orders_to_reach(Decision({"X": buy(0.5)}), view, {"X": Instrument("X", lot=Decimal("0.5"))}, 7, 0.0)

    assert [order.quantity for order in orders] == ([] if expected is None else [expected])
