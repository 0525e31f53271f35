"""Half-spread and square-root impact, by hand."""

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.core.market import Instrument
from alphaloop.core.orders import Order
from alphaloop.execution.simulator.impact import half_spread_of, slippage_of, volatility_and_volume, with_impact
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.execution.builders import make_bars, make_market

MEASURED = {"half_spread": 1e-4, "volatility": 0.04, "daily_volume": 2500.0}


def bought(instrument: Instrument, quantity: float, cash: float = 1e6) -> tuple[float, float]:
    venue = SimulatedVenue([instrument], cash)
    venue.submit([Order("1", "X", 0, quantity)])
    (fill,) = venue.on_bars(make_bars(0, (100, 101, 99, 100, 1.0, 0.0)))
    return fill.quantity, fill.price


@pytest.mark.parametrize(("quantity", "price"), [(25.0, 100.41), (1.0, 100.09), (-25.0, 99.59)])
def test_a_larger_order_pays_more(quantity, price):
    instrument = with_impact(Instrument("X"), **MEASURED)

    assert bought(instrument, quantity) == (quantity, pytest.approx(price))
    assert abs(price / 100 - 1) == pytest.approx(slippage_of(instrument, quantity))


def test_margin_cuts_at_the_price_of_the_whole_order():
    """25 at 100.41 need 2510.25; for 1004.1 there are 10, which then slip by 0.0001 + 0.0008 x sqrt(10)."""
    instrument = with_impact(Instrument("X", taker_fee=0.0, lot=1), **MEASURED)

    assert bought(instrument, 25.0, 1004.11) == (10.0, pytest.approx(100 * (1.0001 + 0.0008 * 10**0.5)))


def test_without_slippage_there_is_no_impact():
    assert slippage_of(Instrument("X", slippage=0.0, impact=0.1), 9.0) == 0.0
    assert bought(Instrument("X", slippage=0.0, impact=0.1), 9.0) == (9.0, 100.0)


def test_nothing_is_sold_below_zero():
    assert bought(Instrument("X", impact=1.0), -100.0) == (-100.0, 0.0)


@pytest.mark.parametrize(
    "wrong", [{"half_spread": 0.0}, {"daily_volume": 0.0}, {"volatility": -0.1}, {"coefficient": -1.0}]
)
def test_bad_measures_are_refused(wrong):
    with pytest.raises(InvalidOption):
        with_impact(Instrument("X"), **{**MEASURED, **wrong})


def test_measures_need_data():
    nothing = np.full(3, np.nan)

    with pytest.raises(NoData):
        half_spread_of(nothing, nothing)
    with pytest.raises(NoData):
        volatility_and_volume(make_market(np.ones((2, 1, 6))), 0)
    assert half_spread_of(np.array([99.0, np.nan]), np.array([101.0, 5.0])) == 0.01
