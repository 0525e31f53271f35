"""Subjects: what can be judged, and the form of its answers.

A subject turns lake tables into rows. Each row names its ``symbol`` and ``known_at``, the
instant (microseconds UTC) from which the row claims to be known: the decision time of a
feature, the end of the interval of a label. Nothing else is asked, so features, labels,
scalers and folds stand before the same court.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import polars as pl

from alphaloop.core.errors import SchemaViolation
from alphaloop.core.market import Bools, Floats, Ints

Frames = Mapping[str, pl.DataFrame]
KEYS = ("symbol", "known_at")


@dataclass(frozen=True, slots=True)
class Memory:
    """How far back a column declares to look: own earlier rows, and time by ``available_at``.

    Parameters
    ----------
    bars : int
        Earlier rows of the symbol.
    us : int, microseconds
    """

    bars: int = 0
    us: int = 0


class Subject(Protocol):
    """A computation from lake tables to rows that say when they are known."""

    @property
    def name(self) -> str:
        """What it is called in a verdict."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to be judged, numbers or booleans."""
        ...

    @property
    def tables(self) -> tuple[str, ...]:
        """Lake tables it may read."""
        ...

    @property
    def memory(self) -> Mapping[str, Memory]:
        """What each column declares to look back; one that is left out is not tested for its warm-up."""
        ...

    def compute(self, frames: Frames, /) -> pl.DataFrame:
        """Rows with ``symbol``, ``known_at`` (int64 microseconds or a time) and the columns."""
        ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """A subject made of a function.

    Examples
    --------
    >>> peek = Recipe("peek", ("close",), ("market_bars",), lambda frames: frames["market_bars"])
    >>> peek.name, peek.memory
    ('peek', {})
    """

    name: str
    columns: tuple[str, ...]
    tables: tuple[str, ...]
    compute: Callable[[Frames], pl.DataFrame]
    memory: Mapping[str, Memory] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a subject said: rows by symbol, then ``known_at``.

    Parameters
    ----------
    symbols : int array, shape (n,)
        Place of the symbol in the scene.
    known : int array, shape (n,), microseconds UTC
    values : float array, shape (columns, n)
        NaN where missing, always the same NaN.
    """

    symbols: Ints
    known: Ints
    values: Floats

    def until(self, instant: int) -> "Answer":
        """The rows known at ``instant``."""
        rows = self.known <= instant
        return Answer(self.symbols[rows], self.known[rows], self.values[:, rows])

    def differs(self, other: "Answer") -> Bools:
        """Which columns have another bit somewhere; all of them if the rows are not the same, shape (columns,)."""
        if not self.same_rows(other):
            return np.ones(len(self.values), dtype=np.bool_)
        return np.asarray((self.values.view(np.int64) != other.values.view(np.int64)).any(axis=1))

    def same_rows(self, other: "Answer") -> bool:
        """Whether both have rows for the same symbols and instants."""
        return np.array_equal(self.known, other.known) and np.array_equal(self.symbols, other.symbols)


def ask(subject: Subject, frames: Frames, symbols: Sequence[str]) -> Answer:
    """What ``subject`` makes of ``frames``.

    Raises
    ------
    SchemaViolation
        If a promised column, ``symbol`` or ``known_at`` is missing from its rows.
    """
    rows = subject.compute(frames)
    lacking = [name for name in (*KEYS, *subject.columns) if name not in rows.columns]
    if lacking:
        raise SchemaViolation(
            f"subject '{subject.name}' without {lacking}",
            "rows with symbol, known_at and every promised column",
            "add them to what compute returns",
        )
    codes = pl.col("symbol").cast(pl.Enum(symbols)).to_physical().cast(pl.Int64)
    ordered = rows.select(
        codes, pl.col("known_at").to_physical().cast(pl.Int64), pl.col(subject.columns).cast(pl.Float64)
    )
    ordered = ordered.drop_nulls(KEYS).sort(KEYS, maintain_order=True)
    values = np.array(ordered.select(subject.columns).to_numpy().T, dtype=np.float64, order="C")  # ours to write
    values[np.isnan(values)] = np.nan
    return Answer(ordered["symbol"].to_numpy(), ordered["known_at"].to_numpy(), values)
