import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, NoData, NotFitted, SchemaViolation, UnreadableFile
from alphaloop.models.gbm import Boosting, GradientBoosting
from alphaloop.models.ridge import Ridge
from alphaloop.models.saved import feature_hash
from tests.models.builders import noisy, windows

X = windows()
SMALL = Boosting(rounds=40, learning_rate=0.2)


def test_equal_inputs_give_equal_bytes_whatever_the_threads(tmp_path):
    plan = Boosting(rounds=20, row_share=0.5, feature_share=0.5)
    hashes = [
        GradientBoosting(plan, seed=3, threads=threads).fit(X, noisy(X)).save(tmp_path / f"{threads}.json")
        for threads in (1, 1, 2)
    ]

    assert len(set(hashes)) == 1
    assert GradientBoosting(plan, seed=4).fit(X, noisy(X)).save(tmp_path / "other.json") not in hashes


def test_trees_stop_where_the_newest_rows_of_the_window_say_so():
    learnt, noise = GradientBoosting(Boosting(rounds=200)), GradientBoosting(Boosting(rounds=200))
    learnt.fit(X, noisy(X))
    noise.fit(X, np.random.default_rng(9).normal(size=(len(X), 1)))

    assert learnt.trees[0] > 3 * noise.trees[0]


def test_held_out_rows_are_the_newest_and_nothing_is_learnt_from_them():
    y = noisy(X)
    changed = y.copy()
    changed[-80:] += 100.0  # a fifth of 400
    plan = Boosting(rounds=1, held_out=0.2)  # one tree: when to stop is not the question
    before, after = (GradientBoosting(plan).fit(X, one).predict(X) for one in (y, changed))
    shift = after.quantile(0.5) - before.quantile(0.5)

    assert np.array_equal(after.mean, before.mean)
    assert shift.min() > 90.0


def test_a_gap_keeps_rows_from_the_learning():
    y = noisy(X)
    changed = y.copy()
    changed[300:320] += 100.0
    plan = Boosting(rounds=5, held_out=0.2, gap=20)
    before, after = (GradientBoosting(plan).fit(X, one).predict(X).mean for one in (y, changed))

    assert np.array_equal(before, after)


def test_most_outcomes_lie_between_the_outer_quantiles():
    model = GradientBoosting(SMALL).fit(X, noisy(X))
    fresh = windows(rows=2000, seed=5)
    forecast, outcome = model.predict(fresh), noisy(fresh, seed=6)
    inside = np.mean((forecast.quantile(0.1) < outcome) & (outcome < forecast.quantile(0.9)))

    assert inside == pytest.approx(0.8, abs=0.1)


def test_every_horizon_has_trees_of_its_own():
    y = np.hstack([noisy(X), -3.0 * noisy(X)])
    model = GradientBoosting(SMALL).fit(X, y)

    assert np.corrcoef(model.predict(X).mean.T)[0, 1] < -0.9
    assert len(model.trees) == 2


def test_a_saved_model_predicts_the_same(tmp_path):
    named = feature_hash(("a", "b", "c"))
    model = GradientBoosting(SMALL, features=named).fit(X, noisy(X))
    model.save(tmp_path / "model.json")
    again = GradientBoosting.load(tmp_path / "model.json", features=named)

    assert np.array_equal(again.predict(X).mean, model.predict(X).mean)
    assert np.array_equal(again.predict(X).quantile(0.3), model.predict(X).quantile(0.3))
    assert again.features == named
    assert again.save(tmp_path / "again.json") == model.save(tmp_path / "model.json")


def test_files_of_others_are_refused(tmp_path):
    path = tmp_path / "model.json"
    GradientBoosting(SMALL, features="f1").fit(X, noisy(X)).save(path)

    with pytest.raises(SchemaViolation, match="fitted on features f1"):
        GradientBoosting.load(path, features="f2")
    with pytest.raises(SchemaViolation, match="a gbm"):
        Ridge.load(path)
    for damaged in (path.read_text().replace("num_leaves=", "num_leaves=1"), path.read_text()[:500], "[1]"):
        path.write_text(damaged)
        with pytest.raises(UnreadableFile):
            GradientBoosting.load(path)


def test_what_it_cannot_do_it_says():
    with pytest.raises(NoData, match="at least 51"):
        GradientBoosting(Boosting(min_rows=20)).fit(X[:40], noisy(X)[:40])
    with pytest.raises(NotFitted):
        GradientBoosting().save("nowhere")
    with pytest.raises(SchemaViolation, match="columns"):
        GradientBoosting(SMALL).fit(X, noisy(X)).predict(windows(features=2))
    with pytest.raises(InvalidOption):
        Boosting(leaves=1)
    with pytest.raises(InvalidOption):
        GradientBoosting(threads=0)


def test_without_held_out_rows_all_trees_are_grown():
    model = GradientBoosting(Boosting(rounds=12, held_out=0.0)).fit(X, noisy(X))

    assert model.trees == (12,)
