"""Volatility, by hand."""

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.hindsight.labels.volatility import ewm_volatility
from tests.hindsight.labels.builders import MISSING, flat, make_windows

E = float(np.e)


def test_it_begins_with_a_mean_and_forgets():
    prices = [1.0, E, E, E**3]  # log returns 1, 0, 2

    got = ewm_volatility(make_windows(1, *(flat(price) for price in prices)), 2)

    assert np.isnan(got[:2]).all()
    assert got[2:] ** 2 == pytest.approx([0.5, 0.5 / 3 + 4 * 2 / 3])


def test_a_return_over_a_hole_counts_as_so_many_bars():
    rows = [flat(1.0), flat(E), MISSING, flat(E**3)]  # the second return spans two intervals

    assert ewm_volatility(make_windows(1, *rows), 2)[3] ** 2 == pytest.approx((1 + 4 / 2) / 2)
    assert ewm_volatility(make_windows(1, *rows, by="bars"), 2)[3] ** 2 == pytest.approx((1 + 4) / 2)


def test_a_hole_has_none():
    rows = [flat(1.0), flat(E), flat(1.0), MISSING]

    assert np.isnan(ewm_volatility(make_windows(1, *rows), 2)).tolist() == [True, True, False, True]


def test_a_span_of_one_is_refused():
    with pytest.raises(InvalidOption, match="span of 1"):
        ewm_volatility(make_windows(1, flat(1.0)), 1)
