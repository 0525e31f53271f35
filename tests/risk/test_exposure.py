import math

import pytest

from alphaloop.core.decision import HOLD, Action, Cut, Decision, Intent
from alphaloop.core.errors import InvalidOption
from alphaloop.core.orders import PLAIN, Terms, TimeInForce
from alphaloop.risk.exposure import Exposure
from tests.risk.builders import intent, make_view, want


def test_within_limits_the_decision_itself_comes_back():
    decision = want(A=0.5, B=-0.5)

    assert Exposure().apply(decision, make_view({"A": 0.0, "B": 0.0})) is decision


def test_each_symbol_is_cut_to_its_cap_and_the_cut_recorded():
    allowed = Exposure(max_weight=0.2, max_gross=5.0).apply(
        want(A=0.5, B=-0.3, C=0.1), make_view(dict.fromkeys("ABC", 0.0))
    )

    assert [allowed.target(symbol) for symbol in "ABC"] == [0.2, -0.2, 0.1]
    assert allowed.cuts == (
        Cut("exposure", "A", "target", 0.5, 0.2, "weight above 0.2 of equity"),
        Cut("exposure", "B", "target", -0.3, -0.2, "weight above 0.2 of equity"),
    )


def test_gross_is_cut_in_proportion():
    allowed = Exposure(max_weight=1.0, max_gross=1.0).apply(want(A=1.0, B=-0.6), make_view({"A": 0.0, "B": 0.0}))

    assert [allowed.target("A"), allowed.target("B")] == [0.625, pytest.approx(-0.375, rel=1e-15)]


def test_holdings_count_toward_gross_and_may_be_cut_unasked():
    # 0.75 held, 0.5 asked for: 1.25 is scaled by 0.8
    allowed = Exposure().apply(want(B=0.5), make_view({"A": 0.75, "B": 0.0}))

    assert [allowed.target("A"), allowed.target("B")] == [pytest.approx(0.6), pytest.approx(0.4)]
    assert allowed.intents["A"].entry_price is None


def test_a_hold_intent_counts_with_what_is_held():
    decision = Decision({"A": Intent(Action.HOLD)})

    assert Exposure(max_weight=0.5).apply(decision, make_view({"A": -0.75})).target("A") == -0.5


def test_a_position_without_intent_is_cut_to_the_cap():
    assert Exposure(max_weight=0.5).apply(HOLD, make_view({"A": 0.75})).target("A") == 0.5


def test_drift_forgives_what_prices_did_but_not_what_is_asked():
    rule, grown = Exposure(max_weight=0.5, drift=0.02), make_view({"A": 0.505})

    assert rule.apply(HOLD, grown) is HOLD
    assert rule.apply(want(A=0.506), grown).target("A") == 0.5
    assert rule.apply(HOLD, make_view({"A": 0.511})).target("A") == 0.5


def test_drift_forgives_the_gross_of_holdings_but_not_of_new_positions():
    rule, grown = Exposure(drift=0.02), make_view({"A": 0.505, "B": 0.505, "C": 0.0})

    assert rule.apply(HOLD, grown) is HOLD
    assert rule.apply(want(C=0.01), grown).target("A") == pytest.approx(0.505 / 1.02)


def test_a_cut_below_the_holding_goes_at_market():
    limit = Decision({"A": intent(0.9, entry_price=9.0)})

    assert Exposure(max_weight=0.5).apply(limit, make_view({"A": 0.6})).intents["A"].entry_price is None
    assert Exposure(max_weight=0.5).apply(limit, make_view({"A": 0.1})).intents["A"].entry_price == 9.0


def test_a_cap_of_zero_closes():
    allowed = Exposure(max_weight=1.0, max_gross=0.0).apply(want(A=-0.2), make_view({"A": 0.1, "B": -0.1}))

    assert {symbol: one.action for symbol, one in allowed.intents.items()} == {"A": Action.CLOSE, "B": Action.CLOSE}


@pytest.mark.parametrize("equity", [0.0, -5.0, math.nan])
def test_without_equity_all_is_closed(equity):
    view = make_view({"A": 0.5, "B": 0.0})._replace(equity=equity)

    allowed = Exposure().apply(HOLD, view)

    assert {symbol: one.action for symbol, one in allowed.intents.items()} == {"A": Action.CLOSE}
    assert allowed.cuts[0].after == 0.0


def test_a_position_without_a_mark_is_closed():
    view = make_view({"A": 0.5, "B": 0.25})
    view.mark_price[0] = math.nan

    assert {symbol: one.target for symbol, one in Exposure().apply(HOLD, view).intents.items()} == {"A": 0.0}


def test_an_account_without_symbols_is_left_alone():
    assert Exposure().apply(HOLD, make_view({})) is HOLD


@pytest.mark.parametrize("options", [{"max_weight": -1}, {"max_gross": math.nan}, {"drift": -0.1}])
def test_limits_below_zero_are_refused(options):
    with pytest.raises(InvalidOption):
        Exposure(**options)


def test_a_forced_cut_waits_for_no_trigger_and_keeps_the_trail():
    terms = Terms(trail_fraction=0.02, trigger=105.0)
    asked = Decision({"A": intent(0.5, terms=terms)})

    forced = Exposure(max_weight=0.2).apply(asked, make_view({"A": 0.4})).intents["A"]
    free = Exposure(max_weight=0.2).apply(asked, make_view({"A": 0.0})).intents["A"]

    assert (forced.target, forced.terms) == (0.2, Terms(trail_fraction=0.02))
    assert (free.target, free.terms) == (0.2, terms)


def test_a_cut_to_nothing_has_no_terms():
    asked = Decision({"A": intent(0.5, entry_price=100.0, terms=Terms(time_in_force=TimeInForce.IOC))})

    assert Exposure(max_weight=0.0).apply(asked, make_view({"A": 0.4})).intents["A"].terms is PLAIN
