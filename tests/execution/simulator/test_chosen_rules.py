"""Each value of each knob with numbers worked out by hand; costs are those of the builders.

Taker 0.1 %, maker 0.04 %, slippage 1 %. Most positions are long 1 from a limit at 100.
"""

from decimal import Decimal

import numpy as np
import pytest

from alphaloop.core.market import Bars
from alphaloop.core.orders import Order, OrderType, Reason
from alphaloop.execution.simulator.batch import simulate, targets
from alphaloop.execution.simulator.rules import (
    Basis,
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
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.execution.builders import NAN, Desk, make_instrument, make_market

AFTER = {"queued": Queued.AFTER_STOPS}


class RuledDesk(Desk):
    """A desk under chosen rules."""

    def __init__(self, cash: float = 1000.0, **chosen: object) -> None:
        self.venue = SimulatedVenue([make_instrument(tick=Decimal("0.5"))], cash, FillRules(**chosen))
        self.bars = 0


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-12, abs=1e-12)


def seen(fills) -> list[tuple[Reason, object]]:
    return [(fill.reason, near(fill.price)) for fill in fills]


def test_an_order_at_the_signals_close_is_booked_with_the_next_bar():
    desk = RuledDesk(timing=Timing.SIGNAL_CLOSE)
    desk.bar(99, 103, 98, 102)
    desk.order(1.0, stop_loss=101.0)

    fills = desk.bar(104, 105, 103.5, 105, rate=0.01)

    assert seen(fills) == [(Reason.MARKET, 102 * 1.01), (Reason.FUNDING, 104.0)]
    assert fills[1].funding == near(1.04)
    assert seen(desk.bar(103, 104, 101, 102)) == [(Reason.STOP, 101 * 0.99)]


def test_an_order_at_the_signals_close_needs_a_close():
    desk = RuledDesk(timing=Timing.SIGNAL_CLOSE)
    desk.order(1.0)

    assert desk.bar(100, 101, 99, 100) == ()
    assert seen(desk.bar(105, 106, 104, 105)) == [(Reason.MARKET, 101.0)]


def test_an_order_at_the_next_close_comes_after_the_bars_levels():
    desk = RuledDesk(timing=Timing.NEXT_CLOSE, **AFTER)
    desk.order(1.0, stop_loss=95.0)

    assert seen(desk.bar(100, 110, 90, 104)) == [(Reason.MARKET, 104 * 1.01)]
    desk.order(-1.0, reduce_only=True)
    assert seen(desk.bar(96, 97, 94, 96)) == [(Reason.STOP, 95 * 0.99)]
    assert desk.account.working == frozenset()


@pytest.mark.parametrize(
    ("watch", "after_market", "after_limit"),
    [
        (EntryBar.WATCHED, [Reason.MARKET, Reason.STOP], [Reason.LIMIT, Reason.STOP]),
        (EntryBar.MARKET_ONLY, [Reason.MARKET, Reason.STOP], [Reason.LIMIT]),
        (EntryBar.NOT_WATCHED, [Reason.MARKET], [Reason.LIMIT]),
    ],
)
def test_the_bar_of_the_entry(watch, after_market, after_limit):
    market, limit = RuledDesk(entry_bar=watch), RuledDesk(entry_bar=watch)
    market.order(1.0, stop_loss=95.0)
    limit.order(1.0, OrderType.LIMIT, 99.0, stop_loss=95.0)

    assert [fill.reason for fill in market.bar(100, 101, 94, 96)] == after_market
    assert [fill.reason for fill in limit.bar(100, 101, 94, 96)] == after_limit
    assert seen(market.bar(96, 97, 95, 96)) == ([(Reason.STOP, 95 * 0.99)] if len(after_market) == 1 else [])


