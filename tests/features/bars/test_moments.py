"""Sliding moments: each window as good as by itself, with no past and no neighbours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.features.bars.lanes import WIDTH, hold, put
from alphaloop.features.bars.moments import (
    LATE,
    TILE,
    blocks_in,
    carry,
    carry_sums,
    climb,
    climb_sums,
    due,
    first_row,
    joined,
    lay,
    room_for,
)
from alphaloop.features.family import compiled

windows = st.lists(st.integers(1, 300), min_size=1, max_size=6)
seeds = st.integers(0, 2**32)


@compiled
def _slide(values, chosen, start, made):
    rooms = room_for(chosen), room_for(chosen)
    both, sums = blocks_in(rooms[0], chosen), blocks_in(rooms[1], chosen)
    for row in range(first_row(start, chosen), len(values), TILE):
        rows = min(TILE, len(values) - row)
        lay(values, row, rows, both)
        lay(values, row, rows, sums)
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb(both, at)
                climb_sums(sums, at)
            if due(at, row, start):
                for p in range(len(chosen)):
                    mean, spread = joined(both, p, chosen[p], at - LATE)
                    alone, _ = joined(sums, p, chosen[p], at - LATE)
                    put(made[0], p, row + at - LATE - start, mean, False)
                    put(made[1], p, row + at - LATE - start, spread, False)
                    put(made[2], p, row + at - LATE - start, alone, False)
        carry(both)
        carry_sums(sums)
    return hold(rooms[0]) + hold(rooms[1])


def slid(values, chosen, start=0):
    """Means and spreads (P, n - start), tile by tile; the means once more from sums alone."""
    values, chosen = np.ascontiguousarray(values, dtype=float), np.array(chosen)
    made = np.empty((3, len(chosen), len(values) - start))
    assert _slide(values, chosen, start, made) > 0
    return made


def test_by_hand():
    # 1 2 6: mean 3, squares 4 + 1 + 9
    averages, spreads, alone = slid([1, 2, 6, 6], [1, 3])[:, :, 2:].tolist()

    assert averages == [[6.0, 6.0], [3.0, pytest.approx(14 / 3)]]
    assert spreads == [[0.0, 0.0], [14.0, pytest.approx(32 / 3)]]
    assert alone == averages


@pytest.mark.parametrize("n", [2, 3, 14, 20, 96, 288, 511])
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_a_shift_of_level_costs_no_digits(n, shift):
    rng = np.random.default_rng(n)
    values = rng.normal(0, 1e-3, 1500)
    values[500:1000] += shift

    averages, spreads, _ = slid(values, [n])[:, 0, n - 1 :]

    exact = np.lib.stride_tricks.sliding_window_view(values, n).astype(np.longdouble)
    middle = exact.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(averages, middle[:, 0].astype(float), rtol=1e-12, atol=1e-15)
    one_level = np.ptp(exact, axis=1) < 1.0
    expected = ((exact - middle) ** 2).sum(axis=1).astype(float)
    tolerance = np.where(one_level & (np.abs(averages) > 1.0), 1e-6, 1e-12)  # 1e6 itself keeps 1e-10 of a value
    assert np.all(np.abs(spreads / expected - 1) <= tolerance)


@given(seed=seeds, chosen=windows, start=st.integers(0, 900))
@settings(max_examples=30, deadline=None)
def test_the_bits_of_a_row_do_not_depend_on_the_cut(seed, chosen, start):
    values = np.random.default_rng(seed).lognormal(3, 2, 1000)

    np.testing.assert_array_equal(slid(values, chosen, start), slid(values, chosen)[:, :, start:])


@given(seed=seeds, chosen=windows)
@settings(max_examples=30, deadline=None)
def test_a_window_has_the_same_bits_alone_and_in_company(seed, chosen):
    values = np.random.default_rng(seed).normal(5, 2, 700)
    together = slid(values, chosen)

    for p, n in enumerate(chosen):
        np.testing.assert_array_equal(together[:, p], slid(values, [n])[:, 0])


@given(seed=seeds, n=st.integers(1, 300))
@settings(max_examples=30, deadline=None)
def test_what_left_the_window_leaves_no_bit(seed, n):
    rng = np.random.default_rng(seed)
    tail = rng.normal(0, 1, 400)
    wild = np.concatenate([rng.normal(0, 1e9, 300), tail])

    np.testing.assert_array_equal(slid(wild, [n])[:, 0, 299 + n :], slid(tail, [n])[:, 0, n - 1 :])


@given(value=st.floats(-1e12, 1e12), n=st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_equal_values_have_their_mean_and_no_spread(value, n):
    averages, spreads, alone = slid(np.full(310, value), [n])[:, 0, n - 1 :]

    assert np.all(averages == value)
    assert np.all(alone == value)
    assert np.all(spreads == 0.0)


def test_an_unknown_value_makes_its_windows_unknown():
    values = np.arange(12.0)
    values[5] = nan

    known = np.isfinite(slid(values, [3]))[:, 0]

    expected = [False] * 2 + [True] * 3 + [False] * 3 + [True] * 4
    assert known.tolist() == [expected] * 3
