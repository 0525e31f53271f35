"""Windows of time, asked one after another, without holes or double rows at their edges.

An exchange may answer with fewer rows than a window holds, and cut off either end. So a
window whose answer leaves a bucket free at an edge is asked again for that edge, until it
answers with nothing: then the hole is the market's. Times are microseconds UTC,
windows ``[start, end)``. Knows no exchange.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One record and when it was so (microseconds)."""

    time: int
    values: tuple[Any, ...]


Ask = Callable[[int, int], list[Row]]


def windows(ask: Ask, start: int, end: int, step: int, rows: int) -> Iterator[tuple[int, list[Row]]]:
    """Pages of rows from start to end, oldest first, each time once.

    Parameters
    ----------
    ask : callable of (start, end) to rows
        May answer with rows outside the window, in any order, and twice.
    start, end : int, microseconds
    step : int, microseconds
        Usual distance of two rows.
    rows : int
        How many rows one answer may hold.

    Yields
    ------
    (int, list of Row)
        End of the window, and its rows.

    Examples
    --------
    An exchange that keeps rows at 0, 1, 2, 5 and sends at most the two newest it was asked for:

    >>> kept = [Row(time, ()) for time in (0, 1, 2, 5)]
    >>> answer = lambda start, end: [row for row in kept if start <= row.time < end][-2:]
    >>> [(stop, [row.time for row in page]) for stop, page in windows(answer, 0, 6, 1, 3)]
    [(3, [0, 1, 2]), (6, [5])]
    """
    cursor = start
    while cursor < end:
        stop = min(cursor + step * rows, end)
        found = _all_of(ask, cursor, stop, step)
        yield stop, [found[time] for time in sorted(found)]
        cursor = stop


def _all_of(ask: Ask, start: int, stop: int, step: int) -> dict[int, Row]:
    found: dict[int, Row] = {}
    open_windows = [(start, stop)]
    while open_windows:
        low, high = open_windows.pop()
        answer = {row.time: row for row in ask(low, high) if low <= row.time < high}
        if not answer:
            continue
        found |= answer
        first, last = min(answer), max(answer)
        if first - low >= step:
            open_windows.append((low, first))
        if high - last > step:
            open_windows.append((last + 1, high))
    return found
