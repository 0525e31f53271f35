"""The triple barrier, by hand."""

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Instrument
from alphaloop.hindsight.labels.barriers import triple_barrier
from tests.hindsight.labels.builders import DEAR, FREE, MISSING, NAN, flat, make_windows

IN = flat(100.0)


def one(rows, horizon=3, width=0.02, instrument=FREE, by="time", **options):
    """The label of the first row: (label, return, bars held, both, end in minutes)."""
    found = triple_barrier(make_windows(horizon, flat(99.0), *rows, by=by), instrument, width, **options)
    end = int(found.end[0]) // 60_000_000
    return int(found.label[0]), float(found.ret[0]), int(found.bars[0]), bool(found.both[0]), end


def test_the_target_is_filled_at_its_level():
    assert one([IN, (100.0, 103.0, 99.0, 101.0)]) == (1, pytest.approx(0.02), 2, False, 3)


def test_the_stop_is_filled_at_its_level():
    assert one([IN, (100.0, 101.0, 97.0, 101.0)]) == (-1, pytest.approx(-0.02), 2, False, 3)


def test_time_runs_out_at_the_close():
    assert one([IN, IN, (100.0, 101.0, 99.0, 100.5)]) == (0, pytest.approx(0.005), 3, False, 4)


def test_both_in_one_bar_is_the_stop_and_says_so():
    assert one([(100.0, 103.0, 97.0, 100.0)]) == (-1, pytest.approx(-0.02), 1, True, 2)


def test_an_open_beyond_a_level_fills_there():
    assert one([IN, (95.0, 96.0, 94.0, 95.0)]) == (-1, pytest.approx(-0.05), 2, False, 3)
    assert one([IN, (105.0, 106.0, 90.0, 95.0)]) == (1, pytest.approx(0.05), 2, False, 3)


def test_a_short_is_the_mirror():
    assert one([IN, (100.0, 101.0, 97.0, 99.0)], side=-1) == (1, pytest.approx(0.02), 2, False, 3)
    assert one([IN, (100.0, 103.0, 99.0, 99.0)], side=-1) == (-1, pytest.approx(-0.02), 2, False, 3)


def test_distances_are_in_widths_and_may_be_infinite():
    rows = [IN, (100.0, 103.0, 97.0, 99.0), flat(99.0)]

    assert one(rows, stop=2.0)[0] == 1
    assert one(rows, stop=np.inf, target=np.inf) == (0, pytest.approx(-0.01), 3, False, 4)


def test_a_touch_before_a_hole_is_known_and_nothing_behind_it_is():
    assert one([(100.0, 103.0, 99.0, 100.0), MISSING, IN])[0] == 1
    assert one([IN, MISSING, (100.0, 103.0, 99.0, 100.0)])[0] == -2
    assert one([IN, MISSING, (100.0, 103.0, 99.0, 100.0)], by="bars")[:3] == (1, pytest.approx(0.02), 2)


def test_a_window_that_is_not_over_is_missing_unless_touched():
    label, ret, bars, both, end = one([IN, IN])

    assert (label, bars, both, end) == (-2, 0, False, 0)
    assert np.isnan(ret)
    assert one([IN, (100.0, 103.0, 99.0, 101.0)], horizon=50)[0] == 1


def test_no_width_no_label():
    window = make_windows(1, IN, IN, IN)

    assert triple_barrier(window, FREE, np.array([NAN, 0.1, 0.1])).label.tolist() == [-2, 0, -2]


def test_costs_follow_the_kind_of_exit():
    def net(bar):
        return float(triple_barrier(make_windows(1, flat(99.0), bar), DEAR, 0.02).net[0])

    # in at 101: stop at 98.98, target at 103.02
    assert net((100.0, 104.0, 99.0, 100.0)) == pytest.approx(0.02 - 0.001 - 0.0004 * 1.02)
    stopped = 98.98 * 0.99 / 101
    assert net((100.0, 101.0, 98.0, 100.0)) == pytest.approx(stopped - 1 - 0.001 * (1 + stopped))
    timed = 100.5 * 0.99 / 101
    assert net((100.0, 101.0, 99.0, 100.5)) == pytest.approx(timed - 1 - 0.001 * (1 + timed))


def test_funding_is_paid_from_the_second_bar_on():
    rows = [flat(99.0), (*IN[:5], 0.5), (*IN[:5], 0.01)]

    long = triple_barrier(make_windows(2, *rows), FREE, 0.02)
    short = triple_barrier(make_windows(2, *rows), FREE, 0.02, side=-1)

    assert (long.net[0], short.net[0]) == (pytest.approx(-0.01), pytest.approx(0.01))


def test_what_cannot_be_is_refused():
    window = make_windows(1, IN, IN)
    with pytest.raises(InvalidOption, match="side 0"):
        triple_barrier(window, FREE, 0.1, side=0)
    with pytest.raises(InvalidOption, match="stop 0"):
        triple_barrier(window, FREE, 0.1, stop=0.0)
    with pytest.raises(InvalidOption, match="width of zero"):
        triple_barrier(window, FREE, 0.0)
    with pytest.raises(SchemaViolation, match="widths of shape"):
        triple_barrier(window, FREE, np.array([0.1]))
    with pytest.raises(InvalidOption, match="impact"):
        triple_barrier(window, Instrument("X", impact=0.01), 0.1)


def test_impact_moves_the_entry_and_what_is_paid():
    """2500 at 100 are 25 units: slippage 1 % + 0.008 x 5 = 5 %; the target of 2 % stands at 105 x 1.02."""
    deep = Instrument("X", taker_fee=0.0, maker_fee=0.0, slippage=0.01, impact=0.008)
    window = make_windows(3, flat(100.0), (100.0, 108.0, 100.0, 107.0))
    found = triple_barrier(window, deep, 0.02, stop=10.0, notional=2500.0)

    assert (found.label[0], found.net[0]) == (1, pytest.approx(0.02))
