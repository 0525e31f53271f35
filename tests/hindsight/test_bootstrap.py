"""The stationary bootstrap: the rows and lengths of arch, intervals that hold what they say."""

import math

import arch.bootstrap
import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation
from alphaloop.hindsight.bootstrap import Blocks, interval, optimal_block_length, paired_difference, resampled
from alphaloop.hindsight.returns import sharpe


def walk(rows: int, memory: float, seed: int = 0) -> np.ndarray:
    """An AR(1) of deviation one."""
    steps = np.random.default_rng(seed).standard_normal(rows) * math.sqrt(1 - memory**2)
    found = np.empty(rows)
    found[0] = steps[0] / math.sqrt(1 - memory**2)
    for t in range(1, rows):
        found[t] = memory * found[t - 1] + steps[t]
    return found


def daily(returns: np.ndarray) -> float | None:
    return sharpe(returns, 1.0)


@pytest.mark.parametrize("length", [1, 4, 25])
def test_rows_are_those_of_arch(length):
    peer = arch.bootstrap.StationaryBootstrap(length, np.arange(60), seed=7)
    drawn = [data[0][0].tolist() for data in peer.bootstrap(100)]

    assert [one.tolist() for one in resampled(60, length, Blocks(seed=7, draws=100))] == drawn


def test_blocks_have_the_length_asked_for():
    breaks = [np.mean(np.diff(one) % 500 != 1) for one in resampled(500, 10.0, Blocks(draws=200))]

    assert np.mean(breaks) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("rows", [30, 100, 1000])
@pytest.mark.parametrize("memory", [0.0, 0.5, 0.95, -0.6])
def test_lengths_are_those_of_arch(rows, memory):
    series = walk(rows, memory, seed=rows)
    peer = float(arch.bootstrap.optimal_block_length(series)["stationary"].iloc[0])

    assert optimal_block_length(series) == pytest.approx(max(1.0, peer), rel=1e-9)


def test_the_length_of_a_table_is_the_mean_of_its_columns():
    one, other = walk(300, 0.0), walk(300, 0.9)
    expected = (optimal_block_length(one) + optimal_block_length(other)) / 2

    assert optimal_block_length(np.column_stack([one, other])) == pytest.approx(expected)


def test_an_interval_by_hand():
    # two rows in blocks of one: the mean is 0, 1/2 or 1 with probabilities 1/4, 1/2, 1/4
    found = interval(np.array([0.0, 1.0]), np.mean, Blocks(length=1, draws=4000))

    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)
    assert found.error == pytest.approx(math.sqrt(1 / 8), abs=0.01)


def test_the_error_of_a_mean_of_independent_rows():
    rows = np.random.default_rng(3).standard_normal(2000)

    assert interval(rows, np.mean).error == pytest.approx(1 / math.sqrt(2000), rel=0.15)


def test_the_error_of_a_mean_of_dependent_rows():
    # (1 + memory) / (1 - memory) = 9 times the variance of independent rows
    rows, memory = 8000, 0.8
    found = interval(walk(rows, memory, seed=4), np.mean)

    assert found.error == pytest.approx(3 / math.sqrt(rows), rel=0.2)
    assert found.block > 20


def test_pairs_cancel_what_they_share():
    market, own = walk(600, 0.3), np.random.default_rng(5).standard_normal(600)
    found = paired_difference(market + 0.02 * own + 0.01, market, np.mean)
    apart = interval(market + 0.02 * own + 0.01, np.mean)

    assert found.above_zero is True
    assert found.error < apart.error / 20


def test_a_difference_of_sharpe_ratios():
    market = 0.01 * walk(500, 0.0)
    found = paired_difference(market + 0.003, market, daily)

    assert found.value == pytest.approx(daily(market + 0.003) - daily(market))
    assert found.low > 0


def test_equals_differ_by_nothing():
    rows = walk(100, 0.0)
    found = paired_difference(rows, rows, np.mean)

    assert (found.value, found.low, found.high, found.above_zero) == (0.0, 0.0, 0.0, False)


def test_a_statistic_that_cannot_say_has_no_interval():
    still = interval(np.zeros(50), daily)
    rare = interval(np.eye(1, 200)[0], daily)  # most draws of many do not hold the one trade, or hold it twice

    assert (still.value, still.low, still.error, still.above_zero) == (None, None, None, None)
    assert (rare.value is None, rare.low) == (False, None)


def test_the_same_seed_gives_the_same_interval():
    rows = walk(100, 0.5)

    assert interval(rows, np.mean) == interval(rows, np.mean)
    assert interval(rows, np.mean) != interval(rows, np.mean, Blocks(seed=1))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: interval(np.array([1.0]), np.mean), NoData),
        (lambda: interval(np.array([1.0, np.nan]), np.mean), SchemaViolation),
        (lambda: interval(np.zeros((2, 2, 2)), np.mean), SchemaViolation),
        (lambda: paired_difference(np.zeros(3), np.zeros(4), np.mean), SchemaViolation),
        (lambda: Blocks(length=0.5), InvalidOption),
        (lambda: Blocks(draws=10), InvalidOption),
        (lambda: Blocks(confidence=1.0), InvalidOption),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.slow
@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_intervals_hold_the_truth_about_as_often_as_they_say(memory):
    found = [interval(walk(800, memory, seed=seed), np.mean, Blocks(draws=300, seed=seed)) for seed in range(300)]
    held = np.mean([one.low <= 0.0 <= one.high for one in found])

    assert 0.89 <= held <= 0.98  # 95 %, less what short records cost
