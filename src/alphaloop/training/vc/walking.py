"""Fits of the VC chain: a linear teacher in closed form, a student that listens to it, and a walk-forward of both.

The teacher tells the student of training rows it was not fitted on: folds purged by the interval of each
label. The student stops by the newest part of the training rows, which no label of the others reaches.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from alphaloop.core.errors import DegenerateData, InvalidOption, NoData
from alphaloop.core.market import Floats, Ints
from alphaloop.hindsight.splits import PurgedKFold, WalkForward, audit
from alphaloop.models.ridge import Ridge
from alphaloop.models.saved import feature_hash
from alphaloop.training.vc.samples import FEATURES, Samples

if TYPE_CHECKING:
    from alphaloop.models.vc.student import Pass, Student

PENALTY = 1e-3
FEWEST = 50  # rows that an inner teacher learns from
INNER_FOLDS = 5
STOPPING = 0.15  # newest share of the training rows that says when the student stops
TESTED = 0.5  # newest share of the decisions that is tested: labels are long, and the first fold has to learn too
TORCH_MISSING = "torch_missing: no student was fitted, the linear teacher stands for it"

Progress = Callable[[int, "Pass"], None]
"""Told the fold, from 1 and 0 for the final fit, and each pass of its student."""


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """A teacher and its student; no student where torch is not installed.

    Parameters
    ----------
    teacher : Ridge
    student : Student or None
    rate : float
        How often the label was 1 in the training rows.
    taught : float, 0 to 1
        Share of the training rows that a teacher, fitted without them, told the student of.
    """

    teacher: Ridge
    student: "Student | None"
    rate: float
    taught: float

    def told(self, X: Floats) -> Floats:
        """The teacher's probabilities, shape (N,)."""
        return _chance(self.teacher, X)


@dataclass(frozen=True, eq=False, slots=True)
class Walked:
    """Probabilities of rows that no model was fitted on. N rows; NaN where nothing was tested.

    Parameters
    ----------
    chances : dict of str to float array, shape (N,)
        ``teacher``, and ``student`` where there is one.
    rate : float array, shape (N,)
        Of the training rows behind each.
    folds, overlaps : int
        Training labels that overlap a test label: 0, or the walk would have refused.
    """

    chances: dict[str, Floats]
    rate: Floats
    folds: int
    overlaps: int


def torch_there() -> bool:
    """Whether a student can be fitted."""
    return find_spec("torch") is not None


def walk(samples: Samples, folds: int, seed: int, progress: Progress | None = None) -> Walked:
    """Anchored walk-forward over decisions.

    Raises
    ------
    InvalidOption, NoData
        If there are too few instants or rows for the folds.
    DegenerateData
        If the training labels of a fold are all alike.
    LookaheadError
        If a training label overlaps a test label.
    """
    times, ends = samples.times, samples.ends
    size = max(int(len(np.unique(times)) * TESTED / folds), 1)
    pairs = tuple(WalkForward(folds, test_size=size).split(times=times, ends=ends))
    overlaps = audit(pairs, times=times, ends=ends).require().overlaps
    names = ("teacher", "student") if torch_there() else ("teacher",)
    chances = {name: np.full(len(samples), np.nan) for name in names}
    rate = np.full(len(samples), np.nan)
    for number, (train, test) in enumerate(pairs, start=1):
        pair = fit(samples, train, seed, None if progress is None else (number, progress))
        chances["teacher"][test], rate[test] = pair.told(samples.X[test]), pair.rate
        if pair.student is not None:
            chances["student"][test] = pair.student.predict(samples.X[test])
    return Walked(chances, rate, folds, overlaps)


def fit(samples: Samples, rows: Ints, seed: int, watched: tuple[int, Progress] | None = None) -> Pair:
    """Teacher and student on some of the rows; errors as :func:`walk`."""
    y, X = samples.y[rows], samples.X[rows]
    if float(y.min()) == float(y.max()):
        raise DegenerateData(f"{len(y)} training labels that are all {y[0]:g}", "some of each", "take more events")
    teacher = _linear().fit(X[:, None, :], y[:, None])
    if not torch_there():
        return Pair(teacher, None, float(y.mean()), 0.0)
    told = out_of_fold(samples, rows)
    student = _student(samples, rows, told, seed, watched)
    return Pair(teacher, student, float(y.mean()), float(np.isfinite(told).mean()))


def out_of_fold(samples: Samples, rows: Ints) -> Floats:
    """What teachers say of rows they were not fitted on, shape (len(rows),).

    As many folds as labels leave room for, :data:`INNER_FOLDS` at most. NaN where a fold could not teach, since all
    of its labels are alike; NaN throughout where labels are too long for two folds. Such rows are learnt from
    their outcome alone; :attr:`Pair.taught` says how many are not.
    """
    told = np.full(len(rows), np.nan)
    for train, test in _inner(samples, rows):
        target = samples.y[rows][train]
        if float(target.min()) < float(target.max()) and len(target) >= FEWEST:
            teacher = _linear().fit(samples.X[rows][train][:, None, :], target[:, None])
            told[test] = _chance(teacher, samples.X[rows][test])
    return told


def _inner(samples: Samples, rows: Ints) -> tuple[tuple[Ints, Ints], ...]:
    times, ends = samples.times[rows], samples.ends[rows]
    for folds in range(INNER_FOLDS, 1, -1):
        try:
            return tuple(PurgedKFold(folds).split(times=times, ends=ends))
        except (NoData, InvalidOption):  # a fold without a row to train on: the next has longer ones
            continue
    return ()


def _student(samples: Samples, rows: Ints, told: Floats, seed: int, watched: tuple[int, Progress] | None) -> "Student":
    from alphaloop.models.vc.student import Student

    times = samples.times[rows]
    stopping = times >= np.quantile(times, 1.0 - STOPPING, method="higher")
    learning = ~stopping & (samples.ends[rows] <= times[stopping].min())
    kept = np.flatnonzero(learning | stopping)
    tell = None if watched is None else lambda one: watched[1](watched[0], one)
    student = Student(seed=seed, features=feature_hash(FEATURES), progress=tell)
    chosen = rows[kept]
    valid = np.flatnonzero(stopping[kept])
    return student.fit(samples.X[chosen], samples.y[chosen], told[kept], valid)


def _linear() -> Ridge:
    return Ridge(PENALTY, features=feature_hash(FEATURES))


def _chance(teacher: Ridge, X: Floats) -> Floats:
    """A linear forecast of 0 and 1, as a probability."""
    return np.clip(teacher.predict(X[:, None, :]).mean[:, 0], 0.0, 1.0)
