"""Tapes: what fills, what is due, which sizes keep their lots."""

from decimal import Decimal

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.core.market import Instrument
from alphaloop.core.orders import round_to_lot
from alphaloop.hindsight.oracle.tape import tape, whole_lots
from tests.hindsight.oracle.builders import FREE, MISSING, market_of

LEVELS = np.array([-1.0, 0.0, 1.0])


def test_holes_halts_and_the_first_bar_fill_nothing():
    market = market_of(
        [
            MISSING,
            [10.0, 12.0, 9.0, 11.0, 1.0, 0.5],
            MISSING,
            [20.0, 20.0, 20.0, 20.0, 0.0, 0.01],
            [10.0, 12.0, 9.0, 12.0, np.nan, 0.0],
        ]
    )

    opens, closes, before, due, fills, asked = tape(market, 0, FREE, LEVELS).bars.T

    np.testing.assert_array_equal(opens, [np.nan, 10.0, np.nan, 20.0, 10.0])
    np.testing.assert_array_equal(closes, [np.nan, 11.0, np.nan, 20.0, 12.0])
    np.testing.assert_array_equal(before, [np.nan, np.nan, 11.0, 11.0, 20.0])
    assert due.round(12).tolist() == [0.0, 5.0, 0.0, 0.2, 0.0]
    assert fills.tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]
    np.testing.assert_array_equal(asked, [np.nan, np.nan, 11.0, 11.0, 20.0])


def test_sizes_are_whole_lots():
    assert whole_lots(Instrument("X", lot=Decimal("0.001")), 0.12345, (-1, 0.5, 2)).tolist() == [
        -0.123,
        0,
        0.062,
        0.246,
    ]


@pytest.mark.parametrize("unit", [0.1, 1.2345678, 1234.5678, 987654.321, 7.7e7])
@pytest.mark.parametrize("grid", [(-1, 1), (-3, -1, 1, 3), (-1, -0.5, 0.5, 1)])
def test_no_change_between_sizes_loses_a_lot(unit, grid):
    levels = whole_lots(FREE, unit, grid).tolist()

    assert max(levels) == pytest.approx(unit * max(grid), rel=1e-4)
    for held in levels:
        for target in levels:
            if target:
                assert held + round_to_lot(target - held, float(FREE.lot)) == target


def test_what_cannot_be_is_refused():
    market = market_of([[10.0, 10.0, 10.0, 10.0, 1.0, 0.0]] * 3)
    with pytest.raises(InvalidOption, match="ascending"):
        tape(market, 0, FREE, np.array([1.0, 0.0]))
    with pytest.raises(InvalidOption, match="zero among"):
        tape(market, 0, FREE, np.array([1.0, 2.0]))
    with pytest.raises(InvalidOption, match="short a spot"):
        tape(market, 0, Instrument("X", kind="spot"), LEVELS)
    with pytest.raises(InvalidOption, match="impact"):
        tape(market, 0, Instrument("X", impact=0.01), LEVELS)
    with pytest.raises(NoData, match="no bar of X"):
        tape(market_of([MISSING] * 3), 0, FREE, LEVELS)
    with pytest.raises(InvalidOption, match="finite sizes"):
        whole_lots(FREE, 0.0, (-1, 1))
    with pytest.raises(InvalidOption, match="larger units"):
        whole_lots(Instrument("X", lot=Decimal(1)), 0.4, (-1, 1))
