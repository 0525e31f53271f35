"""Verification: whether the ledger still says what was written into it.

Every entry is hashed again and held against the next, every artifact file and every run's
rows against their hashes, every move against the moves before it, and the end of the chain
against the witness. What cannot be known from here: whether somebody rewrote the whole
chain *and* the witness. For that, keep the head (number and hash) somewhere else, and hand
it in.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text

from alphaloop.core.errors import AlphaloopError, IllegalMove, LedgerTampered
from alphaloop.lake.ledger import runs
from alphaloop.registry.artifacts import Artifacts
from alphaloop.registry.chain import GENESIS, Entry
from alphaloop.registry.journal import Journal, Page, read_witness
from alphaloop.registry.ledger import EVIDENCE
from alphaloop.registry.promotion import CANDIDATE, MOVE, Standing
from alphaloop.registry.runs import RUN
from alphaloop.registry.trials import DONE

PAGE = 5_000
_GUARDED = ("entries", "runs", "decisions", "orders", "fills")

_FILES = {CANDIDATE: ("artifact",), EVIDENCE: ("returns",), DONE: ("figures", "series")}

Progress = Callable[[int], None]


class Fault(NamedTuple):
    """Something that is not as it was written: the entry it shows at (none: a guard of the database), and what."""

    entry: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk over the ledger found.

    Parameters
    ----------
    entries : int
        Rows in the chain.
    head : tuple of (seq, hash), or None
        The newest sound entry; worth keeping elsewhere.
    witnessed : int or None
        How far the witness had seen it; none without one, and then a tail that was cut off
        cannot be missed.
    faults : tuple of Fault
        The first is where it begins.
    artifacts, runs : int
        Checked.
    """

    entries: int
    head: tuple[int, str] | None
    witnessed: int | None
    faults: tuple[Fault, ...]
    artifacts: int
    runs: int

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "ok": self.ok,
            "entries": self.entries,
            "head": None if self.head is None else {"seq": self.head[0], "hash": self.head[1]},
            "witnessed": self.witnessed,
            "artifacts": self.artifacts,
            "runs": self.runs,
            "first_bad": None if self.ok else self.faults[0].entry,
            "faults": [fault._asdict() for fault in self.faults],
        }


class _Walk:
    """What is known while the chain is walked once, from its beginning."""

    def __init__(self) -> None:
        self.seq, self.hash, self.at = 0, GENESIS, 0
        self.standings: dict[str, Standing] = {}
        self.artifacts: dict[str, Entry] = {}
        self.runs: list[Entry] = []
        self.hashes: dict[int, str | None] = {}

    def step(self, entry: Entry) -> str:
        """What is wrong with the next entry; empty if nothing is."""
        if entry.seq != self.seq + 1:
            return f"entry {self.seq + 1} is missing"
        if _hash(entry) != entry.hash:
            return f"entry {entry.seq} ({entry.kind} {entry.subject}) was changed: its hash does not fit its content"
        if entry.prev != self.hash:
            return f"entry {entry.seq} does not follow the entry before it: one of them was moved or replaced"
        if entry.at < self.at:
            return f"entry {entry.seq} is older than the entry before it"
        wrong = self._meaning(entry)
        if not wrong:
            self.seq, self.hash, self.at = entry.seq, entry.hash, entry.at
        return wrong

    def _meaning(self, entry: Entry) -> str:
        for name in _named(entry):
            self.artifacts.setdefault(name, entry)
        if entry.kind == RUN:
            self.runs.append(entry)
        elif entry.kind == MOVE:
            try:
                self.standings.setdefault(entry.scope, Standing()).follow(entry)
            except IllegalMove as error:
                return f"a move that could not be: {error.found}"
        return ""


