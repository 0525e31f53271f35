"""Confidence from quantiles: exact for a normal forecast, a probability for any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOption
from alphaloop.policies.forecast.odds import LEVELS, SCORES, at_levels, confidence, spread
from alphaloop.training.chain.learner import QUANTILES
from tests.policies.forecast.builders import Normal

quantiles = st.lists(st.floats(-0.1, 0.1), min_size=5, max_size=5).map(lambda found: np.sort(np.array(found)))


def test_levels_are_those_the_chains_keep():
    assert LEVELS == QUANTILES


def test_a_normal_forecast_beats_a_cost_as_the_normal_table_says():
    row = 0.002 + 0.004 * SCORES

    # (0.002 - 0.001) / 0.004 = 0.25 deviations above the cost; -(0.002 + 0.001) / 0.004 = -0.75 for a short
    assert confidence(row, 0.001, 1).item() == pytest.approx(59.8706, abs=1e-4)
    assert confidence(row, 0.001, -1).item() == pytest.approx(22.6627, abs=1e-4)


def test_beyond_the_outermost_quantile_the_last_slope_goes_on():
    assert confidence(SCORES, 3.0, 1).item() == pytest.approx(0.1350, abs=1e-4)


def test_between_two_quantiles_of_a_skewed_forecast():
    row = np.array([-1.0, 0.0, 1.0, 4.0, 5.0])

    # half-way from the median (1) to the upper quartile (4): score 0.33725
    assert confidence(row, 2.5, 1).item() == pytest.approx(36.7966, abs=1e-4)


@pytest.mark.parametrize(("cost", "sure"), [(0.5, 100.0), (1.0, 50.0), (1.5, 0.0)])
def test_a_forecast_that_claims_to_know(cost, sure):
    assert confidence(np.ones(5), cost, 1).item() == sure


def test_steps_at_the_borders_are_told_by_the_whole_width():
    found = confidence(np.array([[0.0, 0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 1.0, 1.0]]), np.array([2.0, 2.0]), 1)

    assert ((found > 0) & (found < 50)).all()


def test_unknown_stays_unknown_and_other_levels_are_refused():
    assert np.isnan(confidence(np.array([0.0, 1.0, np.nan, 2.0, 3.0]), 0.0, 1))
    with pytest.raises(InvalidOption):
        confidence(np.zeros(7), 0.0, 1)


def test_a_spread_is_that_of_a_normal_forecast():
    found = at_levels(Normal([[0.1, 0.2]], [[0.01, 0.03]]))

    assert np.allclose(spread(found), [[0.01, 0.03]], rtol=1e-12)


@given(quantiles, st.floats(0, 0.1), st.floats(0, 0.1))
def test_dearer_trading_is_never_likelier_to_pay(row, one, other):
    low, high = sorted((one, other))

    assert confidence(row, high, 1) <= confidence(row, low, 1) + 1e-9
    assert confidence(row, high, -1) <= confidence(row, low, -1) + 1e-9


@given(quantiles, st.floats(0, 0.1))
def test_it_is_a_percentage_and_both_sides_do_not_win_at_once(row, cost):
    long, short = confidence(row, cost, 1).item(), confidence(row, cost, -1).item()

    assert min(long, short) >= 0
    assert max(long, short) <= 100
    assert long + short <= 100 + 1e-6


@given(quantiles, st.floats(0, 0.1))
def test_a_mirrored_forecast_swaps_the_sides(row, cost):
    assert confidence(-row[::-1], cost, 1).item() == pytest.approx(confidence(row, cost, -1).item(), abs=1e-6)
