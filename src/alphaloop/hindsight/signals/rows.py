"""Rows: predictions beside what came, each with the interval its outcome took and the symbol it is about.

One form for one symbol or many, for gaps and for symbols that start late. Rows of one instant
belong together: markets move together, so they are never counted as independent.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.core.market import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Signal:
    """Predictions and outcomes, N rows in any order.

    Parameters
    ----------
    prediction : float array, shape (N,), any unit
        NaN where the model abstained; such rows are left out and counted in :attr:`coverage`.
    outcome : float array, shape (N,), fraction
        NaN where it is not known (yet); such rows are left out.
    times, ends : int array, shape (N,), microseconds UTC
        When the prediction was made, and the last instant its outcome reads.
    symbols : array, shape (N,)
        Names or numbers.

    Raises
    ------
    SchemaViolation
        If shapes disagree, a number is infinite, an end lies before its time, or a symbol has two rows at once.
    NoData
        If there is no row.
    """

    prediction: Floats
    outcome: Floats
    times: Ints
    ends: Ints
    symbols: NDArray[Any]

    def __post_init__(self) -> None:
        shapes = {one.shape for one in (self.prediction, self.outcome, self.times, self.ends, self.symbols)}
        if len(shapes) != 1 or len(shapes.pop()) != 1:
            raise SchemaViolation("columns of different shapes", "five columns of N rows", "")
        if len(self.times) == 0:
            raise NoData("a signal without rows", "one row or more", "")
        if np.isinf(self.prediction).any() or np.isinf(self.outcome).any():
            raise SchemaViolation("an infinite prediction or outcome", "numbers, or NaN where there is none", "")
        if bool((self.ends < self.times).any()):
            raise SchemaViolation("an outcome that ends before its prediction", "ends at or after times", "swap them")
        codes = np.unique(self.symbols, return_inverse=True)[1]
        order = np.lexsort((codes, self.times))
        if bool(((np.diff(self.times[order]) == 0) & (np.diff(codes[order]) == 0)).any()):
            raise SchemaViolation("two rows of one symbol at one time", "one row", "drop the repeated rows")

    @property
    def coverage(self) -> float | None:
        """Share of rows with a known outcome that were predicted; none if no outcome is known."""
        known = np.isfinite(self.outcome)
        return float(np.isfinite(self.prediction[known]).mean()) if known.any() else None

    @cached_property
    def pairs(self) -> "Pairs":
        """The rows that have both, in order of time, then of symbol."""
        both = np.isfinite(self.prediction) & np.isfinite(self.outcome)
        names, codes = np.unique(self.symbols, return_inverse=True)
        rows = np.flatnonzero(both)
        rows = rows[np.lexsort((codes[rows], self.times[rows]))]
        x, y = self.prediction[rows].astype(np.float64), self.outcome[rows].astype(np.float64)
        return Pairs(x, y, self.times[rows], self.ends[rows], codes[rows], names)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows with prediction ``x`` and outcome ``y``, M of them, sorted by time."""

    x: Floats
    y: Floats
    times: Ints
    ends: Ints
    codes: Ints
    names: NDArray[Any]

    def __len__(self) -> int:
        return len(self.x)

    @cached_property
    def first(self) -> Ints:
        """First row of each instant, shape (T,)."""
        return np.flatnonzero(np.append(True, np.diff(self.times) != 0))[: len(self.times)]

    @cached_property
    def sizes(self) -> Ints:
        """Rows of each instant, shape (T,)."""
        return np.diff(np.append(self.first, len(self.times)))

    @cached_property
    def group(self) -> Ints:
        """Instant of each row, shape (M,)."""
        return np.repeat(np.arange(len(self.first)), self.sizes)

    @cached_property
    def overlap(self) -> int:
        """Later instants, at most, that begin before an outcome has ended: 0 where outcomes never overlap."""
        if len(self) == 0:
            return 0
        inside = np.searchsorted(self.times[self.first], self.ends, side="left") - self.group - 1
        return max(0, int(inside.max()))

    def sums(self, values: Floats) -> Floats:
        """Sum over the rows of each instant, shape (T,)."""
        return np.asarray(np.add.reduceat(values, self.first)) if len(values) else np.zeros(0)

    def of(self, chosen: Bools) -> "Pairs":
        """Some of the rows."""
        times, ends = self.times[chosen], self.ends[chosen]
        return Pairs(self.x[chosen], self.y[chosen], times, ends, self.codes[chosen], self.names)

    def ranked(self, *, within: bool) -> "Pairs":
        """Ranks for numbers, equals sharing theirs; among all rows, or within each instant."""
        group = self.group if within else np.zeros(len(self), dtype=np.int64)
        x, y = (ranks(one, group) for one in (self.x, self.y))
        return Pairs(x, y, self.times, self.ends, self.codes, self.names)


def ranks(values: Floats, group: Ints) -> Floats:
    """Rank of each value in its group from 1, equals sharing their mean rank.

    Examples
    --------
    >>> ranks(np.array([3.0, 1.0, 3.0, 9.0]), np.array([0, 0, 0, 1]))
    array([2.5, 1. , 2.5, 1. ])
    """
    if len(values) == 0:
        return np.zeros(0)
    order = np.lexsort((values, group))
    sorted_values, sorted_group = values[order], group[order]
    begins = np.append(True, (np.diff(sorted_values) != 0) | (np.diff(sorted_group) != 0))
    first = np.flatnonzero(begins)
    length = np.diff(np.append(first, len(values)))
    offset = np.flatnonzero(np.append(True, np.diff(sorted_group) != 0))
    within = first - offset[np.searchsorted(offset, first, side="right") - 1]
    found = np.empty(len(values))
    found[order] = np.repeat(within + (length + 1) / 2.0, length)
    return found


def from_panel(prediction: Floats, outcome: Floats, times: Ints, ends: Ints, symbols: tuple[str, ...]) -> Signal:
    """A signal of tables, one column a symbol.

    Parameters
    ----------
    prediction, outcome : float array, shape (T, A)
    times : int array, shape (T,), microseconds UTC
    ends : int array, shape (T,) or (T, A), microseconds UTC
    symbols : tuple of str, length A
    """
    shape = (len(times), len(symbols))
    if prediction.shape != shape or outcome.shape != shape or ends.shape not in (shape, shape[:1]):
        raise SchemaViolation(f"tables {prediction.shape}, {outcome.shape}, ends {ends.shape}", f"{shape}", "")
    last = np.broadcast_to(ends if ends.ndim == 2 else ends[:, None], shape)
    names = np.tile(np.array(symbols), shape[0])
    return Signal(prediction.ravel(), outcome.ravel(), np.repeat(times, shape[1]), last.ravel(), names)
