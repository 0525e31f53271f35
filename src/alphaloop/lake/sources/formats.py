"""Formats: bytes on a disk as chunks of raw rows, whatever they are wrapped in.

CSV, Parquet, Feather (Arrow IPC), JSON and JSON Lines, each also inside gzip or zip; an
archive may hold several files. Packed files are unpacked to a scratch folder first, so the
whole archive is checked before a row is read and memory stays bounded by one chunk. Every
cell of a CSV stays text here: what a value means is decided by the column it stands in.
"""

import errno
import gzip
import itertools
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

import polars as pl

from alphaloop.core.errors import NoData, StorageFull, UnreadableFile
from alphaloop.lake.sources.binance_archive import is_headerless, positional_names

CHUNK_ROWS = 1_000_000
SEPARATORS = ",;\t|"
PREAMBLE_LINES = 20  # some providers put their address above the header
_SUFFIXES = ".csv .txt .tsv .parquet .pq .feather .arrow .ipc .jsonl .ndjson .json .gz .zip"
READABLE = frozenset(_SUFFIXES.split())
_TABULAR = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}
_BINARY = {".parquet": "parquet", ".pq": "parquet", ".feather": "ipc", ".arrow": "ipc", ".ipc": "ipc"}
_MAGIC = {b"PAR1": "parquet", b"ARROW1": "ipc", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\x1f\x8b": "gzip"}
_BROKEN = (pl.exceptions.PolarsError, zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, ValueError)


@dataclass(frozen=True, slots=True)
class Part:
    """One plain file: where its bytes are, and the name it goes by.

    Parameters
    ----------
    path : Path
        Where to read; in the scratch folder if it came out of an archive.
    name : PurePath
        What to call it and to take hints from.
    """

    path: Path
    name: PurePath


@contextmanager
def readable(name: str | PurePath) -> Iterator[None]:
    """Turn what the libraries raise on bad bytes into our errors, naming the file.

    Raises
    ------
    UnreadableFile, StorageFull
    """
    try:
        yield
    except FileNotFoundError as error:
        raise UnreadableFile(f"no file {name}", "a file that stays while it is read", "check the path") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(f"a full disk while reading {name}", "room to unpack it", "free some space") from error
        raise UnreadableFile(f"{name}: {error}", "a complete, readable file", "check or fetch it again") from error
    except _BROKEN as error:
        detail = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise UnreadableFile(f"{name}: {detail}", "a complete, readable file", "check or fetch it again") from error


def unpack(path: Path, scratch: Path, name: PurePath | None = None) -> Iterator[Part]:
    """The plain files in ``path``: itself, or what its gzip or zip holds.

    Raises
    ------
    UnreadableFile
        If it vanished, is empty, truncated, locked, or not what its name says.
    """
    name = name or path
    with readable(name):
        if path.stat().st_size == 0:
            raise UnreadableFile(f"{name}: 0 bytes", "a file with content", "fetch it again")
        wrapping = _wrapping(path, name)
    if wrapping == "zip":
        yield from _unzip(path, scratch, name)
    elif wrapping == "gzip":
        target = scratch / f"{name.stem}"
        with readable(name), gzip.open(path) as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
        yield from unpack(target, scratch, name.with_suffix(""))
    else:
        yield Part(path, name)


def chunks(part: Part, rows: int = CHUNK_ROWS) -> Iterator[pl.DataFrame]:
    """Raw rows in file order, at most about ``rows`` at a time; blank rows are left out.

    Raises
    ------
    UnreadableFile
        If the bytes are not the format the name says, or stop half way.
    NoData
        If there are columns and no rows.
    """
    seen = 0
    with readable(part.name):
        for frame in _READERS[_format(part)](part, rows):
            filled = frame.filter(~pl.all_horizontal(pl.all().is_null())) if frame.width else frame
            seen += filled.height
            if filled.height:
                yield filled.rename({name: "blank_name" for name in frame.columns if not name.strip()})
    if not seen:
        raise NoData(f"{part.name} without rows", "at least one row below the header", "fetch it again")


def _wrapping(path: Path, name: PurePath) -> str:
    with path.open("rb") as file:
        head = file.read(8)
    magic = next((kind for mark, kind in _MAGIC.items() if head.startswith(mark)), "")
    promised = {".zip": "zip", ".gz": "gzip"}.get(name.suffix.lower(), "")
    if promised and magic != promised:
        raise UnreadableFile(f"{name} without the mark of a {promised} file", f"{promised} bytes", "fetch it again")
    return magic


def _unzip(path: Path, scratch: Path, name: PurePath) -> Iterator[Part]:
    with readable(name), zipfile.ZipFile(path) as archive:
        members = [one for one in archive.infolist() if not one.is_dir() and PurePath(one.filename).name[0] not in "._"]
        members = [one for one in members if PurePath(one.filename).suffix.lower() in READABLE]
        if not members:
            raise UnreadableFile(f"{name} without a table inside", "a CSV, Parquet or JSON member", "unpack and look")
        targets = []
        for number, member in enumerate(members):
            target = scratch / f"{number}-{PurePath(member.filename).name}"
            with archive.open(member) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain, 1 << 20)
            targets.append((target, name.parent / member.filename.lstrip("/")))
    for target, inner in targets:
        yield from unpack(target, scratch, inner)


