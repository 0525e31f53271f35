"""Laws of splits: no training label reads what a test label reads, and nothing else is thrown away."""

import contextlib
import os

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alphaloop.core.errors import NoData
from alphaloop.hindsight.splits import CombinatorialPurgedCV, PurgedKFold, WalkForward, audit, overlaps
from tests.hindsight.splits.panels import slow_overlaps

ROUNDS = settings(deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "100")))


@st.composite
def intervals(draw):
    """Times with ties and gaps in any order, labels of any length."""
    rows = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), min_size=6, max_size=40))
    times = np.array([begun for begun, _ in rows], dtype=np.int64)
    ends = times + np.array([length for _, length in rows], dtype=np.int64)
    assume(len(np.unique(times)) >= 5 and bool((ends > times).any()))
    return times, ends


splitters = st.one_of(
    st.builds(PurgedKFold, st.integers(2, 4), st.integers(0, 6)),
    st.builds(CombinatorialPurgedCV, st.integers(3, 5), st.integers(1, 2), st.integers(0, 6)),
    st.builds(WalkForward, st.integers(1, 4), st.just(1), st.sampled_from([None, 1, 3]), st.integers(0, 6)),
)


def folds(cv, times, ends):
    """The folds up to the first that purging empties."""
    found = []
    with contextlib.suppress(NoData):
        for pair in cv.split(times=times, ends=ends):
            found.append(pair)
    return found


def pairs_that_meet(times, ends, train, test):
    """Pairs of training and test labels that share an instant."""
    meet = (times[test] < ends[train][:, None]) & (times[train][:, None] < ends[test])
    return int(meet.sum())


def test_no_label_of_1000_random_sets_meets_a_test_label():
    random = np.random.default_rng(0)
    tried = could = 0
    for _ in range(1000):
        count = random.integers(12, 60)
        times = random.integers(0, 40, count)
        ends = times + random.integers(1, random.integers(2, 12), count)
        for cv in (PurgedKFold(4), CombinatorialPurgedCV(4, 2), WalkForward(2, train_size=random.integers(2, 20))):
            for train, test in folds(cv, times, ends):
                rest = np.setdiff1d(np.arange(count), test)
                tried, could = tried + 1, could + (pairs_that_meet(times, ends, rest, test) > 0)

                assert pairs_that_meet(times, ends, train, test) == 0

    assert could > 0.7 * tried > 7000  # in most folds there was something to purge


@ROUNDS
@given(intervals(), splitters)
def test_no_training_label_reads_what_a_test_label_reads(rows, cv):
    times, ends = rows
    for train, test in folds(cv, times, ends):
        assert slow_overlaps(times, ends, train, test) == overlaps(times, ends, train, test) == 0
        assert not set(times[train]) & set(times[test])


@ROUNDS
@given(intervals(), st.integers(2, 4), st.integers(0, 6))
def test_nothing_is_thrown_away_but_what_meets_the_block_or_its_embargo(rows, count, embargo):
    times, ends = rows
    for train, test in folds(PurgedKFold(count, embargo), times, ends):
        for row in set(range(len(times))) - set(train) - set(test):
            meets = slow_overlaps(times, ends, [row], test) > 0
            waits = times[row] > times[test].max() and times[row] < ends[test].max() + embargo

            assert meets or waits


@ROUNDS
@given(intervals(), st.integers(3, 5), st.integers(1, 2))
def test_every_row_is_tested_as_often_as_there_are_paths(rows, groups, tested):
    times, ends = rows
    cv = CombinatorialPurgedCV(groups, tested)
    found = folds(cv, times, ends)
    assume(len(found) == cv.get_n_splits())
    often = np.bincount(np.concatenate([test for _, test in found]), minlength=len(times))

    assert set(often) == {cv.n_paths}


@ROUNDS
@given(intervals(), st.data())
def test_overlaps_are_counted_as_pair_by_pair(rows, data):
    times, ends = rows
    side = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(times), max_size=len(times))))
    train, test = np.flatnonzero(side == 0), np.flatnonzero(side == 1)

    assert overlaps(times, ends, train, test) == slow_overlaps(times, ends, train, test)


@ROUNDS
@given(intervals(), splitters)
def test_an_audit_finds_something_to_purge_wherever_something_was_purged(rows, cv):
    times, ends = rows
    found = audit(folds(cv, times, ends), times=times, ends=ends)
    purged = any(one.unpurged for one in found.folds)

    assert found.overlaps == 0
    assert found.vacuous is not purged
    assert found.labels_overlap or found.vacuous
