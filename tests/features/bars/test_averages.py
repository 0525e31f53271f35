"""Exponential averages: by hand, alone and four at a time, whole and in parts."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.features.bars.averages import SLOTS, exponential_averages


def averaged(values, chosen, cuts=()):
    """Averages (P, n), computed in parts."""
    values, chosen = np.asarray(values, dtype=float), np.array(chosen)
    states, made = np.zeros(SLOTS * len(chosen)), []
    for part in np.split(values, sorted(cuts)):
        out = np.empty((len(chosen), len(part)))
        exponential_averages(part, chosen, states, out)
        made.append(out)
    return np.hstack(made)


def test_by_hand():
    # mean(1, 3) = 2, then 2 / 3 + 5 * 2 / 3 = 4; the weight of one is the value itself
    made = averaged([1, 3, 5], [2, 1])

    np.testing.assert_allclose(made, [[nan, 2.0, 4.0], [1.0, 3.0, 5.0]])


@given(
    seed=st.integers(0, 2**32),
    chosen=st.lists(st.integers(1, 60), min_size=1, max_size=9),
    cuts=st.lists(st.integers(0, 200), max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_company_and_cuts_change_no_bit(seed, chosen, cuts):
    values = np.random.default_rng(seed).normal(100, 3, 200)
    together = averaged(values, chosen, cuts)

    for p, n in enumerate(chosen):
        np.testing.assert_array_equal(together[p], averaged(values, [n])[0])


def test_a_level_is_reached_to_fourteen_digits():
    made = averaged(np.concatenate([np.full(300, 1e6), np.full(20_000, 1.0)]), [9, 288])

    np.testing.assert_allclose(made[:, -1], 1.0, rtol=1e-13)
