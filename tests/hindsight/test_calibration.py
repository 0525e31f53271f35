"""Calibration, by hand, against scikit-learn, and at its edges."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, mean_pinball_loss

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation
from alphaloop.hindsight.calibration import (
    brier,
    expected_calibration_error,
    pinball,
    quantile_coverage,
    reliability,
)

RNG = np.random.default_rng(0)
STATED = RNG.random(2000)
CAME = (RNG.random(2000) < STATED**2).astype(float)


def test_a_table_by_hand():
    found = reliability(np.array([0.1, 0.3, 0.3, 1.0]), np.array([0.0, 0.0, 1.0, 1.0]), 2)

    assert found["bin"].to_list() == [0, 1]
    assert found["rows"].to_list() == [3, 1]
    assert found["forecast"].to_list() == pytest.approx([0.7 / 3, 1.0])
    assert found["frequency"].to_list() == pytest.approx([1 / 3, 1.0])


@pytest.mark.parametrize(("by", "strategy"), [("width", "uniform"), ("count", "quantile")])
def test_the_table_is_that_of_scikit_learn(by, strategy):
    found = reliability(STATED, CAME, 8, by=by)
    frequency, forecast = calibration_curve(CAME, STATED, n_bins=8, strategy=strategy)

    assert found["frequency"].to_list() == pytest.approx(frequency.tolist(), abs=5e-3)
    assert found["forecast"].to_list() == pytest.approx(forecast.tolist(), abs=5e-3)


def test_the_score_is_that_of_scikit_learn():
    assert brier(STATED, CAME).score == pytest.approx(brier_score_loss(CAME, STATED))


@pytest.mark.parametrize("bins", [1, 5, 50])
def test_the_parts_add_up(bins):
    found = brier(STATED, CAME, bins)

    assert found.score == pytest.approx(found.reliability - found.resolution + found.uncertainty + found.within)


def test_nothing_is_left_within_bins_of_one_forecast():
    found = brier(STATED.round(1), CAME, 10, by="count")
    exact = brier(np.repeat([0.15, 0.85], 50), np.tile([0.0, 1.0], 50), 10)

    assert abs(found.within) < 0.02
    assert exact.within == pytest.approx(0.0, abs=1e-12)
    assert (exact.resolution, exact.uncertainty) == (0.0, 0.25)


def test_the_base_rate_is_calibrated_and_useless():
    found = brier(np.full(100, 0.3), np.repeat([1.0, 0.0], [30, 70]))

    assert found.reliability == pytest.approx(0.0, abs=1e-12)
    assert found.resolution == pytest.approx(0.0, abs=1e-12)
    assert found.skill == pytest.approx(0.0, abs=1e-12)


def test_equal_outcomes_have_no_skill_to_show():
    found = brier(np.full(10, 0.9), np.ones(10))

    assert (found.uncertainty, found.skill) == (0.0, None)
    assert found.score == pytest.approx(0.01)


def test_the_calibration_error_by_hand():
    # bin one: stated 0.2, came 0.5, two rows; bin two: stated 0.9, came 1, one row
    found = expected_calibration_error(np.array([0.2, 0.2, 0.9]), np.array([0.0, 1.0, 1.0]), 2)

    assert found == pytest.approx((2 * 0.3 + 0.1) / 3)


def test_a_calibrated_forecast_has_the_error_of_noise():
    rng = np.random.default_rng(1)
    stated = rng.random((200, 400))
    found = [expected_calibration_error(one, (rng.random(400) < one).astype(float)) for one in stated]

    assert np.mean(found) == pytest.approx(np.sqrt(10 / 400) / 3, rel=0.15)


def test_pinball_is_that_of_scikit_learn():
    outcome, levels = RNG.standard_normal(300), np.array([0.1, 0.5, 0.9])
    forecast = np.tile([-1.0, 0.1, 1.5], (300, 1))
    expected = [mean_pinball_loss(outcome, forecast[:, k], alpha=q) for k, q in enumerate(levels)]

    assert pinball(forecast, outcome, levels).tolist() == pytest.approx(expected)


def test_true_quantiles_cover_what_they_say():
    outcome, levels = np.random.default_rng(2).random(5000), np.array([0.05, 0.5, 0.95])
    found = quantile_coverage(np.tile(levels, (5000, 1)), outcome, levels)

    assert found["coverage"].to_list() == pytest.approx(levels.tolist(), abs=0.02)
    assert all(low <= level <= high for level, low, high in found.select("level", "low", "high").rows())


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: reliability(np.array([1.2]), np.array([1.0])), SchemaViolation),
        (lambda: reliability(np.array([np.nan]), np.array([1.0])), SchemaViolation),
        (lambda: reliability(np.array([0.5]), np.array([0.4])), SchemaViolation),
        (lambda: reliability(np.array([0.5]), np.array([1.0, 0.0])), SchemaViolation),
        (lambda: brier(np.array([]), np.array([])), NoData),
        (lambda: brier(np.array([0.5]), np.array([1.0]), 0), InvalidOption),
        (lambda: reliability(np.array([0.5]), np.array([1.0]), by="size"), InvalidOption),
        (lambda: pinball(np.zeros((2, 1)), np.zeros(3), np.array([0.5])), SchemaViolation),
        (lambda: pinball(np.zeros((2, 1)), np.array([0.0, np.nan]), np.array([0.5])), SchemaViolation),
        (lambda: pinball(np.zeros((2, 1)), np.zeros(2), np.array([1.0])), InvalidOption),
        (lambda: pinball(np.zeros((0, 1)), np.zeros(0), np.array([0.5])), NoData),
        (lambda: quantile_coverage(np.zeros((2, 1)), np.zeros(2), np.array([0.5]), confidence=1.0), InvalidOption),
    ],
)
def test_what_is_no_forecast_is_refused(call, error):
    with pytest.raises(error):
        call()
