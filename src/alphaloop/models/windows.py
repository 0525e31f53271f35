"""What a trainer reads: windows by index, so that none exists before it is needed.

Anything with a length and :meth:`Windows.take` will do. :class:`ArrayWindows` holds
windows that are there already; :class:`SeriesWindows` cuts them from one long series,
whose windows all together would be ``L`` times its size.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from alphaloop.core.errors import SchemaViolation

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int64]


class Batch(NamedTuple):
    """B windows and what came after them; float32 arrays.

    ``mask`` is None where nothing is missing; ``teacher`` where nobody is imitated;
    ``weight`` where all count alike.
    """

    x: Array  # (B, L, F)
    mask: npt.NDArray[np.bool_] | None  # (B, L, F), true where present
    y: Array  # (B, H) or (B, H, F)
    teacher: Array | None = None  # (B, H)
    weight: Array | None = None  # (B,)


class Windows(Protocol):
    """N windows, taken by index."""

    def __len__(self) -> int: ...

    def take(self, rows: Rows) -> Batch:
        """The windows of these rows, in this order."""
        ...


@dataclass(frozen=True, slots=True)
class ArrayWindows:
    """Windows that are in memory.

    Parameters
    ----------
    x : float array, shape (N, L, F)
        NaN where ``mask`` is false is allowed.
    y : float array, shape (N, H) or (N, H, F)
        Zeros when only predicting.
    mask : bool array, shape (N, L, F), optional
    teacher : float array, shape (N, H), optional
    weight : float array, shape (N,), optional

    Raises
    ------
    SchemaViolation
        If lengths disagree, or a value that counts is not finite.

    Examples
    --------
    >>> x, y = np.zeros((5, 4, 2)), np.arange(10.0).reshape(5, 2)
    >>> ArrayWindows(x, y).take(np.array([3])).y
    array([[6., 7.]], dtype=float32)
    """

    x: Array
    y: Array
    mask: npt.NDArray[np.bool_] | None = None
    teacher: Array | None = None
    weight: Array | None = None

    def __post_init__(self) -> None:
        parts = {"y": self.y, "mask": self.mask, "teacher": self.teacher, "weight": self.weight}
        lengths = {name: len(part) for name, part in parts.items() if part is not None}
        wrong = {name: many for name, many in lengths.items() if many != len(self.x)}
        if self.x.ndim != 3 or wrong:
            found = f"x of shape {self.x.shape}, lengths {wrong or lengths}"
            raise SchemaViolation(found, "x of shape (N, L, F) and N of everything else", "align them")
        if self.mask is not None and self.mask.shape != self.x.shape:
            raise SchemaViolation(f"mask of shape {self.mask.shape}", f"{self.x.shape}", "give one mask per value")

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Rows) -> Batch:
        """The windows of these rows, in this order."""
        x = np.asarray(self.x[rows], dtype=np.float32)
        mask = None if self.mask is None else np.asarray(self.mask[rows])
        if mask is not None:
            x = np.where(mask, x, np.float32(0.0))
        return Batch(x, mask, _float(self.y, rows), _maybe(self.teacher, rows), _maybe(self.weight, rows))


@dataclass(frozen=True, slots=True)
class SeriesWindows:
    """Windows of one series of several channels; each channel's next ``steps`` values are the target.

    Parameters
    ----------
    series : float array, shape (T, F)
    lookback, steps : int
    first, last : int
        Positions of the first forecast value of the first and of the last window.
    """

    series: Array
    lookback: int
    steps: int
    first: int
    last: int

    def __post_init__(self) -> None:
        if not self.lookback <= self.first <= self.last <= len(self.series) - self.steps:
            found = f"forecasts from {self.first} to {self.last} over {len(self.series)} rows"
            expected = f"{self.lookback} <= first <= last <= {len(self.series) - self.steps}"
            raise SchemaViolation(found, expected, "give more rows, or a shorter lookback or horizon")

    def __len__(self) -> int:
        return self.last - self.first + 1

    def take(self, rows: Rows) -> Batch:
        """The windows of these rows, in this order."""
        start = rows[:, None] + self.first
        x = self.series[start + np.arange(-self.lookback, 0)]
        y = self.series[start + np.arange(self.steps)]
        return Batch(np.asarray(x, dtype=np.float32), None, np.asarray(y, dtype=np.float32))


def _float(array: Array, rows: Rows) -> Array:
    return np.asarray(array[rows], dtype=np.float32)


def _maybe(array: Array | None, rows: Rows) -> Array | None:
    return None if array is None else _float(array, rows)