def _format(part: Part) -> str:
    with part.path.open("rb") as file:
        head = file.read(4096)
    magic = next((kind for mark, kind in _MAGIC.items() if head.startswith(mark)), "")
    suffix = part.name.suffix.lower()
    promised = _BINARY.get(suffix, "")
    if magic != promised and (promised or suffix in _TABULAR):
        raise UnreadableFile(
            f"{part.name} holding {magic or 'no known'} bytes", f"{promised or _TABULAR[suffix]}", "rename or fetch it"
        )
    first = head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    guess = {b"{": "jsonl", b"[": "json"}.get(first, "csv")
    return magic or (guess if suffix in (".json", ".jsonl", ".ndjson") else _TABULAR.get(suffix, guess))


def _read_parquet(part: Part, rows: int) -> Iterator[pl.DataFrame]:
    yield from pl.scan_parquet(part.path, glob=False).collect_batches(chunk_size=rows)


def _read_ipc(part: Part, rows: int) -> Iterator[pl.DataFrame]:
    yield from pl.scan_ipc(part.path, glob=False).collect_batches(chunk_size=rows)


def _read_csv(part: Part, rows: int) -> Iterator[pl.DataFrame]:
    _refuse_other_encodings(part)
    with part.path.open(encoding="utf-8-sig") as file:
        head = list(itertools.islice(file, PREAMBLE_LINES))
    above, line = next(((n, line) for n, line in enumerate(head) if any(mark in line for mark in SEPARATORS)), (0, ""))
    if not line:
        raise UnreadableFile(f"{part.name}: no line with two fields", "a header and rows", "fetch it again")
    separator = max(SEPARATORS, key=line.count)
    fields = line.rstrip("\r\n").split(separator)
    names = None
    if is_headerless(fields):
        names = positional_names(fields)
        if names is None:
            raise UnreadableFile(
                f"{part.name}: no header, and {len(fields)} fields", "a header line", "add one, see docs/imports.md"
            )
    frame = pl.scan_csv(
        part.path,
        separator=separator,
        has_header=names is None,
        skip_lines=above,
        new_columns=names,
        infer_schema=False,
        glob=False,
    )
    yield from frame.collect_batches(chunk_size=rows)


def _refuse_other_encodings(part: Part) -> None:
    """UTF-16 and binary bytes are told apart early; other encodings show as invalid UTF-8 later."""
    with part.path.open("rb") as file:
        head = file.read(4096)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnreadableFile(f"{part.name} in UTF-16", "text in UTF-8", "save it as UTF-8 and import again")
    if b"\0" in head:
        raise UnreadableFile(f"{part.name}: zero bytes in text", "text in UTF-8", "fetch it again")


def _read_json(part: Part, rows: int) -> Iterator[pl.DataFrame]:
    frame = pl.read_json(part.path, infer_schema_length=None)
    yield from frame.iter_slices(rows)


def _read_jsonl(part: Part, rows: int) -> Iterator[pl.DataFrame]:
    step = max(1, min(rows, 100_000))
    with part.path.open("rb") as file:
        while lines := [line for line in itertools.islice(file, step) if line.strip(b"\xef\xbb\xbf \r\n\t")]:
            yield pl.read_ndjson(b"".join(lines).lstrip(b"\xef\xbb\xbf"), infer_schema_length=None)


_READERS = {"csv": _read_csv, "parquet": _read_parquet, "ipc": _read_ipc, "jsonl": _read_jsonl, "json": _read_json}
