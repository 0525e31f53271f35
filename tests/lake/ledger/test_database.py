"""One writer at a time, whole transactions, and complaints in our words."""

import multiprocessing
import os
import sqlite3
import threading

import pytest
from sqlalchemy import text

from alphaloop.core.errors import InvalidOption, LedgerBusy, LedgerError, MissingExtra, UnreadableFile
from alphaloop.lake.ledger.database import FILE, Database
from alphaloop.lake.ledger.migrations import RUNS


@pytest.fixture
def database(tmp_path) -> Database:
    made = Database(tmp_path / "ledger", wait=0.2)
    with made.writing() as connection:
        connection.execute(text("CREATE TABLE t (a INTEGER)"))
    return made


def values(database: Database) -> list[int]:
    with database.reading() as connection:
        return [row[0] for row in connection.execute(text("SELECT a FROM t ORDER BY a"))]


def add(database: Database, value: int) -> None:
    with database.writing() as connection:
        connection.execute(text("INSERT INTO t VALUES (:a)"), {"a": value})


def test_a_transaction_is_kept_whole(database) -> None:
    add(database, 1)

    assert values(database) == [1]


def fail_after(database: Database, statement: str) -> None:
    with database.writing() as connection:
        connection.execute(text(statement))
        raise ZeroDivisionError


def test_or_not_at_all(database) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_after(database, "INSERT INTO t VALUES (1)")

    assert values(database) == []


def test_tables_are_made_whole_or_not_at_all(database) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_after(database, "CREATE TABLE half (a INTEGER)")
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE half (a INTEGER)"))


def test_a_second_writer_is_told_who_it_waits_for(database) -> None:
    other = Database(database.url.database.removesuffix(f"/{FILE}"), wait=0.1)

    with database.writing(), pytest.raises(LedgerBusy, match="another writer"), other.writing():
        pass
    add(other, 1)
    assert values(database) == [1]


def test_readers_do_not_wait_and_see_one_state(database) -> None:
    add(database, 1)
    with database.reading() as connection:
        first = connection.execute(text("SELECT count(*) FROM t")).scalar()
        thread = threading.Thread(target=add, args=(database, 2))
        thread.start()
        thread.join()
        second = connection.execute(text("SELECT count(*) FROM t")).scalar()

    assert (first, second, values(database)) == (1, 1, [1, 2])


def _child(database: Database, value: int) -> None:
    add(database, value)
    os._exit(0)  # no clean-up: what the parent holds is the parent's


def test_a_forked_process_opens_its_own_connections(database) -> None:
    add(database, 1)
    child = multiprocessing.get_context("fork").Process(target=_child, args=(database, 2))
    child.start()
    child.join()
    add(database, 3)

    assert (child.exitcode, values(database)) == (0, [1, 2, 3])


def test_a_file_that_is_no_database(tmp_path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)

    with pytest.raises(UnreadableFile, match="not a database"), Database(tmp_path).reading():
        pass


def test_a_folder_that_cannot_be_written(tmp_path) -> None:
    (tmp_path / FILE).mkdir()

    with pytest.raises(LedgerError, match="unable to open"), Database(tmp_path).reading():
        pass


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite:///x.db", "not a url://"])
def test_another_kind_of_database(url) -> None:
    with pytest.raises(InvalidOption):
        Database(url)


def test_postgres_without_its_driver_names_the_extra(monkeypatch) -> None:
    monkeypatch.setattr("alphaloop.lake.ledger.database.find_spec", lambda _: None)

    with pytest.raises(MissingExtra, match=r"alphaloop\[postgres\]"):
        Database("postgresql://localhost/x")


def test_a_password_is_not_shown(monkeypatch) -> None:
    monkeypatch.setattr("alphaloop.lake.ledger.database.find_spec", lambda _: object())

    assert Database("postgresql://ann:secret@localhost/x").name == "postgresql+psycopg://ann:***@localhost/x"


def test_migrations_are_run_once_and_by_one_process(tmp_path) -> None:
    with multiprocessing.get_context("fork").Pool(3) as pool:
        pool.map(_migrate, [str(tmp_path)] * 3)
    with sqlite3.connect(tmp_path / FILE) as raw:
        versions = raw.execute("SELECT version_num FROM alembic_runs").fetchall()

    assert versions == [(RUNS.head,)]


def _migrate(folder: str) -> None:
    Database(folder).migrate(RUNS)


def test_tables_of_a_newer_version_are_left_alone(tmp_path) -> None:
    database = Database(tmp_path)
    database.migrate(RUNS)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_runs SET version_num = 'runs_99'"))

    with pytest.raises(LedgerError, match="runs_99"):
        database.migrate(RUNS)
