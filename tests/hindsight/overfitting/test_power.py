"""What a sample could have verified: by hand, and by trial."""

import math

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.hindsight.overfitting import probabilistic_sharpe, smallest_verifiable_ic, smallest_verifiable_sharpe

NEEDED = 1.6448536269514722 + 0.8416212335729143  # of a normal law: 95 % and 80 %


def test_years_for_a_sharpe_ratio():
    assert smallest_verifiable_sharpe(1.0) == pytest.approx(NEEDED)
    assert smallest_verifiable_sharpe(6.182) == pytest.approx(1.0, abs=1e-3)


def test_half_of_420_days_cannot_verify_three():
    assert round(smallest_verifiable_sharpe(210 / 365), 1) == 3.3


def test_pairs_for_a_coefficient():
    assert smallest_verifiable_ic(403.0) == pytest.approx(math.tanh(NEEDED / 20))
    assert smallest_verifiable_ic(3.0) is None


@pytest.mark.parametrize("years", [0.0, -1.0, math.nan, math.inf])
def test_no_time_is_refused(years):
    with pytest.raises(InvalidOption):
        smallest_verifiable_sharpe(years)


@pytest.mark.parametrize("settings", [{"confidence": 0.4}, {"power": 1.0}])
def test_odds_out_of_range_are_refused(settings):
    with pytest.raises(InvalidOption):
        smallest_verifiable_ic(100.0, **settings)


def test_strategies_of_that_sharpe_ratio_pass_as_often_as_it_says():
    rng, days = np.random.default_rng(0), 365
    true = smallest_verifiable_sharpe(1.0) / math.sqrt(days)
    table = rng.standard_normal((days, 2000)) + true
    sharpes = table.mean(axis=0) / table.std(axis=0, ddof=1)
    passed = np.mean([probabilistic_sharpe(one, days, 0.0, 3.0) >= 0.95 for one in sharpes])

    assert passed == pytest.approx(0.8, abs=0.03)


def test_coefficients_of_that_size_pass_as_often_as_it_says():
    rng, rows = np.random.default_rng(1), 200
    true = smallest_verifiable_ic(rows)
    x, noise = rng.standard_normal((2, rows, 2000))
    y = true * x + math.sqrt(1 - true**2) * noise
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    found = (x * y).sum(axis=0) / np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    passed = np.mean(np.arctanh(found) * math.sqrt(rows - 3) >= 1.6448536)

    assert passed == pytest.approx(0.8, abs=0.03)
