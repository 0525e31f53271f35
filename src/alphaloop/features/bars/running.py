"""Running: a plan over the bars of one asset, in order, as far as is asked each time.

What kernels remember is carried from call to call and dropped where a hole is longer than
memory; so a long history can be taken in stretches without running any bar twice. Bars go
through block by block, so that what all kernels write to stays near.
"""

from collections.abc import Iterator

import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.features.bars.plan import Plan
from alphaloop.features.family import RETURN, compiled

BLOCK = 2024  # bars at a time: some columns of that length stay near, and off each other's cache lines


class Running:
    """A plan, and how far it was run over one asset's bars.

    Parameters
    ----------
    order : Plan
    reach : int
        Bars before a row that a kernel may read: the longest lookback and one.
    opens : int array, shape (n,), microseconds UTC, ascending
    bars : float array, shape (7, n)
        As kernels take them.
    hole_us : int, microseconds
        The longest time between two opens that memory bridges.

    Examples
    --------
    >>> from alphaloop.features.bars.plan import plan
    >>> from alphaloop.features.contract import Schema
    >>> bars, opens = np.ones((7, 3)), np.arange(3)
    >>> bars[3] = 10.0, 11.0, 12.1
    >>> bars[RETURN] = np.nan, 0.1, 0.1
    >>> schema = Schema(["close", "ret_1"])
    >>> run = Running(plan(schema.features), 2, opens, bars, 1)
    >>> values = np.empty((2, 2))
    >>> run.to(2, 1, values[:, :1], np.arange(2))
    >>> run.to(3, 2, values[:, 1:], np.arange(2))
    >>> values.round(9).tolist()
    [[11.0, 12.1], [0.1, 0.1]]
    """

    def __init__(self, order: Plan, reach: int, opens: Ints, bars: Floats, hole_us: int) -> None:
        self._order, self._reach, self._bars = order, reach, bars
        self._block = max(BLOCK, reach)  # so that bars laid out again never outweigh what is new
        breaks = np.flatnonzero(np.diff(opens) > hole_us) + 1
        self._edges = [0, *breaks.tolist(), len(opens)]
        self._states = order.fresh()
        self._scratch = np.empty(order.width * self._block)
        self.done = 0

    def to(self, stop: int, first: int, values: Floats, places: Ints) -> None:
        """Run the bars that were not run yet up to ``stop``, and write those from ``first`` on.

        Parameters
        ----------
        stop : int
            At most n.
        first : int
            Rows before it are only remembered; not before what was run already.
        values : float array, shape (F, stop - first)
            Rows ``places`` of it are written.
        places : int array
            Row of each of the plan's features.
        """
        for origin, begin, end in self._blocks(stop):
            if begin == origin:  # memory begins anew
                self._states = self._order.fresh()
            known = max(origin, begin - self._reach)
            bars = np.ascontiguousarray(self._bars[:, known:end])
            if known == origin:
                bars[RETURN, 0] = np.nan
            made = self._scratch[: self._order.width * (end - begin)].reshape(self._order.width, end - begin)
            self._order.run(bars, begin - known, self._states, made)
            if end > first:
                _place(made, self._order.columns, places, begin - first, values)
        self.done = max(self.done, stop)

    def _blocks(self, stop: int) -> Iterator[tuple[int, int, int]]:
        """Where memory begins, and the bounds of each block that is to be run."""
        for origin, edge in zip(self._edges, self._edges[1:], strict=False):
            for begin in range(max(origin, self.done), min(edge, stop), self._block):
                yield origin, begin, min(begin + self._block, edge, stop)


@compiled
def _place(made: Floats, columns: Ints, places: Ints, offset: int, values: Floats) -> None:
    """Write a block's rows to their features, from row ``offset`` of ``values`` on; rows before 0 are left out."""
    skip = max(0, -offset)
    for k in range(len(columns)):
        values[places[k], offset + skip : offset + made.shape[1]] = made[columns[k], skip:]
