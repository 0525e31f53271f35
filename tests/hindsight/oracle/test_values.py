"""Values of positions and actions, by hand."""

import numpy as np
import pytest

from alphaloop.core.market import Instrument
from alphaloop.hindsight.oracle.tape import tape
from alphaloop.hindsight.oracle.values import action_values, future_values
from tests.hindsight.oracle.builders import FREE, market_of, steady

LEVELS = np.array([-1.0, 0.0, 1.0])
DEAR = Instrument("X", taker_fee=0.01, slippage=0.02)


def test_a_price_that_turns_is_worth_its_way():
    got = future_values(tape(steady(10.0, 10.0, 13.0, 11.0), 0, FREE, LEVELS))

    assert got.tolist() == [[5.0, 5.0, 5.0], [-1.0, 2.0, 5.0], [2.0, 0.0, -2.0], [0.0, 0.0, 0.0]]


def test_a_switch_costs_slippage_and_the_fee_on_the_slipped_price():
    got = future_values(tape(steady(100.0, 100.0, 200.0), 0, DEAR, LEVELS))

    buy = 100 * (0.02 + 0.01 * 1.02)
    assert got[0] == pytest.approx([100 - 2 * buy, 100 - buy, 100.0])


def test_funding_is_due_before_one_may_leave():
    rows = [[100.0, 100.0, 100.0, 100.0, 1.0, 0.0], [100.0, 101.0, 99.0, 100.0, 1.0, 0.5]]

    assert future_values(tape(market_of(rows), 0, FREE, LEVELS))[0].tolist() == [50.0, 0.0, -50.0]


def test_action_values_rank_the_choices_and_their_best_is_the_value():
    own = tape(steady(100.0, 100.0, 200.0), 0, DEAR, LEVELS)

    found = action_values(own, held=1)

    # selling pays the fee on 98, buying on 102
    assert found[:-1] == pytest.approx(np.array([[-102.98, 0.0, 96.98], [-5.96, 0.0, -6.04]]))
    assert np.nanmax(found[:-1], axis=1) == pytest.approx(future_values(own)[:-1, 1])
    assert np.isnan(found[-1]).all()


def test_an_action_that_the_venue_would_not_take_has_no_value():
    least = Instrument("X", taker_fee=0.0, slippage=0.0, min_notional=150.0)
    own = tape(steady(100.0, 100.0, 200.0), 0, least, LEVELS)

    assert np.isnan(action_values(own, held=1)[0]).tolist() == [True, False, True]
    assert action_values(own, held=2)[0, 1] == 0.0  # closing is always taken
