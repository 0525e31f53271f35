"""Laws of what judges a search: order, scale and leverage do not matter, trials only ever take away."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.hindsight.overfitting import (
    deflated_sharpe,
    expected_max_sharpe,
    min_track_record_length,
    pbo,
    probabilistic_sharpe,
)

SETTINGS = settings(max_examples=40, deadline=None)
SHAPES = st.tuples(st.sampled_from([2, 4, 6]), st.integers(2, 6), st.integers(0, 2**32 - 1))
RATIO, LENGTH = st.floats(-0.5, 0.5), st.integers(10, 5000)


def table(shape) -> tuple[np.ndarray, int]:
    blocks, columns, seed = shape
    rng = np.random.default_rng(seed)
    return rng.standard_t(4, (blocks * int(rng.integers(4, 12)) + int(rng.integers(0, blocks)), columns)), blocks


@given(SHAPES)
@SETTINGS
def test_the_order_of_candidates_does_not_matter(shape):
    given_table, blocks = table(shape)
    order = np.random.default_rng(shape[2]).permutation(given_table.shape[1])
    one, other = pbo(given_table, blocks), pbo(given_table[:, order], blocks)

    assert one.rank.tolist() == other.rank.tolist()
    assert one.winner.tolist() == order[other.winner].tolist()


@given(SHAPES, st.floats(1e-6, 1e6))
@SETTINGS
def test_the_unit_of_returns_does_not_matter(shape, unit):
    given_table, blocks = table(shape)
    one, other = pbo(given_table, blocks), pbo(unit * given_table, blocks)

    assert one.rank.tolist() == other.rank.tolist()
    assert one.in_sample == pytest.approx(other.in_sample, rel=1e-9, abs=1e-12)


@given(SHAPES)
@SETTINGS
def test_a_half_and_its_complement_change_places(shape):
    """Reversed in time, blocks of one length are the same blocks: every choice is there, in another order."""
    given_table, blocks = table(shape)
    whole = given_table[: len(given_table) // blocks * blocks]
    one, other = pbo(whole, blocks), pbo(whole[::-1], blocks)

    assert sorted(one.rank.tolist()) == sorted(other.rank.tolist())


@given(RATIO, LENGTH, st.floats(-2, 2), st.integers(1, 5000), st.integers(1, 5000), st.floats(0, 0.1))
@SETTINGS
def test_more_trials_never_help(sharpe, n, skew, fewer, more, variance):
    fewer, more = sorted((fewer, more))
    moments = (sharpe, n, skew, 3.0 + skew**2)

    assert expected_max_sharpe(fewer, variance) <= expected_max_sharpe(more, variance)
    assert deflated_sharpe(*moments, more, variance) <= deflated_sharpe(*moments, fewer, variance)
    assert deflated_sharpe(*moments, fewer, variance) <= probabilistic_sharpe(*moments)


@given(st.floats(0.01, 0.5), st.floats(-2, 2), st.floats(0.5001, 0.999))
@SETTINGS
def test_the_minimum_record_is_where_the_probability_arrives(sharpe, skew, confidence):
    needed = int(min_track_record_length(sharpe, skew, 3.0 + skew**2, confidence=confidence))

    assert probabilistic_sharpe(sharpe, max(2, needed), skew, 3.0 + skew**2) >= confidence - 1e-12