def verify(
    journal: Journal, artifacts: Artifacts, kept: tuple[int, str] | None = None, progress: Progress | None = None
) -> Verification:
    """Walk the whole ledger.

    Parameters
    ----------
    journal : Journal
    artifacts : Artifacts
    kept : tuple of (seq, hash), optional
        A head that was noted elsewhere; the hash may be its beginning.
    progress : callable, optional
        Told how many entries are done.
    """
    with journal.reading() as page:
        walk, faults = _Walk(), []
        watched = _watched(journal, kept)
        faults += watched.faults
        broken = _chain(page, walk, [one.seq for one in watched.heads], progress)
        faults = broken + faults
        faults += [fault for head in watched.heads for fault in _missed(walk, head)]
        faults += [fault for name, one in walk.artifacts.items() for fault in _artifact(artifacts, name, one)]
        faults += [fault for one in walk.runs for fault in _run(page, one)]
        faults += _guards(page, journal.database.is_postgres)
        entries = int(page.rows("SELECT count(*) FROM entries")[0][0])
    head = (walk.seq, walk.hash) if walk.seq else None
    ordered = sorted(faults, key=lambda fault: entries + 1 if fault.entry is None else fault.entry)
    return Verification(entries, head, watched.witnessed, tuple(ordered), len(walk.artifacts), len(walk.runs))


class _Head(NamedTuple):
    seq: int
    hash: str
    who: str


class _Watched(NamedTuple):
    """Heads that the chain must still reach, and what is wrong with the witness itself."""

    heads: list[_Head]
    witnessed: int | None
    faults: list[Fault]


def _watched(journal: Journal, kept: tuple[int, str] | None) -> _Watched:
    heads = [] if kept is None else [_Head(*kept, "the head that was kept")]
    try:
        seen = read_witness(journal.witness)
    except LedgerTampered as error:
        return _Watched(heads, None, [Fault(None, f"the witness: {error.found}")])
    if seen is None:
        return _Watched(heads, None, [])
    return _Watched([_Head(*seen, "the witness"), *heads], seen[0], [])


def _chain(page: Page, walk: _Walk, marks: list[int], progress: Progress | None) -> list[Fault]:
    """The first fault of the chain; behind it nothing is proven."""
    while entries := page.after(walk.seq, PAGE):
        for entry in entries:
            wrong = walk.step(entry)
            if wrong:
                missing = entry.seq != walk.seq + 1
                return [Fault(walk.seq + 1 if missing else entry.seq, wrong)]
            if entry.seq in marks:
                walk.hashes[entry.seq] = entry.hash
        if progress is not None:
            progress(walk.seq)
    return []


def _missed(walk: _Walk, head: _Head) -> Iterator[Fault]:
    found = walk.hashes.get(head.seq)
    if found is None and walk.seq < head.seq:
        yield Fault(walk.seq + 1, f"{head.who} saw {head.seq} entries, the sound chain ends at {walk.seq}")
    elif found is not None and not found.startswith(head.hash):
        yield Fault(head.seq, f"entry {head.seq} is another than {head.who} saw: the chain was written anew")


def _named(entry: Entry) -> Iterator[str]:
    """Artifacts that an entry stands on: a model's file, the returns behind evidence or a trial."""
    value: Any = entry.data if entry.kind in _FILES else None
    for key in _FILES.get(entry.kind, ()):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, str) and value:
        yield value


def _artifact(artifacts: Artifacts, name: str, entry: Entry) -> Iterator[Fault]:
    try:
        artifacts.get(name)
    except AlphaloopError as error:
        yield Fault(entry.seq, f"artifact of {entry.kind} {entry.subject}: found {error.found}")


def _run(page: Page, entry: Entry) -> Iterator[Fault]:
    data = entry.data
    if runs.seal(page.connection, int(data["run"])) != data["seal"]:
        yield Fault(entry.seq, f"rows of run {entry.subject[:12]} were changed: they do not fit its seal")


def _guards(page: Page, postgres: bool) -> Iterator[Fault]:
    """Tables whose append-only trigger is gone."""
    if postgres:
        question = (
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%_append_only' AND tgenabled = 'O'"
        )
        wanted = 1
    else:
        question, wanted = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%append-only%'", 2
    held = [str(row[0]) for row in page.connection.execute(text(question))]
    for table in _GUARDED:
        if held.count(table) < wanted:
            yield Fault(None, f"table {table} no longer refuses changes: its trigger is gone")


def _hash(entry: Entry) -> str:
    """The hash the content must have; a content that cannot be hashed has none."""
    try:
        return entry.expected_hash
    except (TypeError, AlphaloopError):
        return ""
