"""How many trials a search was worth: copies, independent ideas, and the maximum they lead to."""

import numpy as np
import purgedcv
import pytest

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.hindsight.overfitting import effective_trials, trial_clusters
from alphaloop.hindsight.overfitting.trials import _best_of


def ideas(count: int, each: int, likeness: float, rows: int = 1000, seed: int = 0) -> np.ndarray:
    """``count`` groups of ``each`` candidates, correlated by ``likeness`` within the group."""
    rng = np.random.default_rng(seed)
    common = np.repeat(rng.standard_normal((rows, count)), each, axis=1)
    own = rng.standard_normal((rows, count * each))
    return np.sqrt(likeness) * common + np.sqrt(1.0 - likeness) * own


def test_copies_are_one_trial():
    assert effective_trials(ideas(1, 8, 1.0)) == pytest.approx(1.0, abs=0.02)
    assert effective_trials(ideas(3, 4, 1.0)) == pytest.approx(3.0, abs=0.1)


def test_independent_ideas_are_counted_in_full():
    assert effective_trials(ideas(30, 1, 0.0)) == pytest.approx(30, rel=0.06)


def test_two_that_are_half_alike_by_hand():
    # the larger of two normal scores correlated by r is sqrt((1 - r) / pi) on average
    one, other = np.array([1.0, -1.0, 1.0, -1.0]), np.array([1.0, 1.0, -1.0, -1.0])
    both = np.column_stack([one, one + other])  # correlated by 1 / sqrt(2)
    expected = np.sqrt((1 - 1 / np.sqrt(2)) / np.pi)

    assert _best_of(effective_trials(both)) == pytest.approx(expected, abs=0.01)


def test_the_best_of_a_few_by_hand():
    assert [_best_of(1), _best_of(2), _best_of(3)] == pytest.approx(
        [0.0, 1 / np.sqrt(np.pi), 1.5 / np.sqrt(np.pi)], abs=1e-6
    )


def test_mirrored_candidates_are_two():
    one = ideas(1, 1, 0.0)

    assert effective_trials(np.hstack([one, -one])) == pytest.approx(2.0)


def test_clusters_in_order_of_appearance():
    shuffled = ideas(3, 4, 0.95)[:, [8, 0, 4, 1, 5, 9, 2, 6, 10, 3, 7, 11]]

    assert trial_clusters(shuffled).tolist() == [0, 1, 2, 1, 2, 0, 1, 2, 0, 1, 2, 0]


def test_candidates_that_never_trade_are_one_trial():
    table = np.hstack([ideas(1, 1, 0.0), np.zeros((1000, 3)), np.full((1000, 1), 0.001)])

    assert trial_clusters(table).tolist() == [0, 1, 1, 1, 1]
    assert effective_trials(table) == pytest.approx(2.0, abs=0.05)


def test_order_and_leverage_do_not_matter():
    table = ideas(4, 3, 0.8)
    order = np.random.default_rng(1).permutation(12)

    assert effective_trials(table[:, order] * np.arange(1, 13)) == pytest.approx(effective_trials(table), abs=0.1)


@pytest.mark.parametrize(("count", "each", "likeness"), [(1, 10, 0.95), (5, 6, 0.9), (4, 5, 0.6), (1, 20, 0.3)])
def test_the_best_of_all_is_the_best_of_as_many_independent_ones(count, each, likeness):
    found = _best_of(effective_trials(ideas(count, each, likeness)))
    rng = np.random.default_rng(2)
    common = np.repeat(rng.standard_normal((40_000, count)), each, axis=1)
    scores = np.sqrt(likeness) * common + np.sqrt(1 - likeness) * rng.standard_normal((40_000, count * each))

    assert found == pytest.approx(scores.max(axis=1).mean(), abs=0.04)


def test_independent_ideas_are_clusters_of_one():
    assert trial_clusters(ideas(30, 1, 0.0)).tolist() == list(range(30))


def test_beside_purgedcv():
    """It measures something else, how a sampler drifts from trial to trial; at the two ends both must agree."""
    apart, alike = ideas(40, 1, 0.0), ideas(1, 40, 0.999)
    sharpes = apart.mean(axis=0) / apart.std(axis=0)
    drifting = np.linspace(0.0, 1.0, 40)

    assert effective_trials(apart) == pytest.approx(40, rel=0.08)
    assert purgedcv.effective_n_trials(sharpes) >= 20
    assert effective_trials(alike) < 1.1
    assert purgedcv.effective_n_trials(drifting) <= 4


@pytest.mark.parametrize(
    ("table", "error"),
    [
        (np.zeros((5, 20)), SchemaViolation),
        (np.full((20, 3), np.nan), SchemaViolation),
        (np.zeros(20), SchemaViolation),
        (np.zeros((1, 1)), NoData),
        (np.zeros((20, 0)), NoData),
    ],
)
def test_what_cannot_be_counted_is_refused(table, error):
    with pytest.raises(error):
        effective_trials(table)


def test_a_wide_search_is_counted_when_asked():
    assert effective_trials(ideas(30, 1, 0.0, rows=20), allow_wide=True) <= 30
    assert effective_trials(np.ones((5, 1))) == 1.0
