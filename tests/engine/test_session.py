"""The loop: who is called when, with what, and what is written down."""

from dataclasses import replace

import numpy as np
import pytest

from alphaloop.core.decision import Action, Cut, Decision, Intent
from alphaloop.core.errors import AlphaloopError, InvalidOrder, NoData
from alphaloop.core.market import Instrument
from alphaloop.core.time import MINUTE_US
from alphaloop.core.trace import Trace
from alphaloop.engine.feeds import ReplayFeed
from alphaloop.engine.session import Session, run
from alphaloop.execution.simulator.venue import SimulatedVenue
from alphaloop.features.contract import Schema
from alphaloop.features.view import MarketView
from alphaloop.policies.baselines import BASELINES
from alphaloop.risk.chain import Limits, chain_of
from tests.engine.builders import Parts, make_header, make_market, session_of

BUY = Decision({"X": Intent(Action.BUY, 0.5)})


def test_the_parts_are_called_in_the_documented_order():
    parts = Parts({MINUTE_US: BUY})

    run(session_of(parts, make_market(100.0, 101.0), seed=7))

    assert parts.calls == [
        ("reset", 7),
        ("on_bars", 0),
        ("account", None),
        ("observe", (MINUTE_US, True)),
        ("decide", True),
        ("apply", True),
        ("submit", 1),
        ("record", MINUTE_US),
        ("on_bars", MINUTE_US),
        ("account", None),
        ("observe", (2 * MINUTE_US, True)),
        ("decide", True),
        ("apply", True),
        ("submit", 0),
        ("record", 2 * MINUTE_US),
    ]


def test_a_step_holds_what_went_through_it():
    parts = Parts({2 * MINUTE_US: BUY})
    cut = Decision({"X": Intent(Action.BUY, 0.2)}, cuts=(Cut("half", "X", "target", 0.5, 0.2, "because"),))
    parts.apply = lambda decision, account: cut if decision is BUY else decision
    session = session_of(parts, make_market(100.0, 100.0, 100.0))

    trace = run(session)

    first, second, _ = trace.steps
    assert (first.proposed, first.orders, first.fills) == (Decision(), (), ())
    assert (second.proposed, second.allowed) == (BUY, cut)
    assert [(order.id, order.created_at, order.quantity) for order in second.orders] == [
        (f"{2 * MINUTE_US}:X", 2 * MINUTE_US, 2.0)
    ]
    assert parts.submitted[1] == second.orders
    assert second.account is second.observation.account
    assert len(trace) == 3
    assert [event.step for event in trace.events] == [1]


def test_every_bar_is_a_step_even_when_nothing_happens():
    trace = run(session_of(Parts(), make_market(100.0, 101.0, 102.0)))

    assert trace.now.tolist() == [MINUTE_US, 2 * MINUTE_US, 3 * MINUTE_US]
    assert (trace.events, trace.fills) == ([], [])


def test_an_empty_feed_leaves_an_empty_trace():
    parts = Parts()
    market = make_market(100.0).between(10, 10)

    assert len(run(session_of(parts, market))) == 0
    assert parts.calls == [("reset", 0)]


def test_the_band_reaches_the_orders():
    parts = Parts({MINUTE_US: BUY, 2 * MINUTE_US: Decision({"X": Intent(Action.BUY, 0.04)})})

    run(session_of(parts, make_market(100.0, 100.0), band=0.05))

    assert [len(orders) for orders in parts.submitted] == [1, 0]


@pytest.mark.parametrize("part", ["decide", "apply", "observe", "on_bars"])
def test_facts_raise_through_the_loop(part):
    parts = Parts()

    def broken(*_arguments: object) -> None:
        raise NoData("a hole", "bars", "fill it")

    setattr(parts, part, broken)
    session = session_of(parts, make_market(100.0))

    with pytest.raises(AlphaloopError, match="a hole"):
        run(session)
    assert len(session.trace) == 0  # a step is written whole or not at all


def test_a_decision_for_a_symbol_nobody_trades_is_refused():
    parts = Parts({MINUTE_US: Decision({"Z": Intent(Action.BUY, 0.5)})})

    with pytest.raises(InvalidOrder, match="Z"):
        run(session_of(parts, make_market(100.0)))


QUICK = {"ma-cross": {"fast": 3, "slow": 8}, "donchian": {"entry": 8, "exit": 4}}


def real_session(policy_name: str, seed: int = 0, limits: Limits | None = None) -> Session:
    """Parts of the package on a hundred wavy bars."""
    market = make_market(*(100 + 10 * np.sin(np.arange(100) / 5)).tolist())
    policy = BASELINES[policy_name](**QUICK.get(policy_name, {}))
    instrument = Instrument("X")
    return Session(
        ReplayFeed(market),
        SimulatedVenue([instrument], 1000.0),
        MarketView(market, Schema(policy.features)),
        policy,
        chain_of(limits or Limits()),
        {"X": instrument},
        Trace(make_header(policy_name, seed=seed)),
    )


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_same_seed_same_trace(name):
    first, second = run(real_session(name, seed=3)), run(real_session(name, seed=3))

    assert first.digest() == second.digest()
    assert first.fills == second.fills
    assert (name == "flat") == (first.fills == [])


def test_the_same_parts_can_run_twice():
    """``reset`` forgets what the policy learnt in the run before."""
    session = real_session("random", seed=5)
    first = run(session)
    again = replace(session, venue=SimulatedVenue([Instrument("X")], 1000.0), trace=Trace(first.header))

    assert run(again).digest() == first.digest()


def test_another_seed_is_another_random_policy():
    first, second = run(real_session("random", seed=1)), run(real_session("random", seed=2))

    assert first.fills != second.fills
    assert first.digest() != second.digest()


def test_risk_stands_between_policy_and_orders():
    free, tight = run(real_session("ma-cross")), run(real_session("ma-cross", limits=Limits(max_weight=0.1)))
    cuts = [cut for event in tight.events for cut in event.allowed.cuts]

    assert {intent.target for event in tight.events for intent in event.proposed.intents.values()} == {1.0, -1.0}
    assert {cut.after for cut in cuts} <= {0.1, -0.1}
    assert cuts
    assert max(abs(fill.quantity) for fill in tight.fills) < max(abs(fill.quantity) for fill in free.fills)
