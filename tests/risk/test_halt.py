from threading import Event

import pytest

from alphaloop.core.decision import HOLD, Action, Decision
from alphaloop.risk.halt import Halt
from tests.risk.builders import intent, make_view, want


def test_off_lets_everything_pass_on_closes_everything():
    switch, decision, view = Event(), want(B=0.5), make_view({"A": -0.5, "B": 0.0})
    rule = Halt(switch)

    assert rule.apply(decision, view) is decision

    switch.set()

    assert {symbol: one.action for symbol, one in rule.apply(decision, view).intents.items()} == {
        "A": Action.CLOSE,
        "B": Action.CLOSE,
    }


def test_a_plain_function_is_a_switch_too():
    assert Halt(lambda: False).apply(HOLD, make_view({"A": 0.5})) is HOLD
    assert Halt(lambda: True).apply(HOLD, make_view({"A": 0.5})).target("A") == 0.0


@pytest.mark.parametrize(
    ("held", "asked", "allowed"),
    [(0.5, 0.75, 0.5), (0.5, 0.25, 0.25), (0.5, 0.0, 0.0), (0.5, -0.25, 0.0), (-0.5, -0.75, -0.5), (0.0, 0.25, 0.0)],
)
def test_frozen_lets_positions_shrink_but_not_grow_turn_or_open(held, asked, allowed):
    assert Halt(lambda: True, freeze=True).apply(want(A=asked), make_view({"A": held})).target("A") == allowed


def test_frozen_leaves_holdings_and_their_levels_to_the_policy():
    rule, view = Halt(lambda: True, freeze=True), make_view({"A": 0.5})
    tighter = Decision({"A": intent(0.75, entry_price=9.0, stop_loss=8.0)})

    kept = rule.apply(tighter, view).intents["A"]

    assert rule.apply(HOLD, view) is HOLD
    assert (kept.target, kept.entry_price, kept.stop_loss) == (0.5, None, 8.0)


def test_frozen_without_equity_closes():
    view = make_view({"A": 0.5})._replace(equity=0.0)

    assert Halt(lambda: True, freeze=True).apply(HOLD, view).target("A") == 0.0
