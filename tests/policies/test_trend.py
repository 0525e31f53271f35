"""Crosses and breakouts by hand, stop-outs and holes included."""

import pytest

from alphaloop.core.decision import HOLD
from alphaloop.core.errors import InvalidOption
from alphaloop.policies.baselines import Donchian, MaCross
from tests.policies.builders import seen, sides


def cross(policy, steps):
    """Actions on one symbol for steps of (fast, slow, held); None is an unknown bar."""
    got = []
    for step in steps:
        row = None if step is None else {policy.features[0]: step[0], policy.features[1]: step[1]}
        held = {"X": 0.0 if step is None else step[2]}
        got.append(sides(policy.decide(seen(policy, {"X": row}, held=held))).get("X"))
    return got


def test_a_cross_takes_the_side_and_the_next_one_turns_it():
    assert cross(MaCross(2, 5), [(1, 2, 0), (3, 2, 0), (4, 2, 1), (1, 2, 1), (1, 2, -1)]) == [
        None,
        "BUY",
        None,
        "SELL",
        None,
    ]


def test_the_first_reading_is_no_cross():
    assert cross(MaCross(2, 5), [(3, 2, 0), (4, 2, 0)]) == [None, None]


def test_after_a_stop_out_only_a_new_cross_enters():
    stopped = [(1, 2, 0), (3, 2, 0), (3, 2, 1), (3, 2, 0), (4, 2, 0), (1, 2, 0), (3, 2, -1)]

    assert cross(MaCross(2, 5), stopped) == [None, "BUY", None, None, None, "SELL", "BUY"]


def test_long_only_leaves_instead_of_turning_and_asks_nothing_of_an_empty_hand():
    steps = [(1, 2, 0), (3, 2, 0), (1, 2, 1), (3, 2, 0), (1, 2, 0)]

    assert cross(MaCross(2, 5, allow_short=False), steps) == [None, "BUY", "CLOSE", "BUY", None]


def test_equal_averages_keep_the_side_they_had():
    assert cross(MaCross(2, 5), [(1, 2, 0), (2, 2, 0), (1, 2, 0), (2, 2, 0), (3, 2, 0)]) == [*[None] * 4, "BUY"]


def test_a_cross_across_a_hole_is_found_on_the_other_side():
    assert cross(MaCross(2, 5), [(1, 2, 0), None, (3, 2, 0)]) == [None, None, "BUY"]


def test_reset_forgets_the_last_reading():
    policy = MaCross(2, 5)
    cross(policy, [(1, 2, 0)])
    policy.reset(0)

    assert cross(policy, [(3, 2, 0)]) == [None]


def test_symbols_are_judged_apart_with_levels_from_their_own_close():
    policy = MaCross(2, 5, stop=0.1)
    policy.decide(seen(policy, {"X": {"sma_2": 1, "sma_5": 2}, "Y": {"sma_2": 3, "sma_5": 2}}))

    decision = policy.decide(
        seen(policy, {"X": {"sma_2": 3, "sma_5": 2, "close": 50.0}, "Y": {"sma_2": 1, "sma_5": 2, "close": 10.0}})
    )

    assert sides(decision) == {"X": "BUY", "Y": "SELL"}
    assert (decision.intents["X"].target, decision.intents["X"].stop_loss) == (0.5, 45.0)
    assert (decision.intents["Y"].target, decision.intents["Y"].stop_loss) == (-0.5, 11.0)


def test_holding_costs_no_new_object():
    policy = MaCross(2, 5)

    assert policy.decide(seen(policy, {"X": {"sma_2": 1, "sma_5": 2}})) is HOLD


def test_exponential_averages_have_their_own_columns():
    assert MaCross(2, 5, exponential=True).features == ("ema_2", "ema_5", "close")


@pytest.mark.parametrize("lengths", [(5, 5), (6, 5), (0, 5)])
def test_averages_must_be_fast_and_slow(lengths):
    with pytest.raises(InvalidOption, match="fast"):
        MaCross(*lengths)


def breakout(policy, steps):
    """Actions for steps of (close, high_4, low_4, high_2, low_2, held)."""
    names = ("close", "donchian_high_4", "donchian_low_4", "donchian_high_2", "donchian_low_2")
    got = []
    for step in steps:
        row = None if step is None else dict(zip(names, step[:5], strict=True))
        held = {"X": 0.0 if step is None else step[5]}
        got.append(sides(policy.decide(seen(policy, {"X": row}, held=held))).get("X"))
    return got


def test_a_close_beyond_the_channel_before_it_enters():
    # the channel of the bar itself would hold its own high: the one before decides
    steps = [(10, 12, 8, 11, 9, 0), (12, 12, 8, 12, 9, 0), (12.5, 13, 8, 13, 9, 0)]

    assert breakout(Donchian(4, 2), steps) == [None, None, "BUY"]


def test_a_long_leaves_below_the_short_channel_and_turns_below_the_long_one():
    steps = [(10, 12, 8, 11, 9, 0), (13, 13, 8, 13, 9, 0), (9.5, 13, 8, 13, 9, 1), (8.5, 13, 8, 11, 8, 1)]

    assert breakout(Donchian(4, 2), steps) == [None, "BUY", None, "CLOSE"]
    assert breakout(Donchian(4, 2), [(10, 12, 8, 11, 9, 1), (7, 12, 7, 11, 7, 1)]) == [None, "SELL"]


def test_a_short_leaves_above_the_short_channel():
    assert breakout(Donchian(4, 2), [(10, 12, 8, 11, 9, -1), (11.5, 12, 8, 12, 9, -1)]) == [None, "CLOSE"]


def test_long_only_never_shorts():
    policy = Donchian(4, 2, allow_short=False)

    assert breakout(policy, [(10, 12, 8, 11, 9, 0), (7, 12, 7, 11, 7, 0), (6, 12, 6, 8, 6, 1)]) == [None, None, "CLOSE"]


def test_after_a_stop_out_the_next_breakout_enters_again():
    steps = [(10, 12, 8, 11, 9, 0), (13, 13, 8, 13, 9, 0), (12, 13, 8, 13, 9, 0), (14, 14, 8, 14, 9, 0)]

    assert breakout(Donchian(4, 2), steps) == [None, "BUY", None, "BUY"]


def test_a_hole_compares_with_the_last_known_channel():
    assert breakout(Donchian(4, 2), [(10, 12, 8, 11, 9, 0), None, (13, 13, 8, 13, 9, 0)]) == [None, None, "BUY"]


def test_one_channel_serves_both_ways_when_lengths_agree():
    policy = Donchian(4, 4)
    rows = [
        {"close": 10.0, "donchian_high_4": 12.0, "donchian_low_4": 8.0},
        {"close": 7.0, "donchian_high_4": 12.0, "donchian_low_4": 7.0},
    ]

    assert policy.features == ("close", "donchian_high_4", "donchian_low_4")
    assert [sides(policy.decide(seen(policy, {"X": row}))).get("X") for row in rows] == [None, "SELL"]


@pytest.mark.parametrize("lengths", [(4, 5), (4, 0)])
def test_the_way_out_is_not_longer_than_the_way_in(lengths):
    with pytest.raises(InvalidOption, match="exit"):
        Donchian(*lengths)
