"""The face of every splitter: scikit-learn's ``split``, with the time of each row and the end of its label.

scikit-learn hands times and ends over if metadata routing is on (see ``docs/splits.md``);
without it, ``cv=list(splitter.split(X, times=times, ends=ends))`` does the same.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.core.market import Bools, Ints
from alphaloop.hindsight.splits.intervals import Intervals

LONGEST_US = 100 * 366 * 86_400 * 1_000_000  # an embargo of more than a century is another unit


class Splitter(ABC):
    """What all splitters share; the rest is which rows each holds out and trains on."""

    @abstractmethod
    def get_n_splits(self, *_: Any, **__: Any) -> int:
        """How many splits there will be; what scikit-learn passes does not matter."""

    @abstractmethod
    def _folds(self, rows: Intervals) -> Iterator[tuple[Bools, Bools]]:
        """Training rows and test rows of each split, shapes (n,)."""

    def split(
        self,
        X: Any = None,
        y: Any = None,  # noqa: ARG002 - as scikit-learn calls it
        groups: Any = None,  # noqa: ARG002
        *,
        times: Any,
        ends: Any,
    ) -> Iterator[tuple[Ints, Ints]]:
        """Training and test rows of each split.

        Parameters
        ----------
        X : array-like, shape (n, ...), optional
            Only its number of rows is looked at.
        y, groups : ignored
            As scikit-learn passes them.
        times : int64 or datetime64 array-like, shape (n,), microseconds UTC
            When each decision was taken; in any order, many rows may share one.
        ends : int64 or datetime64 array-like, shape (n,), microseconds UTC
            The last instant each label reads.

        Yields
        ------
        train, test : int arrays
            Places of rows, ascending.

        Raises
        ------
        SchemaViolation
            If the intervals are not sound; see :meth:`Intervals.of`.
        InvalidOption
            If there are fewer timestamps than folds.
        NoData
            When a fold comes up whose training rows have all been purged.
        """
        rows = Intervals.of(times, ends, None if X is None else _length(X))
        return _checked(self._folds(rows))

    def get_metadata_routing(self) -> Any:
        """Tells scikit-learn that ``split`` wants ``times`` and ``ends``."""
        from sklearn.utils.metadata_routing import MetadataRequest

        request = MetadataRequest(owner=self)
        for name in ("times", "ends"):
            request.split.add_request(param=name, alias=True)
        return request


def _checked(folds: Iterator[tuple[Bools, Bools]]) -> Iterator[tuple[Ints, Ints]]:
    for number, (train, test) in enumerate(folds):
        if not train.any():
            raise NoData(
                f"fold {number} without training rows: all labels overlap its test, or fall in the embargo",
                "some rows that do not",
                "use fewer folds, shorter labels, a shorter embargo or more history",
            )
        yield np.flatnonzero(train), np.flatnonzero(test)


def check_embargo(embargo: int) -> None:
    """Check a duration in microseconds.

    Raises
    ------
    InvalidOption
        If it is not a whole number from 0 to a century.
    """
    whole = isinstance(embargo, int | np.integer) and not isinstance(embargo, bool)
    if not whole or not 0 <= embargo <= LONGEST_US:
        raise InvalidOption(f"embargo {embargo!r}", "whole microseconds, 0 or more", "an hour is 3_600_000_000")


def check_count(name: str, value: int, least: int) -> None:
    """Check a number of folds, groups or timestamps.

    Raises
    ------
    InvalidOption
        If it is not a whole number of at least ``least``.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InvalidOption(f"{name} {value!r}", f"a whole number, {least} or more", "")


def _length(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)
