from dataclasses import replace

import numpy as np
import pytest

from alphaloop.core.decision import HOLD, Action, Cut, Decision, Intent
from alphaloop.core.observation import Observation
from alphaloop.core.orders import Fill, Order, Reason
from alphaloop.core.trace import Header, Step, Trace
from tests.core.builders import make_view

HEADER = Header("flat", ("X",), "1m", 0, "schema", "rules", "market", "0.1.0")
ORDER = Order("1:X", "X", 1, 1.0)
FILL = Fill("1:X", "X", 1, 1.0, 100.0, Reason.MARKET)


def make_step(now: int = 1, **changes: object) -> Step:
    values = np.array([[1.0]])
    observation = Observation(now, ("X",), ("a",), values, np.array([[True]]), values[None], make_view(), "schema")
    return Step(now, observation, HOLD, HOLD, (), (), make_view())._replace(**changes)


def make_trace(*steps: Step, header: Header = HEADER) -> Trace:
    trace = Trace(header)
    for step in steps:
        trace.record(step)
    return trace


def test_columns():
    trace = make_trace(make_step(1), make_step(2, account=make_view(2.0, equity=1100.0)))

    assert len(trace) == 2
    assert (trace.now.tolist(), trace.equity.tolist(), trace.cash.tolist()) == ([1, 2], [1000, 1100], [1000, 1100])
    assert trace.quantity.tolist() == [[0.0], [2.0]]


def test_an_empty_trace_has_empty_columns():
    trace = make_trace()

    assert (len(trace), trace.now.shape, trace.quantity.shape, trace.fills) == (0, (0,), (0, 1), [])


def test_only_steps_in_which_something_happened_keep_records():
    wish = Decision({"X": Intent(Action.BUY, 0.5)})
    cut = Decision(cuts=(Cut("rule", "X", "target", 1.0, 0.5, ""),))
    steps = [
        make_step(1),
        make_step(2, fills=(FILL,)),
        make_step(3, orders=(ORDER,)),
        make_step(4, proposed=wish),
        make_step(5, allowed=cut),
        make_step(6),
    ]

    trace = make_trace(*steps)

    assert [event.step for event in trace.events] == [1, 2, 3, 4]
    assert trace.fills == [FILL]


def test_the_same_steps_have_the_same_digest():
    assert make_trace(make_step(1, fills=(FILL,))).digest() == make_trace(make_step(1, fills=(FILL,))).digest()


@pytest.mark.parametrize(
    "other",
    [
        make_trace(make_step(2, fills=(FILL,))),
        make_trace(make_step(1)),
        make_trace(make_step(1, fills=(FILL._replace(price=100.00000001),))),
        make_trace(make_step(1, fills=(FILL,), orders=(ORDER,))),
        make_trace(make_step(1, fills=(FILL,), proposed=Decision({"X": Intent(Action.BUY, 0.5)}))),
        make_trace(make_step(1, fills=(FILL,), allowed=Decision({"X": Intent(Action.BUY, 0.5)}))),
        make_trace(make_step(1, fills=(FILL,), allowed=Decision(cuts=(Cut("r", "X", "target", 1.0, 0.5, ""),)))),
        make_trace(make_step(1, fills=(FILL,), account=make_view(1.0))),
        make_trace(make_step(1, fills=(FILL,), account=make_view(equity=1000.5))),
        make_trace(make_step(1, fills=(FILL,)), make_step(2)),
        make_trace(make_step(1, fills=(FILL,)), header=replace(HEADER, seed=1)),
        make_trace(make_step(1, fills=(FILL,)), header=replace(HEADER, table_versions=(("bars", 3),))),
    ],
)
def test_anything_that_happened_otherwise_changes_the_digest(other):
    assert other.digest() != make_trace(make_step(1, fills=(FILL,))).digest()


def test_the_order_in_which_intents_were_named_does_not_change_the_digest():
    one, two = Intent(Action.BUY, 0.5, timeframes={"4h": "BUY"}), Intent(Action.SELL, -0.5)
    first = make_trace(make_step(proposed=Decision({"X": one, "Y": two})))
    second = make_trace(make_step(proposed=Decision({"Y": two, "X": one})))

    assert first.digest() == second.digest()
