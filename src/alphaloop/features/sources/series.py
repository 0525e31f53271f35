"""Series: rows of one lake table as arrays, in the order they became known.

A row takes effect at ``available_at``. One that tells of an earlier instant than a row
already known is a late correction of the past: it is left out, as long as the one that
overtook it is not older than ``within``; so that the answer needs no more memory than
that. A row that claims to be known before it was so is never trusted. Knows frames; does
not know what a figure means.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from alphaloop.core.errors import UnsortedData
from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import HOUR_US
from alphaloop.features.asof import as_of
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.family import compiled


@dataclass(frozen=True, slots=True)
class Series:
    """m rows of one series, in the order they became known.

    Parameters
    ----------
    available, event : int array, shape (m,), microseconds UTC
    values : float array, shape (columns, m)
        NaN where the row does not say.
    """

    available: Ints
    event: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.available)


def rows_of(facts: SymbolFacts, table: str, where: pl.Expr | None = None, memory: int | None = None) -> pl.DataFrame:
    """The trusted rows of one table: ``available_at >= event_time``, and ``where``. May be empty.

    Rows known more than ``memory`` microseconds before the first decision may be left out.
    """
    frame = facts.tables.get(table)
    if frame is None or frame.is_empty():
        return pl.DataFrame()
    if memory is not None and len(facts.now):
        frame = frame[int(np.searchsorted(instants(frame, "available_at"), facts.now[0] - memory)) :]
    trusted = pl.col("available_at") >= pl.col("event_time")
    return frame.filter(trusted if where is None else trusted & where)


def series(frame: pl.DataFrame, *names: str, within: int) -> Series:
    """The rows of ``frame`` with the columns ``names``, late corrections left out.

    Parameters
    ----------
    frame : DataFrame
        Sorted by ``available_at``; an empty one needs no columns.
    names : str
        Columns of numbers.
    within : int, microseconds
        How long a row is remembered as having overtaken another.

    Raises
    ------
    UnsortedData
        If ``available_at`` goes down.
    """
    if frame.is_empty():
        return Series(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty((len(names), 0)))
    available, event = instants(frame, "available_at"), instants(frame, "event_time")
    kept = forward(available, event, within)
    values = np.empty((len(names), len(frame)))
    for part, name in enumerate(names):
        values[part] = floats(frame, name)
    return Series(available[kept], event[kept], np.ascontiguousarray(values[:, kept]))


def instants(frame: pl.DataFrame, name: str) -> Ints:
    """A time column as microseconds, (m,).

    Raises
    ------
    UnsortedData
        If the column is ``available_at`` and goes down.
    """
    times: Ints = frame[name].to_numpy().view(np.int64)  # the lake keeps microseconds
    if name == "available_at" and bool((times[1:] < times[:-1]).any()):
        raise UnsortedData("rows whose available_at goes down", "rows sorted by available_at", "sort the table first")
    return times


def floats(frame: pl.DataFrame, name: str) -> Floats:
    """A column as float64, (m,); NaN for null."""
    return np.asarray(frame[name].to_numpy(), dtype=np.float64)


@compiled
def forward(available: Ints, event: Ints, within: int) -> Bools:
    """True where no row known before, and at most ``within`` earlier, tells of a later instant; (m,)."""
    kept = np.ones(len(event), dtype=np.bool_)
    queue = np.empty(len(event), dtype=np.int64)  # rows that may still overtake, their events descending
    head, tail = 0, 0
    for j in range(len(event)):
        while head < tail and available[queue[head]] < available[j] - within:
            head += 1
        kept[j] = head == tail or event[queue[head]] <= event[j]
        while head < tail and event[queue[tail - 1]] <= event[j]:
            tail -= 1
        queue[tail] = j
        tail += 1
    return kept


def fresh(available: Ints, now: Ints, limit: int) -> Ints:
    """Index of the newest row known at each ``now`` if not known longer than ``limit``; -1 for none, (n,)."""
    index = as_of(available, now)
    if len(available):
        index[now - available[index] > limit] = -1  # an index of -1 stays -1 either way
    return index


def read(index: Ints) -> Ints:
    """The rows that an index (n,) points at, each once, ascending."""
    rows = index[np.flatnonzero(np.diff(index, prepend=-1))]
    return np.unique(rows[rows >= 0])


def held(values: Floats, index: Ints) -> Floats:
    """``values[index]``, NaN where the index is -1; (n,)."""
    if not len(values):
        return np.full(len(index), np.nan)
    return np.where(index >= 0, values[index], np.nan)


def age_hours(available: Ints, now: Ints, limit: int) -> Floats:
    """Hours since the newest row became known; NaN when that was more than ``limit`` ago. (n,)."""
    index = fresh(available, now, limit)
    return (now - held(available.astype(np.float64), index)) / HOUR_US


def write(declared: Iterable[Declared], columns: Mapping[str, Floats], values: Floats, mask: Bools) -> None:
    """Put columns (n,) by name into ``values`` and ``mask`` (columns, n), in the order declared."""
    for row, one in enumerate(declared):
        np.isfinite(columns[one.name], out=mask[row])
        values[row] = np.where(mask[row], columns[one.name], np.nan)
