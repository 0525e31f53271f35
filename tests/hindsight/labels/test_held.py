import numpy as np
import pytest

from alphaloop.core.market import FUNDING, OPEN, Market
from alphaloop.core.time import Timeframe
from alphaloop.hindsight.labels.held import held_returns
from alphaloop.hindsight.labels.windows import windows

MINUTE = Timeframe.parse("1m")


def market(opens, funding=None, missing=()):
    bars = np.zeros((len(opens), 1, 6))
    bars[:, 0, :4] = np.array(opens, dtype=float)[:, None]
    bars[:, 0, 4] = 1.0
    if funding is not None:
        bars[:, 0, FUNDING] = funding
    bars[list(missing)] = np.nan
    return Market(np.arange(len(opens)) * MINUTE.us, ("X",), bars, MINUTE)


def held(made):
    return held_returns(windows(made, 0, 1))


def test_a_decision_is_paid_from_the_open_after_it_to_the_next_ones():
    found = held(market([100, 100, 110, 99, 99]))

    assert found[:3].tolist() == pytest.approx([0.10, -0.10, 0.0])
    assert np.isnan(found[3:]).all()


def test_a_long_pays_the_funding_of_the_bar_it_is_carried_into():
    made = market([100, 100, 100, 100], funding=[0.5, 0.25, 0.01, 0.0])

    found = held(made)

    assert found[:2].tolist() == pytest.approx([-0.01, 0.0])  # in at bar 1: only what bar 2 opens with


def test_a_hole_is_lived_through():
    found = held(market([100, 100, 7, 120, 120], missing=[2]))

    assert found[0] == pytest.approx(0.20)  # from the open of bar 1 to that of bar 3
    assert np.isnan(found[2])


def test_returns_lie_end_to_end():
    rng = np.random.default_rng(0)
    opens = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 50)))
    made = market(opens)

    assert np.prod(1 + held(made)[:48]) == pytest.approx(made.values[49, 0, OPEN] / made.values[1, 0, OPEN])


def test_nothing_is_paid_where_nothing_trades():
    assert np.isnan(held(market([100, 100], missing=[0, 1]))).all()
