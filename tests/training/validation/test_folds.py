from types import SimpleNamespace

import numpy as np
import pytest

from alphaloop.core.errors import DegenerateData, InvalidOption, NoData
from alphaloop.hindsight.splits import WalkForward
from alphaloop.models.ridge import Ridge
from alphaloop.training.validation.folds import folds_of, later, out_of_sample
from tests.training.validation.builders import made

PANEL = made()
FOLDS = folds_of(PANEL, WalkForward(3, test_size=100))


class Says:
    """A forecaster that predicts what it was told to."""

    def __init__(self, number):
        self.number = number

    def fit(self, X, y, mask=None):
        return self

    def predict(self, X, mask=None):
        return SimpleNamespace(mean=np.full((len(X), 1), self.number))


def test_blocks_follow_each_other_and_nothing_overlaps():
    assert FOLDS.blocks == ((299, 399), (399, 499), (499, 599))
    assert FOLDS.overlaps == 0
    assert list(later(FOLDS)) == [(399, 499), (499, 599)]


def test_only_tested_rows_are_predicted_and_by_a_model_that_never_saw_them():
    seen = []

    class Watched(Ridge):
        def fit(self, X, y, mask=None):
            seen.append(len(X))
            return super().fit(X, y, mask)

    predictions = out_of_sample(PANEL, FOLDS, Watched)

    assert np.isnan(predictions[:299]).all()
    assert np.isfinite(predictions[299:599]).all()
    assert seen == [2 * 299, 2 * 399, 2 * 499]


def test_a_changed_future_does_not_change_a_prediction():
    changed = made()
    changed.y[450:] = -changed.y[450:]
    before, after = (out_of_sample(one, FOLDS, Ridge) for one in (PANEL, changed))

    assert np.array_equal(before[:499], after[:499], equal_nan=True)
    assert not np.array_equal(before[499:599], after[499:599])


def test_columns_are_all_that_a_model_is_shown():
    blind = out_of_sample(PANEL, FOLDS, Ridge, columns=(1,))
    correlation = np.corrcoef(blind[299:599].ravel(), PANEL.y[299:599].ravel())[0, 1]

    assert abs(correlation) < 0.15


@pytest.mark.parametrize(
    ("number", "words"), [(np.nan, "not finite"), (np.inf, "not finite"), (1.5, "prediction 1.5 throughout")]
)
def test_predictions_that_say_nothing_are_refused(number, words):
    with pytest.raises(DegenerateData, match=words):
        out_of_sample(PANEL, FOLDS, lambda: Says(number))


def test_fewer_rows_than_folds_are_refused():
    with pytest.raises(InvalidOption, match="timestamps"):
        folds_of(made(bars=4), WalkForward(5))


def test_a_fold_with_too_few_rows_is_refused():
    with pytest.raises(NoData, match="labels"):
        out_of_sample(made(bars=5, symbols=("AAA",)), folds_of(made(bars=5, symbols=("AAA",)), WalkForward(3)), Ridge)


def test_one_block_fits_the_rule_and_scores_nothing():
    with pytest.raises(NoData, match="single test block"):
        later(folds_of(PANEL, WalkForward(1)))
