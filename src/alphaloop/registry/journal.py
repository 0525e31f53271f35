"""The journal: the table of entries, read by index and written at its end only.

One transaction reads what it must know, decides, and adds its entries; no other writer can
come between. Beside the database stands a witness, a small file that says how far the
journal had come: a tail that was cut off is missed by it.
"""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from alphaloop.core.errors import InvalidOption, LedgerTampered
from alphaloop.lake.ledger.database import Database
from alphaloop.lake.ledger.migrations import RUNS
from alphaloop.registry.chain import GENESIS, Entry, sealed
from alphaloop.registry.migrations import REGISTRY
from alphaloop.registry.records import canonical

Clock = Callable[[], int]
"""Microseconds UTC; handed in by whoever may read one."""

COLUMNS = ", ".join(Entry._fields)
_INSERT = text(f"INSERT INTO entries ({COLUMNS}) VALUES ({', '.join(':' + one for one in Entry._fields)})")  # noqa: S608


class Page:
    """The entries as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def find(
        self, kind: str, *, subject: str | None = None, scope: str | None = None, newest: int | None = None
    ) -> list[Entry]:
        """Entries of a kind, oldest first; ``newest`` keeps that many from the end."""
        wanted = {"kind": kind, "subject": subject, "scope": scope}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name} = :{name}" for name in given)
        end = "" if newest is None else f" DESC LIMIT {int(newest)}"
        rows = self.connection.execute(text(f"SELECT {COLUMNS} FROM entries WHERE {where} ORDER BY seq{end}"), given)  # noqa: S608
        found = [Entry(*row) for row in rows]
        return found if newest is None else found[::-1]

    def last(self, kind: str, *, subject: str | None = None, scope: str | None = None) -> Entry | None:
        """The newest entry of a kind."""
        found = self.find(kind, subject=subject, scope=scope, newest=1)
        return found[0] if found else None

    def head(self) -> Entry | None:
        """The newest entry of all."""
        row = self.connection.execute(text(f"SELECT {COLUMNS} FROM entries ORDER BY seq DESC LIMIT 1")).first()  # noqa: S608
        return None if row is None else Entry(*row)

    def at(self, seq: int) -> Entry | None:
        """The entry with a number."""
        row = self.connection.execute(text(f"SELECT {COLUMNS} FROM entries WHERE seq = :seq"), {"seq": seq}).first()  # noqa: S608
        return None if row is None else Entry(*row)

    def after(self, seq: int, many: int) -> list[Entry]:
        """Up to ``many`` entries behind a number, oldest first."""
        question = text(f"SELECT {COLUMNS} FROM entries WHERE seq > :seq ORDER BY seq LIMIT {int(many)}")  # noqa: S608
        return [Entry(*row) for row in self.connection.execute(question, {"seq": seq})]

    def rows(self, question: str, **given: object) -> list[Any]:
        """Rows of any other question, SQL."""
        return list(self.connection.execute(text(question), given))


class Pen(Page):
    """A page that may be written on, at its end."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        super().__init__(connection)
        self._clock = clock
        self.newest = self.head()

    @property
    def now(self) -> int:
        """When an entry that is added now is dated: never before the one before it."""
        return self._clock() if self.newest is None else max(self._clock(), self.newest.at)

    def add(
        self,
        kind: str,
        body: dict[str, Any],
        *,
        author: str,
        subject: str = "",
        scope: str = "",
        figure: float | None = None,
    ) -> Entry:
        """One more entry.

        Raises
        ------
        InvalidOption
            If nobody is named as its author, or a text cannot be stored.
        """
        if not author.strip():
            raise InvalidOption("an entry without an author", "a name", "say who you are")
        before, at = self.newest, self.now
        seq, prev = (1, GENESIS) if before is None else (before.seq + 1, before.hash)
        about = (subject, scope, figure, author, _storable(canonical(body)))
        entry = sealed(seq, at, kind, about, prev)
        self.connection.execute(_INSERT, entry._asdict())
        self.newest = entry
        return entry


class Journal:
    """The entries of one database, and the witness of how far they go.

    Parameters
    ----------
    database : Database
    witness : Path
        A small JSON file.
    clock : callable
        Says when an entry is written, microseconds UTC. Where it goes back, the time of the
        entry before is taken: the order of entries is the order of their times.
    """

    def __init__(self, database: Database, witness: Path, clock: Clock) -> None:
        self.database = database
        self.witness = witness
        self._clock = clock
        for migrations in (RUNS, REGISTRY):
            database.migrate(migrations)

    @contextmanager
    def reading(self) -> Iterator[Page]:
        """The entries, to be read."""
        with self.database.reading() as connection:
            yield Page(connection)

    @contextmanager
    def writing(self) -> Iterator[Pen]:
        """The turn to write; all entries of the block are kept, or none.

        Raises
        ------
        LedgerBusy
            If another writer kept its turn for too long.
        LedgerTampered
            If the entry the witness saw last is gone or another: nothing is built on that.
        """
        with self.database.writing("entries") as connection:
            pen = Pen(connection, self._clock)
            self._check_witness(pen)
            yield pen
        if pen.newest is not None:
            write_witness(self.witness, pen.newest)

    def _check_witness(self, pen: Pen) -> None:
        seen = read_witness(self.witness)
        if seen is None:
            return
        seq, digest = seen
        found = pen.newest if pen.newest is not None and pen.newest.seq == seq else pen.at(seq)
        if found is None or found.hash != digest:
            what = "is missing" if found is None else "is not what was written"
            raise LedgerTampered(
                f"entry {seq} of the ledger {what}", f"hash {digest[:12]}", "see: alphaloop registry verify"
            )


def read_witness(path: Path) -> tuple[int, str] | None:
    """Number and hash of the newest entry that was seen; none if nobody wrote it down.

    Raises
    ------
    LedgerTampered
        If the file is there and says nothing of the kind.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return int(held["seq"]), str(held["hash"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerTampered(f"an unreadable {path.name}", "number and hash of an entry", "restore it") from error


def write_witness(path: Path, entry: Entry) -> None:
    """Note the newest entry, in one step; whoever noted a later one meanwhile is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("a") as turn:  # threads and processes, one after the other
        fcntl.flock(turn, fcntl.LOCK_EX)
        seen = read_witness(path)
        if seen is not None and seen[0] >= entry.seq:
            return
        draft = path.with_name(f".{path.name}.part")
        draft.write_text(json.dumps({"seq": entry.seq, "hash": entry.hash}) + "\n", encoding="utf-8")
        draft.replace(path)


def _storable(text_: str) -> str:
    try:
        text_.encode()
    except UnicodeEncodeError as error:
        raise InvalidOption("text with half a character", "valid Unicode", "correct the text") from error
    return text_
