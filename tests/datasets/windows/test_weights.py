import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import SchemaViolation
from alphaloop.datasets.windows.weights import uniqueness


def test_a_label_that_shares_nothing_counts_whole():
    assert uniqueness(np.array([0, 5]), np.array([5, 9])).tolist() == [1.0, 1.0]


def test_three_labels_by_hand():
    found = uniqueness(np.array([0, 1, 1]), np.array([2, 4, 2]))

    # instants [0,1) one label, [1,2) three, [2,4) one
    assert found.tolist() == pytest.approx([(1 + 1 / 3) / 2, (1 / 3 + 1 + 1) / 3, 1 / 3])


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10)), min_size=1, max_size=30))
def test_weights_add_up_to_the_time_that_any_label_covers(pairs):
    pairs = sorted(pairs)
    start = np.array([first for first, _ in pairs])
    end = start + np.array([length for _, length in pairs])

    covered = len({instant for first, last in zip(start, end, strict=True) for instant in range(first, last)})

    assert float((uniqueness(start, end) * (end - start)).sum()) == pytest.approx(covered)


def test_an_empty_interval_is_refused():
    with pytest.raises(SchemaViolation):
        uniqueness(np.array([3]), np.array([3]))