def test_a_stop_reached_later_beats_an_exit_at_the_open():
    early, late = RuledDesk().hold(1.0, stop_loss=95.0), RuledDesk(**AFTER).hold(1.0, stop_loss=95.0)
    for desk in (early, late):
        desk.order(-1.0, reduce_only=True)

    assert seen(early.bar(100, 101, 94, 96)) == [(Reason.MARKET, 99.0)]
    assert seen(late.bar(100, 101, 94, 96)) == [(Reason.STOP, 95 * 0.99)]
    assert late.account.working == frozenset()


@pytest.mark.parametrize(
    ("signal", "quantity", "left"),
    [
        (StopBarSignal.KEPT, -3.0, -2.0),  # closes 1, which the stop has done, and opens 2
        (StopBarSignal.KEPT, 2.0, 2.0),  # would have added
        (StopBarSignal.KEPT, -0.5, 0.0),  # would have closed half
        (StopBarSignal.DROPPED, -3.0, 0.0),
        (StopBarSignal.DROPPED, 2.0, 0.0),
    ],
)
def test_a_signal_in_the_bar_of_a_stop(signal, quantity, left):
    desk = RuledDesk(**AFTER, stop_bar_signal=signal).hold(1.0, stop_loss=95.0)
    desk.order(quantity)

    fills = desk.bar(100, 101, 94, 96)

    assert fills[0].reason is Reason.STOP
    assert desk.position[0] == left
    assert [fill.price for fill in fills[1:]] == ([near(100 * (1.01 if left > 0 else 0.99))] if left else [])


TARGET, STOP = (Reason.TARGET, 105.0), (Reason.STOP, near(95 * 0.99))


@pytest.mark.parametrize(
    ("both", "rising", "falling", "jumped"),
    [
        (Both.STOP_FIRST, STOP, STOP, (Reason.TARGET, 106.0)),
        (Both.STOP_ALWAYS, STOP, STOP, STOP),
        (Both.TARGET_FIRST, TARGET, TARGET, (Reason.TARGET, 106.0)),
        (Both.OPEN_HIGH_LOW_CLOSE, TARGET, TARGET, (Reason.TARGET, 106.0)),
        (Both.CANDLE_PATH, STOP, TARGET, (Reason.TARGET, 106.0)),
    ],
)
def test_both_barriers_of_a_long(both, rising, falling, jumped):
    for row, expected in (((100, 106, 94, 101), rising), ((100, 106, 94, 99), falling), ((106, 107, 94, 101), jumped)):
        desk = RuledDesk(both=both).hold(1.0, stop_loss=95.0, take_profit=105.0)
        (fill,) = desk.bar(*row)

        assert (fill.reason, fill.price) == expected


@pytest.mark.parametrize(("both", "rising"), [(Both.OPEN_HIGH_LOW_CLOSE, STOP), (Both.CANDLE_PATH, TARGET)])
def test_both_barriers_of_a_short_are_met_in_the_other_order(both, rising):
    desk = RuledDesk(both=both).hold(-1.0, stop_loss=105.0, take_profit=95.0)
    (fill,) = desk.bar(100, 106, 94, 101)

    assert fill.reason is rising[0]


@pytest.mark.parametrize(
    ("gap", "inside", "outside"),
    [
        (Gap.OPEN, 93.0, 93.0),
        (Gap.LEVEL, 95.0, 95.0),
        (Gap.LEVEL_ELSE_OPEN, 95.0, 93.0),
        (Gap.LEVEL_ELSE_NEAREST, 95.0, 94.0),
    ],
)
def test_a_jumped_stop_and_a_jumped_target(gap, inside, outside):
    for row, level in (((93, 96, 92, 94), inside), ((93, 94, 92, 93), outside)):
        stopped = RuledDesk(stop_gap=gap).hold(1.0, stop_loss=95.0)
        won = RuledDesk(target_gap=gap).hold(-1.0, take_profit=95.0)

        assert seen(stopped.bar(*row)) == [(Reason.STOP, level * 0.99)]
        assert seen(won.bar(*row)) == [(Reason.TARGET, level)]


