import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.hindsight.splits import overlaps
from alphaloop.hindsight.splits.intervals import Intervals, instants
from tests.hindsight.splits.panels import panel, slow_overlaps

NAT = np.datetime64("NaT")


def test_a_label_that_ends_at_the_first_test_decision_does_not_overlap():
    assert overlaps([0, 10], [10, 20], [0], [1]) == 0


def test_a_label_that_ends_one_microsecond_later_does():
    assert overlaps([0, 10], [11, 20], [0], [1]) == 1


def test_a_decision_at_the_end_of_a_test_label_does_not_overlap():
    assert overlaps([0, 10], [10, 20], [1], [0]) == 0


def test_rows_are_counted_not_pairs():
    assert overlaps([0, 1, 2, 3], [9, 9, 9, 9], [0], [1, 2, 3]) == 1


def test_a_label_that_holds_a_test_label_inside_overlaps():
    assert overlaps([0, 4], [10, 5], [0], [1]) == 1


def test_between_two_test_blocks_there_is_room():
    assert overlaps([0, 10, 20], [10, 20, 30], [1], [0, 2]) == 0


def test_nothing_overlaps_nothing():
    assert overlaps([0, 1], [5, 5], [], [1]) == overlaps([0, 1], [5, 5], [0], []) == 0


@pytest.mark.parametrize("order", ["time", "symbol", "shuffled"])
def test_as_counted_pair_by_pair(order):
    for seed in range(20):
        times, ends = panel(seed, order=order)
        random = np.random.default_rng(seed)
        train, test = np.array_split(random.permutation(len(times)), 2)

        assert overlaps(times, ends, train, test) == slow_overlaps(times, ends, train, test)


@pytest.mark.parametrize(
    "given",
    [
        np.array([0, 60_000_000]),
        np.array([0, 60_000_000_000], dtype="datetime64[ns]"),
        pl.Series([0, 60_000_000]).cast(pl.Datetime("us", "UTC")),
        [0, 60_000_000],
        np.array([0, 60_000_000], dtype=np.uint32),
    ],
)
def test_instants_in_the_forms_that_say_their_unit(given):
    assert instants(given, "times").tolist() == [0, 60_000_000]


@pytest.mark.parametrize(
    "missing",
    [
        [None, 5],
        [np.nan, 5.0],
        [NAT, NAT],
        np.array(["NaT", "2020-01-01"], dtype="datetime64[us]"),
        pl.Series([None, 5]),
        np.array([np.iinfo(np.int64).min, 5]),
    ],
)
def test_a_missing_instant_is_refused_and_named(missing):
    with pytest.raises(SchemaViolation, match="missing in ends, first in row 0"):
        Intervals.of([0, 1], missing)


@pytest.mark.parametrize(
    ("times", "ends", "found"),
    [
        ([0, 10], [5, 9], "row 1: a label of -1 us"),
        ([0, 10], [0, 10], "2 labels without length"),
        ([0, 10], [5], "{'times': 2, 'ends': 1} rows"),
        ([], [], "shape"),
        ([[0], [1]], [[1], [2]], "shape"),
        ([0.5, 1.5], [1.5, 2.5], "float64"),
        (["a", "b"], ["c", "d"], "<U1"),
    ],
)
def test_what_is_not_an_interval_is_refused(times, ends, found):
    with pytest.raises(SchemaViolation) as error:
        Intervals.of(times, ends)

    assert found in error.value.found


def test_one_label_without_length_among_others_is_an_instant():
    """A stop hit at the entry ends where it began; only if all do has somebody forgotten the ends."""
    assert overlaps([0, 5], [10, 5], [0], [1]) == 1


@pytest.mark.parametrize("train", [[-1], [2], [0.5], [[0]], np.array([True, False])])
def test_places_that_are_no_rows_are_refused(train):
    with pytest.raises(InvalidOption, match="train"):
        overlaps([0, 1], [5, 5], train, [1])
