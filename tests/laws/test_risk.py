"""Laws of every risk rule: it never adds exposure, never turns a side, and twice is once."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Action, Decision, Intent
from alphaloop.core.protocols import RiskRule
from alphaloop.risk.chain import Chain, Limits, chain_of
from alphaloop.risk.drawdown import Drawdown
from alphaloop.risk.exposure import Exposure
from alphaloop.risk.halt import Halt
from alphaloop.risk.leverage import Leverage

SYMBOLS = ("A", "B", "C")
PRICES = st.floats(1e-6, 1e6)
LIMITS = st.sampled_from([0.0, 0.1, 0.333, 1.0, 2.5])


@st.composite
def intents(draw):
    action = draw(st.sampled_from(list(Action)))
    size = draw(st.floats(1e-9, 20.0))
    target = {Action.BUY: size, Action.SELL: -size}.get(action, 0.0)
    price = st.none() | PRICES
    return Intent(action, target, draw(st.floats(1, 125)), draw(price), draw(price), draw(price))


@st.composite
def accounts(draw):
    equity = draw(st.floats(1.0, 1e6) | st.sampled_from([0.0, -10.0, math.nan, 1e-300]))
    quantity = np.array([draw(st.floats(-1e3, 1e3) | st.just(0.0)) for _ in SYMBOLS])
    mark = np.array([draw(PRICES | st.just(math.nan)) for _ in SYMBOLS])
    peak = draw(st.floats(0, 1e6))
    return AccountView(SYMBOLS, equity, equity, peak, quantity, mark, mark, np.abs(quantity))


@st.composite
def rules(draw) -> RiskRule:
    one = st.one_of(
        st.builds(Exposure, LIMITS, LIMITS, st.sampled_from([0.0, 0.02, 0.5])),
        st.builds(Leverage, st.floats(1, 10), st.none() | LIMITS),
        st.builds(Drawdown, st.floats(0, 1)),
        st.builds(Halt, st.sampled_from([lambda: True, lambda: False]), st.booleans()),
    )
    return draw(one | st.builds(Chain, st.lists(one, max_size=5).map(tuple)))


DECISIONS = st.builds(Decision, st.dictionaries(st.sampled_from(SYMBOLS), intents()))


def wanted(decision: Decision, account: AccountView) -> list[float]:
    """Weights after the decision; a symbol it leaves alone keeps what it has."""
    equity = account.equity if account.equity > 0 else math.nan
    held = [q * mark / equity for q, mark in zip(account.quantity.tolist(), account.mark_price.tolist(), strict=True)]
    targets = [decision.target(symbol) for symbol in SYMBOLS]
    return [
        target if target is not None else weight if quantity else 0.0
        for target, weight, quantity in zip(targets, held, account.quantity.tolist(), strict=True)
    ]


@given(rules(), DECISIONS, accounts())
def test_no_rule_adds_exposure_or_turns_a_side(rule, decision, account):
    before, after = wanted(decision, account), wanted(rule.apply(decision, account), account)
    known = [(old, new) for old, new in zip(before, after, strict=True) if not math.isnan(old)]

    assert all(abs(new) <= abs(old) for old, new in known)
    assert all(new * old >= 0 or new == 0 for old, new in known)
    assert sum(abs(new) for _, new in known) <= sum(abs(old) for old, _ in known)


@given(rules(), DECISIONS, accounts())
def test_no_rule_raises_leverage_or_invents_a_price(rule, decision, account):
    allowed = rule.apply(decision, account)
    for symbol, intent in decision.intents.items():
        cut = allowed.intents[symbol]

        assert cut.leverage <= intent.leverage
        assert cut.entry_price in (intent.entry_price, None)
        assert (cut.stop_loss, cut.take_profit) == (intent.stop_loss, intent.take_profit)


@given(rules(), DECISIONS, accounts())
def test_twice_is_once(rule, decision, account):
    once = rule.apply(decision, account)

    assert rule.apply(once, account) is once


@given(rules(), DECISIONS, accounts())
def test_every_change_is_recorded_and_nothing_else(rule, decision, account):
    allowed = rule.apply(decision, account)
    changed = {symbol for symbol, intent in allowed.intents.items() if decision.intents.get(symbol) != intent}

    assert {cut.symbol for cut in allowed.cuts} == changed
    assert all(math.isfinite(cut.after) for cut in allowed.cuts)


@given(DECISIONS, accounts(), LIMITS, LIMITS)
def test_exposure_is_within_its_caps_afterwards(decision, account, weight, gross):
    after = wanted(Exposure(weight, gross, drift=0.0).apply(decision, account), account)
    if account.equity > 0:
        assert max(map(abs, after)) <= weight * (1 + 1e-9)
        assert sum(map(abs, after)) <= gross * (1 + 1e-9)
    else:
        assert not any(after)


@given(DECISIONS, accounts())
def test_the_order_of_a_chain_changes_names_but_not_limits(decision, account):
    rules = chain_of(Limits(0.5, 1.0, 2.0, 0.3, drift=0.0)).rules
    for chain in (Chain(rules), Chain(rules[::-1])):
        allowed = chain.apply(decision, account)
        after = wanted(allowed, account)
        if account.equity > 0 and account.drawdown <= 0.3:
            assert sum(map(abs, after)) <= 1 + 1e-9
        else:
            assert not any(after)


@pytest.mark.parametrize("rule", [Exposure(), Leverage(), Drawdown(), Halt(lambda: False), Chain()])
def test_every_rule_is_one(rule):
    assert isinstance(rule, RiskRule)
