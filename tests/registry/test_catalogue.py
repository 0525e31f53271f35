"""The catalogue, its views in SQL, and ``candidate_registry.jsonl``."""

import json

import pytest

from alphaloop.core.errors import UnknownName
from alphaloop.registry.catalogue import candidates, dossier, slots
from alphaloop.registry.export.jsonl import FILE, export_jsonl
from alphaloop.registry.migrations import REGISTRY
from alphaloop.registry.promotion import Slot
from alphaloop.registry.runs import record_run
from alphaloop.registry.verification import verify
from tests.registry.builders import SLOT, activate, evidence, make_trace, put_on_paper, register, verdict

OTHER = Slot("ETHUSDT", "4h", "rule")


def view(ledger, name: str) -> list[dict]:
    order = "recorded_at" if name == "backtest_runs" else "registered_at"
    with ledger.journal.reading() as page:
        return [dict(row._mapping) for row in page.rows(f"SELECT * FROM {name} ORDER BY {order}")]


@pytest.fixture
def names(ledger) -> list[str]:
    """Retired, active, on paper, a mere candidate; the last in a slot of its own."""
    made = [activate(ledger, 1), activate(ledger, 2), put_on_paper(ledger, 3), register(ledger, 4, OTHER, study="s")]
    ledger.add_evidence(evidence(made[3], slot=OTHER), author="ann")
    ledger.add_verdict(made[3], verdict("refused"), author="ann")
    return made


def test_candidates_and_slots(ledger, names) -> None:
    with ledger.journal.reading() as page:
        found, only = candidates(page), candidates(page, OTHER)

        assert [one["id"] for one in found] == names
        assert [one["stage"] for one in found] == ["retired", "active", "paper", "candidate"]
        assert [one["verdict"] for one in found] == ["passed", "passed", "passed", "refused"]
        assert [one["id"] for one in only] == names[3:]
        assert slots(page) == [SLOT, OTHER]


def test_the_dossier_of_a_candidate(ledger, names) -> None:
    with ledger.study("s", author="ann").trial({}) as trial:
        trial.result(0.1)
    with ledger.journal.reading() as page:
        found, retired = dossier(page, names[3]), dossier(page, names[0][:6])

    assert found["lineage"]["tables"] == {"market_bars": 3}
    assert found["trials"]["count"] == 1
    assert found["evidence"][0]["sharpe"] == 0.1
    assert (found["verdicts"][0]["verdict"], found["verdicts"][0]["evidence"]) == (
        "refused",
        found["evidence"][0]["entry"],
    )
    assert found["moves"] == []
    assert [one["to"] for one in retired["moves"]] == ["paper", "active", "active"]
    assert retired["moves"][-1]["replaced"] == names[0]


@pytest.mark.parametrize("name", ["", "nobody", "abc"])
def test_a_candidate_nobody_knows(ledger, names, name) -> None:
    with ledger.journal.reading() as page, pytest.raises(UnknownName):
        dossier(page, name)


def test_the_same_candidate_twice_is_one(ledger) -> None:
    assert register(ledger, 1) == register(ledger, 1)
    with ledger.journal.reading() as page:
        assert len(candidates(page)) == 1


def test_model_registry_is_a_view(ledger, names) -> None:
    found = view(ledger, "model_registry")

    assert [(one["model_id"], one["stage"]) for one in found] == list(
        zip(names, ["retired", "active", "paper", "candidate"], strict=True)
    )
    expected = {
        "symbol": "ETHUSDT", "horizon": "4h", "kind": "rule", "model": "gbm-4", "seed": 4, "study": "s",
        "code_version": "0.1.0",
    }  # fmt: skip
    assert {name: found[3][name] for name in expected} == expected


def test_model_registry_after_a_rollback_and_a_return(ledger, names) -> None:
    ledger.rollback(SLOT, reason="drift", author="ann")
    ledger.promote(names[1], to="paper", reason="look again", author="ann", enforce=False)
    stages = [one["stage"] for one in view(ledger, "model_registry")]
    with ledger.journal.reading() as page:
        expected = [one["stage"] for one in candidates(page)]

    assert stages == expected == ["active", "paper", "paper", "candidate"]


def test_candidate_models_is_a_view(ledger, names) -> None:
    found = view(ledger, "candidate_models")

    assert [one["verdict"] for one in found] == ["passed", "passed", "passed", "refused"]
    assert (found[3]["sharpe"], found[3]["trades"], found[3]["enforced"], found[0]["sharpe"]) == (0.1, 90.0, 1, None)


def test_backtest_runs_is_a_view(ledger) -> None:
    trace = make_trace()
    record_run(ledger.journal, trace, "backtest", author="ann", figures={"sharpe": 1.5, "total_return": 0.25})
    (found,) = view(ledger, "backtest_runs")

    assert found | {"recorded_at": 0} == {
        "trace": trace.digest(), "world": "backtest", "policy": "turner fast=3", "symbols": '["BTCUSDT"]',
        "timeframe": "5m", "candidate": None, "seed": 7, "start_at": 300_000_000, "end_at": 900_000_000,
        "total_return": 0.25, "sharpe": 1.5, "max_drawdown": None, "recorded_at": 0, "author": "ann",
    }  # fmt: skip


def test_a_ledger_of_an_older_version_is_brought_up_to_date(ledger, names) -> None:
    database = ledger.journal.database
    with database.writing() as connection:
        for name in ("backtest_runs", "candidate_models", "model_registry"):
            connection.exec_driver_sql(f"DROP VIEW {name}")
        connection.exec_driver_sql("UPDATE alembic_registry SET version_num = 'registry_1'")
    database.migrate(REGISTRY)

    assert len(view(ledger, "model_registry")) == 4
    assert verify(ledger.journal, ledger.artifacts).ok


def test_candidate_registry_jsonl(ledger, names, tmp_path) -> None:
    path = tmp_path / "out" / FILE
    with ledger.journal.reading() as page:
        assert export_jsonl(page, path) == 4
        first = path.read_bytes()
        export_jsonl(page, path)
    lines = [json.loads(line) for line in first.decode().splitlines()]

    assert path.read_bytes() == first
    assert [one["id"] for one in lines] == names
    assert lines[1]["stage"] == "active"
    assert [file.name for file in path.parent.iterdir()] == [FILE]
