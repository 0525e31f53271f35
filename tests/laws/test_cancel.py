"""A halt leaves nothing that could still fill."""

import numpy as np

from alphaloop.core.account import orders_to_reach
from alphaloop.core.decision import HOLD
from alphaloop.core.market import Bars, Instrument
from alphaloop.core.orders import Order, OrderType
from alphaloop.execution.simulator.venue import SimulatedVenue
from alphaloop.risk.halt import Halt


def bars(minute: int, low: float) -> Bars:
    return Bars(
        minute * 60_000_000, (minute + 1) * 60_000_000, ("X",), np.array([[100.0, 101.0, low, 100.0, 1.0, 0.0]])
    )


def test_a_resting_entry_does_not_survive_a_halt():
    instrument = Instrument("X")
    venue = SimulatedVenue([instrument], 1000.0)
    venue.on_bars(bars(0, 99.0))
    venue.submit([Order("a", "X", 60_000_000, 1.0, OrderType.LIMIT, 95.0)])

    assert venue.account().working == {"X"}

    halted = Halt(lambda: True).apply(HOLD, venue.account())
    venue.submit(orders_to_reach(halted, venue.account(), {"X": instrument}, 60_000_000))

    assert venue.on_bars(bars(1, 90.0)) == ()
    assert venue.account().working == frozenset()
