"""``alphaloop registry``: shapes, exit codes, and what people read."""

import json
import shutil
import sqlite3
from itertools import count
from pathlib import Path

import pytest

from alphaloop.core.time import iso
from alphaloop.registry.ledger import Ledger
from alphaloop.registry.runs import record_run
from tests.app.cli.builders import call
from tests.registry.builders import SLOT, activate, make_trace, put_on_paper, register, verdict

DAY = 1_735_689_600_000_000  # 2025-01-01


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> tuple[Path, list[str]]:
    """Two that were active one after the other, one on paper, one refused; a run of the second."""
    home = tmp_path_factory.mktemp("registry")
    ledger = Ledger.open(home, clock=count(DAY).__next__)
    names = [activate(ledger, 1), activate(ledger, 2), put_on_paper(ledger, 3), register(ledger, 4)]
    ledger.add_verdict(names[3], verdict("refused"), author="ann")
    record_run(ledger.journal, make_trace(), "paper", "ann", candidate=names[1])
    with ledger.study("s", author="ann").trial({}) as trial:
        trial.result(0.1)
    ledger.close()
    return home, names


@pytest.fixture
def models(filled, tmp_path) -> Path:
    """A copy to write to."""
    return shutil.copytree(filled[0], tmp_path / "models")


@pytest.fixture
def names(filled) -> list[str]:
    return filled[1]


def test_list(models, names):
    result = call("registry", "list", "--json", home=models)

    assert result.code == 0
    assert [(one["id"], one["stage"], one["verdict"]) for one in result.json] == list(
        zip(names, ["retired", "active", "paper", "candidate"], ["passed", "passed", "passed", "refused"], strict=True)
    )
    assert result.json[0]["registered_at"] == iso(DAY)
    assert names[0] in call("registry", "list", home=models).out
    assert call("registry", "list", "--slot", "X", "--json", home=models).json == []


def test_list_of_a_new_home_is_empty(tmp_path):
    assert call("registry", "list", "--json", home=tmp_path).json == []


def test_list_trials(models):
    found = call("registry", "list", "--trials", "--json", home=models).json

    assert found == [{"study": "s", "count": 1, "done": 1, "aborted": 0, "open": 0, "variance": None}]


def test_show_a_candidate(models, names):
    result = call("registry", "show", names[0][:6], "--json", home=models)

    assert (result.code, result.json["id"], result.json["stage"]) == (0, names[0], "retired")
    assert [one["to"] for one in result.json["moves"]] == ["paper", "active", "active"]
    assert "lineage.tables.market_bars" in call("registry", "show", names[0], home=models).out


def test_show_a_slot_and_its_history(models, names):
    found = call("registry", "show", "--json", home=models).json

    assert (found["symbol"], found["active"]) == ("BTCUSDT", names[1])
    assert [one["candidate"] for one in found["history"]] == names[:2]
    then = call("registry", "show", "--at", found["history"][0]["since"], "--json", home=models).json
    assert then["active"] == names[0]


def test_show_what_decided_an_order(models, names):
    result = call("registry", "show", "--order", "300000000:BTCUSDT", "--json", home=models)

    assert result.code == 0
    (found,) = result.json
    assert (found["model"]["candidate"], found["model"]["stage"]) == (names[1], "active")
    assert (found["data"]["tables"], found["schema_hash"], found["seed"]) == ({"market_bars": 3}, "5c4e", 7)
    assert "model.candidate" in call("registry", "show", "--order", "300000000:BTCUSDT", home=models).out


@pytest.mark.parametrize("words", [["show", "nobody"], ["show", "--order", "1:X"], ["show", "--slot", "BTCUSDT/2h"]])
def test_show_nothing(models, words):
    result = call("registry", *words, "--json", home=models)

    assert (result.code, result.json["error"]) == (2, "UnknownName")


def test_promote_and_roll_back(models, names):
    words = ("--reason", "good on paper", "--author", "bob", "--json")
    judged = call("registry", "promote", names[2], *words, home=models)
    back = call("registry", "rollback", "--reason", "drift", "--json", home=models)

    assert (judged.code, judged.json["to"], judged.json["replaced"]) == (0, "active", names[1])
    assert (judged.json["reason"], judged.json["author"], judged.json["enforced"]) == ("good on paper", "bob", True)
    assert (back.code, back.json["candidate"], back.json["rollback"]) == (0, names[1], True)
    assert call("registry", "show", "--json", home=models).json["active"] == names[1]


