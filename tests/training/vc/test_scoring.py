"""AUC, Brier score and their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from alphaloop.core.errors import DegenerateData, SchemaViolation
from alphaloop.training.vc.samples import Samples
from alphaloop.training.vc.scoring import auc, better, score


def samples(y, entity=None, length=1):
    times = np.arange(len(y)) * 10
    owner = np.arange(len(y)) if entity is None else entity
    return Samples(np.zeros((len(y), 5)), y, times, times + 10 * length, owner)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(1, 4)), min_size=4, max_size=60))
def test_auc_is_that_of_scikit_learn_with_ties_and_weights(rows):
    p, y, weight = (np.array(one, dtype=float) for one in zip(*rows, strict=True))
    if 0 < y.sum() < len(y):
        assert auc(p, y, weight) == pytest.approx(roc_auc_score(y, p, sample_weight=weight))
    else:
        assert np.isnan(auc(p, y, weight))


def test_scores_by_hand():
    y = np.array([1.0, 0.0, 1.0, 0.0, 0.0])
    p = np.array([0.8, 0.4, 0.3, 0.2, np.nan])
    found = score(samples(y), p, np.full(5, 0.5), seed=0)

    # pairs: 0.8 beats 0.4 and 0.2; 0.3 beats 0.2 alone: 3 of 4. Squares 0.04, 0.16, 0.49, 0.04; of 0.5 always 0.25
    assert found.auc.value == pytest.approx(0.75)
    assert found.brier.value == pytest.approx(0.73 / 4)
    assert (found.brier_of_rate, found.rows, found.positives, found.entities) == (pytest.approx(0.25), 4, 2, 4)


def test_rows_that_say_the_same_are_no_more_certain():
    rng = np.random.default_rng(0)
    y = (rng.random(100) < 0.5).astype(float)
    p = np.clip(0.5 + 0.1 * (y - 0.5) + 0.2 * rng.normal(size=100), 0, 1)
    once = score(samples(y), p, p, seed=1)
    often = score(samples(np.tile(y, 10), np.tile(np.arange(100), 10)), np.tile(p, 10), np.tile(p, 10), seed=1)
    naive = score(samples(np.tile(y, 10)), np.tile(p, 10), np.tile(p, 10), seed=1)

    def width(one):
        return one.auc.high - one.auc.low

    assert width(often) > 0.8 * width(once)
    assert width(naive) < 0.6 * width(once)


def test_the_interval_of_noise_holds_a_half():
    held = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y, p = (rng.random(300) < 0.3).astype(float), rng.random(300)
        found = score(samples(y, np.arange(300) // 3, length=5), p, p, seed=seed, draws=200)
        held += found.auc.low <= 0.5 <= found.auc.high

    assert held >= 17


def test_a_difference_by_hand_and_surer_than_two_intervals():
    y = np.array([1.0, 0.0, 1.0, 0.0])
    gained = better(samples(y), np.array([0.8, 0.4, 0.3, 0.2]), np.array([0.2, 0.4, 0.3, 0.8]), seed=0)
    rng = np.random.default_rng(0)
    y = (rng.random(500) < 0.4).astype(float)
    one = np.clip(0.5 + 0.2 * y + 0.3 * rng.normal(size=500), 0, 1)
    other = np.clip(one + 0.02 * rng.normal(size=500), 0, 1)
    alone, pair = score(samples(y), one, one, seed=0).auc, better(samples(y), one, other, seed=0)

    # 3 of 4 pairs in order against none
    assert gained.value == pytest.approx(0.75)
    assert pair.high - pair.low < 0.3 * (alone.high - alone.low)


def test_one_class_or_no_probabilities_are_refused():
    with pytest.raises(DegenerateData, match="all 1"):
        score(samples(np.ones(4)), np.full(4, 0.5), np.full(4, 0.5), seed=0)
    with pytest.raises(SchemaViolation):
        score(samples(np.ones(4)), np.full(4, 1.5), np.full(4, 0.5), seed=0)
