import numpy as np
import pandas as pd
import purgedcv
import pytest

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.hindsight.splits import PurgedKFold
from tests.hindsight.splits.panels import MINUTE_US, panel

DAY_US = 86_400_000_000


def splits(cv, times, ends):
    return [(train.tolist(), test.tolist()) for train, test in cv.split(times=times, ends=ends)]


def test_by_hand():
    times = np.arange(6) * 10

    assert splits(PurgedKFold(3), times, times + 20) == [
        ([3, 4, 5], [0, 1]),  # labels of the block reach to 30
        ([0, 5], [2, 3]),  # row 1 ends at 30 > 20, row 4 begins at 40 < 50
        ([0, 1, 2], [4, 5]),
    ]


def test_an_embargo_counts_from_the_last_instant_that_the_block_reads():
    times = np.arange(6) * 10

    assert [train for train, _ in splits(PurgedKFold(3, embargo=10), times, times + 10)] == [
        [3, 4, 5],
        [0, 1, 5],
        [0, 1, 2, 3],
    ]
    assert [train for train, _ in splits(PurgedKFold(3, embargo=11), times, times + 10)] == [
        [4, 5],
        [0, 1],
        [0, 1, 2, 3],
    ]


def test_a_long_label_early_in_the_block_holds_the_rows_behind_it():
    """Up to the largest end of the block, not the end of its last row."""
    times = np.arange(6) * 10
    ends = times + np.array([45, 10, 10, 10, 10, 10])

    assert splits(PurgedKFold(3), times, ends)[0] == ([5], [0, 1])


def ten_events(inclusive):
    """Ten daily events of two days each, as in mlfinlab's issue 295; dates count to their end if ``inclusive``."""
    starts = np.arange(10) * DAY_US + np.datetime64("2020-01-01", "us").astype(np.int64)
    return starts, starts + (3 if inclusive else 2) * DAY_US


@pytest.mark.parametrize(("inclusive", "kept"), [(False, [0, 1, 2, 3]), (True, [0, 1, 2])])
def test_the_ten_events_of_mlfinlab_295_keep_none_that_overlaps(inclusive, kept):
    """There the fifth event, 5 to 7 January, was trained on beside a test from 6 January on.

    The fourth, 4 to 6 January, overlaps if an event's last date belongs to it: its end is then midnight after.
    """
    times, ends = ten_events(inclusive)

    assert splits(PurgedKFold(2), times, ends)[1] == (kept, [5, 6, 7, 8, 9])


@pytest.mark.parametrize("order", ["time", "symbol", "shuffled"])
@pytest.mark.parametrize("embargo", [0, 1, 3])
def test_index_equal_to_purgedcv_on_panels(order, embargo):
    """Theirs needs rows by time and holds whole groups out: timestamps as groups are our blocks."""
    for seed in range(10):
        times, ends = panel(seed, order=order)
        rows = np.argsort(times, kind="stable")
        stamps = pd.Series(times[rows].astype("datetime64[us]"))
        theirs = purgedcv.PurgedKFold if len(set(times)) == len(times) else Grouped
        cv = theirs(
            n_splits=4,
            prediction_times=stamps,
            evaluation_times=pd.Series(ends[rows].astype("datetime64[us]")),
            embargo=pd.Timedelta(microseconds=max(embargo * MINUTE_US - 1, 0)),  # closed there, half-open here
        )
        expected = [(np.sort(rows[train]).tolist(), np.sort(rows[test]).tolist()) for train, test in cv.split(rows)]

        assert splits(PurgedKFold(4, embargo=embargo * MINUTE_US), times, ends) == expected


class Grouped(purgedcv.PurgedGroupKFold):
    def __init__(self, *, prediction_times, **rest):
        super().__init__(prediction_times=prediction_times, groups=prediction_times, **rest)


def test_a_fold_that_purging_empties_is_named():
    times = np.arange(6) * 10

    with pytest.raises(NoData, match="fold 1 without training rows"):
        splits(PurgedKFold(3), times, times + 25)


def test_a_single_timestamp_cannot_be_split():
    with pytest.raises(InvalidOption, match="1 different timestamps for 2 folds"):
        splits(PurgedKFold(2), [5, 5, 5], [9, 9, 9])


@pytest.mark.parametrize(
    "bad", [{"n_splits": 1}, {"n_splits": 2.5}, {"n_splits": True}, {"embargo": -1}, {"embargo": 0.5}]
)
def test_parameters_out_of_range_are_refused(bad):
    with pytest.raises(InvalidOption):
        PurgedKFold(**bad)


def test_an_embargo_in_nanoseconds_is_noticed():
    with pytest.raises(InvalidOption, match="whole microseconds"):
        PurgedKFold(5, embargo=60 * DAY_US * 1000)
