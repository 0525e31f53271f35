from dataclasses import replace

import numpy as np
import pytest

from alphaloop.core.errors import DegenerateData, InvalidOption, UnreadableFile
from alphaloop.engine.executor import executor
from alphaloop.training.chain.learner import Fitting
from alphaloop.training.chain.walk import cuts_of, walk
from tests.training.chain.builders import STEP, RidgeLearner, examples


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return examples(tmp_path_factory.mktemp("set"))


@pytest.fixture
def fitting(tmp_path):
    return Fitting(folder=tmp_path / "walk", seed=0, embargo_us=4 * STEP)


def test_folds_lie_in_time_and_no_label_overlaps(made):
    cuts = cuts_of(made, 4, 4 * STEP)
    ends, times = made.rows.ends, made.rows.times

    assert cuts.overlaps == 0
    assert len(cuts.blocks) == 4
    assert all(ends[train].max() + 4 * STEP <= times[test].min() for train, test in cuts.pairs)


def test_predictions_are_those_of_a_model_of_the_past(made, fitting):
    found = walk(made, RidgeLearner(), cuts_of(made, 4, 0), fitting)
    train, test = found.cuts.pairs[2]
    again = RidgeLearner().fit(made.rows.pick(train), fitting).predict(made.rows.pick(test)).mean

    assert np.array_equal(found.mean[test], again)
    assert np.isnan(found.mean[: found.blocks[0][0]]).all()
    assert found.tested[0] == found.blocks[0][0]
    assert (np.diff(found.quantiles[found.tested], axis=2) >= 0).all()
    assert np.corrcoef(found.mean[found.tested, 0], made.rows.targets[found.tested, 0])[0, 1] > 0.3


def test_a_killed_walk_goes_on_and_ends_with_the_same_bytes(made, fitting, tmp_path):
    whole = walk(made, RidgeLearner(), cuts_of(made, 4, 0), replace(fitting, folder=tmp_path / "whole"))
    with pytest.raises(KeyboardInterrupt):
        walk(made, Killed(at=3), cuts_of(made, 4, 0), fitting)

    resumed = walk(made, Killed(at=99, first=2), cuts_of(made, 4, 0), fitting)

    assert resumed.mean.tobytes() == whole.mean.tobytes()
    assert resumed.quantiles.tobytes() == whole.quantiles.tobytes()


class Killed(RidgeLearner):
    """Dies at its ``at``-th fit; after it, fewer than ``first`` folds may be fitted again."""

    fits = 0

    def __init__(self, at, first=99):
        super().__init__()
        object.__setattr__(self, "at", at)
        object.__setattr__(self, "first", first)

    def __call__(self, examples):
        object.__setattr__(self, "fits", self.fits + 1)
        if self.fits == self.at:
            raise KeyboardInterrupt
        assert self.fits <= self.first
        return RidgeLearner()


@pytest.mark.parametrize("name", ["threads", pytest.param("process", marks=pytest.mark.slow)])
def test_who_runs_the_folds_does_not_change_a_byte(made, fitting, tmp_path, name):
    cuts = cuts_of(made, 3, 0)
    alone = walk(made, RidgeLearner(), cuts, fitting)
    shared = walk(made, RidgeLearner(), cuts, replace(fitting, folder=tmp_path / "other"), executor(name, 2))

    assert alone.mean.tobytes() == shared.mean.tobytes()


def test_a_damaged_fold_is_refused(made, fitting):
    cuts = cuts_of(made, 3, 0)
    walk(made, RidgeLearner(), cuts, fitting)
    kept = fitting.folder / "fold-1" / "predictions.npz"
    kept.write_bytes(kept.read_bytes()[:100])

    with pytest.raises(UnreadableFile, match="delete"):
        walk(made, RidgeLearner(), cuts, fitting)


def test_a_model_that_talks_nonsense_is_refused(made, fitting):
    with pytest.raises(DegenerateData, match="fold 0"):
        walk(made, Nonsense(), cuts_of(made, 3, 0), fitting)


class Nonsense(RidgeLearner):
    def __call__(self, examples):
        return self

    def fit(self, train, how):
        return self

    def predict(self, rows):
        return _NaN(rows)


class _NaN:
    def __init__(self, rows):
        self.mean = np.full((len(rows), 2), np.nan)

    def quantile(self, q):
        return self.mean


def test_too_many_folds_are_refused(made):
    with pytest.raises(InvalidOption):
        cuts_of(made, 2000, 0)
