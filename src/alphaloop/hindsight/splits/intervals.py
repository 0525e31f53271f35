"""Label intervals: when a decision was taken, and the last instant its label reads.

Instants are compared, nothing else is known of a row: not its symbol, not its place. Symbols
move together, so a label of one tells of the others.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Bools, Ints

_MISSING = np.iinfo(np.int64).min  # what NaT is when read as a number
_FIX = "give each row the instant its label ends, and leave out rows without a label"


@dataclass(frozen=True, slots=True)
class Intervals:
    """The checked intervals of all rows.

    Parameters
    ----------
    times : int array, shape (n,), microseconds UTC
        When each decision was taken.
    ends : int array, shape (n,), microseconds UTC
        The last instant each label reads.
    """

    times: Ints
    ends: Ints

    @classmethod
    def of(cls, times: Any, ends: Any, rows: int | None = None) -> "Intervals":
        """Check what a caller gave.

        Parameters
        ----------
        times, ends : int64 or datetime64 array-like, shape (n,)
            Whole microseconds UTC; datetime64 without a zone is UTC.
        rows : int, optional
            How many there must be.

        Raises
        ------
        SchemaViolation
            If there is none, their lengths differ, one is missing (None, NaT, NaN) or not a whole
            number, a label ends before it begins, or all end where they begin.
        """
        found = cls(instants(times, "times"), instants(ends, "ends"))
        counts = {"times": len(found.times), "ends": len(found.ends)} | ({} if rows is None else {"X": rows})
        if len(set(counts.values())) > 1:
            raise SchemaViolation(f"{counts} rows", "one time and one end for each row", "")
        length = found.ends - found.times
        if bool((length < 0).any()):
            row = int(np.argmax(length < 0))
            raise SchemaViolation(f"row {row}: a label of {int(length[row])} us", "ends at or after times", _FIX)
        if not bool((length > 0).any()):
            raise SchemaViolation(f"{len(length)} labels without length", "ends after times", _FIX)
        return found


def instants(values: Any, name: str) -> Ints:
    """``values`` as int64 microseconds.

    Raises
    ------
    SchemaViolation
        If they are not a column of whole, known instants.

    Examples
    --------
    >>> instants(np.array(["1970-01-02"], dtype="datetime64[D]"), "times")
    array([86400000000])
    """
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0:
        raise SchemaViolation(f"{name} of shape {array.shape}", "one instant per row, shape (n,)", "")
    absent = _absent(array)
    if bool(absent.any()):
        raise SchemaViolation(
            f"{int(absent.sum())} missing in {name}, first in row {int(absent.argmax())}", "none", _FIX
        )
    if array.dtype.kind == "M":
        return np.asarray(array.astype("datetime64[us]").astype(np.int64))
    if array.dtype.kind not in "iu":
        raise SchemaViolation(f"{name} of type {array.dtype}", "int64 microseconds or datetime64", "convert them")
    return np.asarray(array, dtype=np.int64)


def _absent(array: "np.ndarray[Any, Any]") -> Bools:
    if array.dtype.kind == "M":
        return np.asarray(np.isnat(array))
    if array.dtype.kind == "f":
        return np.asarray(np.isnan(array))
    if array.dtype.kind == "O":
        return np.array(
            [one is None or one != one for one in array], dtype=np.bool_
        )  # NaN and NaT differ from themselves
    return np.asarray(array == _MISSING)


def overlaps(times: Any, ends: Any, train: Any, test: Any) -> int:
    """Training rows whose label reads an instant that a test label reads too: 0 for an honest split.

    Row ``i`` overlaps if some test row ``j`` has ``times[j] < ends[i]`` and ``times[i] < ends[j]``.

    Parameters
    ----------
    times, ends : int64 or datetime64 array-like, shape (n,)
        As for :meth:`Intervals.of`.
    train, test : int array-like
        Places of rows.

    Returns
    -------
    int
        Rows of ``train``, not pairs.

    Raises
    ------
    SchemaViolation
        If the intervals are not sound.
    InvalidOption
        If a place is none of the rows.

    Examples
    --------
    >>> times, ends = [0, 10, 20, 30], [20, 30, 40, 50]
    >>> overlaps(times, ends, [0, 1], [2, 3]), overlaps(times, ends, [0], [2, 3])
    (1, 0)
    """
    rows = Intervals.of(times, ends)
    chosen = [places(one, len(rows.times), name) for name, one in (("train", train), ("test", test))]
    return int(overlapping(rows, *chosen).sum())


def overlapping(rows: Intervals, train: Ints, test: Ints) -> Bools:
    """Which training rows overlap a test row, shape (len(train),)."""
    if len(test) == 0:
        return np.zeros(len(train), dtype=np.bool_)
    begun, reach = _spans(rows.times[test], rows.ends[test])
    before = np.searchsorted(begun, rows.ends[train], side="left")  # spans that begin before the label ends
    return np.asarray((before > 0) & (reach[before - 1] > rows.times[train]))


def _spans(times: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """What the labels read together: spans apart from each other, where each begins and ends, ascending."""
    order = np.argsort(times, kind="stable")
    begun, reach = times[order], np.maximum.accumulate(ends[order])
    apart = begun[1:] >= reach[:-1]
    return begun[np.append(True, apart)], reach[np.append(apart, True)]


def places(values: Any, rows: int, name: str) -> Ints:
    """``values`` as places of rows.

    Raises
    ------
    InvalidOption
        If they are not whole numbers from 0 to ``rows - 1``.
    """
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InvalidOption(
            f"{name} of type {array.dtype}, shape {array.shape}", "places of rows", "use np.flatnonzero"
        )
    if int(array.min()) < 0 or int(array.max()) >= rows:
        raise InvalidOption(
            f"{name} from {array.min()} to {array.max()}", f"places of {rows} rows, 0 to {rows - 1}", ""
        )
    return np.asarray(array, dtype=np.int64)
