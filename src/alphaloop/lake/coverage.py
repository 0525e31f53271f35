"""How much of a time series is there: buckets present, missing, and where the holes are.

A series is an array of times and the length of its buckets. A hole is a step to the next
row of more than one bucket; its size is the number of buckets left out, so times may
jitter by less than half a bucket. With a window, the stretch before the first row and
after the last one counts as well.

Session markets (stocks) close at night, on weekends and holidays. No calendar is kept:
for them a hole is a step inside one day, or one of more than ``SESSION_BREAK_DAYS``; its
size is counted in weekdays, at the usual number of bars a day.
"""

from dataclasses import dataclass

import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import DAY_US

SESSION_BREAK_DAYS = 5  # the longest holiday around a weekend
SLICES = 60  # of the coverage picture


@dataclass(frozen=True, slots=True)
class Hole:
    """Buckets missing between two instants, exclusive of both."""

    after: int
    before: int
    buckets: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Buckets of one series in one window.

    Parameters
    ----------
    start, end : int, microseconds UTC
        The window, ``[start, end)``.
    expected, present : int, buckets
    holes : tuple of Hole
        Oldest first.
    picture : tuple of float
        Fraction present in equal slices of the window, oldest first.
    """

    start: int
    end: int
    expected: int
    present: int
    holes: tuple[Hole, ...]
    picture: tuple[float, ...]


def cover(times: Ints, lengths: Ints, window: tuple[int | None, int | None], sessions: bool = False) -> Coverage:
    """Count the buckets of a series.

    Parameters
    ----------
    times : int array, shape (N,), microseconds UTC
        Strictly ascending, all inside the window, N >= 1.
    lengths : int array, shape (N,), microseconds
        Bucket length that leads to each row.
    window : start and end, microseconds UTC
        None for the first row, and for one bucket past the last.
    sessions : bool
        Whether the market keeps trading hours.

    Examples
    --------
    >>> found = cover(np.array([0, 10, 40]), np.full(3, 10), (None, None))
    >>> found.expected, found.present, found.holes, found.end
    (5, 3, (Hole(after=10, before=40, buckets=2),), 50)
    >>> cover(np.array([20]), np.array([10]), (0, 50)).expected
    5
    """
    start = int(times[0]) if window[0] is None else window[0]
    end = int(times[-1] + lengths[-1]) if window[1] is None else window[1]
    missing = _sessions_missing(times, lengths) if sessions else _missing(times, lengths)
    rows = np.flatnonzero(missing)
    holes = [Hole(int(times[i]), int(times[i + 1]), int(missing[i])) for i in rows]
    head, tail = _edges(times, lengths, (start, end), sessions)
    if head:
        holes.insert(0, Hole(start, int(times[0]), head))
    if tail:
        holes.append(Hole(int(times[-1]), end, tail))
    expected = len(times) + sum(hole.buckets for hole in holes)
    return Coverage(start, end, expected, len(times), tuple(holes), picture(times, (start, end), expected))


def _missing(times: Ints, lengths: Ints) -> Ints:
    steps = np.diff(times) / lengths[1:]
    return np.maximum(np.rint(steps).astype(np.int64) - 1, 0)


def _edges(times: Ints, lengths: Ints, window: tuple[int, int], sessions: bool) -> tuple[int, int]:
    first, last = int(times[0]), int(times[-1])
    if not sessions:  # grid points first - k * length >= start, and last + k * length < end
        return (first - window[0]) // int(lengths[0]), (window[1] - 1 - last) // int(lengths[-1])
    per_day = _per_day(times)
    break_us = SESSION_BREAK_DAYS * DAY_US
    head = _weekdays(window[0] - DAY_US, first) * per_day if first - window[0] > break_us else 0
    tail = _weekdays(last, window[1]) * per_day if window[1] - last > break_us else 0
    return int(head), int(tail)


def _sessions_missing(times: Ints, lengths: Ints) -> Ints:
    steps = np.diff(times)
    same_day = times[1:] // DAY_US == times[:-1] // DAY_US
    inside = np.where(same_day, _missing(times, lengths), 0)
    long = steps > SESSION_BREAK_DAYS * DAY_US
    days = np.where(long, _weekdays(times[:-1], times[1:]), 0)
    return np.asarray(inside + days * _per_day(times), dtype=np.int64)


def _weekdays(after: Ints | int, before: Ints | int) -> Ints:
    """Mondays to Fridays strictly between the days of two instants."""
    first = (np.asarray(after) // DAY_US + 1).astype("datetime64[D]")
    last = (np.asarray(before) // DAY_US).astype("datetime64[D]")
    return np.maximum(np.busday_count(first, last), 0).astype(np.int64)


def _per_day(times: Ints) -> int:
    return int(np.median(np.unique(times // DAY_US, return_counts=True)[1]))


def usual_step(times: Ints) -> int:
    """The most frequent step of a series in microseconds, 0 if it has fewer than three rows.

    Examples
    --------
    >>> usual_step(np.array([0, 60, 120, 180, 600]) * 1_000_000)
    60000000
    """
    if len(times) < 3:
        return 0
    steps, counts = np.unique(np.diff(times), return_counts=True)
    return int(steps[np.argmax(counts)])


def picture(times: Ints, window: tuple[int, int], expected: int) -> tuple[float, ...]:
    """Fraction present in equal slices of the window, at most ``SLICES`` of them.

    A slice is measured against an even share of what is expected in the whole window.
    """
    slices = max(1, min(SLICES, expected))
    counts: Floats = np.histogram(times, bins=np.linspace(window[0], window[1], slices + 1))[0] / (expected / slices)
    return tuple(np.round(np.minimum(counts, 1.0), 3).tolist())


def sparkline(fractions: tuple[float, ...]) -> str:
    """The picture as text: a space for nothing, eighths of a block up to full.

    Examples
    --------
    >>> sparkline((0.0, 0.1, 0.5, 1.0))
    ' ▁▄█'
    """
    blocks = " ▁▂▃▄▅▆▇█"
    return "".join(blocks[int(np.ceil(fraction * 8))] if fraction < 1 else blocks[8] for fraction in fractions)
