"""Combinatorial purged cross-validation: every choice of test blocks, put together to backtest paths.

One walk through history is one draw. With ``n_groups`` blocks of which ``n_test`` are tested at a
time, each block is predicted by ``C(n_groups - 1, n_test - 1)`` models, none of which saw it:
so many complete paths through the same history, and a distribution instead of one figure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.hindsight.splits.blocks import evenly
from alphaloop.hindsight.splits.intervals import Intervals
from alphaloop.hindsight.splits.splitter import Splitter, check_count, check_embargo


@dataclass(frozen=True)
class CombinatorialPurgedCV(Splitter):
    """All ``C(n_groups, n_test)`` choices of test blocks, in lexical order, purged as in K-fold.

    Parameters
    ----------
    n_groups : int, >= 2
        Contiguous blocks of timestamps.
    n_test : int, 1 to n_groups - 1
        Blocks tested together.
    embargo : int, microseconds, >= 0
        After each tested block.
    most : int, >= 1
        Refuse more splits than this: 20 blocks by 10 are 184,756.

    Raises
    ------
    InvalidOption
        If a parameter is out of its range, or there would be too many splits.

    Source
    ------
    Lopez de Prado (2018), Advances in Financial Machine Learning, chapter 12.

    Examples
    --------
    >>> cv = CombinatorialPurgedCV(4, 2)
    >>> cv.get_n_splits(), cv.n_paths
    (6, 3)
    >>> cv.paths()
    array([[0, 0, 1, 2],
           [1, 3, 3, 4],
           [2, 4, 5, 5]])
    """

    n_groups: int = 10
    n_test: int = 2
    embargo: int = 0
    most: int = 10_000

    def __post_init__(self) -> None:
        check_count("n_groups", self.n_groups, 2)
        check_count("n_test", self.n_test, 1)
        check_count("most", self.most, 1)
        check_embargo(self.embargo)
        if self.n_test >= self.n_groups:
            raise InvalidOption(f"{self.n_test} of {self.n_groups} blocks tested", "fewer than there are", "")
        if comb(self.n_groups, self.n_test) > self.most:
            count = comb(self.n_groups, self.n_test)
            raise InvalidOption(f"{count} splits", f"at most {self.most}", "use fewer blocks, or raise `most`")

    def get_n_splits(self, *_: Any, **__: Any) -> int:
        """``C(n_groups, n_test)``."""
        return comb(self.n_groups, self.n_test)

    @property
    def n_paths(self) -> int:
        """``n_test / n_groups * C(n_groups, n_test)``."""
        return comb(self.n_groups - 1, self.n_test - 1)

    def choices(self) -> list[tuple[int, ...]]:
        """The blocks that each split tests, in the order of the splits."""
        return list(combinations(range(self.n_groups), self.n_test))

    def paths(self) -> Ints:
        """Which split predicts each block on each path, shape (n_paths, n_groups).

        Path ``p`` takes for every block the ``p``-th split that tests it, so each prediction of
        each split is on one path.
        """
        testing: list[list[int]] = [[] for _ in range(self.n_groups)]
        for split, chosen in enumerate(self.choices()):
            for one in chosen:
                testing[one].append(split)
        return np.array(testing, dtype=np.int64).T

    def blocks(self, *, times: Any, ends: Any) -> Ints:
        """The block of each row, shape (n,).

        Raises
        ------
        SchemaViolation, InvalidOption
            As :meth:`split`.
        """
        return evenly(Intervals.of(times, ends), self.n_groups).block

    def assemble(self, predictions: Sequence[Floats], *, times: Any, ends: Any) -> Floats:
        """The predictions of all splits as backtest paths.

        Parameters
        ----------
        predictions : sequence of float array
            One per split, for its test rows in the order :meth:`split` gave them.
        times, ends : as in :meth:`split`

        Returns
        -------
        float array, shape (n_paths, n)

        Raises
        ------
        SchemaViolation
            If there are not as many predictions as test rows.
        """
        block = self.blocks(times=times, ends=ends)
        made = np.empty((self.n_paths, len(block)))
        paths, seen = self.paths(), [np.flatnonzero(np.isin(block, chosen)) for chosen in self.choices()]
        if [len(one) for one in predictions] != [len(one) for one in seen]:
            raise SchemaViolation("predictions of other rows", f"for {len(seen)} splits, the test rows of each", "")
        for path, group in np.ndindex(paths.shape):
            rows = seen[paths[path, group]]
            own = block[rows] == group
            made[path, rows[own]] = np.asarray(predictions[int(paths[path, group])])[own]
        return made

    def _folds(self, rows: Intervals) -> Iterator[tuple[Bools, Bools]]:
        blocks = evenly(rows, self.n_groups)
        return (blocks.hold_out(chosen, self.embargo) for chosen in combinations(range(self.n_groups), self.n_test))
