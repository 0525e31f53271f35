from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from alphaloop.registry.artifacts import Artifacts
from alphaloop.training.chain.enter import enter
from alphaloop.training.chain.learner import Fitting
from alphaloop.training.chain.run import Walked
from alphaloop.training.chain.score import Bench
from alphaloop.training.chain.walk import cuts_of, walk
from alphaloop.training.liquid.chain import liquid
from alphaloop.training.liquid.report import Details, verdict_on
from alphaloop.training.validation.rule import Rule
from tests.training.chain.builders import ASKED, STEP, RidgeLearner, examples

SMALL = {"blocks": 1, "hidden": 8, "rounds": 20, "rows": 512, "batch": 128, "device": "cpu"}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Quick stand-ins are walked; student and teacher are fitted once, as the final fit."""
    folder = tmp_path_factory.mktemp("liquid")
    made = examples(folder / "set", rows=1500, edge=0.5)
    chain = liquid(replace(ASKED, settings=SMALL))
    how = Fitting(folder=folder / "run" / "final", seed=1, embargo_us=4 * STEP, inner_folds=2, epochs=2)
    entered = enter(made, chain, ASKED, how, Artifacts(folder / "store"), folder / "models")
    cuts = cuts_of(made, 4, 4 * STEP)
    benches = {name: Bench(made, cuts, place) for place, name in enumerate(made.horizons)}
    penalties = {"student": 0.1, "no_distil": 1.0, "teacher": 100.0}
    predicted = {
        name: walk(made, RidgeLearner(one), cuts, replace(how, folder=folder / name)) for name, one in penalties.items()
    }
    rule = Rule(cost=made.cost)
    tried = {
        horizon: {name: bench.tried(one, {}, rule) for name, one in predicted.items()}
        for horizon, bench in benches.items()
    }
    walked = Walked(chain, cuts, predicted, benches, tried, folder / "run")
    return entered, Details(count(1).__next__)(made, walked)


def test_the_student_is_set_against_each_rival_in_pairs(found):
    said = found[1]["distillation"]["1h"]

    assert set(said) == {"no_distil", "teacher"}
    for rival in said.values():
        low, high = rival["ic"]["interval"]
        assert low <= rival["ic"]["value"] <= high
        assert np.isfinite(rival["daily_net"]["value"])


def test_speed_is_of_equal_rows_and_said_in_words(found):
    speed = found[1]["speed"]

    assert speed["rows"] == 1024
    assert speed["ratio"] == pytest.approx(1.0)  # a clock that ticks once a look
    assert "not 20 times" in speed["says"]
    assert verdict_on(25.0) == "the student is 25.0 times faster than the teacher"
    assert "slower" in verdict_on(0.5)


def test_files_have_the_names_of_the_document(found):
    assert sorted(found[0].files) == [
        "liquid_btcusdt_lgbm_baseline_v2.json",
        "liquid_btcusdt_train_manifest_v2.json",
        "liquid_btcusdt_tsmixer_v2.manifest.json",
        "liquid_btcusdt_tsmixer_v2.pt",
    ]
    assert found[0].manifest["fit"]["teacher"] == "lightgbm"
    assert len(found[0].manifest["fit"]["scaling"]["mean"]) == len(found[0].manifest["features"])
