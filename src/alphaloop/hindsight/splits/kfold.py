"""Purged K-fold: every timestamp is tested once, by a model that saw none of its labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alphaloop.core.market import Bools
from alphaloop.hindsight.splits.blocks import evenly
from alphaloop.hindsight.splits.intervals import Intervals
from alphaloop.hindsight.splits.splitter import Splitter, check_count, check_embargo


@dataclass(frozen=True)
class PurgedKFold(Splitter):
    """Contiguous blocks of timestamps, each tested once; training rows that overlap are purged.

    A row is trained on if its label ends by the first decision of the test block, or if its
    decision is ``embargo`` or more after the last instant that any label of the block reads.

    Parameters
    ----------
    n_splits : int, >= 2
    embargo : int, microseconds, >= 0
        At least the longest memory of a feature that also feeds the label.

    Raises
    ------
    InvalidOption
        If a parameter is out of its range.

    Source
    ------
    Lopez de Prado (2018), Advances in Financial Machine Learning, chapter 7; the purge begins
    at the first test decision, not at the end of its label.

    Examples
    --------
    >>> times = [0, 10, 20, 30, 40, 50]
    >>> ends = [20, 30, 40, 50, 60, 70]
    >>> [train.tolist() for train, test in PurgedKFold(3).split(times=times, ends=ends)]
    [[3, 4, 5], [0, 5], [0, 1, 2]]
    """

    n_splits: int = 5
    embargo: int = 0

    def __post_init__(self) -> None:
        check_count("n_splits", self.n_splits, 2)
        check_embargo(self.embargo)

    def get_n_splits(self, *_: Any, **__: Any) -> int:
        """``n_splits``."""
        return self.n_splits

    def _folds(self, rows: Intervals) -> Iterator[tuple[Bools, Bools]]:
        blocks = evenly(rows, self.n_splits)
        return (blocks.hold_out((one,), self.embargo) for one in range(self.n_splits))
