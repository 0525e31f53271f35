"""Walk-forward: train on the past only, test on what follows, move on; anchored or rolling."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bools, Ints
from alphaloop.hindsight.splits.blocks import Blocks, enough
from alphaloop.hindsight.splits.intervals import Intervals
from alphaloop.hindsight.splits.splitter import Splitter, check_count, check_embargo


@dataclass(frozen=True)
class WalkForward(Splitter):
    """Test blocks at the end of the history, one after the other, each after all that it is trained on.

    Parameters
    ----------
    n_splits : int, >= 1
    test_size : int, timestamps, optional
        Of each test block; left out, the history is cut into ``n_splits + 1`` parts.
    train_size : int, timestamps, optional
        Rolling: train on the latest so many that purging leaves. Left out, anchored: on all of them.
    embargo : int, microseconds, >= 0
        Time between the end of a training label and the first test decision, e.g. what a fit takes.
        Nothing is trained on after a test block, so here it lies before the block.

    Raises
    ------
    InvalidOption
        If a parameter is out of its range, or there are too few timestamps.

    Examples
    --------
    >>> times = [0, 10, 20, 30, 40, 50]
    >>> ends = [20, 30, 40, 50, 60, 70]
    >>> for train, test in WalkForward(2, test_size=1).split(times=times, ends=ends):
    ...     print(train, test)
    [0 1 2] [4]
    [0 1 2 3] [5]
    """

    n_splits: int = 5
    test_size: int | None = None
    train_size: int | None = None
    embargo: int = 0

    def __post_init__(self) -> None:
        check_count("n_splits", self.n_splits, 1)
        for name, size in (("test_size", self.test_size), ("train_size", self.train_size)):
            if size is not None:
                check_count(name, size, 1)
        check_embargo(self.embargo)

    def get_n_splits(self, *_: Any, **__: Any) -> int:
        """``n_splits``."""
        return self.n_splits

    def _folds(self, rows: Intervals) -> Iterator[tuple[Bools, Bools]]:
        blocks = Blocks.begin_at(rows, self._first(np.unique(rows.times)))
        return (self._fold(blocks, one) for one in range(1, self.n_splits + 1))

    def _first(self, stamps: Ints) -> Ints:
        """Where the blocks begin: the history before all tests, then each test."""
        enough(len(stamps), self.n_splits + 1)
        size = self.test_size or len(stamps) // (self.n_splits + 1)
        before = len(stamps) - self.n_splits * size
        if before < 1:
            raise InvalidOption(
                f"{self.n_splits} tests of {size} timestamps in a history of {len(stamps)}",
                "a history that begins before the first test",
                "use fewer or shorter tests",
            )
        return np.concatenate([stamps[:1], stamps[before::size]])

    def _fold(self, blocks: Blocks, one: int) -> tuple[Bools, Bools]:
        train = blocks.rows.ends <= blocks.first[one] - self.embargo
        if self.train_size is not None:
            stamps = np.unique(blocks.rows.times[train])
            if len(stamps) > self.train_size:
                train &= blocks.rows.times >= stamps[-self.train_size]
        test = np.asarray(blocks.block == one)
        return train & ~test, test
