import numpy as np
import pytest
from sklearn.model_selection import KFold

from alphaloop.core.errors import InvalidOption, LookaheadError
from alphaloop.hindsight.splits import FoldAudit, PurgedKFold, WalkForward, audit
from tests.hindsight.splits.panels import MINUTE_US


def test_counts_by_hand():
    times = np.arange(6) * 10

    assert audit(PurgedKFold(3), times=times, ends=times + 20).folds == (
        FoldAudit(0, train=3, test=2, left_out=1, overlaps=0, unpurged=1),
        FoldAudit(1, train=2, test=2, left_out=2, overlaps=0, unpurged=2),
        FoldAudit(2, train=3, test=2, left_out=1, overlaps=0, unpurged=1),
    )


def test_walk_forward_is_compared_with_all_that_came_before():
    times = np.arange(6) * 10

    assert audit(WalkForward(1, test_size=2), times=times, ends=times + 25).folds == (
        FoldAudit(0, train=2, test=2, left_out=2, overlaps=0, unpurged=2),
    )


def test_folds_of_rows_are_wrong_on_a_panel_in_both_orders():
    """Ten symbols, a label of twelve bars, twelve rows purged beside it: by symbol, every training row overlaps."""
    stamps, symbols, horizon = 200, 10, 12
    by_time = np.repeat(np.arange(stamps), symbols) * MINUTE_US
    by_symbol = np.tile(np.arange(stamps), symbols) * MINUTE_US

    def of_rows(count):
        for test in np.array_split(np.arange(count), 5):
            rows = np.arange(count)
            yield rows[(rows < test[0] - horizon) | (rows > test[-1] + horizon)], test

    found = [
        audit(of_rows(stamps * symbols), times=times, ends=times + horizon * MINUTE_US)
        for times in (by_time, by_symbol)
    ]
    inside = 2 * (11 * symbols - horizon)  # both sides of the block: 11 bars of ten symbols, twelve rows of them purged

    assert [one.overlaps for one in found[0].folds] == [inside // 2, inside, inside, inside, inside // 2]
    assert all(one.overlaps == one.train for one in found[1].folds)


def test_an_overlap_is_refused():
    times = np.arange(6) * 10

    with pytest.raises(LookaheadError, match="fold 0: 1 of 4 training labels"):
        audit(KFold(3).split(times), times=times, ends=times + 20).require()


def test_an_honest_split_passes():
    times = np.arange(6) * 10
    found = audit(PurgedKFold(3), times=times, ends=times + 20)

    assert found.require() is found
    assert found.as_dict()["overlaps"] == 0


def test_labels_that_do_not_meet_make_the_audit_vacuous():
    times = np.arange(6) * 10
    found = audit(KFold(3).split(times), times=times, ends=times + 10)

    assert (found.overlaps, found.vacuous, found.labels_overlap) == (0, True, False)


def test_labels_that_meet_only_inside_a_block_make_it_vacuous_too():
    times = np.array([0, 1, 50, 51, 100, 101])
    found = audit(PurgedKFold(3), times=times, ends=times + 5)

    assert (found.vacuous, found.labels_overlap) == (True, True)


def test_rows_that_do_not_exist_are_refused():
    with pytest.raises(InvalidOption, match="test from 7 to 7"):
        audit([([0], [7])], times=[0, 1], ends=[5, 5])
