"""Rows of a run: what an intent and its order said beside the usual, as text."""

import json

import numpy as np

from alphaloop.core.account import Account
from alphaloop.core.decision import Action, Decision, Intent
from alphaloop.core.observation import Observation
from alphaloop.core.orders import Order, OrderType, Terms, TimeInForce
from alphaloop.core.trace import Step, Trace
from alphaloop.lake.ledger.rows import rows_of
from tests.engine.builders import make_header


def test_the_terms_of_an_intent_and_of_its_order_are_kept():
    terms = Terms(time_in_force=TimeInForce.GTD, expires_at=9, post_only=True)
    decision = Decision({"X": Intent(Action.BUY, 0.5, entry_price=99.0, terms=terms)})
    order = Order(
        "7:X", "X", 7, 5.0, OrderType.LIMIT, 99.0, time_in_force=TimeInForce.GTD, expires_at=9, post_only=True
    )
    account, empty = Account(cash=100).view(("X",), {}, 0.0), np.zeros((1, 0))
    observation = Observation(7, ("X",), (), empty, empty > 0, empty[None], account, "")
    trace = Trace(make_header())
    trace.record(Step(7, observation, decision, decision, (order,), (), account))

    rows = rows_of(trace)

    worked = {"expires_at": 9, "post_only": True, "time_in_force": "gtd"}
    ((_, _, proposed, *_),) = rows["decisions"]
    assert json.loads(proposed)["terms"] == worked
    assert json.loads(next(iter(rows["orders"]))[-1]) == worked
