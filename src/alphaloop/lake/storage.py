"""Delta tables on disk: open, commit, lock, and what their failures are called here.

One folder a table; one commit a call, seen whole or not at all. Writers of one table take
turns through an advisory lock on a file, so that looking for duplicates and committing are
one step even between processes (``flock``, so POSIX, and not every network disk). Nothing
here judges a row.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import polars as pl
from deltalake import ColumnProperties, CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from alphaloop.core.errors import LakeConflict, LakeError, StorageFull, UnknownVersion
from alphaloop.lake import files
from alphaloop.lake.columns import TableSchema
from alphaloop.lake.dedupe import STORED_TIME

COMPRESSION: Literal["LZ4"] = (
    "LZ4"  # a million bars: 0.4 s to write; ZSTD takes a third longer and saves a quarter of the bytes
)
POLL_S = 0.02  # how often a waiting writer looks again
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def exists(path: Path) -> bool:
    """Whether a table was ever committed there."""
    return (path / "_delta_log").is_dir() and DeltaTable.is_deltatable(str(path))


def open_table(path: Path, version: int | None = None) -> DeltaTable:
    """The table at its newest or at one older version.

    Raises
    ------
    UnknownVersion
        If there is no such version, or nothing was ever committed.
    """
    if not exists(path):
        raise UnknownVersion(f"no committed table {path.name}", "a table with data", "import or simulate some first")
    newest = DeltaTable(str(path))
    if version is None or version == newest.version():
        return newest
    if not 0 <= version < newest.version():
        raise UnknownVersion(
            f"version {version} of {path.name}", f"0 to {newest.version()}", "see the history of the table"
        )
    try:
        return DeltaTable(str(path), version=version)
    except DeltaError as error:
        raise UnknownVersion(f"version {version} of {path.name}: {error}", "a version still kept", "") from error


def newest(path: Path) -> DeltaTable | None:
    """The table at its newest version; none if nothing was ever committed."""
    return DeltaTable(str(path)) if exists(path) else None


def append(
    path: Path, held: DeltaTable | None, frame: pl.DataFrame, schema: TableSchema, notes: Mapping[str, str]
) -> int:
    """Commit the rows as the next version of the table ``held`` open, or as its first, and return its number.

    Raises
    ------
    StorageFull
        If the disk took only part of the bytes; the table is as before.
    LakeConflict
        If a writer that ignores the lock was faster each time.
    """
    with translated(path), _swept(path):
        if schema.open_ended and files.fits(held, frame):
            return files.append(path, held, frame, schema, notes)
        write_deltalake(
            str(path) if held is None else held,
            frame,
            mode="append",
            partition_by=[schema.partition] if schema.partition else None,
            schema_mode="merge",
            writer_properties=_writer(schema),
            commit_properties=CommitProperties(custom_metadata=dict(notes)),
        )
    return 0 if held is None else held.version()


def _writer(schema: TableSchema) -> WriterProperties:
    """How files are encoded: a dictionary of features that hardly repeat costs more than half of the writing."""
    if not schema.open_ended:
        return WriterProperties(compression=COMPRESSION)
    texts = {one.name: ColumnProperties(dictionary_enabled=True) for one in schema.columns if one.dtype == pl.String}
    plain = ColumnProperties(dictionary_enabled=False, statistics_enabled="CHUNK")
    return WriterProperties(compression=COMPRESSION, default_column_properties=plain, column_properties=texts)


def merge(path: Path, held: DeltaTable, rows: pl.DataFrame, schema: TableSchema, notes: Mapping[str, str]) -> int:
    """Replace the rows that share a key (event time as in ``STORED_TIME``), add the others; one commit."""
    same = [f"t.{name} = s.{STORED_TIME if name == 'event_time' else name}" for name in schema.key]
    near = [f"t.{schema.partition} IN ({_quoted(rows[schema.partition])})"] if schema.partition else []
    values = {name: f"s.{name}" for name in schema.names}
    with translated(path), _swept(path):
        held.merge(
            rows,
            " AND ".join(near + same),
            source_alias="s",
            target_alias="t",
            merge_schema=schema.open_ended,
            writer_properties=_writer(schema),
            commit_properties=CommitProperties(custom_metadata=dict(notes)),
        ).when_matched_update(values).when_not_matched_insert(values).execute()
    return held.version()


def _quoted(values: pl.Series) -> str:
    texts = (str(value).replace("'", "''") for value in values.unique().sort())
    return ", ".join(f"'{text}'" for text in texts)


def compact(path: Path, keep_hours: float | None) -> int:
    """Merge small files; with ``keep_hours`` also delete those only older versions, or none, need."""
    with translated(path):
        table = DeltaTable(str(path))
        table.optimize.compact(writer_properties=WriterProperties(compression=COMPRESSION))
        if keep_hours is not None:
            table.vacuum(int(keep_hours), dry_run=False, enforce_retention_duration=False, full=True)
    return DeltaTable(str(path)).version()


@contextmanager
def locked(path: Path, patience_s: float) -> Iterator[None]:
    """Hold the table against every other writer, in this process or another.

    The kernel drops the lock when its holder dies, so a killed import leaves none behind.
    ``patience_s`` is counted in looks ``POLL_S`` apart.

    Raises
    ------
    LakeConflict
        If another writer still holds the table after ``patience_s`` seconds.

    Examples
    --------
    >>> import tempfile
    >>> table = Path(tempfile.mkdtemp()) / "trades"
    >>> with locked(table, 1.0), locked(table, 0.0):
    ...     pass
    Traceback (most recent call last):
    ...
    alphaloop.core.errors.LakeConflict: found another writer in trades for 0 s; expected its turn to end; \
try again when it is done
    """
    folder = path.parent / ".locks"
    with translated(path):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / f"{path.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        _wait_for(handle, path.name, patience_s)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int, name: str, patience_s: float) -> None:
    for _ in range(max(1, round(patience_s / POLL_S))):
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(POLL_S)
    raise LakeConflict(f"another writer in {name} for {patience_s:g} s", "its turn to end", "try again when it is done")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what disks and Delta raise into errors of ours."""
    try:
        yield
    except CommitFailedError as error:
        raise LakeConflict(f"{path.name} changed under the commit: {error}", "one writer at a time", "") from error
    except (OSError, DeltaError, pl.exceptions.PolarsError) as error:
        if _is_full(error):
            raise StorageFull(
                f"no room for {path.name}", "space for the new rows", "free some; nothing was committed"
            ) from error
        raise LakeError(f"{path.name} refused: {error}", "a healthy table", "run: alphaloop doctor") from error


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    text = str(error)
    return any(f"(os error {code})" in text for code in _FULL) or "No space left" in text


@contextmanager
def _swept(path: Path) -> Iterator[None]:
    """Remove the data files of a write that failed; they belong to no version."""
    before = set(path.rglob("*.parquet"))
    try:
        yield
    except BaseException:
        uris = DeltaTable(str(path)).file_uris() if exists(path) else []
        committed = {uri.rsplit("/", 1)[-1] for uri in uris}  # an interrupt may strike just after the commit
        for orphan in set(path.rglob("*.parquet")) - before:
            if orphan.name not in committed:
                orphan.unlink(missing_ok=True)
        raise
