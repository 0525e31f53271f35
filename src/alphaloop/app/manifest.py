"""Manifest: how far the features of one symbol were built, and from what.

A JSON file beside the lake. It holds the versions of the tables that were read and, per
table, how many rows of the symbol there were and when the newest of them entered the lake;
from these follows the earliest instant at which anything known since could matter.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from alphaloop.lake.schema import TABLES
from alphaloop.lake.table import Lake

BEGINNING = -(2**62)  # everything has to be made again


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one build of a symbol read and wrote.

    ``start`` and ``end`` bound the opens that were built, none for all there were;
    ``versions`` are those of the tables read; ``marks`` per table the rows of the symbol and
    the newest ``ingested_at`` among them.
    """

    symbol: str
    timeframe: str
    venue: str
    schema_hash: str
    features: list[str]
    code_version: str
    rows: int
    start: int | None
    end: int | None
    versions: dict[str, int]
    marks: dict[str, list[int]]

    @classmethod
    def read(cls, path: Path) -> "Manifest | None":
        """The manifest of an earlier build; none if there is none that this code could have written."""
        try:
            return cls(**json.loads(path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Replace the file in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(asdict(self), indent=1) + "\n")
        draft.replace(path)

    def covers(self, start: int | None, end: int | None) -> bool:
        """Whether a window was built, as far as there were bars."""
        return self.reaches(start) and (self.end is None or (end is not None and end <= self.end))

    def reaches(self, start: int | None) -> bool:
        """Whether a window that begins there begins among the bars that were built, or right after them."""
        begins = self.start is None or (start is not None and start >= self.start)
        return begins and (self.end is None or start is None or start <= self.end)


def dirty_since(
    lake: Lake, tables: Iterable[str], symbols: tuple[str, ...], before: Manifest | None, venue: str | None
) -> tuple[int | None, dict[str, list[int]]]:
    """The earliest ``available_at`` of rows that came into the lake since; none if nothing did.

    Returns
    -------
    instant : int or None, microseconds UTC
        ``BEGINNING`` where that cannot be told: no earlier build, or rows that entered
        without a later ``ingested_at``.
    marks : dict
        For the next manifest.
    """
    marks, earliest = {}, None
    for table in tables:
        old = None if before is None else before.marks.get(table)
        if old is not None and before is not None and before.versions.get(table) == lake.version(table):
            marks[table] = old
            continue
        marks[table], found = _news(lake, table, symbols, old)
        if found is not None:
            earliest = found if earliest is None else min(earliest, found)
    same = before is not None and before.venue == (venue or before.venue)
    return (earliest if same else BEGINNING), marks


def _news(lake: Lake, table: str, symbols: tuple[str, ...], old: list[int] | None) -> tuple[list[int], int | None]:
    where: dict[str, Any] = {"symbols": symbols} if "symbol" in TABLES[table].names else {}
    entered, known = pl.col("ingested_at").to_physical(), pl.col("available_at").to_physical()
    later = entered > (old[1] if old is not None else BEGINNING)
    rows, newest, count, first = (
        lake.scan(table, **where)
        .select(pl.len(), newest=entered.max(), count=later.sum(), first=known.filter(later).min())
        .collect()
        .row(0)
    )
    mark = [rows, newest if newest is not None else BEGINNING]
    if old is None:
        return mark, BEGINNING
    if count < rows - old[0] or rows < old[0]:
        return mark, BEGINNING
    return mark, first
