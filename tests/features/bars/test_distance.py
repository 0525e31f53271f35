"""Distances from averages and on-balance volume, by hand, by NumPy and against TA-Lib."""

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.features.contract import Schema
from alphaloop.features.matrix import compute_arrays
from tests.features.builders import column, ohlc, random_market


def test_distance_from_averages_by_hand():
    assert column("sma_dist_2", [1, 3, 5]) == pytest.approx([nan, 0.5, 0.25], nan_ok=True)
    assert column("ema_dist_2", [1, 3, 5]) == pytest.approx([nan, 0.5, 0.25], nan_ok=True)


def test_distance_from_traded_price_by_hand():
    # typical prices 2 and 5 with volumes 1 and 3: 17 / 4
    made = column("vwap_dist_2", [2, 5], high=[3, 6], low=[1, 4], volume=[1, 3])
    assert made == pytest.approx([nan, 5 * 4 / 17 - 1], nan_ok=True)


def test_balance_by_hand():
    # up 3, down 1: (3 - 1) / 4; then down 1, still 6: -1 / 7
    made = column("obv_2", [5, 6, 4, 4], volume=[9, 3, 1, 6])
    assert made == pytest.approx([nan, nan, 0.5, -1 / 7], nan_ok=True)


def test_unknown_or_no_volume_is_unknown():
    assert np.isnan(column("vwap_dist_2", [5, 6, 7], volume=[1, nan, 2])).all()
    assert np.isnan(column("obv_1", [5, 6, 7], volume=[1, 0, nan])).all()
    assert column("vwap_dist_2", [5, 6, 7, 8], volume=[nan, 1, 1, 0])[2:] == pytest.approx([7 / 6.5 - 1, 8 / 7 - 1])


def test_a_large_volume_leaves_no_rounding_behind():
    made = column("obv_3", [1, 2, 1, 2, 1, 2, 1], volume=[1e15, 1e15, 1e-3, 1e-3, 1e-3, 0, 0])
    assert made[4] == pytest.approx(-1 / 3)
    assert made[6] == pytest.approx(-1.0)


@given(seed=st.integers(0, 2**32), rows=st.integers(2, 300), n=st.integers(1, 60), silent=st.sampled_from([0.0, 0.05]))
@settings(max_examples=40, deadline=None)
def test_equal_to_each_window_by_itself(seed, rows, n, silent):
    source = random_market(seed, rows, assets=1, silent=silent)
    high, low, close = ohlc(source)
    volume = source.values[:, 0, 4]
    vwap, balance = np.full((2, rows), nan)
    signed = np.append(0.0, np.sign(np.diff(close))) * volume
    for i in range(n - 1, rows):
        part = slice(i - n + 1, i + 1)
        vwap[i] = close[i] * volume[part].sum() / (((high + low + close) / 3 * volume)[part].sum()) - 1
        balance[i] = signed[part].sum() / volume[part].sum() if i >= n else nan

    values, _ = compute_arrays(source, Schema([f"vwap_dist_{n}", f"obv_{n}", f"sma_dist_{n}", f"ema_dist_{n}"]))

    np.testing.assert_allclose(values[:, 0, 0], vwap, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(values[:, 0, 1], balance, rtol=1e-9, atol=1e-9)
    if n > 1:
        np.testing.assert_allclose(values[:, 0, 2], close / talib.SMA(close, n) - 1, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(values[:, 0, 3], close / talib.EMA(close, n) - 1, rtol=1e-9, atol=1e-9)


@given(seed=st.integers(0, 2**32), rows=st.integers(2, 200), n=st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_balance_is_the_change_of_talib_s_over_the_volume(seed, rows, n):
    source = random_market(seed, rows, assets=1)
    _, _, close = ohlc(source)
    volume = np.ascontiguousarray(source.values[:, 0, 4])
    total = talib.OBV(close, volume)
    values, _ = compute_arrays(source, Schema([f"obv_{n}"]))
    for i in range(n, rows):
        expected = (total[i] - total[i - n]) / volume[i - n + 1 : i + 1].sum()
        assert values[i, 0, 0] == pytest.approx(expected, abs=1e-9)
