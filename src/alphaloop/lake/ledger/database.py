"""A SQL database opened the way the ledger needs it: SQLite with a write-ahead log, or PostgreSQL.

Many read at once; one writes at a time, and whoever waits too long is told so. A
transaction is kept whole or not at all, also when the process is killed. Tables are made
and changed by Alembic migrations that ship with the package. Nothing here knows what the
tables mean.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc, inspect, make_url, text
from sqlalchemy.engine import URL

from alphaloop.core.errors import (
    AlphaloopError,
    InvalidOption,
    LedgerBusy,
    LedgerError,
    LedgerTampered,
    MissingExtra,
    SourceUnavailable,
    StorageFull,
    UnreadableFile,
)

FILE = "ledger.sqlite3"
WAIT_S = 30.0
"""Seconds a writer waits for its turn."""

_POSTGRES = "postgresql"
_MIGRATING = 4_711_017  # any number nobody else uses: the PostgreSQL lock that migrations take turns on


@dataclass(frozen=True, slots=True)
class Migrations:
    """One history of tables: the folder of its scripts, the newest of them, and where its number is kept."""

    folder: Path
    head: str
    version_table: str


class Database:
    """Connections to one database, and the rules of reading and writing it.

    Parameters
    ----------
    place : Path or str
        A folder, in which the SQLite file is; or a URL, ``postgresql://user@host/name``.
    wait : float, seconds
        How long a writer waits for another.

    Raises
    ------
    MissingExtra
        If the URL asks for PostgreSQL and psycopg is not installed.
    InvalidOption
        If the URL is of another database.

    Examples
    --------
    >>> import tempfile
    >>> database = Database(Path(tempfile.mkdtemp()))
    >>> with database.reading() as connection:
    ...     connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    'wal'
    """

    def __init__(self, place: Path | str, wait: float = WAIT_S) -> None:
        self.url = _url(place)
        self.wait = wait

    @property
    def is_postgres(self) -> bool:
        """Whether it is PostgreSQL; SQLite otherwise."""
        return self.url.get_backend_name() == _POSTGRES

    @property
    def name(self) -> str:
        """For people; without the password."""
        return self.url.render_as_string(hide_password=True)

    @cached_property
    def engine(self) -> Engine:
        """SQLAlchemy's engine; a process that was forked opens connections of its own."""
        if self.is_postgres:
            engine = create_engine(self.url)
            event.listen(engine, "connect", self._remember_process)
        else:
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(self.url, connect_args={"timeout": self.wait, "check_same_thread": False})
            event.listen(engine, "connect", self._prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkout", _own_process)
        return engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database from its first question on."""
        with self._translated(), self.engine.connect() as connection:
            if self.is_postgres:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def writing(self, *tables: str) -> Iterator[Connection]:
        """A connection that holds the turn to write; commits at the end, or undoes everything.

        Parameters
        ----------
        *tables : str
            Which PostgreSQL locks against other writers; SQLite locks the file.

        Raises
        ------
        LedgerBusy
            If another writer kept its turn for longer than ``wait``.
        StorageFull
            If the disk is full; nothing was kept.
        """
        with self._translated(), self.engine.connect() as connection:
            connection = connection.execution_options(writing=True)
            with connection.begin():
                if self.is_postgres:
                    connection.execute(text(f"SET LOCAL lock_timeout = '{round(self.wait * 1000)}ms'"))
                    for table in tables:
                        connection.execute(text(f'LOCK TABLE "{table}" IN EXCLUSIVE MODE'))
                yield connection

    def migrate(self, migrations: Migrations) -> None:
        """Bring the tables to the newest version; nothing is touched where they have it.

        Raises
        ------
        LedgerError
            If the tables were made by a newer version of this program.
        """
        with self.reading() as connection:
            if _version(connection, migrations) == migrations.head:
                return
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(migrations.folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        with self.writing() as connection:
            if self.is_postgres:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
            if _version(connection, migrations) == migrations.head:
                return  # another process was faster
            config.attributes.update(connection=connection, version_table=migrations.version_table)
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise LedgerError(
                    f"{self.name}: {error}", "tables of this version or older", "update alphaloop"
                ) from error

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _prepare_sqlite(self, raw: sqlite3.Connection, record: Any) -> None:
        """A log beside the file, so that readers never wait; each commit is on the disk before it is acknowledged."""
        raw.isolation_level = None  # transactions begin where we say, not where the driver guesses
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("PRAGMA foreign_keys = ON")
        self._remember_process(raw, record)

    def _remember_process(self, _raw: Any, record: Any) -> None:
        record.info["process"] = os.getpid()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """The database's complaints in our words."""
        try:
            yield
        except exc.DBAPIError as error:
            raise self._named(error) from error

    def _named(self, error: exc.DBAPIError) -> AlphaloopError:
        words = str(error.orig).strip()
        code = getattr(error.orig, "sqlite_errorname", "") or getattr(error.orig, "sqlstate", "") or ""
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or code == "55P03":
            return LedgerBusy(
                f"{self.name}: another writer", f"its turn to end within {self.wait:g} s", "try again when it is done"
            )
        if code.startswith("SQLITE_FULL") or code == "53100":
            return StorageFull(f"no space left for {self.name}", "room for a few rows", "free some; nothing was kept")
        if code in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
            return UnreadableFile(f"{self.name}: {words}", "a SQLite database", "restore it from a backup")
        if "append-only" in words:
            return LedgerTampered(f"{self.name}: {words}", "rows that are added, never changed", "add a new one")
        if self.is_postgres and (error.connection_invalidated or not code):
            return SourceUnavailable(f"{self.name}: {words}", "a database that answers", "check the URL and the server")
        return LedgerError(f"{self.name}: {words}", "a database that does as asked", "see the message")


def append_only(dialect: str, table: str) -> tuple[str, ...]:
    """SQL that makes the database refuse to change or delete rows of a table."""
    if dialect != _POSTGRES:
        return tuple(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        )
    return (
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()",
    )


def run_environment() -> None:
    """What Alembic's ``env.py`` does: run the scripts on the connection that :meth:`Database.migrate` holds."""
    from alembic import context

    given = context.config.attributes
    context.configure(connection=given["connection"], version_table=given["version_table"])
    with context.begin_transaction():
        context.run_migrations()


def _url(place: Path | str) -> URL:
    text_ = str(place)
    if "://" not in text_:
        return URL.create("sqlite", database=str(Path(place) / FILE))
    try:
        url = make_url(text_)
    except exc.ArgumentError as error:
        raise InvalidOption("a ledger URL that does not parse", "postgresql://user@host/name", "correct it") from error
    if url.get_backend_name() != _POSTGRES:
        raise InvalidOption(f"a ledger on {url.get_backend_name()}", "postgresql://user@host/name", "or leave it out")
    if find_spec("psycopg") is None:
        raise MissingExtra("psycopg", "postgres")
    return url.set(drivername="postgresql+psycopg")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _own_process(_raw: Any, record: Any, proxy: Any) -> None:
    """A connection opened before a fork belongs to the parent."""
    if record.info["process"] != os.getpid():
        record.dbapi_connection = proxy.dbapi_connection = None
        raise exc.DisconnectionError("opened by another process")


def _version(connection: Connection, migrations: Migrations) -> str | None:
    if not inspect(connection).has_table(migrations.version_table):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {migrations.version_table}")).scalar()  # noqa: S608
    return None if found is None else str(found)
