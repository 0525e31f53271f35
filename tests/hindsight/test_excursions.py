"""Excursions, by hand."""

import numpy as np
import pytest

from alphaloop.core.errors import SchemaViolation
from alphaloop.core.market import Market
from alphaloop.core.orders import Fill, Reason
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.hindsight.excursions import excursions
from alphaloop.hindsight.trades import round_trips

NAN = float("nan")
BARS = [(100, 104, 97, 101), (101, 110, 96, 105), (104, 120, 80, 90)]


def market_of(*rows) -> Market:
    values = np.array([(*row, 1.0, 0.0) for row in rows], dtype=float)[:, None, :]
    return Market(np.arange(len(rows)) * MINUTE_US, ("X",), values, Timeframe(MINUTE_US))


def measured(side=1, entry=(0, 100.0, Reason.MARKET), leave=(2, 104.0, Reason.MARKET), market=None):
    fills = [Fill("a", "X", entry[0] * MINUTE_US, float(side), entry[1], entry[2])]
    if leave:
        fills.append(Fill("b", "X", leave[0] * MINUTE_US, -float(side), leave[1], leave[2]))
    trades = round_trips(fills, {"X": 90.0})
    return excursions(trades, market or market_of(*BARS)).select("mae", "mfe").row(0)


def test_a_long_at_market_counts_its_entry_bar_and_not_what_follows_the_exit():
    assert measured() == pytest.approx((0.04, 0.10))


def test_a_short_is_the_mirror():
    assert measured(side=-1) == pytest.approx((0.10, 0.04))


def test_a_limit_counts_the_adverse_extreme_of_its_bar_and_a_stop_the_other():
    out = (1, 101.0, Reason.MARKET)

    assert measured(entry=(0, 100.0, Reason.LIMIT), leave=out) == pytest.approx((0.03, 0.01))
    assert measured(entry=(0, 100.0, Reason.STOP_ENTRY), leave=out) == pytest.approx((0.0, 0.04))


def test_the_exit_bar_counts_its_open_and_the_exit_alone():
    assert measured(entry=(1, 101.0, Reason.MARKET), leave=(2, 90.0, Reason.STOP))[0] == pytest.approx(11 / 101)
    assert measured(entry=(2, 104.0, Reason.MARKET), leave=(2, 90.0, Reason.STOP)) == pytest.approx((14 / 104, 0.0))


def test_an_open_trade_is_measured_to_the_end_and_holes_are_passed_over():
    market = market_of(BARS[0], (NAN,) * 4, BARS[2])

    assert measured(leave=None, market=market) == pytest.approx((0.2, 0.2))


def test_costs_without_a_position_have_none():
    trades = round_trips([Fill("", "X", 0, 0.0, 1.0, Reason.FUNDING, funding=1.0)])

    assert excursions(trades, market_of(*BARS)).select("mae", "mfe").row(0) == (None, None)
    assert excursions(round_trips([]), market_of(*BARS)).is_empty()


def test_another_market_is_refused():
    with pytest.raises(SchemaViolation, match="times the market"):
        measured(market=market_of(BARS[0]))
    trades = round_trips([Fill("a", "Y", 0, 1.0, 1.0, Reason.MARKET)], {"Y": 1.0})
    with pytest.raises(SchemaViolation, match="symbols the market lacks"):
        excursions(trades, market_of(*BARS))
