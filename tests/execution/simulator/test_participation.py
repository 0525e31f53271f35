"""A share of each bar's volume: the vectorised backtest equals the venue, and refuses what it cannot know."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import CLOSE, VOLUME
from alphaloop.core.orders import Order
from alphaloop.execution.simulator.batch import simulate, targets
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.execution.builders import NAN, make_bars, make_instrument, make_market
from tests.execution.simulator.test_batch import ROUNDS, Case, cases, wanted


def with_volumes(case: Case) -> Case:
    """The same market with volumes of the size of orders where they were unknown or one."""
    values = np.array(case.market.values)
    sizes = np.resize([0.7, 4.0, 30.0, 1.0, 2.5], values.shape[:2])
    halted = values[:, :, VOLUME] == 0.0
    values[:, :, VOLUME] = np.where(np.isnan(values[:, :, CLOSE]), NAN, np.where(halted, 0.0, sizes))
    return replace(case, market=make_market(values, case.market.symbols))


@ROUNDS
@given(cases(fractions=False, units=False), st.sampled_from([0.1, 0.5, 1.0]))
def test_the_batch_equals_its_venue(case, share):
    case = with_volumes(case)
    venue, fills, equity = SimulatedVenue(case.instruments, 1000.0, participation=share), [], []
    for t, bars in enumerate(case.market):
        fills += venue.on_bars(bars)
        account = venue.account()
        equity.append(account.equity)
        venue.submit(wanted(case, t, bars.available_at, account))
    result = simulate(case.market, case.plan, case.instruments, 1000.0, participation=share)

    assert result.fills() == fills
    assert result.equity.tolist() == equity


def test_a_plan_is_reached_over_several_bars():
    rows = [(100, 100, 100, 100, 20.0, 0.0)] * 4
    free = make_instrument("X", taker_fee=0.0, slippage=0.0)
    plan = targets(np.array([[5.0], [NAN], [NAN], [NAN]]), units=True)
    result = simulate(make_market(np.array(rows)[:, None, :]), plan, [free], 1000.0, participation=0.1)

    assert result.rows[:, 3].tolist() == [2.0, 2.0, 1.0]


def test_an_unknown_volume_or_an_impossible_share_is_refused():
    market = make_market(np.array([[(100, 100, 100, 100, NAN, 0.0)]]))
    plan = targets(np.array([[1.0]]))

    with pytest.raises(SchemaViolation):
        simulate(market, plan, [make_instrument("X")], 1000.0, participation=0.1)
    with pytest.raises(InvalidOption):
        simulate(market, plan, [make_instrument("X")], 1000.0, participation=2.0)


def test_what_volume_leaves_of_an_order_is_replaced_by_the_next_order():
    venue = SimulatedVenue([make_instrument("X", taker_fee=0.0, slippage=0.0)], 1e4, participation=0.1)
    venue.submit([Order("1", "X", 0, 5.0)])
    venue.on_bars(make_bars(0, (100, 100, 100, 100, 20.0, 0.0)))
    venue.submit([Order("2", "X", 1, -1.0)])

    assert [fill.quantity for fill in venue.on_bars(make_bars(1, (100, 100, 100, 100, 20.0, 0.0)))] == [-1.0]
    assert venue.on_bars(make_bars(2, (100, 100, 100, 100, 20.0, 0.0))) == ()
