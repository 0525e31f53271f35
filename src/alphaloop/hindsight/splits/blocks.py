"""Blocks: the timestamps of a panel in order, cut where a fold begins.

A timestamp is never cut, so all symbols of one instant are on the same side.
"""

from dataclasses import dataclass

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bools, Ints
from alphaloop.hindsight.splits.intervals import Intervals


@dataclass(frozen=True, slots=True)
class Blocks:
    """Rows by block.

    Parameters
    ----------
    rows : Intervals, n rows
    block : int array, shape (n,)
        The block of each row.
    first : int array, shape (G,), microseconds UTC
        The first decision of each block.
    last : int array, shape (G,), microseconds UTC
        The last instant that any label of each block reads.
    """

    rows: Intervals
    block: Ints
    first: Ints
    last: Ints

    @classmethod
    def begin_at(cls, rows: Intervals, first: Ints) -> "Blocks":
        """Blocks that begin at the timestamps ``first``, ascending; the first of all is among them."""
        block = np.searchsorted(first, rows.times, side="right") - 1
        last = np.full(len(first), np.iinfo(np.int64).min)
        np.maximum.at(last, block, rows.ends)
        return cls(rows, block, first, last)

    def hold_out(self, chosen: tuple[int, ...], embargo: int) -> tuple[Bools, Bools]:
        """Training and test rows when these blocks are tested, shapes (n,).

        A row is trained on if, for each tested block, its label ends by the block's first decision, or
        it is decided ``embargo`` or more after the last instant that any label of the block reads.
        """
        train, test = np.ones(len(self.block), dtype=np.bool_), np.zeros(len(self.block), dtype=np.bool_)
        for one in chosen:
            test |= self.block == one
            train &= (self.rows.ends <= self.first[one]) | (self.rows.times >= self.last[one] + embargo)
        return train & ~test, test


def evenly(rows: Intervals, count: int) -> Blocks:
    """``count`` blocks of as many timestamps each; the first ones have one more where it does not come out.

    Raises
    ------
    InvalidOption
        If there are fewer timestamps than blocks.

    Examples
    --------
    >>> rows = Intervals.of([0, 0, 10, 20, 20, 30, 40], [5, 5, 15, 25, 25, 35, 45])
    >>> evenly(rows, 2).block.tolist()
    [0, 0, 0, 0, 0, 1, 1]
    """
    stamps = np.unique(rows.times)
    enough(len(stamps), count)
    size, more = divmod(len(stamps), count)
    places = np.arange(count) * size + np.minimum(np.arange(count), more)
    return Blocks.begin_at(rows, stamps[places])


def enough(stamps: int, folds: int) -> None:
    """Check that every fold can have a timestamp of its own.

    Raises
    ------
    InvalidOption
        If it cannot.
    """
    if stamps < folds:
        raise InvalidOption(
            f"{stamps} different timestamps for {folds} folds", "at least one for each fold", "use fewer folds"
        )
