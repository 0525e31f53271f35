import math

import pytest

from alphaloop.core.decision import HOLD, Action, Cut, Decision, Intent
from alphaloop.core.errors import InvalidOption
from alphaloop.risk.leverage import Leverage
from tests.risk.builders import intent, make_view, want


def test_isolated_leverage_is_capped_and_the_target_left():
    allowed = Leverage(3.0).apply(Decision({"A": intent(0.5, leverage=20.0)}), make_view({"A": 0.0}))

    assert (allowed.intents["A"].leverage, allowed.target("A")) == (3.0, 0.5)
    assert allowed.cuts == (Cut("leverage", "A", "leverage", 20.0, 3.0, "isolated leverage above 3"),)


@pytest.mark.parametrize("one", [intent(0.5, leverage=3.0), Intent(Action.HOLD, leverage=9.0), intent(0, leverage=9.0)])
def test_what_commits_no_more_margin_is_left_alone(one):
    decision = Decision({"A": one})

    assert Leverage(3.0).apply(decision, make_view({"A": 0.0})) is decision


def test_account_leverage_is_not_its_business_unless_asked():
    decision = want(A=5.0)

    assert Leverage(3.0).apply(decision, make_view({"A": 0.0})) is decision


def test_account_leverage_scales_all_in_proportion():
    allowed = Leverage(3.0, max_account=2.0).apply(want(A=3.0), make_view({"A": 0.0, "B": -1.0}))

    assert [allowed.target("A"), allowed.target("B")] == [1.5, -0.5]


def test_account_leverage_cuts_holdings_unasked():
    rule = Leverage(max_account=2.0)

    assert rule.apply(HOLD, make_view({"A": 4.0})).target("A") == 2.0
    assert rule.apply(HOLD, make_view({"A": 2.0})) is HOLD
    assert rule.apply(HOLD, make_view({"A": 2.03})) is HOLD


def test_without_equity_all_is_closed():
    view = make_view({"A": 0.5})._replace(equity=-1.0)

    assert Leverage(max_account=2.0).apply(HOLD, view).intents["A"].action is Action.CLOSE


def test_a_position_without_a_mark_is_closed():
    view = make_view({"A": 0.5, "B": 0.5})
    view.mark_price[0] = math.nan

    assert {symbol: one.target for symbol, one in Leverage(max_account=2.0).apply(HOLD, view).intents.items()} == {
        "A": 0.0
    }


@pytest.mark.parametrize("options", [{"max_leverage": 0.5}, {"max_account": -1.0}, {"drift": math.nan}])
def test_limits_out_of_range_are_refused(options):
    with pytest.raises(InvalidOption):
        Leverage(**options)
