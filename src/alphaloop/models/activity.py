"""How much text there is, and how far a correction by it is trusted: the opening of a gate.

    g(a) = 1 / (1 + exp(-k (a - a0))),   a = log(1 + posts + events)

Knows no forecast: only how much was said, what was wrong, and what the text says of it.
"""

from dataclasses import dataclass

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats

_STEEPEST, _FLATTEST = 64.0, 0.25  # k; activities of 0 and 1 posts differ by 0.7, of 50 and 100 as well
_GRID, _ROUNDS = 17, 6  # points a side, and how often the grid closes in


@dataclass(frozen=True, slots=True)
class Text:
    """Which features are text, and which count how much of it there is.

    Parameters
    ----------
    columns : tuple of int
        Places of the features that only the text model reads.
    sides : tuple of int
        Places among ``columns`` of features that lean up or down.
    crossed : tuple of int
        Places among ``columns`` of features that the text model reads times each of ``sides`` as well: how fresh or
        loud text is tells nothing of the direction, and the direction nothing of how much.
    counts : tuple of (int, float)
        Place of a feature and what one unit of it is worth in posts or events: the sum of their products
        is ``posts + events``. Those that are unknown count as none.

    Raises
    ------
    InvalidOption
        If a place stands twice, is negative, a side or a crossed one is no column, or a worth is not above zero.
    """

    columns: tuple[int, ...] = ()
    counts: tuple[tuple[int, float], ...] = ()
    sides: tuple[int, ...] = ()
    crossed: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        places = (*self.columns, *(place for place, _ in self.counts))
        if len(set(self.columns)) < len(self.columns) or min(places, default=0) < 0:
            raise InvalidOption(f"text at {places}", "each place once, 0 or more", "")
        if not {*self.sides, *self.crossed} <= set(self.columns):
            found = f"sides at {self.sides}, crossed {self.crossed}"
            raise InvalidOption(found, f"columns of text, {self.columns}", "")
        if any(not 0 < worth < np.inf for _, worth in self.counts):
            raise InvalidOption(f"counts {self.counts}", "a worth above zero", "")

    def inputs(self, X: Floats) -> Floats:
        """What the text model reads of windows (N, L, F): the newest text features and their products, (N, 1, P).

        Examples
        --------
        >>> Text((0, 1), sides=(1,), crossed=(0,)).inputs(np.array([[[2.0, -0.5, 9.0]]])).tolist()
        [[[2.0, -0.5, -1.0]]]
        """
        newest = X[:, -1]
        products = [newest[:, list(self.crossed)] * newest[:, [side]] for side in self.sides]
        return np.hstack([newest[:, list(self.columns)], *products])[:, None, :]

    def activity(self, newest: Floats) -> Floats:
        """``log(1 + posts + events)`` of each row (N, F), shape (N,); 0 where none is known or none was said.

        Examples
        --------
        >>> Text((0,), ((0, 1.0), (1, 24.0))).activity(np.array([[np.nan, np.nan], [np.nan, 0.125]])).round(3)
        array([0.   , 1.386])
        """
        said = np.zeros(len(newest))
        for place, worth in self.counts:
            said += worth * np.maximum(np.nan_to_num(newest[:, place], nan=0.0), 0.0)
        return np.log1p(said)


def gate(activity: Floats, k: float, a0: float) -> Floats:
    """``1 / (1 + exp(-k (a - a0)))`` without overflow.

    Examples
    --------
    >>> gate(np.array([0.0, 1.0]), 2.0, 1.0).round(4).tolist()
    [0.1192, 0.5]
    """
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * k * (activity - a0))))


def fit_gate(activity: Floats, errors: Floats, said: Floats) -> tuple[float, float]:
    """The ``k`` and ``a0`` that leave the least squared error ``sum (error - g(a) said)^2``.

    Rows of equal activity share one ``g``, so that sums by activity are all that is needed:
    ``sum over a of g^2 sum(said^2) - 2 g sum(error said)``. A grid closes in on the least.

    Parameters
    ----------
    activity : float array, shape (n,)
        Above zero.
    errors : float array, shape (n,)
        Outcome less the base's forecast.
    said : float array, shape (n,)
        The text model's correction.

    Examples
    --------
    A quarter of what text says is right where little is said, three quarters where more is: the gate is a half
    between the two, and ``k = (logit(3/4) - logit(1/4)) / log(2)``.

    >>> said = np.array([1.0, 1.0])
    >>> k, a0 = fit_gate(np.log([2.0, 4.0]), np.array([0.25, 0.75]), said)
    >>> round(k, 2), round(a0, 3)
    (3.17, 1.04)
    """
    levels, place = np.unique(activity, return_inverse=True)
    right, size = np.zeros(len(levels)), np.zeros(len(levels))
    np.add.at(right, place, errors * said)
    np.add.at(size, place, said * said)
    low, high = np.array([np.log(_FLATTEST), levels[0] - 1.0]), np.array([np.log(_STEEPEST), levels[-1] + 1.0])
    centre, reach = (low + high) / 2.0, (high - low) / 2.0
    for _ in range(_ROUNDS):
        sides = [
            np.clip(np.linspace(c - r, c + r, _GRID), *ends)
            for c, r, *ends in zip(centre, reach, low, high, strict=True)
        ]
        slopes, middles = (one.ravel() for one in np.meshgrid(*sides, indexing="ij"))
        opened = 0.5 * (1.0 + np.tanh(0.5 * np.exp(slopes)[:, None] * (levels - middles[:, None])))
        best = int(np.argmin((opened**2) @ size - 2.0 * opened @ right))
        centre, reach = np.array([slopes[best], middles[best]]), reach / 4.0
    return float(np.exp(centre[0])), float(centre[1])
