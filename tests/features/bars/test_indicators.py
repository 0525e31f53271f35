"""Indicators against hand-computed numbers and against TA-Lib, warm-up included."""

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.features.contract import Schema
from alphaloop.features.matrix import compute_arrays
from tests.features.builders import column, market, ohlc, random_market, tape


def test_simple_average():
    assert column("sma_2", [1, 3, 5]) == pytest.approx([nan, 2, 4], nan_ok=True)


def test_exponential_average_begins_with_the_plain_mean():
    # mean(1, 3) = 2, then 2 + 2/3 * (5 - 2) = 4
    assert column("ema_2", [1, 3, 5]) == pytest.approx([nan, 2, 4], nan_ok=True)


def test_relative_strength():
    # changes +2, -1: gain 1, loss 0.5 -> 66.67; then +1: gain 1, loss 0.25 -> 80
    assert column("rsi_2", [10, 12, 11, 12]) == pytest.approx([nan, nan, 200 / 3, 80.0], nan_ok=True)


def test_relative_strength_of_a_still_price_is_unknown_and_of_a_rise_100():
    assert np.isnan(column("rsi_3", [7.0] * 9)).all()
    assert column("rsi_2", [1, 2, 3, 4])[-2:] == [100.0, 100.0]
    assert column("rsi_2", [4, 3, 2, 1])[-2:] == [0.0, 0.0]


def test_convergence_by_hand():
    # slow(3) begins with mean(1, 2, 6) = 3, fast(2) with mean(2, 6) = 4: line 1
    # then fast = 4 + 2/3 * (9 - 4) = 22/3, slow = 3 + 1/2 * (9 - 3) = 6: line 4/3; signal mean(1, 4/3) = 7/6
    names = ["macd_2_3_2", "macd_signal_2_3_2", "macd_hist_2_3_2"]
    values, mask = compute_arrays(market(tape([1, 2, 6, 9])), Schema(names))

    assert mask[:, 0, 0].tolist() == [False, False, False, True]
    assert values[3, 0].tolist() == pytest.approx([4 / 3, 7 / 6, 1 / 6])


def test_bands_by_hand():
    # closes 1, 3: mean 2, population deviation 1: bands 4 and 0
    names = ["bb_upper_2", "bb_lower_2", "bb_width_2", "bb_pct_2"]
    values, _ = compute_arrays(market(tape([1, 3])), Schema(names))

    assert values[1, 0].tolist() == pytest.approx([4, 0, 2, 0.75])


def test_a_band_without_width_has_edges_but_no_place():
    rng = np.random.default_rng(0)
    close = np.concatenate([60_000 * np.exp(np.cumsum(rng.normal(0, 0.01, 31))), np.full(25, 59_999.9)])
    names = ["bb_upper", "bb_lower", "bb_width", "bb_pct"]
    values, mask = compute_arrays(market(tape(close)), Schema(names))

    assert values[-6:, 0, :3].tolist() == [[59_999.9, 59_999.9, 0.0]] * 6
    assert not mask[-6:, 0, 3].any()


def test_channel_holds_the_last_n_bars_this_one_included():
    source = market(tape(close=[5] * 5, high=[9, 7, 8, 6, 5], low=[5, 4, 5, 5, 3]))
    values, _ = compute_arrays(source, Schema(["donchian_high_3", "donchian_low_3"]))

    assert values[2:, 0].tolist() == [[9, 4], [8, 4], [8, 3]]


def bands(close, n, of):
    """Bands of ``n``: by TA-Lib, or from each window by itself.

    TA-Lib keeps sums of squares, so a band narrow against the price loses digits there
    (n = 2 at a price of 40 000: five of them); each window by itself loses none.
    """
    if of == "talib":
        upper, middle, lower = talib.BBANDS(close, n, 2, 2)
    else:
        middle, reach = np.full((2, len(close)), nan)
        if len(close) >= n:
            windows = np.lib.stride_tricks.sliding_window_view(close, n)
            middle[n - 1 :], reach[n - 1 :] = windows.mean(axis=1), 2 * windows.std(axis=1)
        upper, lower = middle + reach, middle - reach
    width = upper - lower
    with np.errstate(invalid="ignore"):  # 0/0 of a band without width
        place = (close - lower) / width
    return {f"bb_upper_{n}": upper, f"bb_lower_{n}": lower, f"bb_width_{n}": width / middle, f"bb_pct_{n}": place}


def peers(high, low, close, n, of="windows"):
    line, signal, hist = talib.MACD(close, n, n + 5, 4)
    return {
        f"sma_{n}": talib.SMA(close, n),
        f"ema_{n}": talib.EMA(close, n),
        f"rsi_{n}": talib.RSI(close, n),
        f"atr_{n}": talib.ATR(high, low, close, n),
        f"macd_{n}_{n + 5}_4": line,
        f"macd_signal_{n}_{n + 5}_4": signal,
        f"macd_hist_{n}_{n + 5}_4": hist,
        f"donchian_high_{n}": talib.MAX(high, n),
        f"donchian_low_{n}": talib.MIN(low, n),
        f"ret_{n}": talib.ROCP(close, n),
        **bands(close, n, of),
    }


@given(seed=st.integers(0, 2**32), rows=st.integers(1, 400), n=st.integers(2, 60))
@settings(max_examples=60, deadline=None)
def test_equal_to_talib_warm_up_included(seed, rows, n):
    source = random_market(seed, rows, assets=1)
    expected = peers(*ohlc(source), n)
    scale = float(source.values[:, 0, 3].max())

    values, _ = compute_arrays(source, Schema(expected))

    for place, (name, peer) in enumerate(expected.items()):
        priced = not name.startswith(("rsi", "bb_pct", "bb_width", "ret"))
        np.testing.assert_allclose(
            values[:, 0, place], peer, rtol=1e-9, atol=1e-9 * (scale if priced else 1.0), err_msg=name
        )


def test_equal_to_talib_on_a_long_series_to_nine_digits():
    source = random_market(11, 50_000, assets=1)
    expected = peers(*ohlc(source), 14, of="talib")

    values, _ = compute_arrays(source, Schema(expected))

    for place, (name, peer) in enumerate(expected.items()):
        floor = 1e-9 * float(np.nanmedian(np.abs(peer)))  # values that cross zero have no relative error
        np.testing.assert_allclose(values[:, 0, place], peer, rtol=1e-9, atol=floor, err_msg=name)


@pytest.mark.parametrize("shape", ["up", "down", "step", "saw"])
def test_equal_to_talib_on_simple_shapes(shape):
    line = {
        "up": np.arange(1.0, 81.0),
        "down": np.arange(80.0, 0.0, -1.0),
        "step": np.where(np.arange(80) < 40, 10.0, 20.0),
        "saw": 10.0 + np.arange(80) % 7,
    }[shape]
    source = market(tape(line, high=line + 1, low=line - 0.5))
    expected = peers(*ohlc(source), 12, of="talib")

    values, mask = compute_arrays(source, Schema(expected))

    for place, (name, peer) in enumerate(expected.items()):
        known = mask[:, 0, place]
        np.testing.assert_allclose(values[known, 0, place], peer[known], rtol=1e-9, atol=1e-8, err_msg=name)
        unknown = peer[~known]  # 0/0: TA-Lib writes 0 there, or divides
        assert np.all(np.isnan(unknown) | (unknown == 0.0)), name
