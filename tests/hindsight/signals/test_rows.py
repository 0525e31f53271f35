"""Rows of a signal: what is kept, in which order, and how far outcomes overlap."""

import numpy as np
import pytest
from scipy import stats

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.hindsight.signals import Signal, from_panel
from alphaloop.hindsight.signals.rows import ranks
from tests.hindsight.signals.builders import panel, rows

NAN = float("nan")


def test_pairs_are_sorted_by_time_then_symbol_and_whole():
    found = rows(
        [1, 2, NAN, 4, 5], [1, 2, 3, NAN, 5], [7, 3, 3, 3, 3], [8, 4, 4, 4, 4], ["A", "C", "A", "D", "B"]
    ).pairs

    assert found.x.tolist() == [5, 2, 1]
    assert found.names[found.codes].tolist() == ["B", "C", "A"]
    assert (found.first.tolist(), found.sizes.tolist(), found.group.tolist()) == ([0, 2], [2, 1], [0, 0, 1])


def test_abstentions_are_counted_where_the_outcome_is_known():
    assert rows([1, NAN, NAN, 2], [1, 1, NAN, 1]).coverage == 2 / 3
    assert rows([1.0], [NAN]).coverage is None


@pytest.mark.parametrize(("horizon", "overlap"), [(1, 0), (2, 1), (12, 11)])
def test_overlap_is_how_many_instants_share_an_outcome(horizon, overlap):
    assert rows(range(40), range(40), ends=np.arange(40) + horizon).pairs.overlap == overlap


def test_overlap_counts_instants_that_are_there():
    assert rows([1, 2, 3, 4], [1, 2, 3, 4], [0, 10, 11, 50], [12, 13, 14, 51]).pairs.overlap == 2


def test_a_panel_is_its_rows():
    found = panel(0, instants=20).pairs

    assert len(found) == 200
    assert found.overlap == 11
    assert set(found.sizes.tolist()) == {10}


def test_ranks_within_groups_are_those_of_scipy():
    rng = np.random.default_rng(0)
    values, group = rng.integers(0, 6, 200).astype(float), rng.integers(0, 5, 200)
    found = ranks(values, group)

    for one in range(5):
        assert found[group == one].tolist() == stats.rankdata(values[group == one]).tolist()


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        (([1.0], [1.0, 2.0], [0], [0], [0]), SchemaViolation),
        (([np.inf], [1.0], [0], [0], [0]), SchemaViolation),
        (([1.0], [-np.inf], [0], [0], [0]), SchemaViolation),
        (([1.0], [1.0], [5], [4], [0]), SchemaViolation),
        (([1.0, 2.0], [1.0, 2.0], [5, 5], [5, 5], ["A", "A"]), SchemaViolation),
        (([], [], [], [], []), NoData),
        (([[1.0]], [[1.0]], [[0]], [[0]], [[0]]), SchemaViolation),
    ],
)
def test_what_is_no_signal_is_refused(columns, error):
    with pytest.raises(error):
        Signal(*(np.array(one) for one in columns))


def test_tables_must_fit():
    with pytest.raises(SchemaViolation):
        from_panel(np.zeros((3, 2)), np.zeros((3, 2)), np.arange(3), np.arange(2), ("A", "B"))
