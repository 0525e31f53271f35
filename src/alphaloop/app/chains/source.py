"""From the lake to examples: features brought up to date, a data set on disk, one symbol at a time.

The data set lies below ``datasets`` under the hash of what it is made of and from which versions of the
tables, so equal questions find it again and new facts make a new one.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from alphaloop.app import featuring
from alphaloop.app.wiring import Costs, instrument_of
from alphaloop.core.errors import NoData
from alphaloop.core.market import Instrument
from alphaloop.datasets.windows.building import Order, describe, symbol_rows
from alphaloop.datasets.windows.store import Store
from alphaloop.features.contract import Schema
from alphaloop.hindsight.labels.frame import LabelSpec
from alphaloop.lake.table import Lake
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.examples import Examples, examples_of

FOLDER = "datasets"
BARS = "market_bars"
WARM_UP = 300  # rows before a window in which volatility is not known yet

Tell = Callable[[str, int], None]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Examples of a training run, out of a home.

    Parameters
    ----------
    home : Path
    lake : Lake
    asked : Asked
    schema : Schema
        Features to learn from.
    costs : Costs
    venue : str, optional
    """

    home: Path
    lake: Lake
    asked: Asked
    schema: Schema
    costs: Costs = field(default_factory=Costs)
    venue: str | None = None

    @cached_property
    def bounds(self) -> tuple[int | None, int | None]:
        """Opens of the bars that any symbol's window reads, warm-up and lookback before it; none: all there are."""
        newest = self._newest
        starts = [self.asked.window(one)[0] for one in newest.values()]
        before = (self.asked.lookback + WARM_UP) * self.asked.step.us
        known = [one - before for one in starts if one is not None]
        start = min(known) if known and len(known) == len(starts) else None
        end = None if self.asked.end is None else self.asked.end + (max(self.asked.steps) + 2) * self.asked.step.us
        return start, end

    def prepare(self, now: int, tell: Tell | None = None) -> dict[str, Any]:
        """Bring the feature matrix up to date for every symbol that has bars; what was written.

        Parameters
        ----------
        now : int, microseconds UTC
            Stamped on new rows.
        tell : callable, optional
            Told a symbol and its rows so far.

        Raises
        ------
        NoData
            If no symbol has bars.
        """
        there = tuple(name for name in self.asked.symbols if name in self._newest)
        if not there:
            fix = "see: alphaloop data tables; or run: alphaloop data import, fetch or simulate"
            raise NoData(f"no {self.asked.timeframe} bars of {', '.join(self.asked.symbols)}", "bars", fix)
        start, end = self.bounds
        order = featuring.Order(there, self.asked.timeframe, self.schema, start, end, self.venue)
        return featuring.build(self.lake, self.home / "features", order, now=now, progress=tell)

    def load(self, symbol: str) -> Examples:
        """One symbol's examples; its rows are added to the data set where they are missing.

        Raises
        ------
        NoData, DegenerateData
            If the symbol has no bars, features or labels to learn from.
        """
        if symbol not in self._newest:
            raise NoData(f"no {self.asked.timeframe} bars of {symbol}", "bars", "see: alphaloop data tables")
        store = self.store
        if symbol not in store.symbols:
            store.add(symbol_rows(self.lake, self._order, self._instrument(symbol)))
        return examples_of(store, symbol, self.asked, cost=self.costs.taker + self.costs.slippage)

    @cached_property
    def store(self) -> Store:
        """The data set, begun."""
        described = describe(self.lake, self._order)
        told = json.dumps(asdict(described), sort_keys=True)
        made = Store(self.home / FOLDER / hashlib.sha256(told.encode()).hexdigest()[:16])
        made.begin(described)
        return made

    @cached_property
    def _order(self) -> Order:
        start, end = self.bounds
        return Order(
            instruments=tuple(self._instrument(name) for name in self.asked.symbols if name in self._newest),
            timeframe=self.asked.step, features=self.schema.names, schema_hash=self.schema.hash,
            labels=LabelSpec(horizons=self.asked.steps), venue=self.venue, start=start, end=end,
        )  # fmt: skip

    def _instrument(self, symbol: str) -> Instrument:
        return instrument_of(symbol, self.venue or "", self.costs)

    @cached_property
    def _newest(self) -> dict[str, int]:
        """When the newest bar of each symbol was known, microseconds UTC; only symbols that have bars."""
        rows = self.lake.scan(BARS, symbols=list(self.asked.symbols), timeframe=self.asked.timeframe)
        if self.venue is not None:
            rows = rows.filter(pl.col("venue") == self.venue)
        newest = rows.group_by("symbol").agg(pl.col("available_at").max().to_physical()).collect()
        return dict(newest.sort("symbol").iter_rows())
