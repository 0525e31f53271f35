"""Files: from a path to rows of lake tables, one chunk after the other.

Formats are opened by ``formats``, columns understood by ``columns`` and ``clock``, layouts
recognised by ``detect``, rows made by ``layouts``. Reading changes nothing on disk and asks
no clock. A row whose time or number cannot be read is refused as it came, with the reason;
a file in which nothing can be read raises. ``docs/imports.md`` lists every layout.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import polars as pl

from alphaloop.core.errors import AmbiguousTime
from alphaloop.lake.sources import clock, formats
from alphaloop.lake.sources.columns import NO_HINTS, Origin, Sheet, find_roles, read_numbers
from alphaloop.lake.sources.detect import Layout, detect
from alphaloop.lake.sources.layouts import ticks
from alphaloop.lake.sources.names import Hints, read_name

REASON = "reason"


@dataclass(frozen=True, slots=True)
class Piece:
    """What one chunk of a file became.

    Parameters
    ----------
    table : str
        The layout's first table, to which refused rows are counted.
    rows : int
        Rows read from the file.
    tables : dict of str to DataFrame
        Lake rows by table, without ``ingested_at``.
    refused : DataFrame
        Rows as they came that no table can hold, with a ``reason``.
    notes : tuple of str
        What a user should know: layout, units, columns left aside.
    """

    table: str
    rows: int
    tables: dict[str, pl.DataFrame]
    refused: pl.DataFrame
    notes: tuple[str, ...]


def read_file(
    path: Path, scratch: Path, hints: Hints = NO_HINTS, *, chunk_rows: int = formats.CHUNK_ROWS
) -> Iterator[Piece]:
    """Pieces of one file, archives member by member.

    Parameters
    ----------
    path : Path
    scratch : Path
        An empty folder to unpack into; the caller removes it.
    hints : Hints
        What the caller knows better than the file.
    chunk_rows : int

    Raises
    ------
    UnreadableFile, NoData, UnknownLayout, AmbiguousTime, SchemaViolation, InvalidOption
        Each names the file.
    """
    for part in formats.unpack(path, scratch):
        yield from _read_part(part, path, hints, chunk_rows)


def _read_part(part: formats.Part, path: Path, hints: Hints, chunk_rows: int) -> Iterator[Piece]:
    name = read_name(part.name)
    if name.symbol is None and part.name != path:
        name = replace(read_name(path), timeframe=name.timeframe or read_name(path).timeframe)
    origin = Origin(PurePath(part.name).name, hints, name)
    frames = formats.chunks(part, chunk_rows)
    first = next(frames)
    sheet = Sheet(first, find_roles(first.columns), origin)
    layout = detect(sheet)
    frames = itertools.chain([first], frames)
    if layout.build is ticks.build_depth:
        frames = _whole_runs(frames, sheet.roles[ticks.message_role(sheet)])
    for frame in frames:
        piece = read_sheet(Sheet(frame, find_roles(frame.columns), origin), layout)
        origin = _settled(origin, piece)
        yield piece


def _whole_runs(frames: Iterator[pl.DataFrame], column: str) -> Iterator[pl.DataFrame]:
    """The same rows, cut only where ``column`` changes: a message is never torn between chunks."""
    carried: pl.DataFrame | None = None
    for frame in frames:
        rows = frame if carried is None else pl.concat([carried, frame])
        differs = rows[column].ne_missing(rows[column][-1]).arg_true()
        cut = int(differs[-1]) + 1 if len(differs) else 0
        carried = rows[cut:]
        if cut:
            yield rows[:cut]
    if carried is not None:
        yield carried


def read_sheet(sheet: Sheet, layout: Layout) -> Piece:
    """Lake rows of one sheet, the unreadable rows set aside first."""
    notes = [f"layout: {layout.name}", *_unit_notes(sheet)]
    typed, refused = _set_aside(sheet, layout)
    tables = layout.build(typed) if typed.frame.height else {}
    return Piece(layout.tables[0], sheet.frame.height, tables, refused, tuple(notes))


def _settled(origin: Origin, piece: Piece) -> Origin:
    """The origin for the next chunk: a timeframe once measured holds for the whole file."""
    if origin.name.timeframe is not None or origin.flags.timeframe is not None:
        return origin
    for table in ("market_bars", "prices"):
        lengths = piece.tables[table]["timeframe"].unique().to_list() if table in piece.tables else []
        if len(lengths) == 1:
            return replace(origin, name=replace(origin.name, timeframe=lengths[0]))
    return origin


def _set_aside(sheet: Sheet, layout: Layout) -> tuple[Sheet, pl.DataFrame]:
    """Times and numbers of text columns read once; rows where that fails come back as refused."""
    frame, reasons = sheet.frame, []
    if layout.has_time:
        raw = sheet.raw("time")
        times = _times(raw, sheet)
        failed = times.is_null() & ~(sheet.time("exchange_time", "received_at").is_not_null())
        if failed.any():
            reasons.append((failed, pl.format("time '{}' is no time", raw.cast(pl.String).fill_null("")), raw.name))
        frame = frame.with_columns(times.alias(raw.name))
    for role in layout.numbers:
        if sheet.has(role) and sheet.raw(role).dtype == pl.String:
            raw = sheet.raw(role)
            numbers = read_numbers(raw)
            frame = frame.with_columns(numbers.alias(raw.name))
            if numbers.is_nan().any():
                failed = numbers.is_nan().fill_null(False)
                reasons.append((failed, pl.format(f"{role} '{{}}' is no number", raw), raw.name))
    if not reasons:
        return replace(sheet, frame=frame), sheet.frame.clear().with_columns(pl.lit("").alias(REASON))
    texts = [
        sheet.frame.select(pl.when(failed).then(text).alias(f"{REASON}{index}")).to_series()
        for index, (failed, text, _) in enumerate(reasons)
    ]
    reason = pl.DataFrame(texts).select(pl.concat_str(pl.all(), separator="; ", ignore_nulls=True)).to_series()
    bad = reason != ""
    refused = sheet.frame.with_columns(reason.alias(REASON)).filter(bad)
    return replace(sheet, frame=frame.filter(~bad)), refused


def _times(raw: pl.Series, sheet: Sheet) -> pl.Series:
    try:
        return clock.read_times(raw)
    except AmbiguousTime as error:
        raise AmbiguousTime(f"{sheet.origin.file}: {error.found}", error.expected, error.fix) from error


def _unit_notes(sheet: Sheet) -> list[str]:
    if not sheet.has("time"):
        return []
    raw = sheet.raw("time")
    if raw.dtype == pl.String and raw.str.contains(r"^\s*\d+\s*$").any():
        raw = raw.str.strip_chars().cast(pl.Int64, strict=False)
    units = clock.units_of(raw)
    return ["mixed units: " + ", ".join(f"{count} {unit}" for unit, count in units.items())] if len(units) > 1 else []
