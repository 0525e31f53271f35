"""Facts: the form of a feature that is made from more than bars.

Funding, open interest, order flow, chain figures, news and posts are rows of lake tables,
each known from its ``available_at``. A source family turns the rows of one symbol into
columns at that symbol's decision times; what it says at ``now[i]`` may depend on rows with
``available_at <= now[i]`` and on nothing else, and on none older than its memory. So a live
feed that keeps only that memory computes the very bits of the batch: no prefix sums over
all history, no scale fitted on the whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import numpy as np
import polars as pl

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import Timeframe
from alphaloop.features.sources.rows import Reader, Rows, Whose
from alphaloop.lake.schema import TABLES


@dataclass(frozen=True, slots=True)
class Declared:
    """One column of a source family, for the contract: what it is, and what missing means.

    Parameters
    ----------
    name : str
    modality : {"price", "flow", "derivatives", "onchain", "event", "social", "latent", "regime"}
    unit, formula, missing : str
    inputs : tuple of str
        ``table.column`` each.
    """

    name: str
    modality: str
    unit: str
    formula: str
    inputs: tuple[str, ...]
    missing: str


@dataclass(frozen=True, slots=True)
class SymbolFacts:
    """All that the features of one symbol may be made from. n decision times.

    Parameters
    ----------
    symbol : str
    timeframe : Timeframe
    now : int array, shape (n,), microseconds UTC, strictly ascending
        ``available_at`` of the symbol's own bars.
    bars : float array, shape (7, n)
        As kernels take them: ``open high low close volume funding return``.
    tables : mapping of table name to DataFrame, or to Rows
        The symbol's rows (and those of no symbol), sorted by ``available_at``, ``event_time``,
        then key; columns as the lake declares them, or as the family at hand reads them. A table
        nobody wrote may be left out.
    venue : str
    first : int
        Decisions before this one are only remembered: nobody asks what was known then.
    """

    symbol: str
    timeframe: Timeframe
    now: Ints
    bars: Floats
    tables: Mapping[str, pl.DataFrame | Rows] = field(default_factory=lambda: MappingProxyType({}))
    venue: str = ""
    first: int = 0

    @property
    def asked(self) -> Ints:
        """The decision times that are asked for, (n - first,)."""
        return self.now[self.first :]

    def read(self, table: str, reader: Reader) -> Rows:
        """The rows of one table, as a family reads it."""
        given = self.tables.get(table)
        if isinstance(given, Rows):
            return given
        frame = TABLES[table].empty() if given is None else given
        return reader.whole(frame, Whose(self.symbol, self.timeframe, self.venue))

    def lately(self, bars: int) -> "SymbolFacts":
        """The same with at most so many bars before the first that is asked for."""
        cut = self.first - bars
        if cut <= 0:
            return self
        recent = np.ascontiguousarray(self.bars[:, cut:])
        return replace(self, now=self.now[cut:], bars=recent, first=bars)


@runtime_checkable
class SourceFamily(Protocol):
    """Columns made from rows of lake tables."""

    @property
    def name(self) -> str: ...

    @property
    def declared(self) -> tuple[Declared, ...]:
        """Its columns, in the order they are written."""
        ...

    @property
    def readers(self) -> Mapping[str, Reader]:
        """How it reads each lake table that it does read."""
        ...

    @property
    def tables(self) -> tuple[str, ...]:
        """Lake tables it reads, beside ``market_bars``."""
        ...

    @property
    def memory_us(self) -> int:
        """How far before ``now`` (by ``available_at``) it reads rows, microseconds."""
        ...

    @property
    def memory_bars(self) -> int:
        """How many earlier bars of the symbol it reads."""
        ...

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask``, both (columns, n - first); NaN and false where not known."""
        ...
