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
_DENSE = 6  # with so many rows an instant counting them in blocks beats steps
_BLOCK = 16
_SPARSE = 32  # with so many, or so few, leaps beat both
_CHECKED = 4096  # rows that are seen to ascend at a time, just before they are merged: 32 KiB


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
    _refuse_descent("now", now)
    found, early = np.empty(len(now), dtype=np.int64), 1 if strict else 0
    dense = _DENSE * len(now) < len(available) <= _SPARSE * len(now)
    if dense and _count(available, now, early, found):
        return found
    _refuse_descent("available_at", available)
    if len(available) > _SPARSE * len(now):
        _leap_rows(available, now, early, found)
    elif len(now) > _SPARSE * len(available):
        _leap_instants(available, now, early, found)
    else:
        _merge(available, now, early, found)
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


def gather(found: Ints, columns: Floats) -> Floats:
    """The columns of the rows that were found, (k, n); NaN where none was known.

    Parameters
    ----------
    found : int array, shape (n,)
        From :func:`as_of`.
    columns : float array, shape (k, m)

    Examples
    --------
    >>> gather(np.array([-1, 0, 0]), np.array([[7.0], [8.0]])).tolist()
    [[nan, 7.0, 7.0], [nan, 8.0, 8.0]]
    """
    made = np.empty((len(columns), len(found)))
    _take(found, np.ascontiguousarray(columns, dtype=np.float64), made)
    return made


@compiled
def _take(found: Ints, columns: Floats, made: Floats) -> None:
    for k in range(len(columns)):
        column = columns[k]
        for i in range(len(found)):
            made[k, i] = column[found[i]] if found[i] >= 0 else np.nan


def _refuse_descent(name: str, instants: Ints) -> None:
    if not _ascends(instants, 1, len(instants)):
        where = int(np.argmax(np.diff(instants) < 0)) + 1
        raise UnsortedData(f"{name} that descends at row {where}", "ascending instants", "sort by it first")


@compiled
def _ascends(values: Ints, first: int, stop: int) -> bool:
    descents = 0
    for i in range(first, stop):  # no early exit: the loop runs in vector registers
        descents += values[i] < values[i - 1]
    return descents == 0


@compiled
def _merge(available: Ints, now: Ints, early: int, found: Ints) -> None:
    """Merge in steps: each moves one on, a row if it was known at the instant, else an instant.

    No step has a branch to mispredict; but each waits for the one before, so four stretches of
    the merge, of equally many steps, are walked side by side.
    """
    rows, instants = len(available), len(now)
    row, i = 0, 0
    if rows and instants:
        if available[rows - 1] <= now[instants - 1] - early:  # the rows end first
            steps = rows - 1 + _after(now, 0, available[rows - 1] - 1 + early)
        else:
            steps = instants - 1 + _after(available, 0, now[instants - 1] - early)
        steps //= 4
        r0, r1 = 0, _split(available, now, early, steps)
        r2, r3 = _split(available, now, early, 2 * steps), _split(available, now, early, 3 * steps)
        i0, i1, i2, i3 = 0, steps - r1, 2 * steps - r2, 3 * steps - r3
        begun = i1, i2, i3
        for _ in range(steps):
            found[i0], found[i1], found[i2], found[i3] = r0 - 1, r1 - 1, r2 - 1, r3 - 1
            k0, k1 = available[r0] <= now[i0] - early, available[r1] <= now[i1] - early
            k2, k3 = available[r2] <= now[i2] - early, available[r3] <= now[i3] - early
            r0, r1, r2, r3 = r0 + k0, r1 + k1, r2 + k2, r3 + k3
            i0, i1, i2, i3 = i0 + 1 - k0, i1 + 1 - k1, i2 + 1 - k2, i3 + 1 - k3
        for one in begun:  # where one stretch ends and the next begins, both have written
            found[one] = _after(available, 0, now[one] - early) - 1
        row, i = r3, i3
    while row < rows and i < instants:
        found[i] = row - 1
        known = 1 if available[row] <= now[i] - early else 0
        row += known
        i += 1 - known
    found[i:] = row - 1


@compiled
def _split(available: Ints, now: Ints, early: int, steps: int) -> int:
    """Rows among the first ``steps`` of the merge."""
    low, high = max(0, steps - len(now)), min(steps, len(available))
    while low < high:
        middle = (low + high) // 2
        if available[middle] <= now[steps - 1 - middle] - early:
            low = middle + 1
        else:
            high = middle
    return low


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


@compiled
def _count(available: Ints, now: Ints, early: int, found: Ints) -> bool:
    """For some more rows than instants: count those known, a block at a time; false if they descend."""
    rows, row, checked, sound = len(available), 0, 1, True
    for i in range(len(now)):
        limit = now[i] - early
        while row + _BLOCK <= rows:
            if row + _BLOCK > checked:
                stop = min(checked + _CHECKED, rows)
                sound &= _ascends(available, checked, stop)
                checked = stop
            known = 0
            for k in range(_BLOCK):
                known += available[row + k] <= limit
            row += known
            if known < _BLOCK:
                break
        else:
            while row < rows and available[row] <= limit:
                row += 1
        found[i] = row - 1
    return sound and _ascends(available, checked, rows)
