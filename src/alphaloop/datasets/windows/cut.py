"""Windows cut from mapped rows when a trainer asks for them.

A batch copies ``B x L`` rows out of the maps and nothing else: 8.5 million rows of 64
features are 2 GB on disk, their windows of 96 rows would be 200 GB. A window that begins
before its symbol does is NaN there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.datasets.windows.store import SymbolRows
from alphaloop.models.windows import Array, Batch, Rows


@dataclass(frozen=True, eq=False, slots=True)
class WindowRows:
    """Rows of several symbols in the order of time, then symbol, each with its window. N rows.

    Parameters
    ----------
    symbols : tuple of SymbolRows
    lookback : int, rows
    horizons : tuple of int
        Which horizons of the store are targets, by place.
    asset, at : int array, shape (N,)
        Whose row, and its place among the symbol's rows.
    teacher : float array, shape (N, H), optional
        Out-of-fold predictions of a teacher; NaN where there is none.
    weight : float array, shape (N,), optional
    columns : tuple of int, optional
        Places of the features that are shown, in this order; all of the store's where left out.
    """

    symbols: tuple[SymbolRows, ...]
    lookback: int
    horizons: tuple[int, ...]
    asset: Ints
    at: Ints
    teacher: Floats | None = None
    weight: Floats | None = None
    columns: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return len(self.at)

    @property
    def times(self) -> Ints:
        """When each row's decision is taken, shape (N,), microseconds UTC."""
        return np.asarray(self._each("now"), dtype=np.int64)

    @property
    def ends(self) -> Ints:
        """The last instant any target of a row reads, shape (N,), microseconds UTC."""
        return np.asarray(self._each("ends")[:, list(self.horizons)].max(axis=1))

    @property
    def targets(self) -> Floats:
        """Forward returns, shape (N, H); NaN where there is none."""
        return np.asarray(self._each("fwd_ret")[:, list(self.horizons)])

    def pick(self, rows: Rows) -> "WindowRows":
        """Some of the rows, in the order given."""
        teacher = None if self.teacher is None else self.teacher[rows]
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, asset=self.asset[rows], at=self.at[rows], teacher=teacher, weight=weight)

    def taught(self, teacher: Floats) -> "WindowRows":
        """The same rows with a teacher's predictions, shape (N, H)."""
        return replace(self, teacher=teacher)

    def seen(self, columns: Sequence[int]) -> "WindowRows":
        """The same rows with only some of the features that are shown, by their places among those."""
        shown = range(self._width) if self.columns is None else self.columns
        return replace(self, columns=tuple(shown[one] for one in columns))

    def newest(self) -> Array:
        """The newest row of every window, shape (N, F), float32: what a model of tables reads."""
        every = self._each("values")
        return every if self.columns is None else every[:, list(self.columns)]

    def take(self, rows: Rows) -> Batch:
        """Windows and forward returns of these rows; a :class:`alphaloop.models.windows.Windows`."""
        asset, at = self.asset[rows], self.at[rows]
        x = np.empty((len(rows), self.lookback, self._width), dtype=np.float32)
        y = np.empty((len(rows), len(self.horizons)), dtype=np.float32)
        for one in np.unique(asset):
            place = np.flatnonzero(asset == one)
            x[place] = _cut(self.symbols[one].values, at[place], self.lookback)
            y[place] = self.symbols[one].fwd_ret[at[place]][:, list(self.horizons)]
        if self.columns is not None:
            x = x[:, :, list(self.columns)]
        teacher = None if self.teacher is None else self.teacher[rows].astype(np.float32)
        weight = None if self.weight is None else self.weight[rows].astype(np.float32)
        return Batch(x, np.isfinite(x), y, teacher, weight)

    @property
    def _width(self) -> int:
        """Features in the store."""
        return int(self.symbols[0].values.shape[1])

    def _each(self, name: str) -> Array:
        parts = [np.asarray(getattr(rows, name)[:]) for rows in self.symbols]
        first = np.concatenate(([0], np.cumsum([len(part) for part in parts])))
        return np.asarray(np.concatenate(parts)[first[self.asset] + self.at])


def window_rows(
    symbols: Sequence[SymbolRows], *, lookback: int, horizons: Sequence[int],
    start: int | None = None, end: int | None = None, labelled: bool = True,
) -> WindowRows:  # fmt: skip
    """Rows of a data set, by time and then symbol.

    Parameters
    ----------
    symbols : sequence of SymbolRows
    lookback : int, >= 1, rows
    horizons : sequence of int
        Places of the horizons that are targets.
    start, end : int, microseconds UTC, optional
        Decisions in ``[start, end)``.
    labelled : bool
        Only rows that have every target.

    Raises
    ------
    InvalidOption
        If the lookback is below 1, or no horizon is given.
    NoData
        If no row is left, with how many each symbol had.
    """
    if lookback < 1 or not horizons:
        raise InvalidOption(f"lookback {lookback}, horizons {tuple(horizons)}", "1 or more of each", "")
    kept = [np.flatnonzero(_asked(rows, list(horizons), start, end, labelled)) for rows in symbols]
    empty = [rows.symbol for rows, at in zip(symbols, kept, strict=True) if not len(at)]
    if empty:
        counts = ", ".join(f"{rows.symbol} {len(rows)}" for rows in symbols)
        raise NoData(
            f"no labelled row of {', '.join(empty)} in the window", f"one or more (rows: {counts})", "widen it"
        )
    asset = np.repeat(np.arange(len(symbols)), [len(at) for at in kept])
    at = np.concatenate(kept)
    times = np.concatenate([np.asarray(rows.now[where]) for rows, where in zip(symbols, kept, strict=True)])
    order = np.lexsort((asset, times))
    return WindowRows(tuple(symbols), lookback, tuple(horizons), asset[order], at[order])


def missing(symbols: Sequence[SymbolRows], features: Sequence[str]) -> Mapping[str, float]:
    """Share of rows in which each feature is unknown."""
    rows = sum(len(one) for one in symbols)
    holes = sum(np.isnan(one.values[:]).sum(axis=0) for one in symbols)
    return dict(zip(features, (np.asarray(holes) / max(rows, 1)).tolist(), strict=True))


def _asked(rows: SymbolRows, horizons: list[int], start: int | None, end: int | None, labelled: bool) -> Bools:
    chosen = np.ones(len(rows), dtype=np.bool_)
    if start is not None:
        chosen &= rows.now >= start
    if end is not None:
        chosen &= rows.now < end
    if labelled:
        chosen &= np.isfinite(rows.fwd_ret[:, horizons]).all(axis=1)
    return chosen


def _cut(values: Array, at: Ints, lookback: int) -> Array:
    """The windows that end at these rows, shape (n, L, F); NaN before the first row."""
    wanted = at[:, None] + np.arange(1 - lookback, 1)
    out: Array = np.take(values, np.maximum(wanted, 0), axis=0)
    out[wanted < 0] = np.nan
    return out
