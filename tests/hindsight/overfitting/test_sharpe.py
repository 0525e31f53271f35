"""Probabilistic and deflated Sharpe ratios: the papers' numbers, by hand, and against purgedcv."""

import math

import ffn
import numpy as np
import pandas as pd
import purgedcv
import pytest

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation
from alphaloop.hindsight.overfitting import (
    deflated_sharpe,
    expected_max_sharpe,
    min_backtest_length,
    min_track_record_length,
    probabilistic_sharpe,
    sharpe_variance,
    track_record,
)

DAYS = 250  # a year of the 2014 paper
PAPER = (2.5 / math.sqrt(DAYS), 1250)
VARIANCE = 0.5 / DAYS


def returns_of(seed: int, length: int = 300) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(5, length) * 0.01 + 0.0005


@pytest.mark.parametrize(
    ("skew", "kurtosis", "trials", "expected"),
    [(-3.0, 10.0, 100, 0.9004), (-3.0, 10.0, 46, 0.9505), (0.0, 3.0, 88, 0.9505)],
)
def test_the_deflated_ratio_is_that_of_the_paper(skew, kurtosis, trials, expected):
    found = deflated_sharpe(*PAPER, skew, kurtosis, trials, VARIANCE)

    assert round(found, 4) == expected


def test_the_expected_maximum_is_that_of_the_paper():
    assert round(expected_max_sharpe(100, VARIANCE), 4) == 0.1132


def test_a_record_at_its_benchmark_is_a_coin():
    assert probabilistic_sharpe(0.1, 100, -0.5, 4.0, benchmark=0.1) == 0.5


def test_one_trial_is_not_deflated():
    assert expected_max_sharpe(1, 0.3) == 0.0
    assert deflated_sharpe(0.1, 100, 0.0, 3.0, 1, 0.3) == probabilistic_sharpe(0.1, 100, 0.0, 3.0)


def test_a_fraction_of_a_trial_more_than_one_does_not_lower_the_bar():
    found = [expected_max_sharpe(one, 1.0) for one in (1.0, 1.05, 1.3, 1.7, 2.0, 3.0)]

    assert found == sorted(found)
    assert found[0] == 0.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("benchmark", [0.0, 0.05])
