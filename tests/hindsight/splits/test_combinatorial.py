from math import comb

import numpy as np
import pandas as pd
import purgedcv
import pytest

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.hindsight.splits import CombinatorialPurgedCV
from tests.hindsight.splits.panels import MINUTE_US, balanced, panel


def splits(cv, times, ends):
    return [(train.tolist(), test.tolist()) for train, test in cv.split(times=times, ends=ends)]


def test_by_hand():
    times = np.arange(8) * 10

    assert splits(CombinatorialPurgedCV(4, 2), times, times + 15) == [
        ([5, 6, 7], [0, 1, 2, 3]),
        ([7], [0, 1, 4, 5]),
        ([3, 4], [0, 1, 6, 7]),
        ([0, 7], [2, 3, 4, 5]),
        ([0], [2, 3, 6, 7]),
        ([0, 1, 2], [4, 5, 6, 7]),
    ]


@pytest.mark.parametrize("embargo", [0, 1, 2])
def test_index_equal_to_purgedcv(embargo):
    for seed in range(5):
        times, ends = balanced(seed, 36, 3, longest=3)
        cv = purgedcv.CombinatorialPurgedCV(
            6,
            2,
            prediction_times=pd.Series(times.astype("datetime64[us]")),
            evaluation_times=pd.Series(ends.astype("datetime64[us]")),
            embargo=pd.Timedelta(microseconds=max(embargo * MINUTE_US - 1, 0)),
        )
        expected = [(train.tolist(), test.tolist()) for train, test in cv.split(times)]

        assert splits(CombinatorialPurgedCV(6, 2, embargo=embargo * MINUTE_US), times, ends) == expected


@pytest.mark.parametrize("order", ["time", "symbol", "shuffled"])
def test_each_training_set_is_what_purgedcv_leaves_of_the_rest(order):
    """Its two functions take any rows, so they judge panels with holes, where its splitters cut rows."""
    for seed in range(4):
        times, ends = panel(seed, stamps=30, longest=3, order=order)
        when = [pd.Series(one.astype("datetime64[us]")) for one in (times, ends)]
        for train, test in CombinatorialPurgedCV(5, 2, embargo=2 * MINUTE_US).split(times=times, ends=ends):
            rest = np.setdiff1d(np.arange(len(times)), test)
            purged = purgedcv.purge(rest, test, *when)
            left = purgedcv.apply_embargo(purged, test, *when, embargo=pd.Timedelta(microseconds=2 * MINUTE_US - 1))

            assert train.tolist() == left.tolist()


@pytest.mark.parametrize(("groups", "tested"), [(6, 2), (10, 2), (6, 3), (5, 1), (5, 4)])
def test_paths_use_every_prediction_once(groups, tested):
    cv = CombinatorialPurgedCV(groups, tested)
    paths, choices = cv.paths(), cv.choices()

    assert paths.shape == (comb(groups - 1, tested - 1), groups)
    assert cv.n_paths * groups == tested * comb(groups, tested)
    used = [(split, group) for path in paths for group, split in enumerate(path)]
    assert sorted(used) == sorted((split, group) for split, chosen in enumerate(choices) for group in chosen)


def test_assembled_as_purgedcv_assembles():
    times, ends = balanced(1, 36, 2)
    cv = CombinatorialPurgedCV(6, 3)
    tests = [test for _, test in cv.split(times=times, ends=ends)]
    predictions = [np.random.default_rng(split).normal(size=len(test)) for split, test in enumerate(tests)]
    expected = purgedcv.reconstruct_paths(predictions, tests, 6, 3, len(times))

    assert np.array_equal(cv.assemble(predictions, times=times, ends=ends), expected)


def test_a_path_predicts_every_row_by_a_split_that_tested_it():
    times, ends = panel(3, order="shuffled")
    cv = CombinatorialPurgedCV(4, 2)
    tests = [test for _, test in cv.split(times=times, ends=ends)]
    made = cv.assemble([np.full(len(test), split) for split, test in enumerate(tests)], times=times, ends=ends)

    for row in range(len(times)):
        assert sorted(made[:, row]) == [split for split, test in enumerate(tests) if row in test]


def test_predictions_of_other_rows_are_refused():
    times, ends = balanced(1, 12, 1)

    with pytest.raises(SchemaViolation, match="predictions of other rows"):
        CombinatorialPurgedCV(3, 1).assemble([np.zeros(3)] * 3, times=times, ends=ends)


def test_too_many_choices_are_refused_before_they_are_made():
    with pytest.raises(InvalidOption, match="184756 splits"):
        CombinatorialPurgedCV(20, 10)


@pytest.mark.parametrize("bad", [(1, 1), (4, 0), (4, 4), (4, 5)])
def test_parameters_out_of_range_are_refused(bad):
    with pytest.raises(InvalidOption):
        CombinatorialPurgedCV(*bad)