def test_only_what_is_named_slips():
    desk = RuledDesk(slips=frozenset({Kind.MARKET_EXIT, Kind.TARGET}))
    desk.order(1.0, take_profit=105.0)

    assert seen(desk.bar(100, 101, 99, 100)) == [(Reason.MARKET, 100.0)]
    desk.order(-3.0, take_profit=90.0)
    assert seen(desk.bar(102, 103, 101, 102)) == [(Reason.MARKET, 102 * 0.99), (Reason.MARKET, 102.0)]
    assert seen(desk.bar(95, 96, 89, 90)) == [(Reason.TARGET, 90 * 1.01)]


@pytest.mark.parametrize(("basis", "level"), [(Basis.FILL, 101 * 0.97), (Basis.RAW, 97.0)])
def test_the_price_of_which_a_stop_is_a_fraction(basis, level):
    rows = [(100, 101, 99, 100), (100, 101, 99, 100), (100, 101, 90, 95)]
    market = make_market(np.array([[[*row, 1.0, 0.0]] for row in rows], dtype=float))
    column = np.array([[1.0], [NAN], [NAN]])
    plan = targets(column, stop=0.03 * column, units=True, fractions=True)

    result = simulate(market, plan, [make_instrument()], 1000.0, rules=FillRules(basis=basis))

    assert result.fills()[-1].price == near(level * 0.99)


@pytest.mark.parametrize(
    ("rounding", "side", "stop", "target"),
    [
        (Rounding.NEAREST, 1.0, 95.5, 105.5),
        (Rounding.AGAINST_US, 1.0, 95.0, 105.5),
        (Rounding.NEAREST, -1.0, 105.5, 95.5),
        (Rounding.AGAINST_US, -1.0, 105.5, 95.0),
    ],
)
def test_levels_on_the_grid_of_half_points(rounding, side, stop, target):
    low, high = 95.3, 105.3
    levels = {"stop_loss": low, "take_profit": high} if side > 0 else {"stop_loss": high, "take_profit": low}
    lost, won = (RuledDesk(rounding=rounding).hold(side, **levels) for _ in range(2))
    down, up = (100, 100, 90, 90), (100, 110, 100, 110)

    assert seen(lost.bar(*(down if side > 0 else up))) == [(Reason.STOP, stop * (1 - 0.01 * side))]
    assert seen(won.bar(*(up if side > 0 else down))) == [(Reason.TARGET, target)]


def test_a_wick_that_the_mark_did_not_follow_liquidates_nobody():
    """Long 1 from 100, leverage 10, rate 0.5 %: liquidated at 90 / 0.995 by the mark alone."""
    level = 90 / 0.995
    venue = SimulatedVenue([make_instrument(slippage=0.0)], 1000.0)
    venue.submit([Order("a", "X", 0, 1.0, leverage=10.0)])
    row = np.array([[100.0, 101.0, 99.0, 100.0, 1.0, 0.0]])
    wick = np.array([[95.0, 96.0, 80.0, 95.0, 1.0, 0.0]])

    assert len(venue.on_bars(Bars(0, 1, ("X",), row))) == 1
    assert venue.on_bars(Bars(1, 2, ("X",), wick, np.array([[93.0, 96.0]]))) == ()
    (fill,) = venue.on_bars(Bars(2, 3, ("X",), row, np.array([[90.0, 96.0]])))
    assert (fill.reason, fill.price) == (Reason.LIQUIDATION, near(level))


def test_without_a_mark_the_traded_price_liquidates_again():
    venue = SimulatedVenue([make_instrument(slippage=0.0)], 1000.0)
    venue.submit([Order("a", "X", 0, 1.0, leverage=10.0)])
    row = np.array([[100.0, 101.0, 99.0, 100.0, 1.0, 0.0]])
    wick = np.array([[95.0, 96.0, 80.0, 95.0, 1.0, 0.0]])
    venue.on_bars(Bars(0, 1, ("X",), row, np.array([[99.0, 101.0]])))

    assert [fill.reason for fill in venue.on_bars(Bars(1, 2, ("X",), wick))] == [Reason.LIQUIDATION]
