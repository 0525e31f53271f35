"""Hand-computed deviations and true ranges; exactness where sums of squares fail."""

import numpy as np
import pytest
from numpy import nan

from alphaloop.features.contract import Schema
from alphaloop.features.matrix import compute_arrays
from tests.features.builders import column, market, random_market, tape


def test_volatility_is_the_sample_deviation_of_returns():
    # returns 0.1, 0, -0.1: mean 0, squares 0.02, divided by 2
    assert column("vol_3", [100, 110, 110, 99]) == pytest.approx([nan, nan, nan, 0.1], nan_ok=True)


@pytest.mark.parametrize("n", [2, 3, 12, 48, 288])
def test_sliding_equals_computing_each_window(n):
    source = random_market(1, 1500, assets=1)
    close = source.values[:, 0, 3]
    returns = close[1:] / close[:-1] - 1

    got = compute_arrays(source, Schema([f"vol_{n}"]))[0][n:, 0, 0]

    expected = np.lib.stride_tricks.sliding_window_view(returns, n).std(axis=1, ddof=1)
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_a_price_that_stops_has_no_volatility_to_the_last_digit():
    rng = np.random.default_rng(0)
    close = np.concatenate([60_000 * np.exp(np.cumsum(rng.normal(0, 0.01, 50))), np.full(20, 61_234.5)])

    assert column("vol_12", close)[-7:] == [0.0] * 7


def test_term_structure_is_a_ratio():
    close = [100, 110, 110, 99, 99]
    short, long = column("vol_2", close), column("vol_3", close)

    assert column("vol_term_2_3", close)[3:] == [short[3] / long[3], short[4] / long[4]]


def test_term_structure_is_unknown_when_nothing_moved():
    assert np.isnan(column("vol_term_2_3", [5.0] * 8)).all()


def test_average_true_range_is_wilders():
    # true ranges from the second bar: 12-9=3, 11-10=1 (gap from 11 down), 13-10=3
    source = market(tape(close=[10, 11, 10, 12], high=[10, 12, 10.5, 13], low=[10, 9, 10, 11]))

    got = compute_arrays(source, Schema(["atr_2"]))[0][:, 0, 0].tolist()

    assert got == pytest.approx([nan, nan, 2.0, (2.0 + 3.0) / 2], nan_ok=True)


def test_a_calm_after_a_storm_keeps_its_digits():
    rng = np.random.default_rng(4)
    returns = np.concatenate([rng.normal(0, 0.1, 60), rng.normal(0, 1e-7, 60)])
    close = 100 * np.cumprod(1 + returns)

    got = column("vol_24", close)[-30:]

    windows = np.lib.stride_tricks.sliding_window_view(close[1:] / close[:-1] - 1, 24)
    np.testing.assert_allclose(got, windows.std(axis=1, ddof=1)[-30:], rtol=1e-9)
