import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.hindsight.splits.blocks import evenly
from alphaloop.hindsight.splits.intervals import Intervals


def test_timestamps_are_shared_out_evenly_and_the_first_blocks_take_the_rest():
    times = np.arange(11)

    assert np.bincount(evenly(Intervals.of(times, times + 1), 4).block).tolist() == [3, 3, 3, 2]


def test_rows_of_one_timestamp_stay_together_in_any_order():
    times = [30, 0, 10, 30, 20, 0, 10, 30]

    assert evenly(Intervals.of(times, [99] * 8), 2).block.tolist() == [1, 0, 0, 1, 1, 0, 0, 1]


def test_a_block_ends_with_its_longest_label_not_its_last():
    blocks = evenly(Intervals.of([0, 1, 2, 3], [90, 2, 3, 4]), 2)

    assert (blocks.first.tolist(), blocks.last.tolist()) == ([0, 2], [90, 4])


def test_more_blocks_than_timestamps_are_refused():
    with pytest.raises(InvalidOption, match="2 different timestamps for 3 folds"):
        evenly(Intervals.of([0, 0, 0, 1], [9, 9, 9, 9]), 3)
