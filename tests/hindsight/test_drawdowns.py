"""Drawdowns against a slow reading of the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.hindsight.drawdowns import drawdowns, underwater


def test_two_drawdowns_deepest_first_the_last_one_open():
    equity = np.array([10.0, 8.0, 10.0, 20.0, 12.0, 14.0])
    got = drawdowns(np.arange(6), equity)
    assert got["depth"].to_list() == pytest.approx([0.4, 0.2])
    assert got["bars"].to_list() == [2, 2]
    assert got["recovery"].is_null().to_list() == [True, False]


def test_none_when_nothing_is_lost():
    assert len(drawdowns(np.arange(3), np.array([1.0, 1.0, 2.0]))) == 0


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=40))
def test_deepest_equals_the_slow_definition(values):
    equity = np.array(values, dtype=float)
    slow = max(1 - equity[j] / max(equity[: j + 1]) for j in range(len(equity)))
    assert underwater(equity).max() == pytest.approx(slow)
    got = drawdowns(np.arange(len(equity)), equity, worst=1)
    assert (got["depth"][0] if len(got) else 0.0) == pytest.approx(slow)
