import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, NoData, NotFitted, SchemaViolation, UnknownName, UnreadableFile
from alphaloop.models.gbm import GradientBoosting
from alphaloop.models.ridge import Ridge
from alphaloop.models.sequence import fitting
from alphaloop.models.sequence.forecaster import SequenceForecaster
from alphaloop.training.chain.inner import out_of_fold
from alphaloop.training.chain.learner import Fitting
from alphaloop.training.chain.settings import settings_of
from alphaloop.training.chain.walk import cuts_of, walk
from alphaloop.training.liquid import teacher as teachers
from alphaloop.training.liquid.chain import liquid
from alphaloop.training.liquid.settings import Settings
from alphaloop.training.liquid.student import MakeStudent
from alphaloop.training.liquid.teacher import INSTEAD, MakeTeacher, newest
from tests.training.chain.builders import ASKED, STEP, RidgeLearner, examples

QUICK = Settings(blocks=1, hidden=8, rounds=30, rows=512, batch=128, patience=2, device="cpu", learning_rate=0.01)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return examples(tmp_path_factory.mktemp("set"), rows=1500, edge=0.6)


@pytest.fixture
def how(tmp_path):
    return Fitting(folder=tmp_path / "fit", seed=1, embargo_us=4 * STEP, inner_folds=3, epochs=4)


def correlation(made, forecast, place=0):
    return np.corrcoef(forecast.mean[:, place], made.rows.targets[:, place])[0, 1]


def test_a_teacher_predicts_rows_it_was_not_fitted_on(made, how):
    teacher = MakeTeacher(QUICK)(made)
    found = teacher.out_of_fold(made.rows, how)
    again = teacher.out_of_fold(made.rows, how)
    inside = teacher.fit(made.rows, how).predict(made.rows).mean

    assert found.shape == (len(made.rows), 2)
    assert np.isfinite(found).all()
    assert np.array_equal(found, again)  # from its files
    truth = made.rows.targets[:, 0]
    assert np.corrcoef(found[:, 0], truth)[0, 1] < np.corrcoef(inside[:, 0], truth)[0, 1]


def test_out_of_fold_models_never_see_a_label_that_overlaps(made, tmp_path):
    seen = []

    def watch(train, test, _number):
        seen.append((train.times, train.ends, test.times, test.ends))
        return np.zeros((len(test), 2))

    out_of_fold(made.rows, watch, folds=4, embargo_us=4 * STEP, folder=tmp_path)

    assert len(seen) == 4
    for times, ends, tested, tested_ends in seen:
        apart = (ends <= tested.min()) | (times >= tested_ends.max() + 4 * STEP)
        assert apart.all()


def test_a_damaged_inner_fold_is_refused(made, how):
    MakeTeacher(QUICK)(made).out_of_fold(made.rows, how)
    (how.folder / "teacher" / "inner-1.npz").write_bytes(b"PK")

    with pytest.raises(UnreadableFile, match="inner-1"):
        MakeTeacher(QUICK)(made).out_of_fold(made.rows, how)


def test_a_student_learns_from_outcomes_and_teacher(made, how):
    told = []
    student = MakeStudent(QUICK)(made).fit(made.rows, replace(how, progress=told.append))

    assert student.name == "student"
    assert correlation(made, student.predict(made.rows)) > 0.4
    epochs = [one for one in told if one.variant == "student"]
    assert [one.epoch for one in epochs] == list(range(1, len(epochs) + 1))
    assert epochs[0].train_loss > 0
    facts = json.loads(json.dumps(student.facts(), allow_nan=False))
    assert len(facts["scaling"]["mean"]) == len(made.features)


def test_without_distillation_there_is_no_teacher(made, how):
    student = MakeStudent(QUICK, distil=False)(made).fit(made.rows, how)

    assert student.name == "no_distil"
    assert not (how.folder / "teacher").exists()


def test_text_is_hidden_in_training_alone(made, how, monkeypatch):
    recipes = []
    whole = fitting._Run.__init__

    def watched(self, *arguments):
        recipes.append(arguments[3])
        whole(self, *arguments)

    monkeypatch.setattr(fitting._Run, "__init__", watched)
    student = MakeStudent(QUICK)(made)
    student.fit(made.rows, how)

    assert student.text == made.groups["text"]
    assert (recipes[0].hidden, recipes[0].hidden_share) == (made.groups["text"], QUICK.text_dropout)


