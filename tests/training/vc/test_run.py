"""The VC chain from events to a verdict."""

import json
from itertools import count

import numpy as np
import pytest

from alphaloop.core.errors import DegenerateData
from alphaloop.core.time import DAY_US
from alphaloop.lake.table import Lake
from alphaloop.models.ridge import Ridge
from alphaloop.registry.evidence import Evidence
from alphaloop.registry.gates import judge
from alphaloop.registry.ledger import EVIDENCE, Ledger
from alphaloop.training.chain.enter import fetch, read_manifest
from alphaloop.training.chain.run import Around
from alphaloop.training.vc import walking
from alphaloop.training.vc.asked import VcAsked
from alphaloop.training.vc.run import BY_CONSTRUCTION, NO_POSITION, run_vc
from alphaloop.training.vc.samples import FEATURES, Samples
from alphaloop.training.vc.walking import fit, out_of_fold, walk
from tests.training.vc.builders import START, put, world

LATER = VcAsked(label="later", within_months=3, step_days=30, folds=3)


def around(home, ledger):
    def verdict(name):
        with ledger.journal.reading() as page:
            evidence = Evidence.from_json(page.last(EVIDENCE, subject=name).body)
        found = judge(evidence)
        ledger.add_verdict(name, found, "t")
        return {"candidate": name, **found.as_dict()}

    return Around(
        home=home, ledger=ledger, author="t", command="train vc", background=None, judge=verdict,
        clock=count(1.0).__next__,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def ledger(home):
    opened = Ledger.open(home, clock=count(1).__next__)
    yield opened
    opened.close()


@pytest.fixture
def lake(tmp_path):
    return put(Lake(tmp_path / "lake"), world())


def test_the_documented_label_is_refused_for_what_it_is(lake, home, ledger):
    found = run_vc(lake, VcAsked(folds=3), around(home, ledger))
    candidate, verdict = found["candidates"][0], found["verdicts"][0]
    checks = {one["name"]: one for one in verdict["checks"]}

    assert candidate["oos"]["auc"] > 0.999
    assert (found["label"]["by_construction"], found["label"]["auc_of_feature_one"]) == (True, 1.0)
    assert verdict["verdict"] == "refused"
    assert checks["degraded"]["measured"] == BY_CONSTRUCTION == found["label"]["warning"]
    assert candidate["degraded"] == [BY_CONSTRUCTION]
    assert (candidate["kind"], candidate["horizon"]) == ("vc", "event")


def test_a_later_deal_is_foretold_where_it_can_be(lake, home, ledger):
    found = run_vc(lake, LATER, around(home, ledger))
    oos, verdict = found["candidates"][0]["oos"], found["verdicts"][0]

    assert oos["auc_interval"][0] > 0.6
    assert oos["brier"] < oos["brier_of_rate"]
    assert found["distillation"]["interval"][0] <= found["distillation"]["student_less_teacher"]
    assert [oos[name] for name in ("ic", "net_pnl", "max_drawdown", "interval")] == [None] * 4
    assert verdict["verdict"] == "insufficient"
    assert NO_POSITION in next(one["source"] for one in verdict["checks"] if one["name"] == "measured")
    assert found["data"]["censored"] > 0
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_where_news_say_nothing_no_interval_lies_above_a_half(tmp_path, home, ledger):
    """Deals fall at random, whatever was said before, to companies that are all alike."""
    rng = np.random.default_rng(3)
    rows = [
        (
            f"{company}-{number}",
            str(rng.choice(["product", "market", "regulatory", "funding"])),
            at,
            f"c{company}",
            3,
            0.5,
        )
        for company in range(60)
        for number, at in enumerate(np.sort(rng.uniform(0, 1500, 25)).tolist())
    ]
    oos = run_vc(put(Lake(tmp_path / "null"), rows), LATER, around(home, ledger))["candidates"][0]["oos"]

    assert oos["auc_interval"][0] <= 0.5


def test_artifacts_stand_under_their_names_and_load(lake, home, ledger, tmp_path):
    pytest.importorskip("torch")
    from alphaloop.models.vc.student import Student

    found = run_vc(lake, LATER, around(home, ledger))
    names = ["vc_survival_baseline_v2.json", "vc_survival_ttm_v2.pt", "vc_train_manifest_v2.json"]
    with ledger.journal.reading() as page:
        entry = page.last("candidate", subject=found["candidates"][0]["id"])
    manifest = read_manifest(ledger.artifacts, entry.data["artifact"])
    teacher = Ridge.load(fetch(ledger.artifacts, manifest, "teacher", tmp_path), manifest["features_hash"])
    student = Student.load(fetch(ledger.artifacts, manifest, "student", tmp_path), manifest["features_hash"])
    row = np.array([[0.5, 0.2, 0.9, 1.0, 0.0]])

    assert [one["name"] for one in found["artifacts"]] == names
    assert manifest["features"] == list(FEATURES)
    assert 0 < student.predict(row)[0] < 1
    assert np.isfinite(teacher.predict(row[:, None]).mean).all()


def test_the_same_run_twice_is_one_candidate_and_one_trial(lake, home, ledger):
    first = run_vc(lake, LATER, around(home, ledger))
    again = run_vc(lake, LATER, around(home, ledger))

    assert first["candidates"] == again["candidates"]
    assert ledger.trials("vc later 3mo student").count == 1


def test_without_torch_the_teacher_stands_and_the_run_is_degraded(lake, home, ledger, monkeypatch):
    monkeypatch.setattr(walking, "find_spec", lambda _name: None)
    found = run_vc(lake, LATER, around(home, ledger))

    assert found["candidates"][0]["chosen"] == "teacher"
    assert found["distillation"]["student_less_teacher"] is None
    assert found["candidates"][0]["degraded"] == [walking.TORCH_MISSING]
    assert found["verdicts"][0]["verdict"] == "refused"


def test_a_teacher_tells_only_of_rows_it_was_not_fitted_on():
    """The label of a row is rewritten: what is told of that row does not move."""
    rng = np.random.default_rng(0)
    times = START + np.arange(400) * DAY_US
    made = Samples(rng.random((400, 5)), (rng.random(400) < 0.4).astype(float), times, times + DAY_US, np.arange(400))
    before = out_of_fold(made, np.arange(400))
    made.y[200] = 1.0 - made.y[200]
    after = out_of_fold(made, np.arange(400))

    assert np.isfinite(before).all()
    assert after[200] == before[200]
    assert not np.array_equal(after, before)


def test_the_teacher_is_the_closed_form_by_hand():
    """Feature one is -1 or 1 standardised, half of each, and the outcome: weight 1/2 over 1 + penalty, mean 1/2."""
    X = np.zeros((160, 5))
    X[::2, 0] = 1.0
    times = np.arange(160) * DAY_US
    made = Samples(X, X[:, 0].copy(), times, times + 1, np.arange(160))
    told = fit(made, np.arange(160), 0).teacher.predict(np.eye(5)[:2, None, :]).mean[:, 0]

    assert told == pytest.approx([0.5 + 0.5 / 1.001, 0.5 - 0.5 / 1.001])


def test_training_labels_of_one_class_are_refused():
    times = np.arange(400) * DAY_US
    y = (np.arange(400) > 380).astype(float)
    with pytest.raises(DegenerateData, match="all 0"):
        walk(Samples(np.random.default_rng(0).random((400, 5)), y, times, times + 1, np.arange(400)), 3, 0)
