"""Forward returns, costs and utility, by hand."""

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Instrument
from alphaloop.hindsight.labels.forward import classes, forward, utility
from tests.hindsight.labels.builders import DEAR, FREE, MISSING, NAN, flat, make_windows

UP = [flat(90.0), (100.0, 121.0, 100.0, 110.0, 1.0, 0.5), (110.0, 125.0, 108.0, 121.0, 1.0, 0.002)]


def test_a_return_runs_from_the_next_open_to_the_last_close():
    found = forward(make_windows(2, *UP), FREE)

    assert found.fwd_ret[0] == pytest.approx(0.21)
    assert np.isnan(found.fwd_ret[1:]).all()
    assert (found.start[0], found.end.tolist()) == (60_000_000, [180_000_000, 0, 0])


def test_from_the_close_it_starts_at_the_bar_decided_on():
    found = forward(make_windows(2, *UP), FREE, "close")

    assert found.fwd_ret[0] == pytest.approx(121 / 90 - 1)


def test_each_side_pays_its_own_cost():
    found = forward(make_windows(2, *UP), DEAR)

    # long: in at 101, out at 119.79; short: in at 99, out at 122.21; funding 0.002 * 110, not that of the entry bar
    assert found.net_long[0] == pytest.approx(119.79 / 101 - 1 - 0.001 * (1 + 119.79 / 101) - 0.22 / 101)
    assert found.net_short[0] == pytest.approx(1 - 122.21 / 99 - 0.001 * (1 + 122.21 / 99) + 0.22 / 99)
    assert found.cost_long[0] == pytest.approx(0.21 - found.net_long[0])
    assert found.cost_short[0] == pytest.approx(-0.21 - found.net_short[0])


def test_a_short_loses_no_more_than_its_margin():
    found = forward(make_windows(1, flat(10.0), (10.0, 40.0, 10.0, 40.0)), FREE)

    assert (found.fwd_ret[0], found.net_short[0]) == (3.0, -1.0)


def test_variance_is_the_sum_of_squared_log_returns():
    found = forward(make_windows(2, *UP), FREE)

    assert found.variance[0] == pytest.approx(2 * np.log(1.1) ** 2)


def test_a_hole_at_either_end_leaves_no_label():
    found = forward(make_windows(2, flat(10.0), MISSING, flat(10.0), flat(10.0), MISSING), FREE)

    assert np.isnan(found.net_long).tolist() == [True] * 5


def test_utility_takes_the_better_side_or_none():
    rows = [flat(100.0), (100.0, 103.0, 100.0, 103.0), (103.0, 103.0, 100.0, 100.0), (100.0, 101.0, 100.0, 100.05)]
    fee = Instrument("X", taker_fee=0.001, slippage=0.0)

    found = forward(make_windows(1, *rows), fee)
    signed = utility(found)

    assert signed[0] == pytest.approx(0.03 - 0.001 * 2.03)
    assert signed[1] == pytest.approx(-(3 / 103 - 0.001 * (1 + 100 / 103)))
    assert signed[2] == 0.0
    assert np.isnan(signed[3])


def test_risk_aversion_takes_half_the_variance():
    found = forward(make_windows(1, flat(100.0), (100.0, 110.0, 100.0, 110.0)), FREE)

    assert utility(found, 2.0)[0] == pytest.approx(0.1 - np.log(1.1) ** 2)
    assert utility(found, 1000.0)[0] == 0.0


def test_classes_are_places_among_the_edges():
    got = classes(np.array([-1.0, -0.5, 0.4, 0.5, NAN, 1.0]), np.array([1.0, 1.0, 1.0, 1.0, 1.0, NAN]))

    assert got.tolist() == [0, 1, 1, 2, -1, -1]


def test_what_cannot_be_is_refused():
    window = make_windows(1, flat(10.0))
    with pytest.raises(InvalidOption, match="entry at the high"):
        forward(window, FREE, "high")  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="risk aversion"):
        utility(forward(window, FREE), -1.0)
    with pytest.raises(InvalidOption, match="edges"):
        classes(np.ones(1), np.ones(1), (1.0, 1.0))
    with pytest.raises(InvalidOption, match="impact"):
        forward(window, Instrument("X", impact=0.01))


def test_impact_is_that_of_the_quantity_both_ways():
    """2500 at 100 are 25 units: 1 % + 0.008 x 5 = 5 % of price, in at 105 and out at 110 x 0.95."""
    deep = Instrument("X", taker_fee=0.001, slippage=0.01, impact=0.008)
    found = forward(make_windows(1, flat(100.0), (100.0, 111.0, 99.0, 110.0)), deep, notional=2500.0)

    out = 110 * 0.95
    assert found.net_long[0] == pytest.approx(out / 105 - 1 - 0.001 * (1 + out / 105))
    assert found.cost_long[0] == pytest.approx(0.1 - found.net_long[0])


def test_a_size_changes_nothing_where_slippage_does_not_grow():
    rows = (flat(100.0), (100.0, 111.0, 99.0, 110.0))
    plain, sized = (forward(make_windows(1, *rows), DEAR, notional=notional) for notional in (None, 1e6))

    assert plain.net_long.tobytes() == sized.net_long.tobytes()
    with pytest.raises(InvalidOption, match="notional of 0"):
        forward(make_windows(1, *rows), DEAR, notional=0.0)
