"""The venue around the kernel: what it refuses, what it replaces, what it tells."""

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, InvalidOrder
from alphaloop.core.orders import Order, OrderType
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.execution.builders import Desk, make_bars, make_instrument


@pytest.mark.parametrize("cash", [0.0, -1.0, float("inf"), float("nan")])
def test_cash_must_be_an_amount(cash):
    with pytest.raises(InvalidOption, match="starting cash"):
        SimulatedVenue([make_instrument("X")], cash)


def test_bars_of_other_symbols_are_refused():
    with pytest.raises(InvalidOption, match="Y"):
        Desk().venue.on_bars(make_bars(0, (1, 1, 1, 1, 1, 0), symbols=("Y",)))


@pytest.mark.parametrize(
    ("bad", "message"), [(Order("b", "Y", 0, 1.0), "Y"), (Order("b", "X", 0, 1.0, leverage=126.0), "leverage 126.0")]
)
def test_a_refused_order_takes_the_others_with_it(bad, message):
    desk = Desk()
    desk.order(3.0, OrderType.LIMIT, 99.0)

    with pytest.raises(InvalidOrder, match=message):
        desk.venue.submit([Order("a", "X", 0, 1.0), bad])

    assert [fill.quantity for fill in desk.bar(100, 101, 98, 100)] == [3.0]  # what rested still rests


@pytest.mark.parametrize(
    "second",
    [(2.0,), (2.0, OrderType.LIMIT, 99.0), (2.0, OrderType.STOP, 101.0)],
    ids=["market", "limit", "stop"],
)
@pytest.mark.parametrize("first", [(1.0,), (1.0, OrderType.LIMIT, 99.5), (1.0, OrderType.STOP, 100.5)])
def test_a_new_order_replaces_the_one_that_rests(first, second):
    desk = Desk()
    desk.order(*first)
    desk.order(*second)

    assert [fill.quantity for fill in desk.bar(100, 102, 98, 100)] == [2.0]
    assert desk.bar(100, 102, 98, 100) == ()


def test_an_empty_protect_cancels():
    desk = Desk()
    desk.order(1.0, OrderType.LIMIT, 99.0)
    assert desk.account.working == {"X"}

    desk.order(0.0, OrderType.PROTECT)

    assert desk.bar(100, 101, 90, 100) == ()
    assert desk.account.working == frozenset()


def test_working_names_what_rests():
    symbols = ("A", "B")
    venue = SimulatedVenue([make_instrument(one) for one in symbols], 1000.0)
    venue.submit([Order("1", "A", 0, 1.0, OrderType.LIMIT, 90.0), Order("2", "B", 0, 1.0)])

    assert venue.account().working == {"A", "B"}
    venue.on_bars(make_bars(0, *[(100, 101, 99, 100, 1, 0)] * 2, symbols=symbols))
    assert venue.account().working == {"A"}


def test_fills_name_the_order_that_made_them():
    desk = Desk()
    desk.order(1.0, OrderType.LIMIT, 99.0, stop_loss=95.0)
    desk.bar(100, 101, 99.5, 100)
    entry, stop = desk.bar(100, 101, 94, 95)

    assert (entry.order_id, stop.order_id) == ("0", "")
    assert (entry.ts, entry.symbol) == (120_000_000, "X")


def test_what_is_done_to_an_account_stays_out_of_the_venue():
    desk = Desk().hold(1.0)
    account = desk.account
    account.mark_price[:] = 7.0
    for shared in (account.quantity, account.entry_price, account.margin):
        with pytest.raises(ValueError, match="read-only"):
            shared[:] = 7.0

    assert desk.position == (1.0, 100.0, 100.0)
    assert np.array_equal(desk.account.mark_price, [100.0])


def test_before_its_first_bar_a_symbol_has_no_mark():
    assert np.isnan(Desk().account.mark_price[0])
    assert Desk().account.equity == 1000.0
