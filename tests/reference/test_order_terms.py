"""The worked numbers of "Orders with terms" in docs/fills.md, by the simulator and by its slow reference."""

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, InvalidOrder, SchemaViolation
from alphaloop.core.market import Bars, Instrument
from alphaloop.core.orders import Fill, Order, OrderType, Reason, TimeInForce
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.reference.simulator import SlowVenue

MINUTE = 60_000_000
LIMIT, STOP, STOP_LIMIT = OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT
IOC, GTD = TimeInForce.IOC, TimeInForce.GTD


def slow(share=None, latency=0):
    return SlowVenue({"X": Instrument("X")}, ("X",), 1e4, None, share, latency)


def fast(share=None, latency=0):
    return SimulatedVenue([Instrument("X")], 1e4, participation=share, latency_us=latency)


@pytest.fixture(params=[slow, fast], ids=["reference", "simulator"])
def make(request):
    return request.param


class Table:
    """A venue of one symbol, fed bar by bar; orders are decided at the close of the last."""

    def __init__(self, venue) -> None:
        self.venue, self.ts = venue, 0

    def bar(self, *prices: float, volume: float = 1000.0) -> list[tuple[float, float]]:
        """Quantity and price of what the next bar fills."""
        return [(fill.quantity, fill.price) for fill in self.fills(*prices, volume=volume)]

    def fills(self, *prices: float, volume: float = 1000.0) -> tuple[Fill, ...]:
        self.ts += MINUTE
        return self.venue.on_bars(Bars(self.ts, self.ts + MINUTE, ("X",), np.array([[*prices, volume, 0.0]])))

    def order(self, quantity: float, kind: OrderType = OrderType.MARKET, price: float | None = None, **terms) -> None:
        self.venue.submit([self.made(quantity, kind, price, **terms)])

    def made(self, quantity: float, kind: OrderType, price: float | None = None, leg: str = "", **terms) -> Order:
        return Order(f"{self.ts}{leg}", "X", self.ts + MINUTE, quantity, kind, price, **terms)

    def hold(self, quantity: float, **terms) -> None:
        self.order(quantity, LIMIT, 100.0, **terms)
        assert self.bar(100, 100.5, 99.5, 100) == [(quantity, 100.0)]


def near(*fills: tuple[float, float]) -> list[object]:
    return [pytest.approx(one) for one in fills]


def test_a_stop_limit_triggers_and_fills(make):
    table = Table(make())
    table.order(1.0, STOP_LIMIT, 106.0, trigger=105.0)

    (fill,) = table.fills(103, 107, 102, 104)

    assert (fill.price, fill.reason) == (pytest.approx(105.0105), Reason.STOP_ENTRY)
    assert fill.fee == pytest.approx(105.0105 * 0.0005)


def test_a_stop_limit_pays_no_more_than_its_limit(make):
    table = Table(make())
    table.order(1.0, STOP_LIMIT, 105.0, trigger=105.0)

    assert table.bar(103, 107, 102, 104) == [(1.0, 105.0)]


def test_a_stop_limit_triggered_beyond_its_limit_rests_from_the_next_bar(make):
    table = Table(make())
    table.order(1.0, STOP_LIMIT, 106.0, trigger=105.0)

    assert table.bar(107, 108, 105, 106) == []

    (fill,) = table.fills(107, 108, 105.5, 107)

    assert (fill.price, fill.reason, fill.fee) == (106.0, Reason.LIMIT, pytest.approx(106 * 0.0002))


def test_a_trail_starts_behind_the_fill_and_follows_the_high(make):
    table = Table(make())
    table.order(1.0, trail_distance=3.0)

    assert table.bar(100, 104, 99.5, 103) == near((1.0, 100.01))
    assert table.bar(103, 103.5, 100.5, 102) == near((-1.0, 100.9899))


def test_a_trail_is_already_a_stop_in_the_bar_of_the_entry(make):
    table = Table(make())
    table.order(1.0, trail_distance=3.0)

    assert table.bar(100, 104, 97, 103) == near((1.0, 100.01), (-1.0, 97.01 * 0.9999))


def test_inside_the_bar_of_a_limit_entry_only_the_close_moves_the_trail(make):
    table = Table(make())
    table.order(1.0, LIMIT, 100.0, trail_distance=3.0)

    assert table.bar(101, 104, 99.5, 103) == [(1.0, 100.0)]
    assert table.bar(102, 102, 100.5, 101) == []
    assert table.bar(101, 101, 99, 100) == near((-1.0, 100 * 0.9999))


