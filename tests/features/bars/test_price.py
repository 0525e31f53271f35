"""Hand-computed closes and returns."""

import pytest
from numpy import nan

from tests.features.builders import column


def test_close():
    assert column("close", [3, 4]) == [3, 4]


def test_simple_returns():
    assert column("ret_1", [100, 110, 99, 99]) == pytest.approx([nan, 0.1, -0.1, 0.0], nan_ok=True, abs=1e-15)
    assert column("ret_2", [100, 110, 99, 99]) == pytest.approx([nan, nan, -0.01, -0.1], nan_ok=True, abs=1e-15)


def test_acceleration_is_the_difference_of_mean_returns():
    # ret_1 = 0.1, ret_2 / 2 = 0.105 ; then ret_1 = 0, ret_2 / 2 = 0.05
    got = column("ret_accel_1_2", [100, 110, 121, 121])

    assert got == pytest.approx([nan, nan, 0.1 - 0.105, -0.05], nan_ok=True)
