"""Rules from predictions to positions, by hand; none of them reads ahead."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alphaloop.core.errors import DegenerateData, InvalidOption, SchemaViolation
from alphaloop.hindsight.signals import Rule, delayed, positions

NAN = float("nan")


def held(prediction, **rule) -> list:
    return positions(np.array(prediction, dtype=float), Rule(**rule)).tolist()


def test_the_sign_takes_an_equal_share():
    assert held([[2.0, -0.1], [0.0, 3.0]], kind="sign") == [[0.5, -0.5], [0.0, 0.5]]


def test_the_threshold_ignores_what_costs_would_eat():
    assert held([[0.3], [0.1], [-0.3]], kind="threshold", scale=0.2) == [[1.0], [0.0], [-1.0]]


def test_proportion_is_bounded():
    assert held([[0.1], [0.9], [-0.4]], kind="proportional", scale=0.4) == [[0.25], [1.0], [-1.0]]


def test_ranks_are_as_much_short_as_long():
    assert held([[3.0, 1.0, 2.0, 9.0]], kind="rank") == [[0.125, -0.375, -0.125, 0.375]]
    assert held([[1.0, 1.0]], kind="rank") == [[0.0, 0.0]]
    assert held([[1.0, NAN, 4.0]], kind="rank") == [[-0.5, 0.0, 0.5]]


def test_an_abstention_holds_what_was_held():
    assert held([[NAN], [1.0], [NAN], [-1.0]], kind="sign") == [[0.0], [1.0], [1.0], [-1.0]]


def test_a_holding_is_the_mean_of_the_last():
    assert held([[1.0], [1.0], [-1.0], [-1.0]], kind="sign", hold=2) == [[0.5], [1.0], [0.0], [-1.0]]


def test_a_position_earns_from_the_next_row():
    assert delayed(np.array([[1.0], [2.0], [3.0]]), 2).tolist() == [[0.0], [0.0], [1.0]]
    assert delayed(np.array([[1.0]]), 3).tolist() == [[0.0]]
    with pytest.raises(InvalidOption):
        delayed(np.array([[1.0]]), -1)


@given(
    arrays(np.float64, (12, 3), elements=st.one_of(st.just(NAN), st.floats(-5, 5))),
    st.sampled_from(["sign", "threshold", "proportional", "rank"]),
    st.integers(1, 4),
    st.integers(1, 11),
)
@settings(max_examples=60, deadline=None)
def test_no_rule_reads_ahead_or_takes_more_than_the_account(prediction, kind, hold, cut):
    rule = Rule(kind, 0.7, hold)
    whole = positions(prediction, rule)

    assert positions(prediction[:cut], rule) == pytest.approx(whole[:cut])
    assert np.abs(whole).sum(axis=1).max() <= (2.0 if kind == "rank" else 1.0) + 1e-9


def test_a_single_symbol_is_not_ranked():
    with pytest.raises(DegenerateData, match="ranks among 1 symbols"):
        held([[3.0]], kind="rank")


@pytest.mark.parametrize("options", [{"kind": "best"}, {"scale": 0.0}, {"scale": NAN}, {"hold": 0}])
def test_a_rule_out_of_range_is_refused(options):
    with pytest.raises(InvalidOption):
        Rule(**options)


@pytest.mark.parametrize("prediction", [np.zeros(3), np.array([[np.inf]])])
def test_what_is_no_table_is_refused(prediction):
    with pytest.raises(SchemaViolation):
        positions(prediction, Rule())
