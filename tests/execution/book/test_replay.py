"""Orders against a recorded book: walks, queues and refusals by hand, then laws over random recordings."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOption, InvalidOrder, SchemaViolation
from alphaloop.core.market import Instrument
from alphaloop.core.orders import Order, OrderType, Reason, TimeInForce
from alphaloop.execution.book.replay import replay
from alphaloop.execution.book.rows import BookRow, TradeRow
from alphaloop.execution.order_events import OrderState

X = Instrument("X", taker_fee=0.001, maker_fee=-0.0001)
START = BookRow(0, "snapshot", ((99.0, 10.0), (98.0, 20.0)), ((100.0, 2.0), (101.0, 5.0), (103.0, 1.0)))
IOC, GTD = TimeInForce.IOC, TimeInForce.GTD


def order(quantity: float, price: float | None = None, at: int = 1, name: str = "a", **terms) -> Order:
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    return Order(name, "X", at, quantity, kind, price, **terms)


def play(one: Order, *events: BookRow | TradeRow, latency: int = 0):
    book = [START, *(event for event in events if isinstance(event, BookRow))]
    trades = [event for event in events if isinstance(event, TradeRow)]
    return replay([one], book, trades, instrument=X, latency_us=latency)


def parts(done) -> list[tuple[int, float, float]]:
    return [(fill.ts, fill.quantity, fill.price) for fill in done.fills]


def bid_update(ts: int, price: float, size: float) -> BookRow:
    return BookRow(ts, "update", ((price, size),), ())


# taking


def test_a_market_order_walks_the_book():
    done = play(order(4.0))

    assert parts(done) == [(1, 2.0, 100.0), (1, 2.0, 101.0)]
    assert [fill.fee for fill in done.fills] == [pytest.approx(0.2), pytest.approx(0.202)]
    assert [fill.slippage for fill in done.fills] == [0.0, 2.0]
    assert {fill.reason for fill in done.fills} == {Reason.MARKET}


def test_a_sale_walks_the_bids():
    assert parts(play(order(-15.0))) == [(1, -10.0, 99.0), (1, -5.0, 98.0)]


def test_what_the_book_does_not_hold_is_cancelled():
    done = play(order(9.0))

    assert (done.states["a"], done.left["a"]) == (OrderState.CANCELLED, 1.0)


@pytest.mark.parametrize(("terms", "state"), [({"time_in_force": IOC}, "cancelled"), ({}, "partial")])
def test_a_marketable_limit_takes_up_to_its_price(terms, state):
    done = play(order(9.0, 101.0, **terms))

    assert parts(done) == [(1, 2.0, 100.0), (1, 5.0, 101.0)]
    assert (done.states["a"], done.left["a"]) == (state, 2.0)


def test_what_was_taken_is_gone_until_the_book_is_told_anew():
    first, second, third = order(2.0, name="a"), order(1.0, at=2, name="b"), order(1.0, at=9, name="c")
    told = BookRow(5, "update", (), ((100.0, 2.0),))

    assert [one[2] for one in parts(replay([first, second, third], [START, told], instrument=X))] == [100, 101, 100]


@pytest.mark.parametrize(("price", "state"), [(100.0, OrderState.REJECTED), (99.5, OrderState.WORKING)])
def test_post_only(price, state):
    done = play(order(1.0, price, post_only=True))

    assert (done.states["a"], done.fills) == (state, ())


def test_latency_meets_the_later_book():
    later = BookRow(50, "update", (), ((100.0, 0.0),))

    assert parts(play(order(1.0), later, latency=49)) == [(50, 1.0, 101.0)]
    assert parts(play(order(1.0), later, latency=48)) == [(49, 1.0, 100.0)]


# resting


def test_trades_at_the_price_come_off_the_front_of_the_queue():
    hits = [TradeRow(5, 99.0, 7.0, True), TradeRow(6, 99.0, 4.0, True), TradeRow(7, 99.0, 5.0, True)]
    done = play(order(3.0, 99.0), *hits)

    assert parts(done) == [(6, 1.0, 99.0), (7, 2.0, 99.0)]
    assert [fill.fee for fill in done.fills] == [pytest.approx(-0.0099), pytest.approx(-0.0198)]
    assert done.states["a"] is OrderState.FILLED


@pytest.mark.parametrize("taker", [False, None])
def test_trades_of_the_other_side_or_of_nobody_knows_whom_do_not_move_it(taker):
    assert play(order(3.0, 99.0), TradeRow(5, 99.0, 50.0, taker)).fills == ()


def test_cancellations_are_spread_evenly_through_the_queue():
    """10 ahead, then 10 join behind; 10 of 20 are cancelled, 5 of them ahead; 6 trade: 1 for us."""
    done = play(order(3.0, 99.0), bid_update(2, 99.0, 20.0), bid_update(3, 99.0, 10.0), TradeRow(4, 99.0, 6.0, True))

    assert parts(done) == [(4, 1.0, 99.0)]


def test_a_decrease_that_trades_explain_is_no_cancellation():
    """4 of 10 trade, and the book says so; 6 are ahead still, so 6 more fill nobody of ours."""
    seen = [TradeRow(4, 99.0, 4.0, True), bid_update(5, 99.0, 6.0), TradeRow(6, 99.0, 6.0, True)]

    assert play(order(3.0, 99.0), *seen).fills == ()
    assert parts(play(order(3.0, 99.0), *seen, TradeRow(7, 99.0, 1.0, True))) == [(7, 1.0, 99.0)]


def test_a_trade_beyond_the_price_met_us_first():
    assert parts(play(order(3.0, 99.0), TradeRow(5, 98.5, 2.0, True))) == [(5, 2.0, 99.0)]


def test_a_book_that_came_through_our_price_fills_us_at_it():
    through = BookRow(5, "snapshot", ((97.0, 1.0),), ((98.0, 2.0), (99.0, 0.5), (100.0, 9.0)))

    assert parts(play(order(3.0, 99.0), through)) == [(5, 2.5, 99.0)]


def test_an_order_inside_the_spread_is_first():
    assert parts(play(order(3.0, 99.5), TradeRow(5, 99.5, 1.0, True))) == [(5, 1.0, 99.5)]


def test_at_a_price_too_deep_to_be_shown_everything_is_ahead():
    deep = order(3.0, 97.0)
    shown = BookRow(6, "snapshot", ((97.0, 4.0),), ((100.0, 2.0),))

    assert play(deep, TradeRow(5, 97.0, 90.0, True)).fills == ()
    assert parts(play(deep, shown, TradeRow(7, 97.0, 5.0, True))) == [(7, 1.0, 97.0)]


@pytest.mark.parametrize(("until", "filled"), [(5, 0), (6, 1)])
def test_gtd(until, filled):
    done = play(order(3.0, 99.0, time_in_force=GTD, expires_at=until), TradeRow(5, 98.0, 9.0, True))

    assert len(done.fills) == filled
    assert done.states["a"] is (OrderState.FILLED if filled else OrderState.EXPIRED)


def test_an_order_that_arrives_too_late_has_expired():
    done = play(order(3.0, 101.0, time_in_force=GTD, expires_at=5), latency=4)

    assert done.states["a"] is OrderState.EXPIRED


# refusals


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ([Order("a", "X", 1, 1.0, OrderType.STOP, 105.0)], InvalidOrder),
        ([Order("a", "Y", 1, 1.0)], InvalidOrder),
        ([order(1.0), order(2.0)], InvalidOrder),
        ([order(1.0, at=-5)], InvalidOption),
    ],
)
def test_bad_orders_are_refused(wrong, error):
    with pytest.raises(error):
        replay(wrong, [START], instrument=X)


def test_no_order_without_a_book_and_none_before_it_was_sent():
    with pytest.raises(InvalidOption):
        replay([order(1.0)], [], instrument=X)
    with pytest.raises(InvalidOption):
        replay([order(1.0)], [START], instrument=X, latency_us=-1)


def test_a_crossed_book_is_refused():
    with pytest.raises(SchemaViolation, match="bid of 100"):
        play(order(1.0), bid_update(5, 100.0, 1.0))


# laws


@st.composite
def recordings(draw):
    """Updates that never cross, trades near them, and orders of every kind."""
    book, trades = [START], []
    middle = 99.5
    for step in range(draw(st.integers(1, 12))):
        ts = 10 * step + draw(st.integers(1, 10))
        middle += draw(st.sampled_from([-1.0, 0.0, 0.0, 1.0]))
        sizes = st.sampled_from([0.5, 1.0, 4.0, 10.0])
        bids = tuple((middle - 0.5 - k, draw(sizes)) for k in range(draw(st.integers(1, 3))))
        asks = tuple((middle + 0.5 + k, draw(sizes)) for k in range(draw(st.integers(1, 3))))
        book.append(BookRow(ts, "snapshot", bids, asks))
        for _ in range(draw(st.integers(0, 2))):
            price = middle + draw(st.sampled_from([-1.5, -0.5, 0.5, 1.5]))
            trades.append(TradeRow(ts, price, draw(sizes), draw(st.sampled_from([True, False, None]))))
    orders = []
    for k in range(draw(st.integers(1, 4))):
        side, size = draw(st.sampled_from([1, -1])), draw(st.sampled_from([0.5, 3.0, 25.0]))
        price = draw(st.none() | st.integers(95, 104).map(float))
        force = draw(st.sampled_from([TimeInForce.GTC, IOC, GTD] if price else [TimeInForce.GTC, IOC]))
        at = draw(st.integers(0, 100))
        until = at + draw(st.integers(0, 60)) if force is GTD else None
        post = price is not None and force is not IOC and draw(st.booleans())
        terms = {"time_in_force": force, "expires_at": until, "post_only": post}
        orders.append(order(side * size, price, at, f"{k}", **terms))
    return orders, book, trades, draw(st.sampled_from([0, 3, 20]))


@settings(deadline=None)
@given(recordings())
def test_orders_get_what_they_may_and_no_more(recording):
    orders, book, trades, latency = recording
    done = replay(orders, book, trades, instrument=X, latency_us=latency)
    for one in orders:
        side = 1 if one.quantity > 0 else -1
        mine = [fill for fill in done.fills if fill.order_id == one.id]
        filled = math.fsum(abs(fill.quantity) for fill in mine)

        assert all(fill.ts >= one.created_at + latency for fill in mine)
        assert all(one.expires_at is None or fill.ts < one.expires_at for fill in mine)
        assert all(one.price is None or side * (fill.price - one.price) <= 0 for fill in mine)
        assert all(fill.quantity * side > 0 for fill in mine)
        assert filled + done.left[one.id] == pytest.approx(abs(one.quantity))
        assert (done.states[one.id] is OrderState.FILLED) == (done.left[one.id] == 0)
        assert not one.post_only or all(fill.reason is Reason.LIMIT and fill.fee <= 0 for fill in mine)


@settings(deadline=None)
@given(recordings(), st.integers(0, 12))
def test_the_past_does_not_depend_on_later_rows(recording, cut):
    orders, book, trades, latency = recording
    end = book[min(cut, len(book) - 1)].ts
    short = [one for one in orders if one.created_at + latency <= end]
    known = [one for one in book if one.ts <= end], [one for one in trades if one.ts <= end]
    whole = replay(orders, book, trades, instrument=X, latency_us=latency)
    part = replay(short, *known, instrument=X, latency_us=latency)

    assert part.fills == tuple(fill for fill in whole.fills if fill.ts <= end)


@settings(deadline=None)
@given(recordings())
def test_what_is_taken_at_one_instant_was_there(recording):
    """Takers together get no more at a price than the book showed since it was last told."""
    orders, book, trades, latency = recording
    done = replay(orders, book, trades, instrument=X, latency_us=latency)
    for row, after in zip(book, [*(one.ts for one in book[1:]), 10**9], strict=True):
        for way, levels in ((1, row.asks), (-1, row.bids)):
            for price, size in levels:
                taken = [
                    abs(fill.quantity)
                    for fill in done.fills
                    if fill.reason is Reason.MARKET and fill.quantity * way > 0 and fill.price == price
                    and row.ts <= fill.ts < after
                ]  # fmt: skip

                assert math.fsum(taken) <= size + 1e-9