def test_the_probability_is_that_of_purgedcv(seed, benchmark):
    returns = returns_of(seed)
    own = track_record(returns)
    peer = purgedcv.deflated_sharpe_ratio_full(returns, 5, 0.01)  # its ratio divides by n, ours by n - 1

    assert own.sharpe == pytest.approx(peer.observed_sr * math.sqrt(299 / 300), rel=1e-12)
    assert (own.skew, own.kurtosis) == pytest.approx((peer.skew, peer.kurt), rel=1e-12)
    assert probabilistic_sharpe(peer.observed_sr, 300, own.skew, own.kurtosis, benchmark) == pytest.approx(
        purgedcv.probabilistic_sharpe_ratio(returns, benchmark), abs=1e-12
    )
    assert deflated_sharpe(peer.observed_sr, 300, own.skew, own.kurtosis, 5, 0.01) == pytest.approx(peer.dsr, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_deflated_ratio_is_that_of_ffn(seed):
    returns, sharpes = returns_of(seed), np.random.default_rng(seed).normal(0.0, 0.05, 30)
    own = track_record(returns)
    peer = ffn.core.calc_deflated_sharpe_ratio(pd.Series(returns), sharpes, nperiods=365, annualized_trials=False)

    assert deflated_sharpe(own.sharpe, own.n, own.skew, own.kurtosis, 30, sharpe_variance(sharpes)) == pytest.approx(
        peer, rel=1e-9
    )


@pytest.mark.parametrize("sharpe", [0.02, 0.1, 0.5])
@pytest.mark.parametrize(("skew", "kurtosis"), [(0.0, 3.0), (-2.0, 9.0), (1.0, 4.0)])
def test_the_minimum_record_is_that_of_purgedcv(sharpe, skew, kurtosis):
    found = min_track_record_length(sharpe, skew, kurtosis, benchmark=0.01, confidence=0.9)

    assert found == purgedcv.min_track_record_length(sharpe, 0.01, 0.1, skew, kurtosis)


def test_the_minimum_record_is_the_first_that_is_long_enough():
    needed = int(min_track_record_length(0.1, -1.0, 6.0))

    assert probabilistic_sharpe(0.1, needed, -1.0, 6.0) >= 0.95
    assert probabilistic_sharpe(0.1, needed - 1, -1.0, 6.0) < 0.95


def test_no_record_is_long_enough_for_what_is_not_there():
    assert min_track_record_length(0.1, 0.0, 3.0, benchmark=0.1) == math.inf


@pytest.mark.parametrize("sharpe", [5e-324, 1e-300, 1e-160])
def test_a_sharpe_next_to_nothing_needs_more_periods_than_a_number_can_say(sharpe):
    assert min_track_record_length(sharpe, 0.0, 3.0) == math.inf
    assert min_track_record_length(0.1 + 1e-16, 0.0, 3.0, benchmark=0.1) > 1e30


def test_the_backtest_length_is_that_of_purgedcv():
    assert min_backtest_length(45, 1.3) == pytest.approx(purgedcv.minimum_backtest_length(45, 1.3), rel=1e-12)


def test_variance_of_trials():
    assert sharpe_variance(np.array([1.0, 2.0, 4.0])) == pytest.approx(7 / 3)
    assert sharpe_variance(np.array([1.0])) == 0.0


@pytest.mark.parametrize("returns", [np.full(50, 0.1), np.zeros(50), np.arange(3.0), np.array([])])
def test_a_record_that_cannot_say_has_none(returns):
    assert track_record(returns) is None


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: probabilistic_sharpe(math.nan, 100, 0, 3), InvalidOption),
        (lambda: probabilistic_sharpe(0.1, 1, 0, 3), InvalidOption),
        (lambda: probabilistic_sharpe(0.1, 100, 0, 0.0), InvalidOption),  # excess kurtosis of a normal law
        (lambda: probabilistic_sharpe(1.0, 100, 3.0, 2.0), InvalidOption),  # no distribution has these
        (lambda: expected_max_sharpe(0, 1.0), InvalidOption),
        (lambda: expected_max_sharpe(10, -1.0), InvalidOption),
        (lambda: deflated_sharpe(0.1, 100, 0, 3, math.inf, 1.0), InvalidOption),
        (lambda: min_track_record_length(0.1, 0, 3, confidence=0.5), InvalidOption),
        (lambda: min_track_record_length(1e200, 0, 3), InvalidOption),
        (lambda: probabilistic_sharpe(1e200, 10, 0, 3), InvalidOption),
        (lambda: min_backtest_length(10, 0.0), InvalidOption),
        (lambda: sharpe_variance(np.array([])), NoData),
        (lambda: sharpe_variance(np.array([0.1, np.nan])), SchemaViolation),
        (lambda: track_record(np.array([0.1, np.nan, 0.2, 0.3, 0.1])), SchemaViolation),
        (lambda: track_record(np.ones((5, 2))), SchemaViolation),
    ],
)
def test_what_cannot_be_is_refused(call, error):
    with pytest.raises(error):
        call()


def best_of(rng: np.random.Generator, trials: int, rows: int = 500) -> tuple[float, float]:
    """Deflated and probabilistic ratio of the best of ``trials`` strategies without edge."""
    table = rng.standard_normal((rows, trials))
    sharpes = table.mean(axis=0) / table.std(axis=0, ddof=1)
    own = track_record(table[:, sharpes.argmax()])
    given = (own.sharpe, own.n, own.skew, own.kurtosis)
    return deflated_sharpe(*given, trials, sharpe_variance(sharpes)), probabilistic_sharpe(*given)


@pytest.mark.slow
@pytest.mark.parametrize("trials", [20, 100])
def test_luck_passes_the_deflated_ratio_at_most_as_often_as_it_says(trials):
    rng = np.random.default_rng(trials)
    found = np.array([best_of(rng, trials) for _ in range(400)])

    assert (found[:, 0] > 0.95).mean() <= 0.05
    assert (found[:, 1] > 0.95).mean() >= 0.5  # and the ratio that counts no trials is fooled


def test_no_record_claims_a_kurtosis_that_no_law_has():
    coin = np.array([0.01, -0.01, 0.01, -0.01, 0.01, -0.01])  # corrected for bias: 3 + 5/12 (7 (-2) + 6) < 0

    own = track_record(coin + 0.001)

    assert own.kurtosis == pytest.approx(1.0)
    assert 0.5 < probabilistic_sharpe(own.sharpe, own.n, own.skew, own.kurtosis) < 1.0
