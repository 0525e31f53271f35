import math

import pytest

from alphaloop.core.decision import HOLD, Action, Cut, Decision
from alphaloop.core.errors import InvalidOption
from alphaloop.risk.drawdown import Drawdown
from tests.risk.builders import intent, make_view, want


def test_at_the_limit_nothing_happens_beyond_it_all_is_closed():
    rule = Drawdown(0.25)

    assert rule.apply(HOLD, make_view({"A": 0.5}, equity=750.0, peak=1000.0)) is HOLD

    allowed = rule.apply(want(B=0.5), make_view({"A": 0.5, "B": 0.0}, equity=749.0, peak=1000.0))

    assert {symbol: one.action for symbol, one in allowed.intents.items()} == {"A": Action.CLOSE, "B": Action.CLOSE}
    assert allowed.cuts == (
        Cut("drawdown", "A", "target", 0.5, 0.0, "loss above 0.25 of peak equity"),
        Cut("drawdown", "B", "target", 0.5, 0.0, "loss above 0.25 of peak equity"),
    )


def test_flat_and_holding_costs_nothing():
    assert Drawdown(0.25).apply(HOLD, make_view({"A": 0.0}, equity=100.0, peak=1000.0)) is HOLD


def test_a_closing_at_a_limit_becomes_one_at_market():
    decision = Decision({"A": intent(0, entry_price=12.0)})

    allowed = Drawdown(0.1).apply(decision, make_view({"A": 0.5}, equity=100.0, peak=1000.0))

    assert allowed.intents["A"].entry_price is None
    assert allowed.cuts == (Cut("drawdown", "A", "entry_price", 12.0, 0.0, "loss above 0.1 of peak equity"),)


@pytest.mark.parametrize("equity", [0.0, -1.0, math.nan])
def test_without_equity_even_the_widest_limit_closes(equity):
    view = make_view({"A": 0.5})._replace(equity=equity)

    assert Drawdown(1.0).apply(HOLD, view).target("A") == 0.0


@pytest.mark.parametrize("limit", [-0.1, 1.1, math.nan])
def test_a_limit_that_is_no_fraction_is_refused(limit):
    with pytest.raises(InvalidOption):
        Drawdown(limit)


def test_a_resting_order_is_taken_back_as_well():
    flat = make_view({"A": 0.0}, equity=100.0, peak=1000.0)._replace(working=frozenset({"A"}))

    assert Drawdown(0.25).apply(HOLD, flat).intents["A"].action is Action.CLOSE