def test_roll_back_the_slot_of_a_candidate(models, names):
    assert call("registry", "rollback", names[3], "--json", home=models).json["candidate"] == names[0]
    assert call("registry", "rollback", "--slot", "/".join(SLOT), "--json", home=models).json["error"] == "IllegalMove"


def test_one_that_was_refused_is_not_promoted_unless_that_is_recorded(models, names):
    refused = call("registry", "promote", names[3], "--json", home=models)
    forced = call("registry", "promote", names[3], "--no-enforce", "--json", home=models)

    assert (refused.code, refused.json["error"]) == (1, "NotPassed")
    assert (forced.code, forced.json["enforced"], forced.json["reason"]) == (0, False, "no reason given")


def test_an_illegal_move_is_wrong_usage(models, names):
    result = call("registry", "promote", names[1], home=models)

    assert result.code == 2
    assert "IllegalMove" in result.err


def test_verify(models):
    result = call("registry", "verify", "--json", home=models)

    assert (result.code, result.json["ok"], result.json["first_bad"]) == (0, True, None)
    assert result.json["entries"] == result.json["head"]["seq"] == result.json["witnessed"]
    assert call("registry", "verify", "--head", f"3:{'0' * 8}", "--json", home=models).json["first_bad"] == 3
    assert call("registry", "verify", "--head", "3", home=models).code == 2


def test_verify_names_the_first_bad_entry(models, names):
    (file,) = [one for one in (models / "artifacts").rglob("*") if one.is_file() and one.read_bytes().endswith(b" 1")]
    file.write_bytes(b"other")
    result = call("registry", "verify", "--json", home=models)

    assert (result.code, result.json["first_bad"]) == (1, 1)
    assert names[0] in call("registry", "verify", home=models).out


def test_verify_says_when_a_cut_could_not_be_known(models):
    (models / "ledger" / "witness.json").unlink()

    assert "no witness" in call("registry", "verify", home=models).out


def test_export(models, names, tmp_path):
    result = call("registry", "export", "--out", tmp_path / "x.jsonl", "--json", home=models)
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]

    assert (result.code, result.json["candidates"]) == (0, 4)
    assert [one["id"] for one in lines] == names
    assert call("registry", "export", "--json", home=models).json["path"].endswith("models/candidate_registry.jsonl")
    assert call("registry", "export", "--to", "mlflow", home=models).code == 2
    assert call("registry", "export", "--to", "csv", home=models).code == 2


def test_a_ledger_elsewhere_is_named_by_the_environment(models, monkeypatch):
    monkeypatch.setenv("ALPHALOOP_LEDGER_URL", "mysql://host/name")

    assert call("registry", "list", "--json", home=models).json["error"] == "InvalidOption"


def test_an_order_of_a_backtest_and_of_its_replay_leads_back(home, tmp_path):
    home = shutil.copytree(home, tmp_path / "home")
    words = ("--policy", "ma-cross", "--symbols", "BTCUSDT", "--set", "fast=12", "--seed", "3", "--json")
    run = call("backtest", *words, home=home).json
    replayed = call("paper", "replay", *words, home=home).json
    with sqlite3.connect(home / "ledger" / "ledger.sqlite3") as raw:
        order = raw.execute("SELECT id FROM orders ORDER BY at").fetchone()[0]
    answers = call("registry", "show", "--order", order, "--json", home=home).json

    assert [(one["run"]["world"], one["run"]["trace"]) for one in answers] == [
        ("paper", replayed["trace_hash"]),
        ("backtest", run["trace_hash"]),
    ]
    for one in answers:
        assert (one["model"]["policy"], one["seed"]) == ("ma-cross fast=12", 3)
        assert one["data"]["tables"]["market_bars"] >= 0
        assert (one["order"]["symbol"], one["order"]["id"]) == ("BTCUSDT", order)
    assert call("registry", "verify", "--json", home=home).json["runs"] == 2
