"""``alphaloop evaluate leaks``: what it prints, and how it ends."""

import pytest

from alphaloop.training.tribunal import court
from alphaloop.training.tribunal.learning.hearing import KINDS
from tests.app.cli.builders import call


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """Every other planted leak: all of them are tried in tests/training/tribunal/test_catalogue.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(court, "CATALOGUE", court.CATALOGUE[::2])
        yield call("evaluate", "leaks", "--cuts", 8, "--processes", 1, "--json", home=tmp_path_factory.mktemp("leaks"))


def test_no_feature_leaks_and_the_trial_can_be_believed(trial):
    found = trial.json

    assert (trial.code, found["leaking"], found["accused"]) == (0, [], 0)
    assert found["caught"] == found["planted"] == found["clean"] >= 40
    assert found["features"] > 150
    assert {one["kind"] for one in found["learning"]} == set(KINDS)
    assert sum(found["kinds"][kind]["caught"] for kind in KINDS) == found["planted"]
    assert {"cuts", "checks", "unstable", "insensitive", "evidence"} <= found.keys()


@pytest.mark.parametrize("words", [["--cuts", 0], ["--seed", -1], ["--processes", 0]])
def test_senseless_numbers_are_refused(words):
    answer = call("evaluate", "leaks", *words, "--json")

    assert (answer.code, answer.json["error"]) == (2, "InvalidOption")
