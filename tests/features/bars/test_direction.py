"""Directional movement and the stochastic, by hand and against TA-Lib, warm-up included."""

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.features.contract import Schema, resolve
from alphaloop.features.matrix import compute_arrays
from tests.features.builders import market, ohlc, random_market, tape


def rows(names, **bars):
    return compute_arrays(market(tape(**bars)), Schema(names))[0][:, 0]


def test_directional_movement_by_hand():
    # changes: up 2 (range 3), then up 1 (range 3): sums 2 and 3, then 2/2 + 1 = 2 over 3/2 + 3 = 4.5
    made = rows(["plus_di_2", "minus_di_2"], close=[10, 12, 13], high=[11, 13, 14], low=[9, 11, 11])
    np.testing.assert_allclose(made, [[nan, nan], [nan, nan], [200 / 4.5, 0.0]])


def test_the_index_waits_for_two_spans():
    made = rows(["adx_2"], close=[10, 12, 13, 14, 13], high=[11, 13, 14, 15, 14], low=[9, 11, 12, 13, 12])
    assert np.isnan(made[:3]).all()
    assert made[3, 0] == 100.0  # only upward so far
    assert made[4, 0] == pytest.approx(50.0)  # upward 2 has halved to 1, downward is 1: the mean of 100 and 0


def test_without_movement_nothing_is_known():
    names = ["adx", "plus_di", "stoch_k", "stoch_d"]
    assert np.isnan(rows(names, close=[7.0] * 60)).all()


def test_stochastic_by_hand():
    # range 4..10: place of 7 is 50, of 10 is 100; then mean over 2
    made = rows(["stoch_k_2_1_2", "stoch_d_2_1_2"], close=[6, 7, 10], high=[10, 8, 10], low=[4, 5, 4])
    np.testing.assert_allclose(made, [[nan, nan], [nan, nan], [100.0, 75.0]])
    assert resolve("stoch_k").params == (14, 3, 3)


def peers(high, low, close, n, k, d):
    slow, signal = talib.STOCH(high, low, close, n, k, 0, d, 0)
    return {
        f"adx_{n}": talib.ADX(high, low, close, n),
        f"plus_di_{n}": talib.PLUS_DI(high, low, close, n),
        f"minus_di_{n}": talib.MINUS_DI(high, low, close, n),
        f"stoch_k_{n}_{k}_{d}": slow,
        f"stoch_d_{n}_{k}_{d}": signal,
    }


@given(
    seed=st.integers(0, 2**32),
    length=st.integers(1, 300),
    n=st.integers(2, 40),
    k=st.integers(1, 5),
    d=st.integers(1, 5),
)
@settings(max_examples=60, deadline=None)
def test_equal_to_talib_warm_up_included(seed, length, n, k, d):
    source = random_market(seed, length, assets=1)
    expected = peers(*ohlc(source), n, k, d)

    values, _ = compute_arrays(source, Schema(expected))

    for place, (name, peer) in enumerate(expected.items()):
        np.testing.assert_allclose(values[:, 0, place], peer, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("name", ["adx_14", "minus_di_14", "stoch_d", "stoch_k_30_4_2"])
def test_lookback_is_the_last_unknown_row(name):
    _, mask = compute_arrays(random_market(0, 100, assets=1), Schema([name]))
    assert int(mask[:, 0, 0].argmax()) == resolve(name).lookback
    assert mask[resolve(name).lookback :, 0].all()
