"""Recalibration of quantiles: moved until as many outcomes fall below each as it says.

Each level is moved by a multiple of the row's own spread, found so that on past rows, which no model
had learnt from, the level's share of outcomes lay below (conformalised quantile regression, Romano, Patterson
and Candes 2019, one side at a time). Levels that cross afterwards are put in order, which never
makes them worse (Chernozhukov, Fernandez-Val and Galichon 2010). The mean stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.core.market import Floats

_NARROW = 1e-12  # spread below which a row has none


@dataclass(frozen=True, slots=True, eq=False)
class QuantileCalibration:
    """How far each level moves, in spreads. H horizons, Q levels.

    Parameters
    ----------
    levels : tuple of float in (0, 1), ascending, length Q
    shift : float array, shape (H, Q)
        Of a row's spread: its highest quantile less its lowest.
    rows : int
        Rows it was fitted on.

    Examples
    --------
    Outcomes are 10 higher than forecast, so all levels move up by 10, that is 5 spreads:

    >>> forecast = np.tile([[[-1.0, 0.0, 1.0]]], (99, 1, 1))
    >>> outcome = 10.0 + np.linspace(-3, 3, 99)[:, None]
    >>> made = QuantileCalibration.fit(forecast, outcome, (0.1, 0.5, 0.9))
    >>> float(made.apply(forecast)[0, 0, 1])
    10.0
    """

    levels: tuple[float, ...]
    shift: Floats
    rows: int

    @classmethod
    def fit(cls, at_levels: Floats, outcome: Floats, levels: Sequence[float]) -> "QuantileCalibration":
        """From past forecasts and what came of them.

        Parameters
        ----------
        at_levels : float array, shape (N, H, Q)
            Quantiles of rows that no model had learnt from.
        outcome : float array, shape (N, H)
            NaN where there is none.
        levels : sequence of float

        Raises
        ------
        SchemaViolation
            If shapes do not belong together.
        NoData
            If a horizon has too few outcomes for its outermost level: 19 for 0.05.
        """
        _shapes(at_levels, outcome, levels)
        fewest = int(np.ceil(1 / min(min(levels), 1 - max(levels)))) - 1
        horizons = outcome.shape[1]
        shift = np.zeros((horizons, len(levels)))
        for horizon in range(horizons):
            there = np.isfinite(outcome[:, horizon])
            if int(there.sum()) < fewest:
                raise NoData(f"{int(there.sum())} outcomes of horizon {horizon}", f"{fewest} or more", "wait for more")
            quantiles = at_levels[there, horizon]
            missed = (outcome[there, horizon, None] - quantiles) / _spread(quantiles)
            shift[horizon] = [_conformal(missed[:, place], level) for place, level in enumerate(levels)]
        return cls(tuple(levels), shift, len(outcome))

    def apply(self, at_levels: Floats) -> Floats:
        """Quantiles ``(N, H, Q)``, moved and in order.

        Raises
        ------
        SchemaViolation
            If there are other horizons or levels.
        """
        if at_levels.ndim != 3 or at_levels.shape[1:] != self.shift.shape:
            raise SchemaViolation(f"quantiles of shape {at_levels.shape}", f"(N, {self.shift.shape})", "")
        return np.sort(at_levels + self.shift * _spread(at_levels), axis=-1)

    def as_dict(self) -> dict[str, Any]:
        """Plain values; :meth:`of` reads them."""
        return {"levels": list(self.levels), "shift": self.shift.tolist(), "rows": self.rows}

    @classmethod
    def of(cls, held: Mapping[str, Any]) -> "QuantileCalibration":
        """What :meth:`as_dict` gave."""
        return cls(tuple(held["levels"]), np.array(held["shift"], dtype=np.float64), int(held["rows"]))


def coverage(at_levels: Floats, outcome: Floats) -> Floats:
    """Share of outcomes below each quantile, shape (H, Q); NaN where there is none.

    Examples
    --------
    >>> coverage(np.array([[[0.0, 2.0]], [[0.0, 2.0]]]), np.array([[1.0], [-1.0]])).tolist()
    [[0.5, 1.0]]
    """
    there = np.isfinite(outcome)[..., None]
    below = (outcome[..., None] <= at_levels) & there
    counts = there.sum(axis=0)
    return np.asarray(np.where(counts > 0, below.sum(axis=0) / np.maximum(counts, 1), np.nan))


def _conformal(missed: Floats, level: float) -> float:
    """The value below which ``level`` of the next one falls: the right one of n + 1 places, Vovk et al. 2005."""
    place = level * (len(missed) + 1) - 1
    low = int(np.clip(np.floor(place), 0, len(missed) - 1))
    high = min(low + 1, len(missed) - 1)
    ordered = np.sort(missed)
    return float(ordered[low] + (place - low if low < high else 0.0) * (ordered[high] - ordered[low]))


def _spread(quantiles: Floats) -> Floats:
    return np.asarray(np.maximum(quantiles[..., -1:] - quantiles[..., :1], _NARROW))


def _shapes(at_levels: Floats, outcome: Floats, levels: Sequence[float]) -> None:
    wanted = (*outcome.shape, len(levels))
    if outcome.ndim != 2 or at_levels.shape != wanted or list(levels) != sorted(set(levels)):
        found = f"quantiles of shape {at_levels.shape}, outcomes {outcome.shape}, levels {tuple(levels)}"
        raise SchemaViolation(found, f"{wanted}, levels ascending", "align them")
