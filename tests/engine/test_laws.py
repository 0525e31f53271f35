"""End-to-end laws: real policies, real observer, real venues, over small random markets.

Orders of a step meet later bars only, and nothing that stands in the trace up to an instant
changes when every bar after that instant is rewritten.
"""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.market import Floats, Instrument, Market
from alphaloop.core.orders import Reason
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.core.trace import Trace
from alphaloop.engine.feeds import ReplayFeed
from alphaloop.engine.session import Session, run
from alphaloop.execution.paper import PaperVenue
from alphaloop.execution.simulator.venue import SimulatedVenue
from alphaloop.features.contract import Schema
from alphaloop.features.view import MarketView
from alphaloop.policies.baselines import BASELINES
from alphaloop.policies.experts.library import EXPERTS
from alphaloop.risk.chain import Limits, chain_of
from tests.engine.builders import make_header

ROUNDS = settings(deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "40")))
LIMITS = Limits(max_weight=0.6, max_gross=1.5, max_leverage=3.0, max_drawdown=0.3)
SMALL = {  # parameters that make every policy trade within a few dozen bars
    "buy-and-hold": {},
    "flat": {},
    "random": {"leverage": 2.0},
    "ma-cross": {"fast": 2, "slow": 5, "stop": 0.03, "target": 0.05},
    "rsi-reversal": {"period": 3, "stop": 0.05},
    "donchian": {"entry": 4, "exit": 2, "leverage": 3.0},
    "momentum": {"lookback": 3, "volatility": 4, "enter": 0.5, "leave": 0.1, "stop_atr": 2.0, "atr": 3},
    "band-reversion": {"period": 5, "adx": 3, "calm": 90.0, "trend": 95.0, "target": 0.05},
    "volume-breakout": {"period": 4, "volume": 4, "surge": 0.0, "target_atr": 2.0, "atr": 3},
    "volatility-target": {"volatility": 4, "bars_a_year": 2000},
}
BESIDE_BARS = {"carry", "order-flow"}  # a market of bars alone cannot show them their features
KINDS = {**BASELINES, **EXPERTS}


@st.composite
def markets(draw, bars: int = 30):
    """Random walks with holes, halts and funding; two or three symbols, one of which may start late."""
    assets = draw(st.integers(1, 3))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    closes = 100 * np.exp(np.cumsum(random.normal(0, 0.03, (bars, assets)), axis=0))
    opens = np.vstack([closes[:1], closes[:-1]]) * np.exp(random.normal(0, 0.005, (bars, assets)))
    spread = np.abs(random.normal(0, 0.01, (2, bars, assets)))
    high, low = np.maximum(opens, closes) * (1 + spread[0]), np.minimum(opens, closes) * (1 - spread[1])
    volume = random.integers(0, 5, (bars, assets)).astype(float)
    funding = np.where(random.random((bars, assets)) < 0.1, random.normal(0, 0.001, (bars, assets)), 0.0)
    values = np.stack([opens, high, low, closes, volume, funding], axis=2)
    values[random.random((bars, assets)) < 0.05] = np.nan
    values[: draw(st.sampled_from([0, 0, 7])), 0] = np.nan
    return market_of(values)


def market_of(values: Floats) -> Market:
    symbols = ("A", "B", "C")[: values.shape[1]]
    return Market(np.arange(len(values)) * MINUTE_US, symbols, values, Timeframe(MINUTE_US))


def play(name: str, market: Market, make_venue=SimulatedVenue, seed: int = 1) -> Trace:
    policy = KINDS[name](**SMALL[name])
    instruments = {symbol: Instrument(symbol) for symbol in market.symbols}
    observer = MarketView(market, Schema(policy.features))
    venue = make_venue(list(instruments.values()), 1000.0)
    trace = Trace(make_header(name, market.symbols, seed))
    return run(Session(ReplayFeed(market), venue, observer, policy, chain_of(LIMITS), instruments, trace))


def rows(trace: Trace, until: int) -> list[object]:
    """Everything recorded at or before ``until``: steps with their observations, and the events among them."""
    steps = trace._rows[: int((trace.now <= until).sum())]
    return [steps, [event for event in trace.events if event.step < len(steps)]]


def rewritten(market: Market, cut: int, seed: int) -> Market:
    """The market with every bar from ``cut`` on replaced by something else entirely."""
    random = np.random.default_rng(seed)
    values = market.values.copy()
    after = values[cut:].shape[:2]
    price = random.uniform(1.0, 1000.0, after)
    values[cut:] = np.stack(
        [price, price * 1.5, price * 0.5, price, random.uniform(0, 9, after), random.normal(0, 0.1, after)], axis=2
    )
    values[cut:][random.random(after) < 0.2] = np.nan
    return market_of(values)


def test_every_policy_that_bars_can_feed_is_tested():
    assert set(SMALL) == set(KINDS) - BESIDE_BARS


@ROUNDS
@given(markets(), st.sampled_from(sorted(SMALL)), st.integers(1, 29), st.integers(0, 999))
def test_the_trace_up_to_now_does_not_know_the_bars_after_now(market, name, cut, seed):
    now = int(market.ts[cut - 1]) + MINUTE_US

    assert rows(play(name, market), now) == rows(play(name, rewritten(market, cut, seed)), now)


@ROUNDS
@given(markets(), st.sampled_from(sorted(SMALL)), st.sampled_from([SimulatedVenue, PaperVenue]))
def test_orders_meet_only_bars_after_the_one_they_were_made_on(market, name, make_venue):
    trace = play(name, market, make_venue)
    made = {order.id: event.step for event in trace.events for order in event.orders}
    filled = [(event.step, fill) for event in trace.events for fill in event.fills]

    for step, fill in filled:
        assert fill.ts == market.ts[step]
        if fill.order_id:
            assert step > made[fill.order_id]
            assert fill.ts >= market.ts[made[fill.order_id]] + MINUTE_US


@ROUNDS
@given(markets(), st.sampled_from(sorted(SMALL)))
def test_paper_equals_the_backtest(market, name):
    simulated, paper = play(name, market), play(name, market, PaperVenue)

    assert paper.equity == pytest.approx(simulated.equity, rel=1e-9)
    assert [(fill.order_id, fill.ts, fill.reason) for fill in paper.fills] == [
        (fill.order_id, fill.ts, fill.reason) for fill in simulated.fills
    ]
    assert [event.step for event in paper.events] == [event.step for event in simulated.events]


@ROUNDS
@given(markets(), st.sampled_from(sorted(SMALL)))
def test_same_market_and_seed_same_trace(market, name):
    assert play(name, market).digest() == play(name, market).digest()


def test_the_laws_meet_trades():
    """The policies above do trade here: fills of every kind that a market order and its bracket can have."""
    random = np.random.default_rng(4)
    closes = 100 * np.exp(np.cumsum(random.normal(0, 0.03, (400, 2)), axis=0))
    opens = np.vstack([closes[:1], closes[:-1]])
    ends = [np.maximum(opens, closes) * 1.01, np.minimum(opens, closes) * 0.99]
    market = market_of(np.stack([opens, *ends, closes, np.ones((400, 2)), np.full((400, 2), 1e-4)], axis=2))
    reasons = {fill.reason for name in SMALL for fill in play(name, market).fills}

    assert reasons == {Reason.MARKET, Reason.STOP, Reason.TARGET, Reason.FUNDING} | (reasons & {Reason.LIQUIDATION})
