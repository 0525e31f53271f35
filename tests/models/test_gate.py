"""The residual gate: text corrects where there is text, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.conformance import check_forecaster
from alphaloop.core.errors import InvalidOption, NoData, NotFitted, SchemaViolation, UnreadableFile
from alphaloop.models.gate import Gating, ResidualGate, Text
from alphaloop.models.ridge import Ridge

POSTS = Text((1, 2), ((2, 1.0),))


def told(rows=800, seed=0, weight=1.0):
    """One number, one text feature that is worth ``weight`` where there are posts, and the posts."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 1, 3))
    X[:, 0, 2] = rng.integers(0, 4, rows)
    quiet = X[:, 0, 2] == 0
    X[quiet, 0, 1] = np.nan
    y = X[:, 0, :1] + weight * np.where(quiet, 0.0, np.nan_to_num(X[:, 0, 1]))[:, None]
    return X, y + 0.3 * rng.normal(size=(rows, 1))


def test_it_is_a_forecaster_with_text_too():
    check_forecaster(lambda: ResidualGate(Text((2,), ((2, 1.0),))))


def test_text_is_added_where_it_was_said():
    model = ResidualGate(POSTS).fit(*told())
    asked = np.array([[[1.0, 1.0, 3.0]], [[1.0, -1.0, 3.0]], [[1.0, np.nan, 0.0]]])

    assert model.predict(asked).mean[:, 0] == pytest.approx([2.0, 0.0, 1.0], abs=0.12)


def test_text_learns_from_what_the_base_got_wrong_out_of_fold():
    """With two blocks the errors of each are those of a ridge fitted on the other, by hand."""
    X, y = told(200)
    plan = Gating(folds=2, valid=0.5, fewest=5)
    model = ResidualGate(POSTS, plan).fit(X, y)
    errors = [
        y[test] - Ridge(0.01).fit(X[train][:, :, :1], y[train]).predict(X[test][:, :, :1]).mean
        for train, test in ((slice(50, 100), slice(0, 50)), (slice(0, 50), slice(50, 100)))
    ]
    active = X[:100, 0, 2] > 0
    expected = Ridge(0.1).fit(X[:100][active][:, :, 1:], np.concatenate(errors)[active])

    assert model._correction is not None
    assert model._correction.content()["beta"] == expected.content()["beta"]


def test_the_base_reads_no_text():
    X, y = told()
    model = ResidualGate(POSTS).fit(X, y)

    assert np.array_equal(
        model.base.predict(X[:, :, :1]).mean, Ridge(0.01).fit(X[:, :, :1], y).predict(X[:, :, :1]).mean
    )


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), weight=st.floats(-3, 3), unknown=st.floats(0, 1))
def test_rows_without_text_are_the_base_to_the_bit(seed, weight, unknown):
    rng = np.random.default_rng(seed)
    X, y = told(300, seed, weight)
    silent = rng.random(300) < unknown
    X[silent, 0, 1:] = np.nan
    model = ResidualGate(POSTS).fit(X, y)
    quiet = ~(np.nan_to_num(X[:, 0, 2]) > 0)
    found, base = model.predict(X), model.base.predict(X[:, :, :1])

    assert np.array_equal(found.mean[quiet], base.mean[quiet])
    assert np.array_equal(found.quantile(0.1)[quiet], base.quantile(0.1)[quiet])
    assert not model.openness(X)[quiet].any()


def test_a_gate_that_is_shut_is_the_base_to_the_bit():
    X, y = told()
    model = ResidualGate(POSTS).fit(X, y).shut()

    assert np.array_equal(model.predict(X).mean, model.base.predict(X[:, :, :1]).mean)


def test_each_horizon_has_its_own_gate():
    X, y = told()
    both = np.hstack([y, -2 * y])
    model = ResidualGate(POSTS).fit(X, both).shut([0])
    base = model.base.predict(X[:, :, :1]).mean

    assert np.array_equal(model.predict(X).mean[:, 0], base[:, 0])
    assert not np.array_equal(model.predict(X).mean[:, 1], base[:, 1])


def test_text_that_says_nothing_leaves_the_gate_nearly_shut():
    X, y = told(4000, weight=0.0)
    model = ResidualGate(POSTS).fit(X, y)
    moved = np.abs(model.predict(X).mean - model.base.predict(X[:, :, :1]).mean)

    assert moved.max() < 0.1


def test_where_text_is_too_rare_the_model_is_its_base():
    X, y = told()
    X[:, 0, 1:] = np.nan
    X[-5:, 0, 1:] = 1.0
    model = ResidualGate(POSTS).fit(X, y)

    assert not model.open.any()
    assert np.array_equal(model.predict(X).mean, model.base.predict(X[:, :, :1]).mean)


def test_a_saved_gate_predicts_the_same(tmp_path):
    X, y = told()
    model = ResidualGate(POSTS, Gating(folds=3), features="f").fit(X, y)
    model.save(tmp_path / "gate.json")
    again = ResidualGate.load(tmp_path / "gate.json", features="f")

    assert np.allclose(again.predict(X).mean, model.predict(X).mean, rtol=0, atol=1e-12)
    assert (again.text, again.plan, again.features) == (POSTS, Gating(folds=3), "f")


def test_a_gate_of_other_features_or_a_damaged_one_is_refused(tmp_path):
    path = tmp_path / "gate.json"
    ResidualGate(POSTS, features="f").fit(*told()).save(path)
    with pytest.raises(SchemaViolation):
        ResidualGate.load(path, features="g")
    path.write_text(path.read_text()[:-40])
    with pytest.raises(UnreadableFile):
        ResidualGate.load(path)


def test_what_it_cannot_do_it_says():
    X, y = told()
    with pytest.raises(NotFitted):
        ResidualGate(POSTS).base  # noqa: B018
    with pytest.raises(NoData, match="blocks of 30 rows"):
        ResidualGate(POSTS).fit(X[:100], y[:100])
    with pytest.raises(SchemaViolation, match="text at"):
        ResidualGate(Text((7,))).fit(X, y)
    with pytest.raises(SchemaViolation, match="windows of 2 features"):
        ResidualGate(POSTS).fit(X, y).predict(X[:, :, :2])
    with pytest.raises(InvalidOption):
        Gating(valid=1.0)
