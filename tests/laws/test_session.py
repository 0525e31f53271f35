"""The law of the loop: what a session was allowed to do, done in one compiled pass, is the session.

Real policies with stops and targets, the real observer and risk chain, every preset of the
fill rules; fills (with their ids) and equity agree to the last bit.
"""

import os
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.decision import Action
from alphaloop.core.market import Instrument, Market
from alphaloop.core.orders import Reason
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.core.trace import Trace
from alphaloop.engine.feeds import ReplayFeed
from alphaloop.engine.session import Session, run
from alphaloop.execution.simulator.batch import BatchResult, simulate, targets
from alphaloop.execution.simulator.compiled import Plan
from alphaloop.execution.simulator.presets import PRESETS
from alphaloop.execution.simulator.rules import FillRules
from alphaloop.execution.simulator.venue import SimulatedVenue
from alphaloop.features.contract import Schema
from alphaloop.features.view import MarketView
from alphaloop.risk.chain import Limits, chain_of
from tests.engine.builders import make_header
from tests.engine.test_laws import KINDS, LIMITS, SMALL, markets

ROUNDS = settings(deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "40")))
BRACKETS = {"stop": 0.01, "target": 0.02}
CASH = 10_000.0


def session(market: Market, name: str, limits: Limits, rules: FillRules, band: float) -> Trace:
    """A whole session of a policy that asks for a bracket wherever it can."""
    kind = KINDS[name]
    takes = {one.name for one in fields(kind) if one.init} - {level.removesuffix("_atr") for level in SMALL[name]}
    policy = kind(**SMALL[name], **{level: part for level, part in BRACKETS.items() if level in takes})
    instruments = {symbol: Instrument(symbol) for symbol in market.symbols}
    trace = Trace(make_header(name, market.symbols, seed=3))
    venue, view = SimulatedVenue(list(instruments.values()), CASH, rules), MarketView(market, Schema(policy.features))
    return run(Session(ReplayFeed(market), venue, view, policy, chain_of(limits), instruments, trace, band))


def plan_of(trace: Trace, market: Market, band: float) -> Plan:
    """What the risk chain let through, as arrays of shape (T, A)."""
    target, stop, take = (np.full(market.values.shape[:2], np.nan) for _ in range(3))
    leverage = np.ones(target.shape)
    for event in trace.events:
        for symbol, intent in event.allowed.intents.items():
            place = event.step, market.symbols.index(symbol)
            if intent.action is Action.HOLD:
                continue
            assert intent.entry_price is None
            target[place], leverage[place] = intent.target, intent.leverage
            stop[place] = np.nan if intent.stop_loss is None else intent.stop_loss
            take[place] = np.nan if intent.take_profit is None else intent.take_profit
    return targets(target, stop=stop, take=take, leverage=leverage, band=band)


def kernel(trace: Trace, market: Market, rules: FillRules, band: float) -> BatchResult:
    instruments = [Instrument(symbol) for symbol in market.symbols]
    return simulate(market, plan_of(trace, market, band), instruments, CASH, rules=rules)


@ROUNDS
@given(
    markets(60),
    st.sampled_from(sorted(SMALL)),
    st.sampled_from([Limits(), LIMITS]),
    st.sampled_from(sorted(PRESETS)),
    st.sampled_from([0.0, 0.05]),
)
def test_the_session_equals_the_kernel_to_the_last_bit(market, name, limits, rules, band):
    trace = session(market, name, limits, PRESETS[rules], band)

    whole = kernel(trace, market, PRESETS[rules], band)

    assert whole.fills() == trace.fills
    assert whole.equity.tobytes() == trace.equity.tobytes()


@pytest.mark.parametrize("rules", sorted(PRESETS))
def test_the_law_meets_brackets(rules):
    """Otherwise it would prove nothing."""
    random = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, (2000, 2)), axis=0))
    first = np.vstack([close[:1], close[:-1]])
    spread = np.abs(random.normal(0, 0.004, close.shape))
    high, low = np.maximum(first, close) * (1 + spread), np.minimum(first, close) * (1 - spread)
    values = np.stack([first, high, low, close, np.ones_like(close), np.zeros_like(close)], axis=2)
    market = Market(np.arange(2000) * MINUTE_US, ("A", "B"), values, Timeframe(MINUTE_US))

    trace = session(market, "donchian", LIMITS, PRESETS[rules], 0.0)

    whole = kernel(trace, market, PRESETS[rules], 0.0)
    reasons = [fill.reason for fill in trace.fills]
    assert min(reasons.count(Reason.STOP), reasons.count(Reason.TARGET), reasons.count(Reason.MARKET)) > 20
    assert whole.fills() == trace.fills
    assert whole.equity.tobytes() == trace.equity.tobytes()
