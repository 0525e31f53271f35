"""Falls through a level, comes back to the middle."""

import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.policies.baselines import RsiReversal
from tests.policies.builders import seen, sides


def walk(policy, steps):
    """Actions for steps of (rsi, held); None is an unknown bar."""
    got = []
    for step in steps:
        row = None if step is None else {"rsi_14": step[0]}
        held = {"X": 0.0 if step is None else step[1]}
        got.append(sides(policy.decide(seen(policy, {"X": row}, held=held))).get("X"))
    return got


def test_buys_the_fall_and_leaves_at_the_middle():
    assert walk(RsiReversal(), [(40, 0), (29, 0), (25, 1), (49, 1), (50, 1)]) == [None, "BUY", None, None, "CLOSE"]


def test_sells_the_rise_and_leaves_at_the_middle():
    assert walk(RsiReversal(), [(60, 0), (71, 0), (51, -1), (50, -1)]) == [None, "SELL", None, "CLOSE"]


def test_the_exit_is_asked_until_it_is_done():
    assert walk(RsiReversal(), [(55, 1), (56, 1), (56, 0)]) == ["CLOSE", "CLOSE", None]


def test_turns_when_it_shoots_from_one_end_to_the_other():
    assert walk(RsiReversal(), [(25, 1), (75, 1)]) == [None, "SELL"]


def test_after_a_stop_out_the_zone_must_be_left_and_entered_again():
    steps = [(40, 0), (29, 0), (28, 1), (20, 0), (25, 0), (31, 0), (29, 0)]

    assert walk(RsiReversal(), steps) == [None, "BUY", None, None, None, None, "BUY"]


def test_the_first_reading_enters_nothing():
    assert walk(RsiReversal(), [(20, 0), (19, 0)]) == [None, None]


def test_levels_themselves_are_outside_the_zones():
    assert walk(RsiReversal(), [(50, 0), (30, 0), (70, 0), (30, 0), (29.9, 0)]) == [None, None, None, None, "BUY"]


def test_long_only_leaves_on_a_rise():
    policy = RsiReversal(allow_short=False, mid=60.0)

    assert walk(policy, [(59, 1), (71, 1), (50, 0), (71, 0)]) == [None, "CLOSE", None, None]


def test_a_hole_is_stepped_over():
    assert walk(RsiReversal(), [(40, 0), None, (29, 0)]) == [None, None, "BUY"]


@pytest.mark.parametrize("wrong", [{"low": 0.0}, {"low": 60.0}, {"high": 100.0}, {"mid": 80.0}, {"period": 1}])
def test_levels_must_ascend(wrong):
    with pytest.raises(InvalidOption):
        RsiReversal(**wrong)
