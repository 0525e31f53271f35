"""Regret, by hand."""

import numpy as np
import pytest

from alphaloop.core.account import AccountView
from alphaloop.core.decision import HOLD
from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.core.market import Instrument
from alphaloop.core.observation import Observation
from alphaloop.core.orders import Fill, Reason
from alphaloop.core.trace import Header, Step, Trace
from alphaloop.execution.simulator.batch import targets
from alphaloop.hindsight.oracle.regret import regret, regret_of_plan, regret_of_trace
from tests.hindsight.oracle.builders import FREE, MISSING, NAN, market_of, steady

PRICES = (10.0, 10.0, 12.0, 11.0, 13.0)


def plan_of(*wanted: float):
    return targets(np.array(wanted, dtype=float)[:, None], units=True)


def test_each_decision_owns_what_it_gave_away():
    # long from bar 1 on: right until 12, then wrong by 1 of price twice over (short would have gained it)
    found = regret_of_plan(steady(*PRICES), plan_of(1, NAN, NAN, NAN, NAN), [FREE], 10.0)

    assert found.own.tolist() == [0, 0, 2, 1, 3]
    assert found.oracle.tolist() == [0, 0, 2, 3, 5]
    assert found.step.tolist() == [0, 0, 2, 0, 0]
    assert (found.total, found.captured) == (2.0, 0.6)


def test_the_oracle_may_hold_the_largest_position_of_the_run():
    found = regret_of_plan(steady(*PRICES), plan_of(0.5, 4, 0, NAN, NAN), [FREE], 100.0)

    assert found.capacity.tolist() == [10.0]  # the equal share of the money: 100 / 10
    plan = targets(np.array([[0.5], [20], [0], [NAN], [NAN]]), units=True, leverage=5.0)
    large = regret_of_plan(steady(*PRICES), plan, [FREE], 100.0)
    assert large.capacity.tolist() == [20.0]
    # half a unit while 10 became 12, the wrong twenty while 12 became 11, none while 11 became 13
    assert large.step.tolist() == pytest.approx([0, 19.5 * 2, 40, 20 * 2, 0])
    assert large.total == pytest.approx(20 * 5 - (0.5 * 2 - 20))


def test_the_best_run_regrets_nothing():
    found = regret_of_plan(steady(*PRICES), plan_of(1, -1, 1, NAN, NAN), [FREE], 10.0)

    assert found.step.tolist() == [0, 0, 0, 0, 0]
    assert (found.total, found.captured) == (0.0, 1.0)


def test_nothing_to_earn_is_no_share():
    assert regret_of_plan(steady(10.0, 10.0), plan_of(NAN, NAN), [FREE], 10.0).captured is None


def test_symbols_add_up_and_one_without_bars_is_nothing():
    one = [[price] * 4 + [1.0, 0.0] for price in PRICES]
    market = market_of(one, one[::-1], [MISSING] * 5)
    plan = targets(np.full((5, 3), NAN), units=True)

    found = regret_of_plan(market, plan, [FREE, Instrument("Y", taker_fee=0.0, slippage=0.0), Instrument("Z")], 30.0)

    assert found.capacity.round(9).tolist() == [1.0, round(10 / 13, 9), 0.0]
    assert found.best.round(9).tolist() == [5.0, round(10 / 13 * 3, 9), 0.0]
    assert found.own.tolist() == [0, 0, 0, 0, 0]


def trace_of(now, equity, quantity, fills=()) -> Trace:
    """A recorded session on X; ``fills`` all in the last step."""
    trace = Trace(Header("p", ("X",), "1m", 0, "s", "r", "m", "0"))
    for row, instant in enumerate(now):
        held = np.array([float(quantity[row])])
        account = AccountView(("X",), equity[row], equity[row], equity[row], held, held * 0, held * 0, held * 0)
        empty = np.zeros((1, 0))
        seen = Observation(instant, ("X",), (), empty, empty.astype(bool), empty[None], account, "s")
        trace.record(Step(instant, seen, HOLD, HOLD, (), fills if row == len(now) - 1 else (), account))
    return trace


def test_a_trace_on_part_of_a_market_is_judged_on_that_part():
    minute = 60_000_000
    market = steady(50.0, *PRICES, 500.0)
    trace = trace_of([minute * (2 + row) for row in range(5)], [10.0, 10.0, 12.0, 11.0, 13.0], [0, 1, 1, 1, 1])

    found = regret_of_trace(trace, market, [FREE])

    assert (found.total, found.step.tolist()) == (2.0, [0, 0, 2, 0, 0])
    assert (found.now // minute).tolist() == [2, 3, 4, 5, 6]


def test_a_position_that_stood_inside_a_bar_counts():
    fills = (Fill("a", "X", 0, 3.0, 10.0, Reason.MARKET), Fill("", "X", 0, -3.0, 9.0, Reason.STOP))
    trace = trace_of([60_000_000, 120_000_000], [10.0, 7.0], [0, 0], fills)

    assert regret_of_trace(trace, steady(10.0, 10.0), [FREE]).capacity.tolist() == [3.0]


def test_what_cannot_be_is_refused():
    market, flat = steady(10.0, 10.0), np.zeros((2, 1))
    with pytest.raises(SchemaViolation, match="a run on"):
        regret(market, [FREE], np.ones(3), flat)
    with pytest.raises(SchemaViolation, match="first row"):
        regret(market, [FREE], np.ones(2), flat + 1)
    with pytest.raises(NoData, match="without bars"):
        regret(market.between(5, 6), [FREE], np.ones(0), flat[:0])
    with pytest.raises(SchemaViolation, match="the market it ran on"):
        regret_of_trace(trace_of([90], [1.0], [0]), market, [FREE])