def test_a_killed_student_goes_on_to_the_same_bytes(made, how, tmp_path):
    whole = MakeStudent(QUICK)(made).fit(made.rows, replace(how, folder=tmp_path / "whole"))

    def kill(told):
        if told.variant == "student" and told.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        MakeStudent(QUICK)(made).fit(made.rows, replace(how, progress=kill))
    resumed = MakeStudent(QUICK)(made).fit(made.rows, how)

    assert resumed.predict(made.rows).mean.tobytes() == whole.predict(made.rows).mean.tobytes()
    files = [one.save(tmp_path)["model"].read_bytes() for one in (whole, resumed)]
    assert files[0] == files[1]


def test_saved_files_are_all_that_is_needed(made, how, tmp_path):
    student = MakeStudent(QUICK)(made).fit(made.rows, how)
    files = student.save(tmp_path)
    loaded = SequenceForecaster.load(files["model"], made.features_hash)
    teacher = GradientBoosting.load(files["teacher"], made.features_hash)

    assert sorted(files) == ["model", "teacher"]
    assert np.array_equal(loaded.forecast(made.rows).mean, student.predict(made.rows).mean)
    assert teacher.predict(newest(made.rows)).mean.shape == (len(made.rows), 2)
    for model in (SequenceForecaster, GradientBoosting):
        with pytest.raises(SchemaViolation, match="features"):
            model.load(files["model" if model is SequenceForecaster else "teacher"], "other")


def test_a_corrupted_checkpoint_is_refused(made, how):
    MakeStudent(QUICK)(made).fit(made.rows, how)
    kept = how.folder / "student" / "checkpoint.pt"
    kept.write_bytes(kept.read_bytes()[:-9] + b"corrupted")

    with pytest.raises(UnreadableFile, match="delete"):
        MakeStudent(QUICK)(made).fit(made.rows, how)


def test_a_checkpoint_of_another_fit_is_refused(made, how):
    MakeStudent(QUICK)(made).fit(made.rows, how)

    with pytest.raises(SchemaViolation, match="another run"):
        MakeStudent(QUICK)(made).fit(made.rows, replace(how, seed=2))


def test_too_few_rows_are_refused(made, how):
    with pytest.raises(NoData):
        MakeStudent(QUICK, distil=False)(made).fit(made.rows.pick(np.arange(120)), how)


def test_what_was_never_fitted_says_so(made):
    for make in (MakeStudent(QUICK), MakeTeacher(QUICK)):
        with pytest.raises(NotFitted):
            make(made).predict(made.rows)


def test_without_lightgbm_the_teacher_is_ridge_and_the_chain_says_so(made, how, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    chain = liquid(ASKED)
    teacher = MakeTeacher(QUICK)(made).fit(made.rows, how)
    saved = teacher.save(tmp_path)

    assert not teachers.lightgbm_there()
    assert chain.degraded == (INSTEAD,)
    assert chain.backbones == ("tsmixer", "ridge")
    assert isinstance(teacher.model, Ridge)
    assert teacher.facts() == {"teacher": "ridge", "trees": []}
    assert Ridge.load(saved["teacher"], made.features_hash).predict(newest(made.rows)).mean.shape[1] == 2


def test_the_chain_is_what_the_document_names():
    chain = liquid(replace(ASKED, settings={"distil": 0.3}))

    assert list(chain.variants) == ["student", "no_distil", "teacher"]
    assert chain.chosen == "student"
    assert chain.degraded == ()
    assert chain.named(chain.files["model"], "BTCUSDT") == "liquid_btcusdt_tsmixer_v2.pt"
    assert chain.named(chain.files["teacher"], "BTCUSDT") == "liquid_btcusdt_lgbm_baseline_v2.json"
    assert [chain.named(one, "BTCUSDT") for one in chain.manifests] == [
        "liquid_btcusdt_train_manifest_v2.json",
        "liquid_btcusdt_tsmixer_v2.manifest.json",
    ]
    found = chain.search.then({"leaves": 31})
    assert found.recipe["leaves"] == 31
    assert found.recipe["distil"] == 0.3


def test_settings_are_known_by_name_and_kind():
    assert settings_of(Settings, {"distil": 1, "leaves": 31}).leaves == 31
    with pytest.raises(UnknownName, match="distill"):
        settings_of(Settings, {"distill": 0.5})
    with pytest.raises(InvalidOption, match="leaves"):
        settings_of(Settings, {"leaves": "many"})


def test_variants_are_walked_alike(made, how):
    cuts = cuts_of(made, 2, 0)
    found = walk(made, MakeTeacher(QUICK), cuts, how)
    other = walk(made, RidgeLearner(), cuts, replace(how, folder=how.folder / "ridge"))

    assert np.array_equal(found.tested, other.tested)
