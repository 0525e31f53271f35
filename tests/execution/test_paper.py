"""The paper venue keeps its money in Decimal, and comes to the same figures as the kernel."""

import os
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings

from alphaloop.core.errors import InvalidOrder
from alphaloop.core.orders import Order
from alphaloop.core.time import MINUTE_US
from alphaloop.execution.paper import PaperVenue
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.execution.builders import make_bars, make_instrument
from tests.laws.test_simulator import Play, plays

ROUNDS = settings(deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "100")))


def whole_lots(play: Play) -> Play:
    """The same play with order sizes a venue would take."""
    lots = {one.symbol: float(one.lot) for one in play.instruments}

    def rounded(order: Order) -> Order:
        lot = lots[order.symbol]
        size = max(1, round(abs(order.quantity) / lot)) * lot if order.quantity else 0.0
        return replace(order, quantity=size if order.quantity >= 0 else -size)

    return replace(play, orders=[[rounded(one) for one in some] for some in play.orders])


@ROUNDS
@given(plays())
def test_paper_equals_the_simulator(play):
    play = whole_lots(play)
    terms = {"participation": play.share, "latency_us": play.latency}
    paper, simulated = (
        PaperVenue(play.instruments, play.cash, **terms),
        SimulatedVenue(play.instruments, play.cash, **terms),
    )
    for i, (rows, orders) in enumerate(zip(play.rows, play.orders, strict=True)):
        bars = make_bars(i, *map(tuple, rows), symbols=play.symbols)

        assert paper.on_bars(bars) == simulated.on_bars(bars)

        ours, theirs = paper.account(), simulated.account()
        near = 1e-9 * max(abs(theirs.equity), 1.0) if theirs.equity > 1e-6 * play.cash else 1e-9 * play.cash
        for name in ("equity", "cash", "peak_equity", "quantity", "entry_price", "mark_price", "margin"):
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-9, abs=near, nan_ok=True), name
        assert ours.working == theirs.working
        for one in play.instruments:
            held = paper.ledger.holdings.get(one.symbol)
            assert held is None or held.quantity % one.lot == 0
        paper.submit(orders)
        simulated.submit(orders)


def test_the_ledger_is_decimal_to_the_last_digit():
    """0.1 + 0.2 is 0.3 here: three buys of a tenth and one sale of three tenths leave nothing."""
    instrument = make_instrument("X", lot=Decimal("0.1"), taker_fee=0.0, slippage=0.0)
    venue = PaperVenue([instrument], 1000.0)
    for i, quantity in enumerate((0.1, 0.1, 0.1, -0.3)):
        venue.submit([Order(f"{i}", "X", i * MINUTE_US, quantity)])
        venue.on_bars(make_bars(i, (10.1, 10.2, 10.0, 10.1, 1.0, 0.0)))

    assert venue.ledger.holdings["X"].quantity == 0
    assert venue.ledger.cash == Decimal(1000)
    assert venue.account().quantity[0] == 0.0
    assert [order.quantity for order in venue.orders] == [0.1, 0.1, 0.1, -0.3]


def test_costs_are_booked():
    venue = PaperVenue([make_instrument("X")], 1000.0)
    venue.submit([Order("1", "X", 0, 2.0)])
    venue.on_bars(make_bars(0, (100, 101, 99, 100, 1.0, 0.0)))
    venue.on_bars(make_bars(1, (100, 101, 99, 100, 1.0, 0.001)))

    ledger = venue.ledger
    assert (ledger.fees, ledger.slippage, ledger.funding) == (Decimal("0.202"), Decimal("2.0"), Decimal("0.2"))
    assert ledger.cash == Decimal("1000") - Decimal("0.402")


def test_a_peak_is_kept_through_missing_bars():
    nan = float("nan")
    venue = PaperVenue([make_instrument("X", taker_fee=0.0, slippage=0.0)], 1000.0)
    venue.submit([Order("1", "X", 0, 1.0)])
    for i, row in enumerate([(100, 130, 90, 120, 1, 0), (nan,) * 6, (120, 121, 79, 80, 1, 0)]):
        venue.on_bars(make_bars(i, row))

    account = venue.account()
    assert (account.equity, account.peak_equity, account.mark_price[0]) == (980.0, 1020.0, 80.0)


def test_paper_refuses_what_the_simulator_refuses():
    venue = PaperVenue([make_instrument("X")], 1000.0)
    with pytest.raises(InvalidOrder, match="leverage"):
        venue.submit([Order("1", "X", 0, 1.0, leverage=200.0)])

    assert venue.orders == []
    assert venue.on_bars(make_bars(0, (1, 1.1, 1, 1, 1, 0))) == ()
