"""What the experts share: events, levels, parameters."""

import pytest

from alphaloop.core.decision import Action
from alphaloop.core.errors import InvalidOption
from alphaloop.policies.experts.carry import Carry
from tests.policies.builders import seen, sides


def show(policy, rate, held=0.0, **more):
    return policy.decide(seen(policy, {"X": {"funding_rate_8h": rate, **more}}, {"X": held}))


def test_a_side_is_taken_once_and_not_again_after_a_stop():
    policy = Carry(enter=0.0003, leave=0.0001)

    assert sides(show(policy, 0.0004)) == {"X": "SELL"}
    assert sides(show(policy, 0.0004, held=-1.0)) == {}
    assert sides(show(policy, 0.0004, held=0.0)) == {}  # a stop took it
    assert sides(show(policy, 0.00005, held=0.0)) == {}
    assert sides(show(policy, 0.0004, held=0.0)) == {"X": "SELL"}


def test_an_unknown_value_changes_nothing():
    policy = Carry(enter=0.0003, leave=0.0001)

    show(policy, 0.0004)
    assert sides(show(policy, float("nan"), held=-1.0)) == {}
    assert sides(show(policy, 0.0002, held=-1.0)) == {}
    assert sides(show(policy, 0.00005, held=-1.0)) == {"X": "CLOSE"}


def test_where_shorts_are_not_allowed_the_wish_is_flat():
    policy = Carry(enter=0.0003, leave=0.0001, allow_short=False)

    assert sides(show(policy, 0.0004)) == {}
    assert sides(show(policy, -0.0004)) == {"X": "BUY"}
    assert sides(show(policy, 0.0004, held=1.0)) == {"X": "CLOSE"}


def test_levels_stand_in_true_ranges_from_the_close():
    policy = Carry(enter=0.0003, leave=0.0001, stop_atr=2.0, target_atr=3.0, atr=5)

    assert policy.features == ("close", "atr_5", "funding_rate_8h")
    short = show(policy, 0.0004, atr_5=4.0).intents["X"]
    assert (short.action, short.stop_loss, short.take_profit) == (Action.SELL, 108.0, 88.0)
    far = show(policy, -0.0004, held=-1.0, atr_5=60.0).intents["X"]
    assert (far.action, far.stop_loss, far.take_profit) == (Action.BUY, None, 280.0)  # a stop below zero is none


def test_one_level_may_be_a_fraction_and_the_other_in_ranges():
    intent = show(Carry(enter=0.0003, leave=0.0001, stop=0.1, target_atr=3.0), 0.0004, atr_14=4.0).intents["X"]

    assert (intent.stop_loss, intent.take_profit) == (pytest.approx(110.0), 88.0)


def test_reset_forgets():
    policy = Carry(enter=0.0003, leave=0.0001)
    show(policy, 0.0004)

    policy.reset(0)

    assert sides(show(policy, 0.0004)) == {"X": "SELL"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"stop_atr": 0.0}, "stop_atr 0"),
        ({"target_atr": -1.0}, "target_atr -1"),
        ({"stop": 0.1, "stop_atr": 1.0}, "stop and stop_atr"),
        ({"atr": 0, "stop_atr": 1.0}, "true range of 0"),
        ({"leverage": 0.5}, "leverage 0.5"),
    ],
)
def test_what_cannot_be_is_refused(options, says):
    with pytest.raises(InvalidOption, match=says):
        Carry(**options)
