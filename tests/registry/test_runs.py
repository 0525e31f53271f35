"""Runs in the ledger: each order leads back to its decision, model, data and code."""

import pytest
from sqlalchemy import event

from alphaloop.core.errors import UnknownName
from alphaloop.registry.lineage import code_hash
from alphaloop.registry.runs import record_run, who_decided
from alphaloop.registry.verification import verify
from tests.registry.builders import activate, make_trace, put_on_paper

FIRST, SECOND = 300_000_000, 600_000_000


def ask(ledger, order: str, **given):
    with ledger.journal.reading() as page:
        return who_decided(page, order, **given)


def test_which_model_data_code_and_schema_decided_an_order(ledger) -> None:
    model = activate(ledger, 1)
    trace = make_trace()
    entry, _ = record_run(ledger.journal, trace, "paper", author="ann", candidate=model, figures={"sharpe": 1.5})
    (found,) = ask(ledger, f"{SECOND}:BTCUSDT")
    lineage = found["model"].pop("lineage")

    assert found == {
        "order": {"id": f"{SECOND}:BTCUSDT", "symbol": "BTCUSDT", "at": SECOND, "quantity": -2.0, "type": "market",
                  "price": None},
        "decision": {
            "proposed": {"action": "SELL", "target": -1.0, "reasoning": "turn"},
            "allowed": {"action": "SELL", "target": -0.5, "reasoning": "turn"},
            "cuts": [["exposure", "target", -1.0, -0.5, "half at most"]],
            "votes": [["clock", -1.0, ""]],
        },
        "fills": [
            {"n": 1, "at": 900_000_000, "reason": "market", "quantity": -2.0, "price": 100.0, "fee": 0.1,
             "funding": 0.0},
        ],
        "run": {"trace": trace.digest(), "world": "paper", "recorded_at": entry.at - 1},
        "model": {"policy": "turner fast=3", "candidate": model, "artifact": ledger_artifact(ledger, model),
                  "stage": "active"},
        "data": {"tables": {"market_bars": 3}, "market_digest": "d19e57"},
        "code": {"version": "0.1.0", "hash": code_hash()},
        "schema_hash": "5c4e",
        "rules_hash": "ru1e5",
        "seed": 7,
        "entry": entry.seq,
    }  # fmt: skip
    assert lineage["seed"] == 1


def ledger_artifact(ledger, model: str) -> str:
    with ledger.journal.reading() as page:
        return page.last("candidate", subject=model).data["artifact"]


def test_the_stage_is_that_of_the_time_of_the_run(ledger) -> None:
    model = put_on_paper(ledger, 1)
    record_run(ledger.journal, make_trace(), "paper", author="ann", candidate=model)
    ledger.promote(model, reason="good", author="ann")

    assert ask(ledger, f"{FIRST}:BTCUSDT")[0]["model"]["stage"] == "paper"


def test_a_rule_is_its_policy_and_code(ledger) -> None:
    record_run(ledger.journal, make_trace(), "backtest", author="ann")
    (found,) = ask(ledger, f"{FIRST}:BTCUSDT")

    assert found["model"] == {
        "policy": "turner fast=3", "candidate": None, "artifact": None, "stage": None, "lineage": None,
    }  # fmt: skip


def test_equal_ids_of_two_runs_both_answer_newest_first(ledger) -> None:
    traces = [make_trace(seed=1), make_trace(seed=2)]
    for trace in traces:
        record_run(ledger.journal, trace, "backtest", author="ann")
    order = f"{FIRST}:BTCUSDT"

    assert [one["seed"] for one in ask(ledger, order)] == [2, 1]
    assert [one["seed"] for one in ask(ledger, order, many=1)] == [2]
    assert [one["seed"] for one in ask(ledger, order, trace=traces[0].digest()[:10])] == [1]


def test_a_run_is_recorded_once(ledger) -> None:
    first, new = record_run(ledger.journal, make_trace(), "backtest", author="ann")
    again, still_new = record_run(ledger.journal, make_trace(), "backtest", author="bob")
    other, _ = record_run(ledger.journal, make_trace(), "paper", author="ann")

    assert (new, still_new, again) == (True, False, first)
    assert (other.seq, other.data["rows"]) == (2, {"decisions": 3, "orders": 3, "fills": 2})


def test_a_model_that_is_registered_after_its_run(ledger) -> None:
    record_run(ledger.journal, make_trace(), "backtest", author="ann")
    model = put_on_paper(ledger, 1)
    entry, new = record_run(ledger.journal, make_trace(), "backtest", author="ann", candidate=model)
    again, still_new = record_run(ledger.journal, make_trace(), "backtest", author="ann")
    (found,) = ask(ledger, f"{FIRST}:BTCUSDT")
    with ledger.journal.reading() as page:
        listed = page.rows("SELECT candidate FROM backtest_runs")

    assert (new, still_new, again.seq, entry.data["run"]) == (True, False, entry.seq, 1)
    assert (found["model"]["candidate"], [tuple(row) for row in listed]) == (model, [(model,)])
    assert verify(ledger.journal, ledger.artifacts).ok


def test_several_symbols_have_their_own_decisions(ledger) -> None:
    record_run(ledger.journal, make_trace(symbols=("BTCUSDT", "ETHUSDT")), "backtest", author="ann")
    (found,) = ask(ledger, f"{FIRST}:ETHUSDT")

    assert (found["order"]["symbol"], len(found["decision"]["cuts"])) == ("ETHUSDT", 1)


def test_a_run_of_nothing(ledger) -> None:
    entry, _ = record_run(ledger.journal, make_trace(steps=0), "backtest", author="ann")

    assert (entry.data["start"], entry.data["rows"]) == (None, {"decisions": 0, "orders": 0, "fills": 0})


def test_an_order_nobody_gave(ledger) -> None:
    with pytest.raises(UnknownName, match="order '1:X'"):
        ask(ledger, "1:X")


def test_a_candidate_nobody_registered(ledger) -> None:
    with pytest.raises(UnknownName):
        record_run(ledger.journal, make_trace(), "paper", author="ann", candidate="nobody")
    with pytest.raises(UnknownName, match="order"):
        ask(ledger, f"{FIRST}:BTCUSDT")  # nothing of the run was kept


def test_an_answer_takes_no_longer_where_runs_are_long(ledger) -> None:
    """Every question on the way goes through an index that begins with what it asks for."""
    if ledger.journal.database.is_postgres:
        pytest.skip("PostgreSQL plans by the size of its tables: small ones are read whole")
    record_run(ledger.journal, make_trace(steps=50), "backtest", author="ann")
    asked: list[tuple[str, object]] = []
    event.listen(ledger.journal.database.engine, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    ask(ledger, f"{FIRST}:BTCUSDT")
    with ledger.journal.reading() as page:
        questions = [(sql, given) for sql, given in asked if sql.startswith("SELECT")]
        plans = [row[3] for sql, given in questions for row in explained(page, sql, given)]

    assert len(plans) >= 4
    for plan in plans:
        assert plan.startswith("SEARCH"), plan
        assert "run=?)" not in plan or "=? AND run=?" in plan, plan


def explained(page, sql: str, given):
    return page.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all()