def test_a_trail_by_fraction_of_a_short(make):
    table = Table(make())
    table.hold(-1.0)
    table.order(1.0, OrderType.TRAILING_STOP, trail_fraction=0.02, reduce_only=True)

    assert table.bar(100, 101.9, 95, 96) == []  # from 100 x 1.02 to 95 x 1.02 = 96.9
    assert table.bar(96, 96.95, 96, 96.5) == near((1.0, 96.9 * 1.0001))


def test_a_protect_order_with_a_stop_ends_the_trail(make):
    table = Table(make())
    table.hold(1.0, trail_distance=3.0)
    table.order(0.0, OrderType.PROTECT, stop_loss=90.0)

    assert table.bar(100, 120, 99, 119) == []
    assert table.bar(119, 119, 95, 96) == []


def test_of_a_pair_the_order_nearer_to_the_open_trades_and_ends_the_other(make):
    table = Table(make())
    pair = [table.made(1.0, STOP, 105.0, "a", oco="p"), table.made(-1.0, STOP, 95.0, "b", oco="p")]
    table.venue.submit(pair)

    assert table.bar(100, 101, 99, 100) == []
    assert [(one.price, one.order_id) for one in table.fills(101, 106, 94, 100)] == [(pytest.approx(105.0105), "0a")]
    assert table.bar(100, 101, 90, 91) == []


def test_the_second_of_a_pair_keeps_its_name(make):
    table = Table(make())
    table.venue.submit([table.made(1.0, STOP, 105.0, "a", oco="p"), table.made(1.0, LIMIT, 95.0, "b", oco="p")])

    assert [(one.price, one.order_id) for one in table.fills(100, 101, 94, 100)] == [(95.0, "0b")]
    assert table.venue.account().working == frozenset()


def test_a_stop_and_a_target_as_a_pair_are_levels(make):
    table = Table(make())
    table.hold(1.0)
    pair = [table.made(-1.0, STOP, 95.0, oco="p", reduce_only=True)]
    table.venue.submit([*pair, table.made(-1.0, OrderType.TAKE_PROFIT, 110.0, oco="p", reduce_only=True)])

    assert table.bar(100, 111, 99, 100) == [(-1.0, 110.0)]


@pytest.mark.parametrize("legs", [[("a", "X")], [("a", "X"), ("b", "X"), ("c", "X")]])
def test_a_pair_is_two(make, legs):
    table = Table(make())

    with pytest.raises(InvalidOrder):
        table.venue.submit([table.made(1.0, STOP, 105.0, leg, oco="p") for leg, _ in legs])


@pytest.mark.parametrize(("first", "filled"), [(99.0, []), (100.0, [(1.0, 99.0)])])
def test_post_only(make, first, filled):
    table = Table(make())
    table.order(1.0, LIMIT, 99.0, post_only=True)

    assert table.bar(first, 101, 98, 100) == filled
    assert table.venue.account().working == frozenset()


@pytest.mark.parametrize(("first", "filled"), [(99.995, [(1.0, 100.0)]), (100.5, [])])
def test_an_ioc_limit_takes_or_is_gone(make, first, filled):
    table = Table(make())
    table.order(1.0, LIMIT, 100.0, time_in_force=IOC)

    assert table.bar(first, 101, 98, 100) == filled
    assert table.bar(99, 101, 98, 100) == []


@pytest.mark.parametrize(("until", "filled"), [(3 * MINUTE, [(1.0, 99.0)]), (3 * MINUTE - 1, [])])
def test_gtd(make, until, filled):
    table = Table(make())
    table.order(1.0, LIMIT, 99.0, time_in_force=GTD, expires_at=until)
    table.bar(100, 101, 99.5, 100)  # ends at 2 minutes

    assert table.bar(100, 101, 98, 100) == filled


def test_a_share_of_the_volume(make):
    table = Table(make(share=0.1))
    table.order(5.0)

    assert table.bar(100, 101, 99, 100, volume=30.0) == near((3.0, 100.01))
    assert table.bar(102, 103, 101, 102, volume=30.0) == near((2.0, 102.0102))


def test_the_rest_of_a_stop_leaves_at_the_next_open(make):
    table = Table(make(share=0.1))
    table.hold(5.0, stop_loss=95.0)

    assert table.bar(100, 101, 94, 96, volume=30.0) == near((-3.0, 94.9905))
    assert table.bar(97, 98, 96, 97, volume=30.0) == near((-2.0, 96.9903))


def test_what_a_stop_leaves_is_liquidated_where_the_bar_comes_to_that_level(make):
    table = Table(make(share=0.1))
    table.hold(5.0, leverage=10.0, stop_loss=95.0)

    assert table.bar(100, 101, 90, 92, volume=30.0) == near((-3.0, 94.9905), (-2.0, 90 / 0.995))


