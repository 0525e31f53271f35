"""Rows: a lake table as a family reads it, plain columns in the order rows became known.

A reader turns a frame into columns, each row by itself, so a live feed reads every row once,
when it comes, and appends; a batch reads the whole frame. What a row says only beside the
rows before it (a book after an update) is settled afterwards, in place, from a given row on.
Lists of numbers lie end to end in ``values``: those of row r of the list ``x`` are
``values["x"][rows["x.begin"][r] : rows["x.stop"][r]]``. Knows polars only as what it reads.
"""

from collections.abc import Callable, Mapping
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alphaloop.core.errors import UnsortedData
from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import Timeframe

Array = NDArray[Any]
BEGIN, STOP = ".begin", ".stop"
_FEW = 64  # texts that are sooner compared by Python than by polars


class Whose(NamedTuple):
    """For whom a table is read; an unknown venue is empty."""

    symbol: str
    timeframe: Timeframe
    venue: str


class Rows:
    """m rows. Columns begin with m, ``available`` and ``event`` (microseconds UTC) among them.

    Parameters
    ----------
    columns : mapping of name to array, shape (m, ...)
    values : mapping of name to array, optional
        Numbers of the lists.
    """

    __slots__ = ("_columns", "_first", "_stop", "values")

    def __init__(self, columns: Mapping[str, Array], values: Mapping[str, Array] | None = None) -> None:
        self._columns, self.values = columns, values or {}
        self._first, self._stop = 0, len(columns["available"])

    def __getitem__(self, name: str) -> Array:
        return self._columns[name][self._first : self._stop]

    def __len__(self) -> int:
        return self._stop - self._first

    @property
    def columns(self) -> dict[str, Array]:
        """All columns by name."""
        return {name: self[name] for name in self._columns}

    @property
    def available(self) -> Ints:
        """When each row became known, ascending, (m,)."""
        return self["available"]

    @property
    def event(self) -> Ints:
        """When it was so, (m,)."""
        return self["event"]

    def between(self, oldest: int, newest: int) -> "Rows":
        """Rows with ``oldest <= available <= newest``; nothing is copied."""
        first, stop = self.available.searchsorted(oldest, "left"), self.available.searchsorted(newest, "right")
        return self.cut(int(first), int(stop))

    def since(self, oldest: int) -> "Rows":
        """Rows with ``oldest <= available``; nothing is copied."""
        return self.cut(int(self.available.searchsorted(oldest)))

    def cut(self, first: int, stop: int | None = None) -> "Rows":
        """Rows from ``first`` up to ``stop``; nothing is copied."""
        made = Rows(self._columns, self.values)
        made._first = self._first + first
        made._stop = self._stop if stop is None else self._first + stop
        return made

    def where(self, kept: Bools) -> "Rows":
        """Those rows for which ``kept`` (m,) is true."""
        places = np.flatnonzero(kept)
        if len(places) == len(kept):
            return self
        return Rows({name: column[places] for name, column in self.columns.items()}, self.values)


class Reader(NamedTuple):
    """How one table is read.

    Parameters
    ----------
    read : callable, (frame, whose) -> Rows
        Each row by itself: the rows of two frames read apart are those of both read together.
    settle : callable, (rows, first) -> None, optional
        Fills columns in place from row ``first`` on, reading earlier rows too.
    """

    read: Callable[[pl.DataFrame, Whose], Rows]
    settle: Callable[[Rows, int], None] | None = None

    def whole(self, frame: pl.DataFrame, whose: Whose) -> Rows:
        """All that a frame, sorted by ``available_at``, says."""
        rows = self.read(frame, whose)
        if self.settle is not None:
            self.settle(rows, 0)
        return rows


class Held:
    """Rows that come in the course of time, read once and held as long as someone may ask for them.

    Parameters
    ----------
    reader : Reader
    whose : Whose
    frame : DataFrame
        The rows there are to begin with, or none.
    """

    def __init__(self, reader: Reader, whose: Whose, frame: pl.DataFrame) -> None:
        self._reader, self._whose = reader, whose
        rows = reader.read(frame, whose)
        self._columns = {name: _Tape(column) for name, column in rows.columns.items()}
        self._values = {name: _Tape(numbers) for name, numbers in rows.values.items()}
        self.rows = self._append(rows)
        self._settle(0)

    def take(self, frame: pl.DataFrame, oldest: int) -> None:
        """Read a frame's rows and :meth:`add` them."""
        self.add(self._reader.read(frame, self._whose), oldest)

    def add(self, fresh: Rows, oldest: int) -> None:
        """Add rows as the reader read them, which stay as they are.

        When room is needed, those known before ``oldest`` are forgotten. A row that comes late,
        known before one already held, takes its place in the order.
        """
        if not len(fresh):
            return
        if not self._columns["available"].fits(len(fresh)):
            self._forget(int(self.rows.available.searchsorted(oldest)))
        first = len(self._columns["available"].held)
        self.rows = self._append(fresh)
        self._settle(self._sort(first))

    def _append(self, fresh: Rows) -> Rows:
        columns = dict(fresh.columns)
        for name, numbers in fresh.values.items():
            for end in (name + BEGIN, name + STOP):
                columns[end] = columns[end] + len(self._values[name].held)
            self._values[name].append(numbers)
        for name, column in columns.items():
            self._columns[name].append(column)
        return Rows(*({name: tape.held for name, tape in tapes.items()} for tapes in (self._columns, self._values)))

    def _settle(self, first: int) -> None:
        if self._reader.settle is not None and first < len(self.rows):
            self._reader.settle(self.rows, first)

    def _sort(self, first: int) -> int:
        """Put rows from ``first`` on, and those held that became known later, in order; where that began."""
        available = self.rows.available
        if first and available[first] < available[first - 1]:
            first = int(available[:first].searchsorted(available[first], "right"))
            order = np.lexsort((self.rows.event[first:], available[first:]))
            for column in self.rows.columns.values():
                column[first:] = column[first:][order]
        return first

    def _forget(self, count: int) -> None:
        for tape in self._columns.values():
            tape.drop(count)
        for name, tape in self._values.items():
            begin, stop = self._columns[name + BEGIN].held, self._columns[name + STOP].held
            unread = int(begin.min()) if len(begin) else len(tape.held)
            tape.drop(unread)
            begin -= unread
            stop -= unread


