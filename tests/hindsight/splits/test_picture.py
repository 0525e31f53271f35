import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.hindsight.splits import WalkForward, picture


def test_symbols_share_a_character_and_what_is_trained_on_in_part_says_so():
    times = np.repeat(np.arange(4) * 10, 2)
    ends = times + np.array([10, 10, 10, 10, 10, 20, 10, 10])  # the sixth row's label reaches into the test

    assert picture(WalkForward(1, test_size=1), times=times, ends=ends) == "##+T"


def test_many_timestamps_share_a_character():
    times = np.arange(100) * 10

    assert picture(WalkForward(2, test_size=25), times=times, ends=times + 10, width=8) == "####TT..\n######TT"


def test_of_any_split():
    assert picture([([0], [2])], times=[0, 10, 20], ends=[5, 15, 25]) == "#.T"


def test_a_line_needs_a_character():
    with pytest.raises(InvalidOption, match="width 0"):
        picture(WalkForward(1), times=[0, 1], ends=[1, 2], width=0)
