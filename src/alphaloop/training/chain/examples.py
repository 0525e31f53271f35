"""Examples: one symbol's rows to learn from, what its bars paid, and which features are of which kind.

Features that are the same in every row of the window tell nothing; they are left out and named in
``dropped``. What is left lies in memory, rows by features; windows are cut from it by index.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from alphaloop.core.errors import DegenerateData, NoData
from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import Timeframe
from alphaloop.datasets.windows.cut import WindowRows, window_rows
from alphaloop.datasets.windows.store import Store, SymbolRows
from alphaloop.features.contract import resolve
from alphaloop.models.saved import feature_hash
from alphaloop.training.chain.asked import Asked

GROUPS: Mapping[str, tuple[str, ...]] = {
    "text": ("event", "social"),
    "macro": ("derivatives", "onchain"),
    "flow": ("flow",),
}
"""Modalities of each group of features."""

FEWEST = 500
"""Labelled rows a symbol must have: with fewer no fold could teach or test anything."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Examples:
    """One symbol. N labelled rows among T decisions, F features, H horizons.

    Parameters
    ----------
    symbol, timeframe : str
    features : tuple of str, length F
    modalities : tuple of str, length F
    schema_hash : str
        Of the feature matrix behind the rows.
    horizons : tuple of str, length H
    every : WindowRows, T rows
        All decisions of the window, by time.
    at : int array, shape (N,)
        Which of them have every label.
    cost : float, fraction of what changes hands
        Fee and slippage, one way.
    dropped : tuple of str
        Features that do not vary in the window.
    versions : mapping
        Tables of the lake, and their versions behind the rows.
    """

    symbol: str
    timeframe: str
    features: tuple[str, ...]
    modalities: tuple[str, ...]
    schema_hash: str
    horizons: tuple[str, ...]
    every: WindowRows
    at: Ints
    cost: float
    dropped: tuple[str, ...] = ()
    versions: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def rows(self) -> WindowRows:
        """The N labelled rows, by time."""
        return self.every.pick(self.at)

    @property
    def held(self) -> Floats:
        """What one unit long earns from each decision's fill to the next one's, shape (T,); NaN where unknown."""
        return np.asarray(self._own.held[self.every.at])

    @property
    def volatility(self) -> Floats:
        """Of one bar, as known at each decision, shape (T,)."""
        return np.asarray(self._own.volatility[self.every.at])

    @property
    def step(self) -> Timeframe:
        """Of a bar."""
        return Timeframe.parse(self.timeframe)

    @property
    def simulated(self) -> int:
        """Decisions whose bar was simulated or derived."""
        return int(np.asarray(self._own.derived[self.every.at]).sum())

    @cached_property
    def groups(self) -> Mapping[str, tuple[int, ...]]:
        """Places of the features of each group of :data:`GROUPS`."""
        return {
            name: tuple(place for place, one in enumerate(self.modalities) if one in members)
            for name, members in GROUPS.items()
        }

    @property
    def features_hash(self) -> str:
        """Of the features shown, in order, under their schema: written into models, checked when they are read."""
        return feature_hash((self.schema_hash, *self.features))

    @cached_property
    def digest(self) -> str:
        """Of features, labels, times and money: equal examples, equal digest."""
        state = hashlib.sha256(f"{self.symbol}{self.features}{self.horizons}{self.cost}{self.every.lookback}".encode())
        own = self._own
        for part in (own.now, own.values, own.fwd_ret, own.held, own.volatility, self.every.at, self.at):
            state.update(np.ascontiguousarray(part).tobytes())
        return state.hexdigest()

    def seen(self, columns: Sequence[int]) -> "Examples":
        """The same with some of the features only."""
        chosen = tuple(columns)
        return replace(
            self,
            features=tuple(self.features[one] for one in chosen),
            modalities=tuple(self.modalities[one] for one in chosen),
            every=self.every.seen(chosen),
        )

    @property
    def _own(self) -> SymbolRows:
        return self.every.symbols[0]


def examples_of(store: Store, symbol: str, asked: Asked, cost: float) -> Examples:
    """One symbol of a data set, cut to the window that was asked for.

    Parameters
    ----------
    store : Store
    symbol : str
    asked : Asked
    cost : float
        Fee and slippage of the symbol, one way.

    Raises
    ------
    NoData
        If the symbol has fewer than :data:`FEWEST` labelled rows in the window, or the data set lacks a horizon.
    DegenerateData
        If no feature varies.
    """
    held, whole = store.description, store.rows(symbol)
    lacking = [name for name in asked.horizons if name not in held.horizons]
    if lacking:
        raise NoData(f"no labels of {lacking[0]}", f"one of {', '.join(held.horizons)}", "build the data set anew")
    horizons = [held.horizons.index(name) for name in asked.horizons]
    first, last = _span(whole, horizons, asked)
    kept, dropped = _varying(whole, slice(max(first - asked.lookback, 0), last), held.features)
    if not kept:
        raise DegenerateData(f"{symbol}: {len(dropped)} features, none varies", "one that does", "build features")
    own = _compact(whole, slice(max(first - asked.lookback, 0), last), kept)
    every = window_rows([own], lookback=asked.lookback, horizons=horizons, start=int(whole.now[first]), labelled=False)
    names = tuple(held.features[one] for one in kept)
    return Examples(
        symbol=symbol, timeframe=held.timeframe, features=names,
        modalities=tuple(resolve(one).modality for one in names), schema_hash=held.schema_hash,
        horizons=asked.horizons, every=every, at=np.flatnonzero(np.isfinite(every.targets).all(axis=1)),
        cost=cost, dropped=tuple(dropped), versions=held.versions,
    )  # fmt: skip


def _span(whole: SymbolRows, horizons: list[int], asked: Asked) -> tuple[int, int]:
    """First row of the window and the one after its last."""
    start, end = asked.window(int(whole.now[-1]))
    first = 0 if start is None else int(np.searchsorted(whole.now, start))
    last = int(np.searchsorted(whole.now, end))
    labelled = first + np.flatnonzero(np.isfinite(whole.fwd_ret[first:last][:, horizons]).all(axis=1))
    if len(labelled) < FEWEST:
        found = f"{whole.symbol}: {len(labelled)} labelled rows in the window, of {len(whole)}"
        raise NoData(found, f"{FEWEST} or more", "widen --start and --end, or fetch more bars")
    if asked.effort.rows is not None:
        first = int(labelled[-asked.effort.rows :][0])
    return first, last


def _varying(whole: SymbolRows, span: slice, names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Places of the features that are not the same throughout; names of those that are."""
    kept, dropped = [], []
    for place, name in enumerate(names):
        values = np.asarray(whole.values[span, place])
        there = values[np.isfinite(values)]
        if len(there) and float(there.min()) < float(there.max()):
            kept.append(place)
        else:
            dropped.append(name)
    return kept, dropped


def _compact(whole: SymbolRows, span: slice, columns: list[int]) -> SymbolRows:
    """The rows of a window with some features, in memory."""
    values = np.empty((len(whole.now[span]), len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        values[:, place] = whole.values[span, column]
    names = ("now", "fwd_ret", "cost_long", "cost_short", "utility", "ends", "derived", "held", "volatility")
    rest = {name: np.array(getattr(whole, name)[span]) for name in names}
    return SymbolRows(whole.symbol, values=values, **rest)
