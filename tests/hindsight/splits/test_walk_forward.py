import numpy as np
import pandas as pd
import purgedcv
import pytest

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.hindsight.splits import WalkForward
from tests.hindsight.splits.panels import balanced, panel


def splits(cv, times, ends):
    return [(train.tolist(), test.tolist()) for train, test in cv.split(times=times, ends=ends)]


def test_anchored_by_hand():
    times = np.arange(6) * 10

    assert splits(WalkForward(2, test_size=2), times, times + 15) == [([0], [2, 3]), ([0, 1, 2], [4, 5])]


def test_rolling_keeps_the_latest_timestamps_that_purging_leaves():
    times = np.repeat(np.arange(6) * 10, 2)

    assert splits(WalkForward(1, test_size=1, train_size=2), times, times + 20) == [([4, 5, 6, 7], [10, 11])]


def test_the_embargo_lies_before_the_test():
    times = np.arange(6) * 10

    assert splits(WalkForward(1, test_size=1, embargo=10), times, times + 10) == [([0, 1, 2, 3], [5])]


def test_without_a_size_the_history_is_cut_into_equal_parts():
    times = np.arange(11)

    assert [test for _, test in splits(WalkForward(3), times, times + 1)] == [[5, 6], [7, 8], [9, 10]]


@pytest.mark.parametrize("order", ["time", "symbol", "shuffled"])
def test_all_training_labels_end_by_the_first_test_decision(order):
    times, ends = panel(5, order=order)

    for train, test in WalkForward(4, train_size=6).split(times=times, ends=ends):
        assert ends[train].max() <= times[test].min()
        assert len(np.unique(times[train])) <= 6


@pytest.mark.parametrize("symbols", [1, 3])
@pytest.mark.parametrize("train_size", [None, 4])
def test_index_equal_to_purgedcv(symbols, train_size):
    for seed in range(10):
        times, ends = balanced(seed, 24, symbols)
        ends = np.repeat(ends[::symbols], symbols)  # their window counts rows: whole timestamps are purged
        cv = purgedcv.WalkForwardSplit(
            4,
            3 * symbols,
            train_size=None if train_size is None else train_size * symbols,
            window="expanding" if train_size is None else "sliding",
            prediction_times=pd.Series(times.astype("datetime64[us]")),
            evaluation_times=pd.Series(ends.astype("datetime64[us]")),
        )
        expected = [(train.tolist(), test.tolist()) for train, test in cv.split(times)]

        assert splits(WalkForward(4, test_size=3, train_size=train_size), times, ends) == expected


def test_tests_that_leave_no_history_are_refused():
    times = np.arange(6)

    with pytest.raises(InvalidOption, match="3 tests of 2 timestamps in a history of 6"):
        splits(WalkForward(3, test_size=2), times, times + 1)


def test_fewer_timestamps_than_folds_are_refused():
    with pytest.raises(InvalidOption, match="3 different timestamps for 4 folds"):
        splits(WalkForward(3), [0, 1, 2], [1, 2, 3])


def test_a_history_that_purging_empties_is_named():
    with pytest.raises(NoData, match="fold 0"):
        splits(WalkForward(2, test_size=1), [0, 1, 2], [9, 9, 9])


@pytest.mark.parametrize("bad", [{"n_splits": 0}, {"test_size": 0}, {"train_size": -1}, {"embargo": -1}])
def test_parameters_out_of_range_are_refused(bad):
    with pytest.raises(InvalidOption):
        WalkForward(**bad)
