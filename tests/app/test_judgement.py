"""Judgement of a run: groups of its trades and its regret, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from alphaloop.app.report.inputs import MarketStates, ReportInput
from alphaloop.app.report.judgement import against_oracle, groups
from alphaloop.core.errors import SchemaViolation
from alphaloop.core.market import Instrument, Market
from alphaloop.core.orders import Fill, Reason
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.core.trace import Header
from alphaloop.hindsight.excursions import excursions

PRICES = (10.0, 10.0, 12.0, 11.0, 13.0)
FREE = (Instrument("X", taker_fee=0.0, slippage=0.0),)


def report(states=(), instruments=FREE) -> ReportInput:
    """One unit long from bar 1 to bar 3, at no cost, with 10 of equity."""
    bars = np.array([[price] * 4 + [1.0, 0.0] for price in PRICES])[:, None]
    market = Market(np.arange(5) * MINUTE_US, ("X",), bars, Timeframe(MINUTE_US))
    fills = [
        Fill("a", "X", MINUTE_US, 1.0, 10.0, Reason.MARKET),
        Fill("b", "X", 3 * MINUTE_US, -1.0, 11.0, Reason.STOP),
    ]
    header = Header("p", ("X",), "1m", 0, "s", "r", "m", "0")
    equity, held = np.array([10.0, 10.0, 12.0, 11.0, 11.0]), np.array([[0.0], [1], [1], [0], [0]])
    now = market.ts + MINUTE_US
    return ReportInput(header, market, now, equity, held, fills, states=states, instruments=instruments)


def trades(given: ReportInput):
    return excursions(given.metrics_input().trades(), given.bars)


def test_trades_are_grouped_by_what_was_known_when_they_were_decided():
    code = np.array([[1], [0], [0], [0], [0]])  # the entry fills in bar 1 and was decided on bar 0
    given = report((MarketStates("Weather", ("calm", "wild"), code), MarketStates("Mood", ("glad",), code * 0 - 1)))

    found = {one["title"]: [row[:2] for row in one["rows"]] for one in groups(given, trades(given))}

    assert found == {
        "Exit": [["stop", 1]],
        "Side": [["long", 1]],
        "Weather": [["wild", 1]],
        "Mood": [["unknown", 1]],
    }


def test_the_oracle_is_shown_beside_the_run():
    given = report()

    found = against_oracle(given, trades(given))

    assert (found["profit"], found["own"], found["regret"], found["captured"]) == (5.0, 1.0, 4.0, 0.2)
    assert found["lines"]["oracle"] == [0.0, 0.0, 0.2, 0.3, 0.5]
    assert found["lines"]["own"] == [0.0, 0.0, 0.2, 0.1, 0.1]
    assert found["symbols"] == [["X", 1.0, 5.0, 1.0, 0.2]]
    # long while 12 became 11, then flat while 11 became 13
    assert found["worst"] == [[180_000, 2.0], [240_000, 2.0]]


def test_without_linear_costs_or_from_a_position_there_is_no_oracle():
    given = report(instruments=())
    held = given.quantity.copy()
    held[0] = 1.0

    sized = report(instruments=(Instrument("X", impact=0.001),))

    assert against_oracle(given, trades(given)) is None
    assert against_oracle(sized, trades(sized)) is None
    assert against_oracle(replace(report(), quantity=held), trades(given)) is None


def test_instruments_and_states_of_another_market_are_refused():
    with pytest.raises(SchemaViolation, match="those of the market"):
        report(instruments=(Instrument("Y"),))
    with pytest.raises(SchemaViolation, match="those of the market"):
        report((MarketStates("Weather", ("calm",), np.zeros((4, 1), dtype=np.int64)),))
