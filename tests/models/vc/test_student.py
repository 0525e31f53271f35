"""The student of events: learns, listens, is kept, and refuses."""

import numpy as np
import pytest

from alphaloop.core.errors import DegenerateData, InvalidOption, NoData, NotFitted, SchemaViolation, UnreadableFile

pytest.importorskip("torch")
from alphaloop.models.vc.student import Distilling, Student

VALID = np.arange(400, 500)


def rows(seed=0, size=500):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(size, 3))
    return X, (X[:, 0] + 0.3 * rng.normal(size=size) > 0).astype(float)


def test_it_learns_what_happened():
    X, y = rows()
    model = Student(Distilling(distil=0.0)).fit(X, y, np.full(500, np.nan), VALID)
    fresh, truth = rows(1)

    assert np.mean((model.predict(fresh) > 0.5) == truth) > 0.85


def test_it_listens_to_its_teacher_alone_where_asked():
    X, y = rows()
    teacher = 1.0 / (1.0 + np.exp(-2.0 * X[:, 1]))
    model = Student(Distilling(distil=1.0, epochs=60)).fit(X, y, teacher, VALID)

    assert np.corrcoef(model.predict(X), teacher)[0, 1] > 0.98


def test_the_best_pass_is_kept():
    X, y = rows()
    model = Student(Distilling(distil=0.0, epochs=30, learning_rate=0.1)).fit(X, y, y, VALID)
    chance = np.clip(model.predict(X[VALID]), 1e-12, 1 - 1e-12)
    loss = -np.mean(y[VALID] * np.log(chance) + (1 - y[VALID]) * np.log(1 - chance))

    assert loss == pytest.approx(min(one.valid_loss for one in model.history), rel=1e-3)


def test_equal_seeds_give_equal_students():
    X, y = rows()

    assert np.array_equal(
        Student(seed=3).fit(X, y, y, VALID).predict(X), Student(seed=3).fit(X, y, y, VALID).predict(X)
    )


def test_unknown_counts_as_the_training_mean():
    X, y = rows()
    model = Student().fit(X, y, y, VALID)
    shown, blank = X[:5].copy(), X[:5].copy()
    shown[:, 1] = X[:400, 1].mean()
    blank[:, 1] = np.nan

    assert model.predict(blank) == pytest.approx(model.predict(shown), abs=1e-6)


def test_a_saved_student_predicts_the_same(tmp_path):
    X, y = rows()
    X[:, 2] = 7.0
    model = Student(features="f").fit(X, y, y, VALID)
    model.save(tmp_path / "student.pt")

    assert np.array_equal(Student.load(tmp_path / "student.pt", features="f").predict(X), model.predict(X))


def test_a_damaged_file_or_one_of_other_features_is_refused(tmp_path):
    path = tmp_path / "student.pt"
    X, y = rows()
    Student(features="f").fit(X, y, y, VALID).save(path)
    with pytest.raises(SchemaViolation):
        Student.load(path, features="g")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UnreadableFile):
        Student.load(path)


def test_what_it_cannot_do_it_says():
    X, y = rows()
    with pytest.raises(NotFitted):
        Student().predict(X)
    with pytest.raises(NoData, match="10 to stop by"):
        Student().fit(X, y, y, np.arange(10))
    with pytest.raises(DegenerateData, match="all 1"):
        Student().fit(X, np.ones(500), y, VALID)
    with pytest.raises(SchemaViolation, match="probabilities"):
        Student().fit(X, y, 2 * y, VALID)
    with pytest.raises(SchemaViolation):
        Student().fit(X, y, y, VALID).predict(X[:, :2])
    with pytest.raises(InvalidOption):
        Distilling(hidden=())
