"""Hand-computed volume features, and what an unknown volume does."""

import math

import numpy as np
import pytest
from numpy import nan

from tests.features.builders import column


def test_log_volume_of_zero_is_zero_and_of_unknown_unknown():
    got = column("log_volume", [1, 1, 1], volume=[0.0, math.e - 1, nan])

    assert got == pytest.approx([0.0, 1.0, nan], nan_ok=True)


def test_score_counts_the_bar_itself():
    # window 1, 2, 6: mean 3, sample variance (4 + 1 + 9) / 2 = 7
    assert column("vol_z_3", [1, 1, 1], volume=[1, 2, 6])[-1] == pytest.approx(3 / math.sqrt(7))


def test_an_unknown_volume_begins_the_window_again():
    got = column("vol_z_2", [1] * 6, volume=[1, 2, nan, 4, 5, 7])

    assert np.isnan(got).tolist() == [True, False, True, True, False, False]
    assert got[4] == pytest.approx(0.5 / math.sqrt(0.5))


def test_equal_volumes_have_no_score():
    rng = np.random.default_rng(1)
    volume = np.concatenate([rng.lognormal(10, 2, 40), np.zeros(15)])

    assert np.isnan(column("vol_z_12", np.ones(55), volume=volume)[-4:]).all()


@pytest.mark.parametrize("n", [2, 12, 96])
def test_sliding_score_equals_each_window(n):
    volume = np.random.default_rng(2).lognormal(3, 2, 700)
    windows = np.lib.stride_tricks.sliding_window_view(volume, n)

    got = column(f"vol_z_{n}", np.ones(700), volume=volume)[n - 1 :]

    expected = (volume[n - 1 :] - windows.mean(axis=1)) / windows.std(axis=1, ddof=1)
    np.testing.assert_allclose(got, expected, rtol=1e-7, atol=1e-9)


def test_impact_is_the_move_per_root_of_turnover():
    # a move of 10 % on 5 units at 110 = 550 quote
    got = column("volume_impact", [100, 110, 110, 99], volume=[1, 5, 0, nan])

    assert got == pytest.approx([nan, 0.1 / math.sqrt(550), nan, nan], nan_ok=True)
