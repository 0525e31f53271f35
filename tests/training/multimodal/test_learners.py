"""Variants of the multimodal chain on markets where text matters, and where it does not."""

import pickle

import numpy as np
import pytest

from alphaloop.core.errors import NoData, NotFitted
from alphaloop.models.gate import ResidualGate
from alphaloop.models.ridge import Ridge
from alphaloop.training.chain.learner import Fitting
from alphaloop.training.multimodal.learners import FILE, GateOf, RidgeOf, newest, text_of
from alphaloop.training.multimodal.recipe import Recipe
from tests.training.multimodal.builders import STEP, examples


@pytest.fixture
def how(tmp_path):
    return Fitting(folder=tmp_path, seed=1, embargo_us=2 * STEP, inner_folds=3)


def test_text_and_its_counts_are_found_by_name():
    text = text_of(examples(100))

    assert (text.columns, text.counts) == ((1, 2, 3), ((3, 1.0), (2, 24.0)))
    assert (text.sides, text.crossed) == ((1,), (2, 3))


def test_a_gate_on_text_that_matters_is_accepted(how):
    made = examples(text=0.5)
    learner = GateOf(Recipe())(made).fit(made.rows, how)
    told = learner.told()[0]

    assert told["accepted"]
    assert told["reason"] == "the interval of the improvement lies above zero"
    assert 0 < told["low"] < told["improvement"] < told["high"]
    assert learner.model.open.tolist() == [True]


def test_a_gate_on_noise_is_refused_and_forecasts_what_numbers_alone_do(how):
    made = examples(text=0.0)
    learner = GateOf(Recipe())(made).fit(made.rows, how)
    base = RidgeOf(Recipe(), with_text=False)(made).fit(made.rows, how)

    assert not learner.told()[0]["accepted"]
    assert learner.told()[0]["low"] <= 0
    assert np.array_equal(learner.predict(made.rows).mean, base.predict(made.rows).mean)


def test_noise_is_hardly_ever_accepted(how):
    found = [GateOf(Recipe())(one).fit(one.rows, how).told()[0] for one in (examples(1500, 0.0, s) for s in range(12))]

    assert sum(one["accepted"] for one in found) <= 1


def test_rows_without_text_are_the_base_to_the_bit(how):
    made = examples(text=0.5)
    learner = GateOf(Recipe())(made).fit(made.rows, how)
    base = RidgeOf(Recipe(), with_text=False)(made).fit(made.rows, how)
    quiet = text_of(made).activity(newest(made.rows)[:, 0]) == 0
    ours, theirs = learner.predict(made.rows).mean, base.predict(made.rows).mean

    assert quiet.any()
    assert np.array_equal(ours[quiet], theirs[quiet])
    assert not np.array_equal(ours[~quiet], theirs[~quiet])


def test_without_any_text_the_gate_is_refused_and_says_so(how):
    made = examples(said=0.0)
    told = GateOf(Recipe())(made).fit(made.rows, how).told()[0]

    assert (told["accepted"], told["low"], told["reason"]) == (
        False,
        None,
        "0 rows with text, 100 or more are needed",
    )


def test_folds_inside_reach_nothing_that_labels_share(how):
    """Garbage after the training rows, and in their unlabelled future, changes no forecast."""
    made = examples()
    early = made.rows.pick(np.arange(1500))
    first = GateOf(Recipe())(made).fit(early, how).predict(early).mean
    own = made.every.symbols[0]
    own.values[1510:] = 99.0
    own.fwd_ret[1510:] = -99.0

    assert np.array_equal(GateOf(Recipe())(made).fit(early, how).predict(early).mean, first)


def test_single_ridge_hides_the_text_of_some_rows(how):
    made = examples()
    shown = newest(made.rows)
    hidden = np.random.default_rng(1).random(len(shown)) < 0.25
    shown[hidden, 0, 1:4] = np.nan
    expected = Ridge(1.0).fit(shown, made.rows.targets).predict(newest(made.rows)).mean
    learner = RidgeOf(Recipe(text_dropout=0.25), with_text=True)(made).fit(made.rows, how)

    assert np.array_equal(learner.predict(made.rows).mean, expected)


def test_what_is_saved_can_be_loaded_alone(how, tmp_path):
    made = examples()
    learner = GateOf(Recipe())(made).fit(made.rows, how)
    ridge = RidgeOf(Recipe(), with_text=True)(made).fit(made.rows, how)
    learner.save(tmp_path)
    gate = ResidualGate.load(tmp_path / FILE)
    ridge.save(tmp_path)
    loaded = Ridge.load(tmp_path / FILE)

    assert np.allclose(gate.predict(newest(made.rows)).mean, learner.predict(made.rows).mean, rtol=0, atol=1e-12)
    assert np.allclose(loaded.predict(newest(made.rows)).mean, ridge.predict(made.rows).mean, rtol=0, atol=1e-12)


def test_makes_travel_to_other_processes():
    for make in (GateOf(Recipe()), RidgeOf(Recipe(), with_text=True)):
        assert pickle.loads(pickle.dumps(make)) == make


def test_what_it_cannot_do_it_says(how):
    made = examples(200)
    with pytest.raises(NotFitted):
        GateOf(Recipe())(made).predict(made.rows)
    with pytest.raises(NotFitted):
        RidgeOf(Recipe(), with_text=True)(made).save(how.folder)
    with pytest.raises(NoData):
        GateOf(Recipe())(made).fit(made.rows.pick(np.arange(60)), how)
