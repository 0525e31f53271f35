import numpy as np
import pytest
from sklearn import config_context
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score

from alphaloop.core.errors import SchemaViolation
from alphaloop.hindsight.splits import CombinatorialPurgedCV, PurgedKFold, WalkForward
from tests.hindsight.splits.panels import panel

TIMES, ENDS = panel(2, stamps=60, order="shuffled")
X = np.random.default_rng(0).normal(size=(len(TIMES), 3))
Y = X @ np.array([1.0, 0.5, 0.0]) + np.random.default_rng(1).normal(size=len(TIMES))
ALL = [PurgedKFold(4), WalkForward(4), CombinatorialPurgedCV(5, 2)]


@pytest.mark.parametrize("cv", ALL)
def test_scikit_learn_hands_the_times_over(cv):
    folds = list(cv.split(X, Y, times=TIMES, ends=ENDS))
    expected = cross_val_score(Ridge(), X, Y, cv=folds)
    with config_context(enable_metadata_routing=True):
        scores = cross_val_score(Ridge(), X, Y, cv=cv, params={"times": TIMES, "ends": ENDS})

    assert scores.tolist() == expected.tolist()
    assert len(scores) == cv.get_n_splits()


def test_a_search_scores_each_candidate_on_every_fold():
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(Ridge(), {"alpha": [0.1, 10.0]}, cv=PurgedKFold(4))
        search.fit(X, Y, times=TIMES, ends=ENDS)

    assert search.n_splits_ == 4


@pytest.mark.parametrize("cv", ALL)
def test_rows_come_in_ascending_order_and_apart(cv):
    for train, test in cv.split(times=TIMES, ends=ENDS):
        assert bool((np.diff(train) > 0).all() and (np.diff(test) > 0).all())
        assert not set(train) & set(test)


@pytest.mark.parametrize("cv", ALL)
def test_bad_intervals_are_refused_at_the_call_not_at_the_first_fold(cv):
    with pytest.raises(SchemaViolation, match="'X': 3"):
        cv.split(np.zeros((3, 2)), times=TIMES, ends=ENDS)
    with pytest.raises(SchemaViolation, match="missing in ends"):
        cv.split(X, times=TIMES, ends=[None] * len(TIMES))
    with pytest.raises(SchemaViolation, match="missing in times"):
        cv.split(X, times=np.full(len(TIMES), np.nan), ends=ENDS)


@pytest.mark.parametrize("cv", ALL)
def test_the_order_of_rows_does_not_matter(cv):
    order = np.random.default_rng(3).permutation(len(TIMES))
    plain = [(set(train), set(test)) for train, test in cv.split(times=TIMES, ends=ENDS)]
    moved = cv.split(times=TIMES[order], ends=ENDS[order])

    assert [(set(order[train]), set(order[test])) for train, test in moved] == plain
