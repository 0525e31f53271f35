"""States against NumPy on each window, and on markets whose state is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.features.states import StateRules, states
from tests.features.builders import random_tape

SMALL = StateRules(span=5, ranked=9, least=4)


def by_hand(prices, rules):
    """Rank, score and width, window by window."""
    high, low, close = prices[1], prices[2], prices[3]
    steps = np.append(nan, np.diff(np.log(close)))
    rows, n = len(close), rules.span
    roots = np.array([np.sqrt((steps[i - n + 1 : i + 1] ** 2).sum()) if i >= n else nan for i in range(rows)])
    made = np.full((3, rows), nan)
    for i in range(n, rows):
        past = roots[max(n, i - rules.ranked + 1) : i + 1]
        if len(past) >= rules.least:
            made[0, i] = ((past < roots[i]).sum() + 0.5 * (past == roots[i]).sum()) / len(past)
        if roots[i] > 0:
            made[1, i] = steps[i - n + 1 : i + 1].sum() / roots[i]
            made[2, i] = np.log(high[i - n + 1 : i + 1].max() / low[i - n + 1 : i + 1].min()) / roots[i]
    return made


@given(seed=st.integers(0, 2**32), rows=st.integers(1, 60), still=st.sampled_from([0.0, 0.7, 1.0]))
@settings(max_examples=50, deadline=None)
def test_equal_to_each_window_by_itself(seed, rows, still):
    prices = random_tape(np.random.default_rng(seed), rows, still=still)[:, :4].T

    seen = states(prices, rules=SMALL)

    for got, expected in zip((seen.rank, seen.score, seen.width), by_hand(prices, SMALL), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


def walk(steps):
    close = 100 * np.exp(np.cumsum(steps))
    return np.tile(close, (4, 1))


def test_a_rise_trends_up_and_a_fall_down():
    up, down = states(walk(np.full(100, 0.01))), states(walk(np.full(100, -0.01)))
    assert up.trend[-1] == 1.0
    assert down.trend[-1] == -1.0
    assert up.score[-1] == pytest.approx(np.sqrt(48))
    assert up.ranging[-1] == down.ranging[-1] == 0.0
    assert np.isnan(up.trend[:48]).all()
    assert not np.isnan(up.trend[48])


def test_a_price_that_swings_ranges():
    seen = states(walk(np.tile([0.01, -0.01], 50)))
    assert (seen.trend[-1], seen.ranging[-1]) == (0.0, 1.0)


def test_volatility_is_high_against_its_own_past():
    rng = np.random.default_rng(0)
    seen = states(walk(np.concatenate([rng.normal(0, 0.001, 700), rng.normal(0, 0.01, 100)])))
    assert seen.volatility[-1] == 1.0
    assert states(walk(np.concatenate([rng.normal(0, 0.01, 700), rng.normal(0, 0.001, 100)]))).volatility[-1] == -1.0
    assert np.isnan(seen.volatility[: 48 + 143]).all()
    assert not np.isnan(seen.volatility[48 + 143])


def test_a_still_price_has_a_volatility_but_no_trend():
    seen = states(np.full((4, 300), 5.0))
    assert (seen.rank[-1], seen.volatility[-1]) == (0.5, 0.0)
    assert np.isnan([seen.trend[-1], seen.ranging[-1], seen.width[-1]]).all()


def test_a_random_walk_trends_as_often_as_documented():
    seen = states(walk(np.random.default_rng(1).normal(0, 0.01, 40_000)))
    assert np.nanmean(np.abs(seen.trend)) == pytest.approx(0.13, abs=0.02)
    assert np.nanmean(seen.width) == pytest.approx(1.4, abs=0.1)  # closes alone: below 1.6 of the continuous walk


def test_memory_begins_anew_where_told():
    prices = walk(np.full(100, 0.01))
    seen = states(prices, rules=SMALL, begin=np.where(np.arange(100) < 50, 0, 50))
    assert np.isnan(seen.trend[50:55]).all()
    assert seen.trend[[49, 55]].tolist() == [1.0, 1.0]


def test_rules_and_shapes_are_checked():
    with pytest.raises(InvalidOption):
        StateRules(span=1)
    with pytest.raises(InvalidOption):
        StateRules(calm=0.9)
    with pytest.raises(SchemaViolation):
        states(np.ones(5))
