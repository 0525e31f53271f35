"""Window figures against TA-Lib and NumPy on the window alone."""

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.core.time import DAY_US, Timeframe
from alphaloop.features.windows import beginnings, drift, log_steps, longest_hole_us, rank, score, wilder
from tests.features.builders import random_tape


@given(seed=st.integers(0, 2**32), rows=st.integers(1, 130), n=st.integers(2, 30), cut=st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_wilder_is_talib_over_the_window_alone(seed, rows, n, cut):
    tape = random_tape(np.random.default_rng(seed), rows)
    begin = min(cut, rows - 1)
    high, low, close = (np.ascontiguousarray(tape[begin:, part]) for part in (1, 2, 3))

    atr, rsi = wilder(np.ascontiguousarray(tape.T), begin, rows - 1, n)

    np.testing.assert_allclose(atr, talib.ATR(high, low, close, n)[-1] if len(close) > 1 else nan, rtol=1e-9)
    np.testing.assert_allclose(rsi, talib.RSI(close, n)[-1] if len(close) > 1 else nan, rtol=1e-9)


def test_wilder_of_a_still_price_has_no_strength():
    assert wilder(np.full((4, 20), 5.0), 0, 19, 14)[0] == 0.0
    assert np.isnan(wilder(np.full((4, 20), 5.0), 0, 19, 14)[1])


def test_drift_is_the_sum_and_the_root_of_squares():
    assert drift(np.array([9.0, 3.0, -1.0, 2.0]), 1, 3) == (4.0, np.sqrt(14.0))


def test_log_steps():
    assert log_steps(np.array([1.0, np.e, 1.0]))[1:].tolist() == [1.0, -1.0]


def test_memory_begins_anew_after_a_hole():
    assert beginnings(np.array([0, 5, 10, 16, 21]), 5).tolist() == [0, 0, 0, 3, 3]
    assert beginnings(np.array([], dtype=np.int64), 5).tolist() == []


def test_rank_counts_ties_half():
    values = np.array([4.0, 1.0, 2.0, 2.0])
    assert rank(values, 0, 3) == 0.5
    assert rank(values, 3, 3) == 0.5
    assert rank(values, 0, 0) == 0.5
    assert rank(values, 0, 1) == 0.25


def test_score_is_the_deviation_from_the_known_ones():
    values = np.array([1e9 + 1, nan, 1e9 + 2, 1e9 + 6])
    known = np.array([1.0, 2.0, 6.0])
    assert score(values, 0, 3, 3) == pytest.approx((6 - known.mean()) / known.std(ddof=1), rel=1e-12)
    assert np.isnan(score(values, 0, 3, 4))
    assert np.isnan(score(values, 0, 1, 1))
    assert np.isnan(score(np.full(5, 2.0), 0, 4, 2))


def test_memory_bridges_a_week_or_twelve_bars():
    assert longest_hole_us(Timeframe.parse("1m")) == 7 * DAY_US
    assert longest_hole_us(Timeframe.parse("1d")) == 12 * DAY_US
