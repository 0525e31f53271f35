import numpy as np
import pytest

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.engine.executor import Threads
from alphaloop.training.ablation.taking import Taken, taken
from alphaloop.training.ablation.walks import hidden, kfold_of, walk_again, walk_hidden
from alphaloop.training.chain.walk import cuts_of, walk
from tests.training.ablation.builders import ASKED, examples, fitting
from tests.training.chain.builders import RidgeLearner

FLOW = Taken(name="no_flow", columns=(5,))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return examples(tmp_path_factory.mktemp("made"), rows=900)


@pytest.fixture(scope="module")
def cuts(made):
    return cuts_of(made, 4, ASKED.embargo_us)


def test_hidden_features_are_missing_throughout_their_windows(made):
    rows = made.rows.pick(np.array([50, 60]))
    whole, without = rows.take(np.arange(2)), hidden(rows, (5, 0)).take(np.arange(2))

    assert np.isnan(without.x[:, :, [0, 5]]).all()
    assert not without.mask[:, :, [0, 5]].any()
    assert np.array_equal(without.x[:, :, 1:5], whole.x[:, :, 1:5], equal_nan=True)
    assert np.isfinite(made.rows.newest()[:, 5]).all()  # the rows themselves stay as they are


def test_places_are_those_of_the_features_that_are_seen(made):
    rows = made.seen((4, 5)).rows
    assert np.isnan(hidden(rows, (1,)).newest()[:, 1]).all()
    assert np.isfinite(hidden(rows, (1,)).newest()[:, 0]).all()


def test_the_full_forecast_is_that_of_a_plain_walk(made, cuts, tmp_path):
    found = walk_hidden(made, RidgeLearner(), cuts, fitting(tmp_path / "a"), [FLOW])
    plain = walk(made, RidgeLearner(), cuts, fitting(tmp_path / "b"))

    assert list(found) == ["full", "no_flow"]
    assert np.array_equal(found["full"].mean, plain.mean, equal_nan=True)
    assert np.array_equal(found["full"].quantiles, plain.quantiles, equal_nan=True)
    assert np.array_equal(np.isfinite(found["no_flow"].mean), np.isfinite(plain.mean))


def test_what_is_hidden_cannot_move_the_forecast(made, cuts, tmp_path):
    """Two walks that learn alike and differ in the flow of the test rows alone forecast the same without it."""
    found = walk_hidden(made, RidgeLearner(), cuts, fitting(tmp_path / "a"), [FLOW])["no_flow"]
    full = walk_hidden(made, RidgeLearner(), cuts, fitting(tmp_path / "a"), [FLOW])["full"]
    rows, flow = found.tested, made.rows.newest()[found.tested, 5]

    assert abs(np.corrcoef(found.mean[rows, 0], flow)[0, 1]) < 0.1
    assert np.corrcoef(full.mean[rows, 0], flow)[0, 1] > 0.7


def test_a_model_trained_anew_is_that_of_a_walk_without_the_features(made, cuts, tmp_path):
    found = walk_again(made, RidgeLearner(), cuts, fitting(tmp_path / "a"), FLOW)
    plain = walk(made.seen((0, 1, 2, 3, 4)), RidgeLearner(), cuts, fitting(tmp_path / "b"))

    assert np.array_equal(found.mean, plain.mean, equal_nan=True)


def test_of_an_event_window_only_its_rows_are_learned_from(made, cuts, tmp_path):
    window = {one.name: one for one in taken(made)}["event_window"]
    seen = []

    class Watching(RidgeLearner):
        def __call__(self, examples):
            return self

        def fit(self, train, how):
            seen.append(train.newest()[:, 2].min())
            return super().fit(train, how)

    walk_again(made, Watching(), cuts, fitting(tmp_path), window)

    assert seen == [1.0] * 4


def test_an_event_window_without_a_row_to_learn_from_is_said(made, cuts, tmp_path):
    late = np.arange(len(made.rows)) > 700
    with pytest.raises(NoData, match="event window"):
        walk_again(made, RidgeLearner(), cuts, fitting(tmp_path), Taken(name="event_window", columns=(2,), rows=late))


def test_a_walk_that_was_stopped_goes_on_where_it_was(made, cuts, tmp_path):
    class Once(RidgeLearner):
        fits = 0

        def __call__(self, examples):
            return self

        def fit(self, train, how):
            Once.fits += 1
            if Once.fits == 3:
                raise KeyboardInterrupt
            return super().fit(train, how)

    with pytest.raises(KeyboardInterrupt):
        walk_hidden(made, Once(), cuts, fitting(tmp_path), [FLOW])
    found = walk_hidden(made, Once(), cuts, fitting(tmp_path), [FLOW])
    plain = walk_hidden(made, RidgeLearner(), cuts, fitting(tmp_path / "b"), [FLOW])

    assert Once.fits == 5  # two, the third broken off, then the third and the fourth
    assert np.array_equal(found["no_flow"].mean, plain["no_flow"].mean, equal_nan=True)


def test_who_runs_the_folds_does_not_change_a_byte(made, cuts, tmp_path):
    one, other = (
        walk_hidden(made, RidgeLearner(), cuts, fitting(tmp_path / name), [FLOW], executor)
        for name, executor in (("serial", None), ("threads", Threads(2)))
    )

    for name in one:
        assert np.array_equal(one[name].mean, other[name].mean, equal_nan=True)
        assert np.array_equal(one[name].quantiles, other[name].quantiles, equal_nan=True)


def test_a_folder_of_other_variants_is_refused(made, cuts, tmp_path):
    walk_hidden(made, RidgeLearner(), cuts, fitting(tmp_path), [FLOW])
    with pytest.raises(SchemaViolation, match="a folder of its own"):
        walk_hidden(made, RidgeLearner(), cuts, fitting(tmp_path), [Taken(name="no_text", columns=(2,))])


def test_every_row_of_a_kfold_is_tested_and_no_label_overlaps(made):
    found = kfold_of(made, 4, ASKED.embargo_us)

    assert found.overlaps == 0
    assert sorted(row for _, test in found.pairs for row in test.tolist()) == list(range(len(made.rows)))
    assert found.pairs[0][0].min() > found.pairs[0][1].max()  # the first block is forecast from what came later
