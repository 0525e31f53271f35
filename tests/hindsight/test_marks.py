"""Marks and the benchmark made of them."""

import numpy as np

from alphaloop.hindsight.marks import buy_and_hold, carry_forward

NAN = np.nan


def test_carry_forward_keeps_columns_apart():
    got = carry_forward(np.array([[NAN, 1.0], [2.0, NAN], [NAN, 3.0]]))
    np.testing.assert_array_equal(got, [[NAN, 1.0], [2.0, 1.0], [2.0, 3.0]])


def test_buy_and_hold_waits_in_cash_and_keeps_a_delisted_price():
    prices = np.array([[100.0, NAN], [200.0, 10.0], [NAN, 20.0]])
    assert buy_and_hold(prices).tolist() == [1.0, 1.5, 2.0]


def test_buy_and_hold_pays_its_entry():
    assert buy_and_hold(np.array([[100.0], [100.0]]), cost=0.01).tolist() == [1.0, 0.99]


def test_a_symbol_that_never_trades_is_cash():
    assert buy_and_hold(np.array([[1.0, NAN], [3.0, NAN]])).tolist() == [1.0, 2.0]
