from alphaloop.core.decision import HOLD, Decision
from alphaloop.risk.chain import Chain, Limits, chain_of
from alphaloop.risk.exposure import Exposure
from alphaloop.risk.leverage import Leverage
from tests.risk.builders import intent, make_view, want


def test_an_empty_chain_lets_everything_pass():
    decision = want(A=9.0)

    assert Chain().apply(decision, make_view({"A": 0.0})) is decision


def test_each_rule_sees_what_the_one_before_left():
    chain = Chain((Exposure(max_weight=0.5, max_gross=9.0), Leverage(max_account=0.8)))

    allowed = chain.apply(want(A=0.9, B=0.5), make_view({"A": 0.0, "B": 0.0}))

    assert [(cut.rule, cut.symbol, cut.before, cut.after) for cut in allowed.cuts] == [
        ("exposure", "A", 0.9, 0.5),
        ("leverage", "A", 0.5, 0.4),
        ("leverage", "B", 0.5, 0.4),
    ]


def test_the_default_limits_let_an_unleveraged_account_do_anything():
    decision = want(A=0.7, B=-0.3)

    assert chain_of(Limits()).apply(decision, make_view({"A": 0.0, "B": 0.0}, equity=1.0, peak=1000.0)) is decision


def test_a_halt_is_recorded_once_and_leaves_nothing_to_the_others():
    chain = chain_of(Limits(max_weight=0.1, max_drawdown=0.1), lambda: True)

    allowed = chain.apply(Decision({"A": intent(0.9, leverage=50.0)}), make_view({"A": 0.5}, equity=1.0, peak=10.0))

    assert [(cut.rule, cut.what, cut.after) for cut in allowed.cuts] == [("halt", "target", 0.0)]


def test_frozen_passes_through_to_the_halt_rule():
    assert chain_of(Limits(), lambda: True, freeze=True).apply(HOLD, make_view({"A": 0.5})) is HOLD
