"""Subjects beyond features: what each kind promises, in a form that can be tried.

Functions from tables to numbers, as with features; what differs is which facts they may see.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from alphaloop.core.market import Floats, Ints
from alphaloop.training.tribunal.subject import Frames, Recipe


class Span(NamedTuple):
    """A training window: facts known in ``(begin, until]``, microseconds UTC."""

    begin: int
    until: int


@dataclass(frozen=True, slots=True)
class Labels:
    """Statements about ``(start, end]``.

    Parameters
    ----------
    name : str
    columns : tuple of str
    tables : tuple of str
    compute : callable
        From tables to rows with ``symbol``, ``start``, ``known_at`` (the end) and the columns.
    scaled : tuple of str
        Columns that are measured in a scale known at ``start``, and so may read what lies before.
    """

    name: str
    columns: tuple[str, ...]
    tables: tuple[str, ...]
    compute: Callable[[Frames], pl.DataFrame]
    scaled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """Something learned in a training window: a scale, a choice of features, a model.

    Parameters
    ----------
    name : str
    tables : tuple of str
    learn : callable
        From tables and a :class:`Span` to what was learned as numbers: parameters, or predictions
        on inputs that do not come from the tables.
    afresh : callable, optional
        Makes a ``learn`` that has learned nothing yet: for what may keep something between fits, such as a checkpoint.
    """

    name: str
    tables: tuple[str, ...]
    learn: Callable[[Frames, Span], Floats]
    afresh: Callable[[], Callable[[Frames, Span], Floats]] | None = None


Pairs = Iterable[tuple[Ints, Ints]]


@dataclass(frozen=True, slots=True)
class Folds:
    """A splitter.

    Parameters
    ----------
    name : str
    split : callable
        From times, ends and symbols of all rows, each shape (n,), to training and test rows of each fold.
    forward : bool
        Whether it claims to train on the past only.
    """

    name: str
    split: Callable[[Ints, Ints, Ints], Pairs]
    forward: bool = False


@dataclass(frozen=True, slots=True)
class Crossed:
    """Predictions for the rows of the training window itself, as a teacher hands them to a student.

    Parameters
    ----------
    name : str
    tables : tuple of str
    predict : callable
        From tables to rows with ``symbol``, ``start``, ``known_at`` (the end of the row's own label) and ``value``.
    """

    name: str
    tables: tuple[str, ...]
    predict: Callable[[Frames], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a chain decides out of sample: predictions, positions.

    Parameters
    ----------
    name : str
    tables : tuple of str
    decide : callable
        From tables to rows with ``symbol``, ``known_at`` (when it is decided) and ``value``.
    """

    name: str
    tables: tuple[str, ...]
    decide: Callable[[Frames], pl.DataFrame]


Half = Recipe | Labels | Folds | Fit | Crossed | Decided
"""Anything that can be tried; a :class:`Recipe` is a set of features."""
