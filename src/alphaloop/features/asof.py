"""As of: which row of a slow source was the newest one known at each instant.

A row is known at ``now`` when ``available <= now`` (``strict``: when ``available < now``);
of rows known at the same instant the last counts. Both sides must be ascending, because a
merge of unsorted columns gives wrong rows without a word: that is checked on every call,
and refused. Knows instants only, no values: what is missing is index -1.
"""

import numpy as np

from alphaloop.core.errors import UnsortedData
from alphaloop.core.market import Floats, Ints
from alphaloop.features.family import compiled

NONE = -1  # no row was known yet
_HOUR_US = 3_600_000_000.0
_SPARSE = 6  # how many times shorter one side must be for leaps to beat steps


def as_of(available: Ints, now: Ints, *, strict: bool = False) -> Ints:
    """Index of the newest row known at each instant.

    Parameters
    ----------
    available : int array, shape (m,), microseconds UTC
        When each row became known, ascending; ties allowed.
    now : int array, shape (n,), microseconds UTC
        Ascending; ties allowed.
    strict : bool
        A row known exactly at ``now`` does not count.

    Returns
    -------
    int array, shape (n,)
        From 0 to m - 1, or -1 where no row was known.

    Raises
    ------
    UnsortedData
        If either side descends anywhere; the message says where.

    Examples
    --------
    >>> available, now = np.array([10, 20, 20, 40]), np.array([5, 10, 25, 40, 99])
    >>> as_of(available, now).tolist(), as_of(available, now, strict=True).tolist()
    ([-1, 0, 2, 3, 3], [-1, -1, 2, 2, 3])
    """
    available, now = np.asarray(available, dtype=np.int64), np.asarray(now, dtype=np.int64)
    for name, instants in (("available_at", available), ("now", now)):
        if not _ascends(instants):
            where = int(np.argmax(np.diff(instants) < 0)) + 1
            raise UnsortedData(f"{name} that descends at row {where}", "ascending instants", "sort by it first")
    found, early = np.empty(len(now), dtype=np.int64), 1 if strict else 0
    if len(available) > _SPARSE * len(now):
        _leap_rows(available, now, early, found)
    elif len(now) > _SPARSE * len(available):
        _leap_instants(available, now, early, found)
    else:
        _walk(available, now, early, found)
    return found


def newest(available: Ints, values: Floats, now: Ints, *, strict: bool = False) -> tuple[Floats, Floats]:
    """Value of the newest known row at each instant, and its age; NaN where there is none.

    Returns
    -------
    values : float array, shape (n,)
    age : float array, shape (n,), hours
        From the row's ``available`` to ``now``.

    Examples
    --------
    >>> newest(np.array([0]), np.array([7.0]), np.array([3_600_000_000]))
    (array([7.]), array([1.]))
    """
    found = as_of(available, now, strict=strict)
    if len(available) == 0:
        return np.full(len(now), np.nan), np.full(len(now), np.nan)
    known = found >= 0
    age = np.where(known, (now - available[found]) / _HOUR_US, np.nan)
    return np.where(known, values[found], np.nan), age


@compiled
def _ascends(values: Ints) -> bool:
    descents = 0
    for i in range(1, len(values)):  # no early exit: the loop runs in vector registers
        descents += values[i] < values[i - 1]
    return descents == 0


@compiled
def _walk(available: Ints, now: Ints, early: int, found: Ints) -> None:
    """Merge without a branch to mispredict: each turn moves one step on one side."""
    rows, instants, row, i = len(available), len(now), 0, 0
    while row < rows and i < instants:
        found[i] = row - 1
        known = 1 if available[row] <= now[i] - early else 0
        row += known
        i += 1 - known
    while i < instants:
        found[i] = row - 1
        i += 1


@compiled
def _after(values: Ints, first: int, limit: int) -> int:
    """Index of the first value above ``limit`` from ``first`` on: doubling steps, then halving."""
    low, step, stop = first, 1, len(values)
    while low + step < stop and values[low + step] <= limit:
        low += step
        step *= 2
    high = min(low + step, stop)
    while low < high:
        middle = (low + high) // 2
        if values[middle] <= limit:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _leap_rows(available: Ints, now: Ints, early: int, found: Ints) -> None:
    """For few instants: from one to the next, leap over the rows between."""
    row = 0
    for i in range(len(now)):
        row = _after(available, row, now[i] - early)
        found[i] = row - 1


@compiled
def _leap_instants(available: Ints, now: Ints, early: int, found: Ints) -> None:
    """For few rows: from one to the next, fill the instants between."""
    i = 0
    for row in range(len(available)):
        until = _after(now, i, available[row] - 1 + early)
        found[i:until] = row - 1
        i = until
    found[i:] = len(available) - 1
