"""Activity and opening, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOption
from alphaloop.models.activity import Text, fit_gate, gate


def test_activity_counts_posts_and_events_that_are_known():
    newest = np.array([[2.0, 0.25, 9.0], [np.nan, 0.125, 9.0], [np.nan, np.nan, 9.0], [0.0, 0.0, 9.0]])
    text = Text((0, 1, 2), ((0, 1.0), (1, 24.0)))

    # 2 posts and 6 events; 3 events; nothing known; nothing said
    assert text.activity(newest) == pytest.approx([np.log(9), np.log(4), 0.0, 0.0])


def test_what_is_read_of_text_by_hand():
    """Newest rows of text at places 0, 2, 3, of which 2 and 3 take sides: three features, and 0 times each side."""
    X = np.array([[[9.0] * 4, [2.0, 8.0, -0.5, 3.0]], [[9.0] * 4, [np.nan, 8.0, 1.0, 1.0]]])
    found = Text((0, 2, 3), sides=(2, 3), crossed=(0,)).inputs(X)

    assert found[0, 0].tolist() == [2.0, -0.5, 3.0, -1.0, 6.0]
    assert np.isnan(found[1, 0]).tolist() == [True, False, False, True, True]


def test_opening_by_hand():
    # e^-1.5 = 0.22313, 1 / 1.22313 = 0.81757
    assert gate(np.array([1.5]), 3.0, 1.0)[0] == pytest.approx(0.8175744761936437)
    assert gate(np.array([-1e6, 1e6]), 64.0, 0.0).tolist() == [0.0, 1.0]


def test_the_gate_with_the_least_squares_by_hand():
    """Of 1 post a quarter of what is said is right, of 3 posts three quarters: logits -1.0986 and 1.0986."""
    activity = np.log([2.0, 2.0, 4.0, 4.0])
    said = np.array([1.0, 2.0, -1.0, 3.0])
    k, a0 = fit_gate(activity, said * [0.25, 0.25, 0.75, 0.75], said)

    assert k == pytest.approx(2 * np.log(3) / np.log(2), rel=0.01)
    assert a0 == pytest.approx(np.log(8) / 2, abs=0.005)


def test_what_is_right_from_some_activity_on_makes_a_steep_gate():
    activity = np.log1p(np.arange(1.0, 11.0))
    said = np.ones(10)
    k, a0 = fit_gate(activity, (activity > 1.7).astype(float), said)

    assert gate(activity, k, a0).round(2).tolist() == [0.0] * 4 + [1.0] * 6


@given(
    st.lists(st.tuples(st.integers(1, 50), st.floats(-2, 2), st.floats(-2, 2)), min_size=2, max_size=40),
)
def test_the_fitted_gate_is_no_worse_than_one_half_open_or_nearly_shut(rows):
    posts, errors, said = (np.array(one, dtype=float) for one in zip(*rows, strict=True))
    activity = np.log1p(posts)
    k, a0 = fit_gate(activity, errors, said)

    def left(steepness, middle):
        return float(((errors - gate(activity, steepness, middle) * said) ** 2).sum())

    shut = left(64.0, activity.max() + 1.0)
    assert left(k, a0) <= min(shut, left(64.0, activity.min() - 1.0)) + 1e-9


def test_places_are_checked():
    with pytest.raises(InvalidOption, match="each place once"):
        Text((1, 1))
    with pytest.raises(InvalidOption, match="sides"):
        Text((1,), sides=(2,))
    with pytest.raises(InvalidOption, match="crossed"):
        Text((1,), crossed=(2,))
    with pytest.raises(InvalidOption, match="worth"):
        Text((1,), ((1, 0.0),))
