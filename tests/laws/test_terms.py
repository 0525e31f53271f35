"""The law of terms: what a policy asks of its orders means the same in a session, on paper, and by the page.

Random decisions with triggers, limits, trails, time in force and post-only, through the real loop; the same
orders given to a bare venue, to the paper venue, and to the slow reference that was written from the page.
"""

from dataclasses import dataclass, field

import numpy as np
import pytest

from alphaloop.core.conformance import sample_market
from alphaloop.core.decision import Action, Decision, Intent
from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Instrument, Market
from alphaloop.core.orders import OrderType, Terms, TimeInForce
from alphaloop.core.trace import Trace
from alphaloop.engine.feeds import ReplayFeed
from alphaloop.engine.session import Session, run
from alphaloop.execution.paper import PaperVenue
from alphaloop.execution.simulator.venue import SimulatedVenue
from alphaloop.features.contract import Schema
from alphaloop.features.view import MarketView
from alphaloop.risk.chain import Limits, chain_of
from tests.engine.builders import make_header
from tests.reference.page import PageVenue
from tests.reference.test_page import equal

CASH = 10_000.0
KINDS = set(OrderType) - {OrderType.TRAILING_STOP, OrderType.TAKE_PROFIT}  # an intent says these by its levels


@dataclass
class Wild:
    """Asks at random for everything an intent can say."""

    step: int
    name: str = "wild"
    features: tuple[str, ...] = ("close",)
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def reset(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def decide(self, observation) -> Decision:
        intents = {}
        for symbol, price in zip(observation.symbols, observation.column("close").tolist(), strict=True):
            if price == price and self.random.random() < 0.5:
                intents[symbol] = self.intent(price, observation.now)
        return Decision(intents)

    def intent(self, price: float, now: int) -> Intent:
        while True:
            try:
                return self.draw(price, now)
            except InvalidOption:  # terms that do not go together
                continue

    def draw(self, price: float, now: int) -> Intent:
        random = self.random
        side = random.choice([-1, 0, 1], p=[0.4, 0.2, 0.4]).item()
        action = Action.BUY if side > 0 else Action.SELL if side < 0 else Action.CLOSE
        moves = random.normal(0, 0.006, 2)
        rests, waits = random.random(2) < 0.4
        entry = price * (1 + moves[0].item()) if rests else None
        trigger = price * (1 + moves[1].item()) if waits else None
        expires = now + self.step * int(random.integers(1, 5)) if random.random() < 0.3 else None
        force = TimeInForce.GTC if expires is None else TimeInForce.GTD
        terms = Terms(
            trigger=trigger,
            trail_fraction=0.004 if random.random() < 0.4 else None,
            time_in_force=TimeInForce.IOC if not waits and expires is None and random.random() < 0.3 else force,
            expires_at=expires,
        )
        if rests and not waits and terms.time_in_force is TimeInForce.GTC and random.random() < 0.4:
            terms = Terms(trail_fraction=terms.trail_fraction, post_only=True)
        anchor = entry or trigger or price
        levels = (anchor * (1 - side * 0.008), anchor * (1 + side * 0.012))
        stop, take = (level if side and random.random() < 0.5 else None for level in levels)
        size = side * random.uniform(0.05, 0.4)
        return Intent(action, size, 3.0, entry, stop, take, terms=terms)


def play(market: Market, kind, seed: int, **terms) -> tuple[Trace, object]:
    policy, instruments = Wild(market.timeframe.us), {symbol: Instrument(symbol) for symbol in market.symbols}
    venue, trace = kind(list(instruments.values()), CASH, **terms), Trace(make_header("wild", market.symbols, seed))
    view, risk = MarketView(market, Schema(policy.features)), chain_of(Limits(max_weight=0.3, max_gross=0.8))
    return run(Session(ReplayFeed(market), venue, view, policy, risk, instruments, trace)), venue


def answers(venue, market: Market, trace: Trace) -> list[list[object]]:
    """The fills, bar by bar, of the session's orders given to another venue."""
    orders = {event.step: event.orders for event in trace.events}
    found = []
    for step, bars in enumerate(market):
        found.append(list(venue.on_bars(bars)))
        venue.submit(orders.get(step, ()))
    return found


def drawn(seed: int) -> tuple[Market, dict[str, object]]:
    market = sample_market(rows=60, seed=seed)
    latency = (0, 200_000, market.timeframe.us)[seed % 3]
    return market, {"participation": (None, 0.01)[seed % 2], "latency_us": latency}


@pytest.mark.parametrize("seed", range(12))
def test_a_session_with_terms_is_its_orders_at_a_bare_venue(seed):
    market, terms = drawn(seed)
    trace, _ = play(market, SimulatedVenue, seed, **terms)
    venue = SimulatedVenue([Instrument(symbol) for symbol in market.symbols], CASH, **terms)

    fills = answers(venue, market, trace)

    assert [one for some in fills for one in some] == trace.fills
    assert venue.account().equity == trace.equity[-1]


@pytest.mark.parametrize("seed", range(12))
def test_paper_with_terms_is_the_session(seed):
    market, terms = drawn(seed)
    trace, _ = play(market, SimulatedVenue, seed, **terms)

    paper, _ = play(market, PaperVenue, seed, **terms)

    assert paper.equity == pytest.approx(trace.equity, rel=1e-9)
    assert len(paper.fills) == len(trace.fills)
    assert all(equal(ours, theirs) for ours, theirs in zip(paper.fills, trace.fills, strict=True))


@pytest.mark.parametrize("seed", range(12))
def test_a_session_with_terms_is_what_the_page_says(seed):
    market, terms = drawn(seed)
    trace, _ = play(market, SimulatedVenue, seed, **terms)
    page = PageVenue([Instrument(symbol) for symbol in market.symbols], CASH, **terms)

    fills = [one for some in answers(page, market, trace) for one in some]

    assert len(fills) == len(trace.fills)
    assert all(equal(ours, theirs) for ours, theirs in zip(trace.fills, fills, strict=True))
    assert page.equity == pytest.approx(trace.equity[-1], rel=1e-9)


def test_the_law_meets_every_kind_of_order_and_term():
    """Otherwise it would prove nothing."""
    traces = [play(market, SimulatedVenue, seed, **terms)[0] for seed in range(6) for market, terms in [drawn(seed)]]
    orders = [order for trace in traces for event in trace.events for order in event.orders]

    assert {order.type for order in orders} == KINDS
    assert {order.time_in_force for order in orders} == set(TimeInForce)
    assert sum(order.post_only for order in orders) > 5
    assert sum(order.trail_fraction is not None for order in orders) > 20
