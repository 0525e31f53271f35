"""Trailing: what a row says against the rows before it.

Every figure is made anew from the rows of its window, oldest first, and belongs to the
row that closes the window: a slow series is measured once a row, not once a bar, and
only at rows that somebody reads. The window is cut by ``event_time`` (what it tells of)
and by ``available_at`` (what is still remembered), so the result needs no row older than
``reach``.
"""

import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.features.family import compiled


@compiled
def _oldest(available: Ints, event: Ints, j: int, span: int, reach: int) -> int:
    """First row of the window of row ``j``: events in ``(event[j] - span, event[j]]``."""
    first = j
    while first > 0 and available[first - 1] > available[j] - reach and event[first - 1] > event[j] - span:
        first -= 1
    return first


@compiled
def percentile(at: Ints, available: Ints, event: Ints, values: Floats, span: int, reach: int, least: int) -> Floats:
    """Rank of each value among those of its window, itself included: (below + equal / 2) / count.

    Parameters
    ----------
    at : int array, rows to measure
    available, event : int array, shape (m,), microseconds
    values : float array, shape (m,)
    span, reach : int, microseconds
        Length of the window by ``event_time``; oldest row remembered by ``available_at``.
    least : int
        Values the window must hold.

    Returns
    -------
    float array, shape (m,), fraction 0-1
        NaN at other rows, and where the value or too much of the window is unknown.

    Examples
    --------
    >>> days = np.arange(4)
    >>> percentile(days, days, days, np.array([1.0, 3.0, 2.0, 2.0]), 3, 9, 2).round(3).tolist()
    [nan, 0.75, 0.5, 0.333]
    """
    ranks = np.full(len(values), np.nan)
    for j in at:
        below, equal, count = 0, 0, 0
        for i in range(_oldest(available, event, j, span, reach), j + 1):
            below += values[i] < values[j]
            equal += values[i] == values[j]
            count += not np.isnan(values[i])
        if equal > 0 and count >= least:
            ranks[j] = (below + 0.5 * equal) / count
    return ranks


@compiled
def score(at: Ints, available: Ints, event: Ints, values: Floats, span: int, reach: int, least: int) -> Floats:
    """Deviations of each value from the mean of its window, itself included (ddof 1); as :func:`percentile`."""
    scores = np.full(len(values), np.nan)
    for j in at:
        first = _oldest(available, event, j, span, reach)
        total, count, lowest, highest = 0.0, 0, np.inf, -np.inf
        for i in range(first, j + 1):
            if not np.isnan(values[i]):
                total += values[i]
                count += 1
                lowest, highest = min(lowest, values[i]), max(highest, values[i])
        if np.isnan(values[j]) or count < max(least, 2) or lowest == highest:
            continue
        mean, spread = total / count, 0.0
        for i in range(first, j + 1):
            if not np.isnan(values[i]):
                spread += (values[i] - mean) ** 2
        scores[j] = (values[j] - mean) / np.sqrt(spread / (count - 1))
    return scores


@compiled
def earlier(at: Ints, available: Ints, event: Ints, back: int, reach: int) -> Ints:
    """The row that tells of ``back`` earlier than each row, at most ``2 * back`` earlier; -1 for none.

    Parameters
    ----------
    at : int array, rows to measure
    available, event : int array, shape (m,), microseconds
    back, reach : int, microseconds

    Returns
    -------
    int array, shape (m,)
        -1 at other rows too.

    Examples
    --------
    >>> hours = np.array([0, 2, 4, 5, 9])
    >>> earlier(np.arange(1, 5), hours, hours, 2, 99).tolist()
    [-1, 0, 1, 1, 3]
    """
    found = np.full(len(event), -1, dtype=np.int64)
    for j in at:
        i = j - 1
        while i >= 0 and event[i] > event[j] - back and available[i] > available[j] - reach:
            i -= 1
        told = i >= 0 and event[j] - 2 * back <= event[i] <= event[j] - back
        if told and available[i] > available[j] - reach:
            found[j] = i
    return found
