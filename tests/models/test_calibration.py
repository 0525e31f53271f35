"""Recalibrated quantiles: coverage on rows to come, order, exact moves, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.models.calibration import QuantileCalibration, coverage

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def forecast(rows, width=1.0, seed=0):
    """Quantiles of a normal ``width`` times as wide as the truth, whose scale differs from row to row."""
    rng = np.random.default_rng(seed)
    scale = rng.uniform(0.5, 2.0, size=(rows, 1))
    scores = np.array([-1.6449, -0.6745, 0.0, 0.6745, 1.6449])
    return (width * scale[..., None] * scores), scale * rng.normal(size=(rows, 1))


def test_intervals_that_are_too_narrow_are_widened_until_they_cover():
    past, came = forecast(4000, width=0.3)
    later, truth = forecast(4000, width=0.3, seed=1)

    made = QuantileCalibration.fit(past, came, LEVELS).apply(later)

    assert np.abs(coverage(later, truth)[0] - LEVELS).max() > 0.2
    assert np.abs(coverage(made, truth)[0] - LEVELS).max() < 0.02


def test_a_good_forecast_stays_as_it_is():
    past, came = forecast(4000)

    assert np.abs(QuantileCalibration.fit(past, came, LEVELS).shift).max() < 0.02


def test_each_level_moves_by_its_place_among_past_misses():
    quantiles = np.tile([[[-1.0, 1.0]]], (3, 1, 1))  # spread 2
    made = QuantileCalibration.fit(quantiles, np.array([[0.0], [2.0], [4.0]]), (0.25, 0.75))

    # misses of -1: 1, 3, 5, so the first of four places, 1, is 0.5 spreads; of 1: -1, 1, 3, so the third, 3, is 1.5
    assert made.shift.tolist() == [[0.5, 1.5]]
    assert made.apply(quantiles[:1]).tolist() == [[[0.0, 4.0]]]


def test_a_missing_outcome_pulls_nowhere_and_horizons_are_their_own():
    past, came = forecast(200)
    both, outcome = np.concatenate([past, past], axis=1), np.concatenate([came, came + 5.0], axis=1)
    outcome[::2, 0] = np.nan

    made = QuantileCalibration.fit(both, outcome, LEVELS)

    assert np.array_equal(made.shift[0], QuantileCalibration.fit(past[1::2], came[1::2], LEVELS).shift[0])
    assert made.shift[1, 2] > 0.5


@given(st.integers(0, 2**32 - 1))
def test_quantiles_never_cross(seed):
    rng = np.random.default_rng(seed)
    past = np.sort(rng.normal(size=(30, 1, 5)), axis=-1)
    made = QuantileCalibration.fit(past, rng.normal(size=(30, 1)), LEVELS)

    assert (np.diff(made.apply(np.sort(rng.normal(size=(7, 1, 5)), axis=-1)), axis=-1) >= 0).all()


def test_what_is_kept_is_read_again():
    made = QuantileCalibration.fit(*forecast(50), LEVELS)
    again = QuantileCalibration.of(made.as_dict())

    assert (again.levels, again.rows, again.shift.tolist()) == (made.levels, 50, made.shift.tolist())


def test_too_few_outcomes_and_wrong_shapes_are_refused():
    past, came = forecast(18)

    with pytest.raises(NoData, match="18 outcomes"):
        QuantileCalibration.fit(past, came, LEVELS)
    with pytest.raises(SchemaViolation):
        QuantileCalibration.fit(past, came[:5], LEVELS)
    with pytest.raises(SchemaViolation):
        QuantileCalibration.fit(*forecast(50), LEVELS).apply(past[..., :3])
