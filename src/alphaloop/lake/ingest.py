"""Ingest: files into the lake, one after the other, with an account of every row.

A file is read and understood to its end before its first row is written, so a file that
turns out broken leaves nothing behind. Up to a million rows go in by one commit a table;
longer files are staged on disk and committed chunk by chunk, each chunk whole. If that is
interrupted, importing the file again writes what is missing and nothing twice. One file
that fails does not stop the others. Nothing here reads a clock or knows a column.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from alphaloop.core.errors import AlphaloopError, NoData, UnreadableFile
from alphaloop.lake import storage
from alphaloop.lake.schema import QUARANTINE
from alphaloop.lake.sources.files import REASON, Piece, read_file
from alphaloop.lake.sources.formats import CHUNK_ROWS, READABLE
from alphaloop.lake.sources.names import Hints
from alphaloop.lake.table import Lake, WriteReport

Progress = Callable[[str, int], None]
"""Called with a file's name and the rows of it read or written so far."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the rows that one file held for one table.

    ``read = written + duplicate + quarantined``, counted in rows of the table: a file with
    one column a figure makes several rows of one, one with a row a price level makes one
    row of several.

    Parameters
    ----------
    file : str
        The path as given.
    table : str
        Empty where the file failed before its layout was known, or was skipped.
    status : {"imported", "unchanged", "failed", "skipped"}
        ``unchanged``: nothing in it was new. ``skipped``: a file in a folder that is no data.
    file_rows : int
        Rows of the file itself.
    read, written, duplicate, quarantined : int
    version : int or None
        Of the table afterwards.
    notes : tuple of str
        Layout found, mixed units.
    error : dict or None
        ``error``, ``found``, ``expected``, ``fix`` of what went wrong.
    """

    file: str
    table: str = ""
    status: Literal["imported", "unchanged", "failed", "skipped"] = "unchanged"
    file_rows: int = 0
    read: int = 0
    written: int = 0
    duplicate: int = 0
    quarantined: int = 0
    version: int | None = None
    notes: tuple[str, ...] = ()
    error: dict[str, str] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, for ``--json`` output."""
        return asdict(self) | {"notes": list(self.notes)}


def import_files(
    lake: Lake,
    paths: Iterable[Path | str],
    hints: Hints | None = None,
    *,
    ingested_at: int,
    progress: Progress | None = None,
) -> list[ImportReport]:
    """Import files and folders; one report per file and table, in the order of the paths.

    Parameters
    ----------
    lake : Lake
    paths : iterable of Path
        Files, or folders to search through.
    hints : Hints, optional
        What the caller knows better than the files; applies to all of them.
    ingested_at : int, microseconds UTC
    progress : function of a file name and a row count, optional

    Returns
    -------
    list of ImportReport
        A file that failed has one report with ``status="failed"`` and its error.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> lines = ["ts,open,high,low,close,volume", "2025-01-01T00:00,1,2,1,2,9", "2025-01-01T00:05,2,3,2,3,8"]
    >>> _ = (folder / "BTCUSDT_5m.csv").write_text(chr(10).join(lines))
    >>> report = import_files(Lake(folder / "lake"), [folder / "BTCUSDT_5m.csv"], ingested_at=0)[0]
    >>> report.table, report.read, report.written, report.status
    ('market_bars', 2, 2, 'imported')
    """
    each = import_each(lake, paths, hints, ingested_at=ingested_at, progress=progress)
    return [report for reports in each for report in reports]


def import_each(
    lake: Lake,
    paths: Iterable[Path | str],
    hints: Hints | None = None,
    *,
    ingested_at: int,
    progress: Progress | None = None,
) -> Iterator[list[ImportReport]]:
    """As :func:`import_files`, giving the reports of each file as soon as it is done."""
    named = [Path(path) for path in paths]
    home = Path(lake.root).resolve()
    for path in find_files(named):
        if home in path.resolve().parents:
            continue
        if path.suffix.lower() not in READABLE and path not in named:
            yield [ImportReport(str(path), status="skipped")]
            continue
        try:
            yield _import_file(lake, path, hints or Hints(), ingested_at, progress or _silent)
        except AlphaloopError as error:
            yield [ImportReport(str(path), status="failed", error=error.as_dict())]


