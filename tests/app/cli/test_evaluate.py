"""``alphaloop evaluate leaks`` and ``controls``: what they print, and how they end."""

from pathlib import Path

import pytest

from alphaloop.training.controls import campaign
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


@pytest.fixture
def controlled(tmp_path, monkeypatch):
    """`evaluate controls` on markets that are not drawn: what they would come to is handed in."""

    def verdict(unit):
        passed = "passed" if unit.strength >= 3.5 else "refused"
        figures = {"all_failed": [], "informed": None, "sharpe": 1.0}
        return {
            "kind": unit.kind,
            "strength": unit.strength,
            "seed": unit.seed,
            "days": 420,
            "verdict": passed,
            **figures,
        }

    def shown(unit):
        claims = {"shuffled": 0.5, "purged": 0.0, "shuffled_overlaps": 9, "purged_overlaps": 0}
        return {"kind": unit.kind, "seed": unit.seed, **claims}

    monkeypatch.setattr(campaign, "examine", verdict)
    monkeypatch.setattr(campaign, "demonstrate", shown)
    words = ("--markets", 6, "--planted", 2, "--strengths", "2,3.5", "--shuffled", 1, "--processes", 1)
    return lambda *more: call("evaluate", "controls", *words, *more, home=tmp_path)


def test_controls_say_how_often_they_were_fooled_and_how_often_they_found(controlled):
    answer = controlled("--json")
    found = answer.json

    assert answer.code == 0
    assert {name: found["null"][name] for name in ("markets", "promoted", "rate")} == {
        "markets": 6, "promoted": 0, "rate": 0.0,
    }  # fmt: skip
    assert found["null"]["interval"] == pytest.approx([0.0, 0.4593], abs=1e-4)
    assert [(one["strength"], one["promoted"], one["rate"]) for one in found["planted"]] == [
        (2.0, 0, 0.0),
        (3.5, 2, 1.0),
    ]
    assert found["shuffled_kfold_ic"] == 0.5
    assert Path(found["report_file"]).with_name("power.svg").exists()


def test_controls_print_tables_for_people(controlled):
    answer = controlled()

    assert "no edge" in answer.out
    assert "false promotions" in answer.out


@pytest.mark.parametrize("words", [["--markets", 0], ["--strengths", "two"], ["--strengths", "-1"], ["--processes", 0]])
def test_senseless_controls_are_refused(words, tmp_path):
    answer = call("evaluate", "controls", *words, "--json", home=tmp_path)

    assert (answer.code, answer.json["error"]) == (2, "InvalidOption")
