"""Profit of positions, by hand; and the mistake that it does not make."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.hindsight.signals import Rule, delayed, position_pnl, positions

NAN = float("nan")


def test_two_symbols_by_hand():
    held = np.array([[0.5, 0.0], [0.5, -0.5], [0.0, -0.5]])
    returns = np.array([[0.10, 0.30], [-0.02, 0.04], [0.50, -0.06]])
    found = position_pnl(held, returns, 0.01)

    assert found.gross.tolist() == pytest.approx([0.05, -0.03, 0.03])
    assert found.turnover.tolist() == [0.5, 0.5, 0.5]
    assert found.net.tolist() == pytest.approx([0.045, -0.035, 0.025])
    assert found.net_pnl == pytest.approx(0.035)
    assert found.equity.tolist() == pytest.approx([1.0, 1.045, 1.01, 1.035])
    assert found.max_drawdown == pytest.approx(0.035 / 1.045)
    assert found.exposure.tolist() == [0.5, 1.0, 0.5]
    assert found.trades == 3


def test_turning_round_pays_twice():
    assert position_pnl(np.array([[1.0], [-1.0]]), np.zeros((2, 1)), 0.01).cost.tolist() == [0.01, 0.02]


def test_costs_by_symbol_and_closing():
    held = np.array([[1.0, 1.0]])

    assert position_pnl(held, np.zeros((1, 2)), np.array([0.01, 0.03])).cost.tolist() == pytest.approx([0.04])
    assert position_pnl(held, np.zeros((1, 2)), np.array([0.01, 0.03]), close=True).cost.tolist() == [0.08]


def test_a_missing_bar_earns_nothing():
    assert position_pnl(np.array([[1.0], [1.0]]), np.array([[0.1], [NAN]]), 0.0).net.tolist() == [0.1, 0.0]


def test_the_first_loss_is_a_drawdown():
    assert position_pnl(np.array([[1.0]]), np.array([[-0.2]]), 0.0).max_drawdown == pytest.approx(0.2)


def test_overlapping_labels_booked_every_bar_earn_the_horizon_times_over():
    """The mistake of adding up labels of h bars at every bar, beside what the same positions earn."""
    bars = np.full((120, 1), 0.001)
    labels = np.array([bars[t : t + 12].sum() for t in range(108)])
    held = delayed(positions(np.ones((120, 1)), Rule("sign", hold=12)))
    found = position_pnl(held, bars, 0.0)

    assert labels.sum() == pytest.approx(12 * 0.108)
    assert found.net_pnl == pytest.approx(0.001 * (119 - 5.5))


@given(
    arrays(np.float64, (9, 2), elements=st.floats(-1, 1)),
    arrays(np.float64, (9, 2), elements=st.floats(-0.2, 0.2)),
    st.floats(0, 0.01),
)
@settings(max_examples=60, deadline=None)
def test_the_sum_is_the_formula(held, returns, cost):
    total = 0.0
    for symbol in range(2):
        before = 0.0
        for t in range(9):
            total += held[t, symbol] * returns[t, symbol] - cost * abs(held[t, symbol] - before)
            before = held[t, symbol]

    assert position_pnl(held, returns, cost).net_pnl == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize(
    ("held", "returns", "cost", "error"),
    [
        (np.zeros((2, 1)), np.zeros((3, 1)), 0.0, SchemaViolation),
        (np.zeros(2), np.zeros(2), 0.0, SchemaViolation),
        (np.full((2, 1), NAN), np.zeros((2, 1)), 0.0, SchemaViolation),
        (np.zeros((2, 1)), np.full((2, 1), np.inf), 0.0, SchemaViolation),
        (np.zeros((2, 1)), np.zeros((2, 1)), -0.001, SchemaViolation),
        (np.zeros((0, 1)), np.zeros((0, 1)), 0.0, NoData),
    ],
)
def test_what_cannot_earn_is_refused(held, returns, cost, error):
    with pytest.raises(error):
        position_pnl(held, returns, cost)
