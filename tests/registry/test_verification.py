"""Tampering of every kind is found, and the first bad entry is named."""

import json
from dataclasses import replace

import pytest

from alphaloop.core.errors import LedgerTampered
from alphaloop.registry.chain import sealed
from alphaloop.registry.runs import record_run
from alphaloop.registry.verification import Verification, verify
from tests.registry.builders import SLOT, activate, evidence, make_trace, register, tamper


@pytest.fixture
def full(ledger):
    """Eight entries: candidate, verdict, paper and active, twice; then a run and a trial."""
    activate(ledger, 1)
    activate(ledger, 2)
    record_run(ledger.journal, make_trace(), "backtest", author="ann")
    ledger.study("s", author="ann").start({"depth": 3})
    return ledger


def check(ledger, kept=None) -> Verification:
    return verify(ledger.journal, ledger.artifacts, kept)


def test_a_sound_ledger(full) -> None:
    found = check(full)
    with full.journal.reading() as page:
        head = page.head()

    assert found.as_dict() == {
        "ok": True, "entries": 10, "head": {"seq": 10, "hash": head.hash}, "witnessed": 10,
        "artifacts": 2, "runs": 1, "first_bad": None, "faults": [],
    }  # fmt: skip


def test_an_empty_ledger_is_sound(ledger) -> None:
    found = check(ledger)

    assert (found.ok, found.entries, found.head, found.witnessed) == (True, 0, None, None)


@pytest.mark.parametrize(
    "change",
    ["author = 'eve'", "body = '{}'", "at = at + 1", "figure = 0.5", "kind = 'note'", "scope = ''", "prev = hash"],
)
def test_a_changed_row(full, change) -> None:
    tamper(full, f"UPDATE entries SET {change} WHERE seq = 4")
    found = check(full)

    assert found.as_dict()["first_bad"] == 4
    assert "entry 4" in found.faults[0].what
    assert "was changed" in found.faults[0].what


def test_a_changed_row_with_its_hash_made_anew(full) -> None:
    with full.journal.reading() as page:
        held = page.at(4)
    forged = sealed(4, held.at, held.kind, (held.subject, held.scope, held.figure, "eve", held.body), held.prev)
    tamper(full, f"UPDATE entries SET author = 'eve', hash = '{forged.hash}' WHERE seq = 4")
    found = check(full)

    assert found.as_dict()["first_bad"] == 5
    assert "does not follow" in found.faults[0].what


@pytest.mark.parametrize("seq", [1, 5, 9])
def test_a_deleted_row(full, seq) -> None:
    tamper(full, f"DELETE FROM entries WHERE seq = {seq}")
    found = check(full)

    assert (found.faults[0].entry, found.faults[0].what) == (seq, f"entry {seq} is missing")


def test_a_deleted_row_and_the_rest_moved_up(full) -> None:
    tamper(
        full,
        "DELETE FROM entries WHERE seq = 5",
        *(f"UPDATE entries SET seq = {seq - 1} WHERE seq = {seq}" for seq in range(6, 11)),
    )

    assert check(full).as_dict()["first_bad"] == 5


def test_swapped_rows(full) -> None:
    moves = ((3, 99), (7, 3), (99, 7))
    tamper(full, *(f"UPDATE entries SET seq = {new} WHERE seq = {old}" for old, new in moves))

    assert check(full).as_dict()["first_bad"] == 3


def test_a_tail_that_was_cut_off_is_missed_by_the_witness(full) -> None:
    tamper(full, "DELETE FROM entries WHERE seq > 8")
    found = check(full)

    assert (found.entries, found.witnessed, found.as_dict()["first_bad"]) == (8, 10, 9)
    assert found.faults[0].what == "the witness saw 10 entries, the sound chain ends at 8"


def test_nothing_is_built_on_a_tail_that_was_cut_off(full) -> None:
    tamper(full, "DELETE FROM entries WHERE seq > 8")

    with pytest.raises(LedgerTampered, match="entry 10 of the ledger is missing"):
        register(full, 3)
    assert check(full).as_dict()["first_bad"] == 9


def test_all_rows_gone(full) -> None:
    tamper(full, "DELETE FROM entries")

    assert check(full).as_dict()["first_bad"] == 1


def test_without_witness_a_cut_cannot_be_known_and_is_said_so(full) -> None:
    tamper(full, "DELETE FROM entries WHERE seq > 8")
    full.journal.witness.unlink()
    found = check(full)

    assert (found.ok, found.witnessed, found.entries) == (True, None, 8)


def test_a_head_kept_elsewhere_replaces_the_witness(full) -> None:
    head = check(full).head
    tamper(full, "DELETE FROM entries WHERE seq > 8")
    full.journal.witness.unlink()
    found = check(full, kept=(head[0], head[1][:16]))

    assert found.as_dict()["first_bad"] == 9
    assert "the head that was kept" in found.faults[0].what


def rewrite(ledger, seq: int, author: str) -> None:
    """The chain from ``seq`` on with another author, every hash made to fit."""
    with ledger.journal.reading() as page:
        entries = page.after(0, 100)
    prev, statements = "0" * 64, []
    for one in entries:
        name = author if one.seq == seq else one.author
        made = sealed(one.seq, one.at, one.kind, (one.subject, one.scope, one.figure, name, one.body), prev)
        prev = made.hash
        values = f"author = '{name}', prev = '{made.prev}', hash = '{made.hash}'"
        statements.append(f"UPDATE entries SET {values} WHERE seq = {one.seq}")
    tamper(ledger, *statements)


