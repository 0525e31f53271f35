"""``alphaloop train vc`` from files of events to a verdict."""

import json

import pytest

from alphaloop.core.time import DAY_US, iso
from tests.app.cli.builders import call
from tests.training.vc.builders import START, world


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Events, links and entities as an export of another lake would have them."""
    folder = tmp_path_factory.mktemp("vc")
    marks = {"source": "made", "is_synthetic": False, "is_derived": False}
    events, links, entities = [], [], {}
    for name, kind, day, entity, tier, confidence in world(companies=40, days=1200):
        times = {"event_time": iso(START + int(day * DAY_US)), "available_at": iso(START + int((day + 1) * DAY_US))}
        stated = {"source_tier": tier, "confidence": confidence}
        events.append({"event_id": name, "event_type": kind, "title": f"{entity} {kind}", **stated, **times, **marks})
        links.append({"event_id": name, "entity_id": entity, "symbol": "MARKET", **times, **marks})
        known = {"event_time": iso(START), "available_at": iso(START)}
        entities[entity] = {"entity_id": entity, "name": entity, "kind": "company", **known, **marks}
    for name, rows in (("events", events), ("links", links), ("entities", entities.values())):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(one) for one in rows) + "\n")
    result = call("data", "import", folder, home=folder / "home")
    assert result.code == 0, result
    return folder / "home"


def test_the_documented_label_says_what_it_is_and_exits_1(imported):
    result = call("train", "vc", "--folds", "3", "--json", home=imported)
    found = result.json

    assert result.code == 1
    assert found["label"]["by_construction"]
    assert found["candidates"][0]["oos"]["auc"] > 0.99
    assert found["verdicts"][0]["verdict"] == "refused"
    assert "right by construction" in found["verdicts"][0]["checks"][3]["measured"]


def test_a_later_deal_is_told_to_people(imported):
    result = call("train", "vc", "--label", "later", "--within-months", "3", "--folds", "3", home=imported)

    assert result.code == 0
    assert "will a deal of this entity, after the decision, become known within 3 months?" in result.out
    assert "insufficient" in result.out
    assert "vc_train_manifest_v2.json" in result.out


def test_a_candidate_is_in_the_registry(imported):
    call("train", "vc", "--label", "later", "--within-months", "3", "--folds", "3", "--json", home=imported)
    rows = call("registry", "list", "--json", home=imported).json

    assert ("MARKET", "3mo", "vc", "insufficient") in [
        (one["symbol"], one["horizon"], one["kind"], one["verdict"]) for one in rows
    ]


def test_options_that_mean_nothing_here_are_named(imported):
    words = ("--timeframe", "5m", "--horizons", "1h,4h", "--mode", "fast", "--folds", "3", "--json")

    assert call("train", "vc", *words, home=imported).json["unused_options"] == ["timeframe", "horizons"]


def test_bad_input_is_a_typed_error(imported, tmp_path):
    def error(*words, home=imported):
        result = call("train", "vc", *words, "--json", home=home)
        assert result.code == 2
        return result.json["error"]

    assert error(home=tmp_path / "empty") == "NoData"
    assert error("--end", "2010-02-01") == "NoData"
    assert error("--label", "sooner") == "InvalidOption"
    assert error("--mode", "slow") == "InvalidOption"
    assert error("--label", "later", "--kinds", "person") == "NoData"
