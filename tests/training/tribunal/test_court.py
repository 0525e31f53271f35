"""The sentence: what counts, and what makes it a failure."""

import pytest

from alphaloop.training.tribunal import court
from alphaloop.training.tribunal.catalogue.trial import CATALOGUE, Outcome
from alphaloop.training.tribunal.court import Case, Sentence, hold, try_case
from alphaloop.training.tribunal.learning import ours
from alphaloop.training.tribunal.verdict import Evidence, Finding, Startup, Verdict

CLEAN = Finding("clean", {"removed": Evidence(4, 0)}, Startup(0.0, 0))
LEAKING = Finding("leaking", {"removed": Evidence(4, 0), "garbage": Evidence(4, 2, 0)})
CAUGHT, MISSED = Outcome("a", "peeks", LEAKING, CLEAN), Outcome("b", "peeks", CLEAN, CLEAN)
SLANDERED = Outcome("c", "peeks", LEAKING, LEAKING)


def sentence(*findings, outcomes=(CAUGHT,)):
    return Sentence((Verdict("set", tuple(findings), 4),), tuple(outcomes))


def test_nothing_leaks_and_all_is_caught():
    found = sentence(CLEAN).as_dict()

    assert found["passed"]
    assert {name: found[name] for name in ("features", "leaking", "planted", "caught", "clean", "accused")} == {
        "features": 1,
        "leaking": [],
        "planted": 1,
        "caught": 1,
        "clean": 1,
        "accused": 0,
    }
    assert found["checks"]["garbage"] == {"leaking": 0, "caught": 1, "caught_alone": 1}


def test_a_leak_fails_and_says_what_showed_it():
    found = sentence(CLEAN, LEAKING).as_dict()

    assert (found["passed"], found["features"], found["leaking"]) == (False, 2, ["leaking"])
    assert found["evidence"] == [
        {"feature": "leaking", "caught_by": ["garbage"], "failed": {"garbage": 2}, "first_at": "1970-01-01T00:00:00Z"}
    ]


@pytest.mark.parametrize(("outcome", "key"), [(MISSED, "missed"), (SLANDERED, "accused_twins")])
def test_a_court_that_errs_does_not_pass_anybody(outcome, key):
    found = sentence(CLEAN, outcomes=[CAUGHT, outcome]).as_dict()

    assert not found["passed"]
    assert found[key] == [outcome.name]


def test_a_leak_in_what_we_learn_with_fails_too():
    peeking = Finding("ridge", {"after the window": Evidence(12, 3, 0)})
    found = Sentence((Verdict("set", (CLEAN,), 4),), (CAUGHT,), (Verdict("ridge", (peeking,), 16, "fits"),)).as_dict()

    assert (found["passed"], found["features"], found["leaking"]) == (False, 1, ["ridge"])
    assert found["learning"] == [{"subject": "ridge", "kind": "fits", "columns": 1, "looks": 12, "leaking": ["ridge"]}]
    assert found["checks"]["after the window"]["leaking"] == 1


def test_planted_leaks_are_counted_by_kind():
    outcomes = [
        CAUGHT,
        Outcome("d", "peeks", LEAKING, CLEAN, "labels"),
        Outcome("e", "peeks", CLEAN, LEAKING, "labels"),
    ]
    found = sentence(CLEAN, outcomes=outcomes).as_dict()

    assert found["kinds"]["features"] == {"planted": 1, "caught": 1, "clean": 1, "accused": 0}
    assert found["kinds"]["labels"] == {"planted": 2, "caught": 1, "clean": 2, "accused": 1}


def test_slow_warm_up_is_reported_and_passes():
    slow = Finding("slow", {}, Startup(0.25, 170))
    lost = Finding("lost", {}, Startup(float("inf"), None), sensitive=False, unshifted=("funding_rates",))

    found = sentence(slow, lost, Finding("exact", {}, Startup(1e-12, 0))).as_dict()

    assert found["passed"]
    assert found["unstable"] == [
        {"feature": "slow", "manner": "warm-up", "variance": 0.25, "settles_after_rows": 170},
        {"feature": "lost", "manner": "unsettled", "variance": None, "settles_after_rows": None},
    ]
    assert (found["insensitive"], found["unshifted"]) == (["lost"], {"lost": ["funding_rates"]})


def test_every_case_is_tried_once_and_told(monkeypatch):
    tried, told = [], []

    def answer(case):
        tried.append(case)
        return case, CAUGHT if case.what == "planted" else Verdict(f"{case.what} {case.place}", (CLEAN,), case.cuts)

    monkeypatch.setattr(court, "try_case", answer)
    found = hold(cuts=12, progress=lambda done, of: told.append((done, of)))

    assert len(tried) == len(set(tried)) == court.number_of_cases()
    assert told[-1] == (len(tried), len(tried))
    assert [verdict.subject for verdict in found.verdicts] == [f"features {k}" for k in range(len(found.verdicts))]
    assert [verdict.subject for verdict in found.learning] == [f"learning {k}" for k in range(len(ours.subjects()))]
    assert {verdict.cuts for verdict in found.learning} == {court.LEAST_CUTS}
    assert len(found.outcomes) == len(CATALOGUE)
    assert found.table().count("\n| a |") == len(CATALOGUE)


def test_cases_by_number():
    _, verdict = try_case(Case("features", 0, 8, 7))
    _, outcome = try_case(Case("planted", 1, 8, 7))
    _, labels = try_case(Case("learning", 1, 16, 7))

    assert (verdict.subject, verdict.kind, verdict.leaking) == ("features of bars", "features", ())
    assert (labels.subject, labels.kind, labels.leaking) == ("forward labels by time", "labels", ())
    assert labels.findings[0].column == "forward labels by time: fwd_ret"
    assert (outcome.name, outcome.leaky.leaking, outcome.clean.leaking) == ("shift(-1)", True, False)


@pytest.mark.slow
def test_processes_change_nothing():
    assert hold(cuts=24, planted_cuts=16, processes=2) == hold(cuts=24, planted_cuts=16)