def find_files(paths: Iterable[Path | str]) -> list[Path]:
    """Every file named or below a folder named, each once; hidden ones below a folder are left out.

    A path that does not exist is kept, so that its import fails and says so.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        inside = sorted(one for one in path.rglob("*") if one.is_file() and not _is_hidden(one, path))
        for one in inside if path.is_dir() else [path]:
            found.setdefault(one.resolve(), one)
    return list(found.values())


@dataclass(slots=True)
class _Tally:
    """Counts of one file, summed over its chunks."""

    file_rows: int = 0
    notes: dict[str, None] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, table: str, version: int, **counts: int) -> None:
        row = self.counts.setdefault(table, {"read": 0, "written": 0, "duplicate": 0, "quarantined": 0})
        for name, count in counts.items():
            row[name] += count
        row["version"] = version

    def reports(self, path: Path) -> list[ImportReport]:
        return [
            ImportReport(
                str(path),
                table,
                "imported" if row["written"] else "unchanged",
                self.file_rows,
                notes=tuple(self.notes),
                **row,  # type: ignore[arg-type]
            )
            for table, row in self.counts.items()
        ]


def _import_file(lake: Lake, path: Path, hints: Hints, ingested_at: int, progress: Progress) -> list[ImportReport]:
    tally = _Tally()
    with _scratch(lake) as scratch:
        for piece in _understood(path, scratch, hints, progress):
            _commit(lake, piece, path, ingested_at, tally)
            progress(str(path), tally.file_rows)
    if not tally.counts:
        raise NoData(f"{path}: nothing any table can hold", "rows with values", "look at the file")
    return tally.reports(path)


def _understood(path: Path, scratch: Path, hints: Hints, progress: Progress) -> Iterator[Piece]:
    """All pieces of a file, none before the last one was read: one from memory, more from disk."""
    unpacked, staged = scratch / "unpacked", scratch / "staged"
    unpacked.mkdir()
    pieces = read_file(path, unpacked, hints, chunk_rows=CHUNK_ROWS)
    first, second = next(pieces, None), next(pieces, None)
    if first is None:
        raise UnreadableFile(f"{path} without a table inside", "at least one", "look at the file")
    if second is None:
        yield first
        return
    staged.mkdir()
    stored, rows = [], 0
    for number, piece in enumerate(_chained(first, second, pieces)):
        rows += piece.rows
        stored.append(_stage(piece, staged, number))
        progress(str(path), rows)
    del first, second
    for load in stored:
        yield load()


def _chained(first: Piece, second: Piece, rest: Iterator[Piece]) -> Iterator[Piece]:
    yield first
    yield second
    yield from rest


def _stage(piece: Piece, folder: Path, number: int) -> Callable[[], Piece]:
    """Write the piece to disk and return what reads it back."""
    names = list(piece.tables)
    with storage.translated(folder):
        for name in names:
            piece.tables[name].write_ipc(folder / f"{number}-{name}.arrow", compression="lz4")
        piece.refused.write_ipc(folder / f"{number}.refused.arrow", compression="lz4")
    table, rows, notes = piece.table, piece.rows, piece.notes

    def load() -> Piece:
        tables = {name: pl.read_ipc(folder / f"{number}-{name}.arrow") for name in names}
        refused = pl.read_ipc(folder / f"{number}.refused.arrow")
        return Piece(table, rows, tables, refused, notes)

    return load


def _commit(lake: Lake, piece: Piece, path: Path, ingested_at: int, tally: _Tally) -> None:
    tally.file_rows += piece.rows
    tally.notes |= dict.fromkeys(piece.notes)
    if piece.refused.height:
        lake.append(QUARANTINE.name, _refused_rows(piece, path), ingested_at=ingested_at)
        count = piece.refused.height
        tally.add(piece.table, lake.version(piece.table), read=count, quarantined=count)
    for table, frame in piece.tables.items():
        fresh = _unmet(lake, frame) if table == "entities" else frame
        report: WriteReport = lake.append(table, fresh, ingested_at=ingested_at)
        tally.add(
            table,
            report.version,
            read=frame.height,
            written=report.written,
            duplicate=report.duplicate + frame.height - fresh.height,
            quarantined=report.quarantined,
        )


def _unmet(lake: Lake, entities: pl.DataFrame) -> pl.DataFrame:
    """Entities not in the lake yet: one met again in another file is known, whenever that speaks of it."""
    known = lake.read("entities", columns=["entity_id"]).to_series()
    return entities.filter(~pl.col("entity_id").is_in(known.implode()))


def _refused_rows(piece: Piece, path: Path) -> pl.DataFrame:
    """Rows of the quarantine: what stood in the file, as JSON, and why it could not be read."""
    return piece.refused.select(
        table_name=pl.lit(piece.table),
        reason=pl.col(REASON),
        row=pl.struct(pl.all().exclude(REASON)).struct.json_encode(),
        source=pl.lit(path.name),
    )


@contextmanager
def _scratch(lake: Lake) -> Iterator[Path]:
    """A folder beside the tables for unpacked and staged files, gone afterwards."""
    parent = Path(lake.root) / ".scratch"
    with storage.translated(parent):
        parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=parent)
    with folder as name:
        yield Path(name)


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _silent(_file: str, _rows: int) -> None:
    """The progress of nobody watching."""