def test_at_the_open_where_that_is_beyond_it(make):
    table = Table(make(share=0.1))
    table.hold(5.0, leverage=10.0, stop_loss=95.0)

    assert table.bar(90, 91, 89, 90, volume=30.0) == near((-3.0, 90 * 0.9999), (-2.0, 90.0))


def test_equals_of_a_pair_keep_their_order_after_a_bar_in_which_neither_traded(make):
    table = Table(make())
    table.hold(5.0, leverage=10.0)
    terms = [{"oco": "p", "leg": "a", "trigger": 100.0}, {"oco": "p", "leg": "b", "trigger": 102.0}]
    sizes = [(-1.0, 101.0), (-7.0, 100.0)]
    table.venue.submit(
        [table.made(size, STOP_LIMIT, price, **one) for (size, price), one in zip(sizes, terms, strict=True)]
    )

    assert table.bar(100, 100, 89, 92) == near((-5.0, 90 / 0.995))
    assert table.bar(102, 107.5, 101, 107)[0] == pytest.approx((-1.0, 102.0))


def test_what_is_left_of_a_target_waits_at_its_level(make):
    table = Table(make(share=0.1))
    table.hold(5.0, take_profit=105.0)

    assert table.bar(100, 106, 99, 104, volume=30.0) == [(-3.0, 105.0)]
    assert table.bar(104, 104.5, 103, 104, volume=30.0) == []
    assert table.bar(104, 105, 103, 104, volume=30.0) == [(-2.0, 105.0)]


def test_an_ioc_market_order_drops_what_finds_no_volume(make):
    table = Table(make(share=0.1))
    table.order(5.0, time_in_force=IOC)

    assert table.bar(100, 101, 99, 100, volume=30.0) == near((3.0, 100.01))
    assert table.bar(102, 103, 101, 102, volume=30.0) == []


def test_a_share_of_an_unknown_volume_is_refused(make):
    with pytest.raises(SchemaViolation):
        Table(make(share=0.1)).bar(100, 101, 99, 100, volume=float("nan"))


def test_latency(make):
    table = Table(make(latency=200_000))
    table.bar(100, 101, 99, 100)
    table.order(1.0)

    assert table.bar(101, 102, 100, 101) == []
    assert table.venue.account().working == {"X"}
    assert table.bar(103, 104, 102, 103) == near((1.0, 103.0103))


@pytest.mark.parametrize("terms", [{"participation": 0.0}, {"participation": 1.5}, {"latency_us": -1}])
def test_impossible_venues_are_refused(terms):
    with pytest.raises(InvalidOption):
        SimulatedVenue([Instrument("X")], 1000.0, **terms)


@pytest.mark.parametrize(
    ("kind", "price", "terms"),
    [
        (STOP_LIMIT, 106.0, {}),
        (LIMIT, 106.0, {"trigger": 105.0}),
        (LIMIT, 106.0, {"trail_distance": 1.0, "trail_fraction": 0.1}),
        (LIMIT, 106.0, {"trail_distance": -1.0}),
        (LIMIT, 106.0, {"trail_fraction": 1.0}),
        (OrderType.TRAILING_STOP, None, {"trail_distance": 1.0}),
        (OrderType.TRAILING_STOP, None, {"reduce_only": True}),
        (LIMIT, 106.0, {"time_in_force": GTD}),
        (LIMIT, 106.0, {"expires_at": 5}),
        (OrderType.MARKET, None, {"time_in_force": GTD, "expires_at": 5}),
        (STOP, 106.0, {"time_in_force": IOC}),
        (OrderType.MARKET, None, {"post_only": True}),
        (LIMIT, 106.0, {"post_only": True, "time_in_force": IOC}),
        (OrderType.MARKET, None, {"oco": "p"}),
        (LIMIT, 106.0, {"oco": "p", "post_only": True}),
    ],
)
def test_terms_that_do_not_go_together_are_refused(kind, price, terms):
    with pytest.raises(InvalidOrder):
        Order("a", "X", 0, 1.0, kind, price, **terms)


def test_a_trail_that_runs_already_is_not_begun_again(make):
    table = Table(make())
    table.hold(1.0, trail_distance=3.0)
    table.bar(100, 106, 100, 105)
    table.order(0.0, OrderType.PROTECT, trail_distance=3.0)
    table.bar(104, 105, 103.5, 104)

    assert table.bar(103, 104, 102, 103) == near((-1.0, 103.0 * 0.9999))


def test_another_trail_begins_behind_the_open(make):
    table = Table(make())
    table.hold(1.0, trail_distance=3.0)
    table.bar(100, 106, 100, 105)
    table.order(0.0, OrderType.PROTECT, trail_distance=4.0)
    table.bar(104, 105, 103.5, 104)

    assert table.bar(103, 104, 102, 103) == []
