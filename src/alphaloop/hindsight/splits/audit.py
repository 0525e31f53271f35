"""Audit of a split, anybody's: how many training labels overlap test labels, and would without purging.

A purge that is wrong does not show in a score; only counting shows it. And a count of zero
proves nothing where no label reaches over the border of a fold, so that is counted too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from alphaloop.core.errors import LookaheadError
from alphaloop.core.market import Bools, Ints
from alphaloop.hindsight.splits.intervals import Intervals, overlapping, places
from alphaloop.hindsight.splits.splitter import Splitter


@dataclass(frozen=True, slots=True)
class FoldAudit:
    """Rows of one fold.

    Parameters
    ----------
    fold : int
    train, test : int
        Rows trained on, and tested.
    left_out : int
        Rows neither trained on nor tested: purged, in the embargo, before a rolling window, or, where
        all training lies in the past, after the test.
    overlaps : int
        Training rows whose label overlaps a test label. Zero for an honest split.
    unpurged : int
        The same if nothing had been left out on the sides that are trained on.
    """

    fold: int
    train: int
    test: int
    left_out: int
    overlaps: int
    unpurged: int


@dataclass(frozen=True, slots=True)
class Audit:
    """All folds of a split.

    Parameters
    ----------
    folds : tuple of FoldAudit
    labels_overlap : bool
        Whether any two labels of different instants overlap at all.
    """

    folds: tuple[FoldAudit, ...]
    labels_overlap: bool

    @property
    def overlaps(self) -> int:
        """Overlapping training rows of all folds together."""
        return sum(one.overlaps for one in self.folds)

    @property
    def vacuous(self) -> bool:
        """Whether no fold had anything to purge: a broken purge would have passed as well."""
        return all(one.unpurged == 0 for one in self.folds)

    def require(self) -> "Audit":
        """The audit itself, if no training label overlaps a test label.

        Raises
        ------
        LookaheadError
            If one does.
        """
        for one in self.folds:
            if one.overlaps:
                raise LookaheadError(
                    f"fold {one.fold}: {one.overlaps} of {one.train} training labels overlap test labels",
                    "none",
                    "purge by the interval of each label: alphaloop.hindsight.splits",
                )
        return self

    def as_dict(self) -> dict[str, Any]:
        """Counts per fold and in total, for a report."""
        folds = [asdict(one) for one in self.folds]
        total = {"overlaps": self.overlaps, "unpurged": sum(one.unpurged for one in self.folds)}
        return {**total, "vacuous": self.vacuous, "labels_overlap": self.labels_overlap, "folds": folds}


def audit(splits: Splitter | Iterable[tuple[Any, Any]], *, times: Any, ends: Any) -> Audit:
    """Count the overlaps of every fold.

    Parameters
    ----------
    splits : Splitter, or iterable of (train, test) places of rows
        Ours, or what any other splitter yields.
    times, ends : int64 or datetime64 array-like, shape (n,), microseconds UTC
        When each decision was taken, and the last instant each label reads.

    Raises
    ------
    SchemaViolation, InvalidOption, NoData
        As :meth:`Splitter.split`.

    Examples
    --------
    >>> from alphaloop.hindsight.splits.kfold import PurgedKFold
    >>> times, ends = np.arange(12) * 10, np.arange(12) * 10 + 30
    >>> found = audit(PurgedKFold(3), times=times, ends=ends)
    >>> found.overlaps, found.vacuous, found.folds[1].unpurged
    (0, False, 4)
    >>> from sklearn.model_selection import KFold
    >>> audit(KFold(3).split(times), times=times, ends=ends).overlaps
    8
    """
    rows = Intervals.of(times, ends)
    pairs = splits.split(times=times, ends=ends) if isinstance(splits, Splitter) else splits
    return Audit(tuple(_folds(rows, pairs)), _labels_overlap(rows))


def _folds(rows: Intervals, pairs: Iterable[tuple[Any, Any]]) -> Iterator[FoldAudit]:
    for number, (train, test) in enumerate(pairs):
        train, test = (places(one, len(rows.times), name) for name, one in (("train", train), ("test", test)))
        yield FoldAudit(
            number,
            len(train),
            len(test),
            int((~_held(len(rows.times), train, test)).sum()),
            int(overlapping(rows, train, test).sum()),
            int(overlapping(rows, _candidates(rows, train, test), test).sum()),
        )


def _candidates(rows: Intervals, train: Ints, test: Ints) -> Ints:
    """Rows that could have been trained on: all but the test, or, if all training is before it, those before it."""
    free = ~_held(len(rows.times), test)
    begins = rows.times[test].min(initial=np.iinfo(np.int64).max)
    if bool((rows.times[train] < begins).all()):
        free &= rows.times < begins
    return np.flatnonzero(free)


def _held(count: int, *places: Ints) -> Bools:
    """Whether each row is at one of these places, shape (count,)."""
    held = np.zeros(count, dtype=np.bool_)
    for one in places:
        held[one] = True
    return held


def _labels_overlap(rows: Intervals) -> bool:
    order = np.lexsort((rows.ends, rows.times))
    times, reach = rows.times[order], np.maximum.accumulate(rows.ends[order])
    later = times[1:] > times[:-1]
    return bool((reach[:-1] > times[1:])[later].any())
