import math

import pytest

from alphaloop.core.decision import HOLD, Action, Cut, Decision, Intent
from alphaloop.core.errors import InvalidOption
from alphaloop.core.orders import PLAIN, Terms, TimeInForce


@pytest.mark.parametrize(("action", "target"), [("BUY", 0.5), ("SELL", -2.0), ("HOLD", 0.0), ("CLOSE", 0.0)])
def test_action_and_sign_agree(action, target):
    assert Intent(Action(action), target).target == target


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("BUY", 0.0),
        ("BUY", -0.5),
        ("SELL", 0.5),
        ("SELL", 0.0),
        ("HOLD", 0.1),
        ("CLOSE", -0.1),
        ("BUY", math.nan),
        ("BUY", math.inf),
    ],
)
def test_action_and_sign_that_disagree(action, target):
    with pytest.raises(InvalidOption):
        Intent(Action(action), target)


@pytest.mark.parametrize(
    "options",
    [
        {"leverage": 0.5},
        {"leverage": math.inf},
        {"leverage": math.nan},
        {"confidence": -1.0},
        {"confidence": 100.5},
        {"risk_score": math.nan},
        {"entry_price": 0.0},
        {"stop_loss": -1.0},
        {"take_profit": math.inf},
        {"take_profit": math.nan},
    ],
)
def test_numbers_out_of_range(options):
    with pytest.raises(InvalidOption):
        Intent(Action.BUY, 0.5, **options)


def test_a_symbol_that_is_held_has_no_target():
    decision = Decision({"A": Intent(Action.HOLD), "B": Intent(Action.CLOSE), "C": Intent(Action.SELL, -1.0)})

    assert [decision.target(symbol) for symbol in "ABCD"] == [None, 0.0, -1.0, None]


def test_a_cut_keeps_all_but_the_target_and_is_recorded():
    before = Decision({"A": Intent(Action.BUY, 0.5, leverage=3.0, stop_loss=9.0), "B": Intent(Action.HOLD)})

    after = before.cut_to("A", 0.2, "exposure", 0.5, "too much")

    assert after.intents["A"] == Intent(Action.BUY, 0.2, leverage=3.0, stop_loss=9.0)
    assert after.intents["B"] is before.intents["B"]
    assert after.cuts == (Cut("exposure", "A", "target", 0.5, 0.2, "too much"),)
    assert (before.target("A"), before.cuts) == (0.5, ())


@pytest.mark.parametrize(("target", "action"), [(0.1, Action.BUY), (-0.1, Action.SELL), (0.0, Action.CLOSE)])
def test_a_cut_of_what_is_only_held_makes_an_intent(target, action):
    assert HOLD.cut_to("A", target, "rule", 1.0, "why").intents["A"] == Intent(action, target)


def test_the_shared_decision_cannot_be_written():
    with pytest.raises(TypeError):
        HOLD.intents["A"] = Intent(Action.CLOSE)


@pytest.mark.parametrize(
    ("options", "terms"),
    [
        ({"action": Action.CLOSE}, Terms(trigger=100.0)),
        ({"action": Action.HOLD}, Terms(trail_fraction=0.1)),
        ({"action": Action.BUY, "target": 0.5}, Terms(post_only=True)),
        ({"action": Action.BUY, "target": 0.5}, Terms(time_in_force=TimeInForce.GTD, expires_at=5)),
    ],
)
def test_terms_of_another_order_are_refused(options, terms):
    with pytest.raises(InvalidOption):
        Intent(**options, terms=terms)


def test_a_cut_to_nothing_goes_at_market():
    asked = Decision({"A": Intent(Action.BUY, 0.5, terms=Terms(trigger=100.0, trail_fraction=0.1))})

    assert asked.cut_to("A", 0.0, "halt", 0.5, "").intents["A"].terms is PLAIN
    assert asked.cut_to("A", 0.2, "cap", 0.5, "").intents["A"].terms == asked.intents["A"].terms
