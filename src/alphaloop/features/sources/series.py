"""Series: rows of one lake table held until the next, in the order they became known.

A row takes effect at ``available_at``. One that tells of an earlier instant than a row
already known is a late correction of the past: it is left out, as long as the one that
overtook it is not older than ``within``; so that the answer needs no more memory than
that. A row that claims to be known before it was so is never trusted. Knows columns; does
not know what a figure means.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import HOUR_US
from alphaloop.features.asof import NONE, as_of
from alphaloop.features.facts import Declared
from alphaloop.features.family import compiled
from alphaloop.features.sources.rows import Rows


def in_order(rows: Rows, within: int) -> Rows:
    """Rows without late corrections; one is remembered as having overtaken another for ``within`` microseconds."""
    return rows.where(forward(rows.available, rows.event, within))


@compiled
def forward(available: Ints, event: Ints, within: int) -> Bools:
    """True where no row known before, and at most ``within`` earlier, tells of a later instant; (m,)."""
    kept = np.ones(len(event), dtype=np.bool_)
    queue = np.empty(len(event), dtype=np.int64)  # rows that may still overtake, their events descending
    head, tail = 0, 0
    for j in range(len(event)):
        while head < tail and available[queue[head]] < available[j] - within:
            head += 1
        kept[j] = head == tail or event[queue[head]] <= event[j]
        while head < tail and event[queue[tail - 1]] <= event[j]:
            tail -= 1
        queue[tail] = j
        tail += 1
    return kept


def fresh(available: Ints, now: Ints, limit: int) -> Ints:
    """Index of the newest row known at each ``now`` if not known longer than ``limit``; -1 for none, (n,)."""
    return unless_older(as_of(available, now), available, now, limit)


def unless_older(index: Ints, available: Ints, now: Ints, limit: int) -> Ints:
    """The index of :func:`as_of`, -1 where the row was known longer than ``limit``; (n,)."""
    if not len(available):
        return index
    return np.where(now - available[index] > limit, NONE, index)  # an index of -1 stays -1 either way


def read(index: Ints) -> Ints:
    """The rows that an index (n,) points at, each once; -1 apart, it ascends as its instants do."""
    rows = index[index >= 0]
    return rows[np.flatnonzero(np.diff(rows, prepend=-1))]


def held(values: Floats, index: Ints) -> Floats:
    """``values[index]``, NaN where the index is -1; (n,)."""
    if not len(values):
        return np.full(len(index), np.nan)
    return np.where(index >= 0, values[index], np.nan)


def age_hours(available: Ints, now: Ints, limit: int) -> Floats:
    """Hours since the newest row became known; NaN when that was more than ``limit`` ago. (n,)."""
    return ages(fresh(available, now, limit), available, now)


def ages(index: Ints, available: Ints, now: Ints) -> Floats:
    """Hours since the rows of an index became known; NaN where it is -1. (n,)."""
    return (now - held(available.astype(np.float64), index)) / HOUR_US


def write(declared: Iterable[Declared], columns: Mapping[str, Floats], values: Floats, mask: Bools) -> None:
    """Put columns (n,) by name into ``values`` and ``mask`` (columns, n), in the order declared."""
    for row, one in enumerate(declared):
        values[row] = columns[one.name]
    settle(values, mask)


@compiled
def settle(values: Floats, mask: Bools) -> None:
    """Set the mask where values are finite, and the others to NaN."""
    for row in range(values.shape[0]):
        for i in range(values.shape[1]):
            mask[row, i] = np.isfinite(values[row, i])
            if not mask[row, i]:
                values[row, i] = np.nan