class _Tape:
    """An array that grows at its end and shrinks at its start; what is held lies side by side."""

    def __init__(self, like: Array) -> None:
        self._room = np.empty((_FEW, *like.shape[1:]), dtype=like.dtype)
        self._first = self._stop = 0

    @property
    def held(self) -> Array:
        return self._room[self._first : self._stop]

    def fits(self, more: int) -> bool:
        return self._stop + more <= len(self._room)

    def drop(self, count: int) -> None:
        self._first += count

    def append(self, fresh: Array) -> None:
        if not self.fits(len(fresh)):
            held = self.held
            room = np.empty((2 * (len(held) + len(fresh)), *held.shape[1:]), dtype=held.dtype)
            room[: len(held)] = held
            self._room, self._first, self._stop = room, 0, len(held)
        self._room[self._stop : self._stop + len(fresh)] = fresh
        self._stop += len(fresh)


def rows(frame: pl.DataFrame, kept: Bools | None = None, **columns: Array) -> Rows:
    """The trusted rows of a frame, ``available_at >= event_time``, of those that are ``kept``.

    Parameters
    ----------
    frame : DataFrame
        n rows, sorted by ``available_at``.
    kept : bool array, shape (n,), optional
    columns : array, shape (n, ...)

    Raises
    ------
    UnsortedData
        If ``available_at`` goes down.
    """
    available, event = instants(frame, "available_at"), instants(frame, "event_time")
    if (available[1:] < available[:-1]).any():
        raise UnsortedData("rows whose available_at goes down", "rows sorted by available_at", "sort the table first")
    trusted = available >= event
    made = Rows({"available": available, "event": event, **columns})
    return made.where(trusted if kept is None else trusted & kept)


def instants(frame: pl.DataFrame, name: str) -> Ints:
    """A time column as microseconds, (n,), in an array of its own: what polars lends is read-only."""
    return np.array(frame[name].to_numpy().view(np.int64))


def floats(frame: pl.DataFrame, name: str) -> Floats:
    """A column of numbers as float64, (n,); NaN for null."""
    return np.array(frame[name].to_numpy(), dtype=np.float64)


def told(texts: pl.Series, say: Callable[[Any], int], among: Bools | None = None) -> Ints:
    """What ``say`` says of each text, asked once of each different one; 0 where not ``among`` those asked. (n,)

    Examples
    --------
    >>> told(pl.Series(["a", "bcd", "a"]), len).tolist()
    [1, 3, 1]
    """
    if len(texts) > _FEW:
        asked = texts if among is None else texts.filter(pl.Series(among))
        said = {text: int(say(text)) for text in asked.unique().to_list()}
        return np.array(texts.replace_strict(said, default=0, return_dtype=pl.Int64))
    every = texts.to_list()
    said = {text: int(say(text)) for text in set(every if among is None else compress(every, among))}
    return np.array([said.get(text, 0) for text in every], dtype=np.int64)


def lists(column: pl.Series) -> tuple[Ints, Array]:
    """Where each list of a column starts, (n + 1,), and all their numbers; a null has none."""
    laid = column.rechunk().to_arrow()
    starts, numbers = laid.offsets.to_numpy(), laid.values.to_numpy(zero_copy_only=False)
    return starts - starts[0], numbers[starts[0] : starts[-1]]


def vectors(column: pl.Series, dimension: int) -> tuple[Bools, Floats]:
    """Which lists of a column (n,) have that many numbers, and those that have, (kept, dimension)."""
    starts, numbers = lists(column)
    kept = np.diff(starts) == dimension
    if not kept.all():
        numbers = numbers[np.repeat(kept, np.diff(starts))]
    return kept, numbers.reshape(-1, dimension).astype(np.float64)


def own(frame: pl.DataFrame, **wanted: str) -> Bools:
    """Rows whose texts are as wanted, column by column; an empty wish is granted by all. (n,)

    Examples
    --------
    >>> own(pl.DataFrame({"venue": ["a", "b"], "symbol": "X"}), venue="b", symbol="").tolist()
    [False, True]
    """
    kept = np.ones(len(frame), dtype=np.bool_)
    for name, text in wanted.items():
        if text:
            texts = frame[name]
            if len(texts) <= _FEW:
                kept &= np.array([one == text for one in texts.to_list()], dtype=np.bool_)
            else:
                kept &= texts.eq_missing(text).to_numpy()
    return kept
