"""Windows over holes, halts and ends of data."""

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Market
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.hindsight.labels.windows import windows
from tests.hindsight.labels.builders import MISSING, flat, make_market, make_windows


def test_a_window_is_the_bars_after_the_decision():
    got = make_windows(2, *[flat(10.0)] * 4)

    assert got.entry.tolist() == [1, 2, 3, -1]
    assert got.exit.tolist() == [2, 3, -1, -1]
    assert (got.start // MINUTE_US).tolist() == [1, 2, 3, 4]
    assert (got.ends(got.exit) // MINUTE_US).tolist() == [3, 4, 0, 0]
    assert got.whole.tolist() == [True, True, False, False]


def test_a_hole_ends_a_window_by_time_and_stretches_one_by_bars():
    rows = [flat(10.0), flat(10.0), MISSING, flat(10.0), flat(10.0)]

    by_time, by_bars = make_windows(2, *rows), make_windows(2, *rows, by="bars")

    assert by_time.whole.tolist() == [False, False, False, False, False]
    assert by_bars.whole.tolist() == [True, True, False, False, False]
    assert (by_bars.ends(by_bars.exit) // MINUTE_US).tolist()[:2] == [4, 5]


def test_an_inner_hole_leaves_both_ends_of_a_window_by_time():
    got = make_windows(3, flat(10.0), flat(10.0), MISSING, flat(10.0))

    assert got.whole.tolist() == [True, False, False, False]


def test_a_halt_is_a_hole_but_one_may_decide_in_it():
    rows = [flat(10.0), flat(10.0, 0.0), flat(10.0), flat(10.0)]

    by_time, by_bars = make_windows(1, *rows), make_windows(1, *rows, by="bars")

    assert by_time.whole.tolist() == [False, True, True, False]
    assert by_bars.whole.tolist() == [True, True, True, False]
    assert (by_bars.ends(by_bars.exit) // MINUTE_US).tolist() == [3, 3, 4, 0]


def test_rows_that_the_market_leaves_out_are_holes():
    bars = np.full((3, 1, 6), 10.0)
    market = Market(np.array([0, 1, 3]) * MINUTE_US, ("X",), bars, Timeframe(MINUTE_US))

    assert windows(market, 0, 1).whole.tolist() == [True, False, False]
    assert windows(market, 0, 1, "bars").whole.tolist() == [True, True, False]


def test_the_funding_of_a_halt_counts_with_the_next_bar_that_trades():
    rows = [flat(10.0), (20.0, 20.0, 20.0, 20.0, 0.0, 0.01), (10.0, 11.0, 9.0, 10.0, 1.0, 0.02), (*flat(10.0)[:5], 0.1)]

    assert make_windows(1, *rows).paid.round(12).tolist() == [0.0, 0.4, 1.0]


def test_before_the_first_bar_and_without_any_there_is_nothing():
    late, never = make_windows(1, MISSING, flat(10.0), flat(10.0)), make_windows(1, MISSING, MISSING)

    assert late.whole.tolist() == [False, True, False]
    assert never.whole.tolist() == [False, False]
    assert len(windows(make_market(flat(1.0)).between(5, 6), 0, 1).at) == 0


def test_what_cannot_be_is_refused():
    with pytest.raises(InvalidOption, match="horizon of 0"):
        make_windows(0, flat(10.0))
    with pytest.raises(InvalidOption, match="by volume"):
        make_windows(1, flat(10.0), by="volume")
    market = Market(np.array([0, 90]) * 1_000_000, ("X",), np.full((2, 1, 6), 10.0), Timeframe(MINUTE_US))
    with pytest.raises(SchemaViolation, match="off the grid"):
        windows(market, 0, 1)