def test_a_chain_written_anew_is_another_than_the_witness_saw(full) -> None:
    rewrite(full, 4, "eve")
    found = check(full)

    assert found.as_dict()["first_bad"] == 10
    assert "the chain was written anew" in found.faults[0].what
    with pytest.raises(LedgerTampered, match="is not what was written"):
        register(full, 3)


def test_what_cannot_be_known_from_here(full) -> None:
    """Chain and witness written anew: only a head that was kept elsewhere tells."""
    head = check(full).head
    rewrite(full, 4, "eve")
    with full.journal.reading() as page:
        forged = page.head()
    full.journal.witness.write_text(json.dumps({"seq": forged.seq, "hash": forged.hash}))

    assert check(full).ok
    assert not check(full, kept=head).ok


def test_a_witness_that_makes_no_sense(full) -> None:
    full.journal.witness.write_text("{")
    found = check(full)

    assert not found.ok
    assert "witness" in found.faults[0].what


def test_a_move_that_could_not_be(full) -> None:
    """Somebody appends a row with a right hash: a second one active beside the first."""
    with full.journal.reading() as page:
        head = page.head()
        move = page.last("move")
    body = {**move.data, "candidate": "intruder", "from": "candidate", "replaced": None}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    forged = sealed(11, head.at, "move", ("intruder", str(SLOT), None, "eve", text), head.hash)
    values = f"11, {head.at}, 'move', 'intruder', '{SLOT}', NULL, 'eve', '{text}', '{head.hash}', '{forged.hash}'"
    tamper(full, f"INSERT INTO entries VALUES ({values})")
    found = check(full)

    assert found.as_dict()["first_bad"] == 11
    assert "a move that could not be" in found.faults[0].what


def test_a_changed_artifact(full) -> None:
    with full.journal.reading() as page:
        second = page.find("candidate")[1]
    full.artifacts.path(second.data["artifact"]).write_bytes(b"other trees")
    found = check(full)

    assert (found.faults[0].entry, found.head[0]) == (second.seq, 10)
    assert f"artifact of candidate {second.subject}" in found.faults[0].what


def test_changed_returns_behind_evidence_and_trials(full) -> None:
    series = full.artifacts.put(b"returns")
    name = register(full, 3)
    full.add_evidence(replace(evidence(name), returns=series), author="ann")
    study = full.study("s", author="ann")
    study.finish(study.start({}), 0.1, {"series": full.artifacts.put(b"other returns")})
    assert check(full).as_dict()["artifacts"] == 5
    full.artifacts.path(series).write_bytes(b"better returns")
    full.artifacts.path(full.artifacts.put(b"other returns")).unlink()
    found = check(full)

    assert [(fault.entry, fault.what.split(":")[0]) for fault in found.faults] == [
        (12, f"artifact of evidence {name}"),
        (14, "artifact of trial-done t13"),
    ]


def test_the_first_bad_entry_is_the_first(full) -> None:
    """A file of the first entry and the ninth entry itself."""
    with full.journal.reading() as page:
        first = page.at(1)
    full.artifacts.path(first.data["artifact"]).unlink()
    tamper(full, "UPDATE entries SET author = 'eve' WHERE seq = 9")

    assert [fault.entry for fault in check(full).faults] == [1, 9, 9]


def test_a_lost_artifact(full) -> None:
    with full.journal.reading() as page:
        first = page.find("candidate")[0]
    full.artifacts.path(first.data["artifact"]).unlink()

    assert check(full).as_dict()["first_bad"] == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE fills SET price = 99 WHERE n = 1",
        "UPDATE orders SET quantity = 3 WHERE at = 600000000",
        "UPDATE decisions SET allowed = NULL WHERE at = 600000000",
        "DELETE FROM decisions WHERE at = 900000000",
        "UPDATE runs SET candidate = 'eve'",
        "DELETE FROM runs",
    ],
)
def test_changed_rows_of_a_run(full, change) -> None:
    tamper(full, change)
    found = check(full)

    assert found.as_dict()["first_bad"] == 9
    assert "do not fit its seal" in found.faults[0].what


@pytest.mark.parametrize("table", ["entries", "runs", "decisions", "orders", "fills"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET at = 0", "DELETE FROM {}"])
def test_the_database_itself_refuses(full, table, verb) -> None:
    with (
        pytest.raises(LedgerTampered, match=f"{table} is append-only"),
        full.journal.database.writing() as connection,
    ):
        connection.exec_driver_sql(verb.format(table))

    assert check(full).ok


def test_a_guard_that_is_gone(full) -> None:
    postgres = full.journal.database.is_postgres
    drop = "DROP TRIGGER entries_append_only ON entries" if postgres else "DROP TRIGGER entries_no_update"
    with full.journal.database.writing() as connection:
        connection.exec_driver_sql(drop)
    found = check(full)

    assert (found.faults[0].entry, found.faults[0].what) == (
        None,
        "table entries no longer refuses changes: its trigger is gone",
    )


def test_pages_of_the_walk_join(full, monkeypatch) -> None:
    monkeypatch.setattr("alphaloop.registry.verification.PAGE", 3)
    seen: list[int] = []
    found = verify(full.journal, full.artifacts, progress=seen.append)

    assert (found.ok, seen) == (True, [3, 6, 9, 10])
