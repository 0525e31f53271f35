"""Facts: the form of a feature that is made from more than bars.

Funding, open interest, order flow, chain figures, news and posts are rows of lake tables,
each known from its ``available_at``. A source family turns the rows of one symbol into
columns at that symbol's decision times; what it says at ``now[i]`` may depend on rows with
``available_at <= now[i]`` and on nothing else, and on none older than its memory. So a live
feed that keeps only that memory computes the very bits of the batch: no prefix sums over
all history, no scale fitted on the whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import polars as pl

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import Timeframe


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
    tables : mapping of table name to DataFrame
        The symbol's rows (and those of no symbol), sorted by ``available_at``, ``event_time``,
        then key; columns as the lake declares them. A table nobody wrote is empty.
    venue : str
    """

    symbol: str
    timeframe: Timeframe
    now: Ints
    bars: Floats
    tables: Mapping[str, pl.DataFrame] = field(default_factory=lambda: MappingProxyType({}))
    venue: str = ""


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
        """Fill ``values`` and ``mask``, both (columns, n); NaN and false where not known."""
        ...
