"""Calibration: whether stated probabilities and quantiles come true as often as they say.

Of all days that were called 70 %, did 70 % come? Judged apart from skill: a forecast that always states
the base rate is calibrated and useless; the decomposition of the Brier score shows both.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation
from alphaloop.core.market import Floats, Ints
from alphaloop.hindsight.signals.errors import wilson

SCHEMA = {
    "bin": pl.Int64(),
    "rows": pl.Int64(),
    "forecast": pl.Float64(),  # mean probability stated
    "frequency": pl.Float64(),  # how often it came
    "low": pl.Float64(),  # Wilson's interval of the frequency
    "high": pl.Float64(),
}

By = Literal["width", "count"]


@dataclass(frozen=True, slots=True)
class Brier:
    """The Brier score and its parts: ``score = reliability - resolution + uncertainty + within``.

    Parameters
    ----------
    score : float
        Mean squared error of the probabilities, 0 is perfect.
    reliability : float
        Mean squared gap between stated and seen frequency, 0 is calibrated.
    resolution : float
        Mean squared distance of the bins' frequencies from the base rate, 0 tells nothing apart.
    uncertainty : float
        Of the base rate: ``p (1 - p)``, the score of always stating it.
    within : float
        What differing forecasts in one bin add; 0 where each bin holds one forecast.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float

    @property
    def skill(self) -> float | None:
        """Share of the base rate's score that is saved; none if all outcomes are equal."""
        return 1.0 - self.score / self.uncertainty if self.uncertainty > 0 else None


def reliability(
    probability: Floats, outcome: Floats, bins: int = 10, *, by: By = "width", confidence: float = 0.95
) -> pl.DataFrame:
    """The reliability table: stated probability beside seen frequency.

    Parameters
    ----------
    probability : float array, shape (N,), 0 to 1
    outcome : float array, shape (N,), 0 or 1
    bins : int, 1 or more
    by : {"width", "count"}
        Bins of equal width, or of about equally many rows (equal forecasts are never parted).
    confidence : float
        Of Wilson's interval; for independent rows.

    Returns
    -------
    polars.DataFrame
        Columns of :data:`SCHEMA`, a row for each bin that is not empty.

    Raises
    ------
    SchemaViolation
        If shapes disagree, a probability is not in [0, 1], or an outcome is neither 0 nor 1.
    NoData
        If there is no row.
    InvalidOption
        If ``bins`` is below one, or ``by`` unknown.

    Examples
    --------
    >>> reliability(np.array([0.2, 0.2, 0.9]), np.array([0.0, 1.0, 1.0]), 2).select("forecast", "frequency").rows()
    [(0.2, 0.5), (0.9, 1.0)]
    """
    _check(probability, outcome)
    place = _bins(probability, bins, by)
    rows, stated, came = (np.bincount(place, one) for one in (np.ones(len(place)), probability, outcome))
    table = []
    for number in np.flatnonzero(rows).tolist():
        count, frequency = int(rows[number]), float(came[number] / rows[number])
        table.append((number, count, float(stated[number] / count), frequency, *wilson(frequency, count, confidence)))
    return pl.DataFrame(table, schema=SCHEMA, orient="row")


def brier(probability: Floats, outcome: Floats, bins: int = 10, *, by: By = "width") -> Brier:
    """The Brier score, decomposed over bins; parameters and errors are those of :func:`reliability`.

    Source
    ------
    Murphy (1973), Journal of Applied Meteorology 12(4); within bins: Stephenson, Coelho and Jolliffe (2008), Weather
    and Forecasting 23(4).

    Examples
    --------
    >>> found = brier(np.array([0.2, 0.2, 0.9]), np.array([0.0, 1.0, 1.0]), 2)
    >>> [round(one, 4) for one in (found.score, found.reliability, found.resolution, found.uncertainty)]
    [0.23, 0.0633, 0.0556, 0.2222]
    """
    _check(probability, outcome)
    place = _bins(probability, bins, by)
    count, sums, hits = (np.bincount(place, one) for one in (np.ones(len(place)), probability, outcome))
    rows = count[count > 0].astype(np.float64)
    stated, came = sums[count > 0] / rows, hits[count > 0] / rows
    total, base = float(rows.sum()), float(outcome.mean())
    score = float(np.mean((probability - outcome) ** 2))
    calibrated = float(rows @ (stated - came) ** 2) / total
    resolved = float(rows @ (came - base) ** 2) / total
    return Brier(score, calibrated, resolved, base * (1 - base), score - (calibrated - resolved + base * (1 - base)))


def expected_calibration_error(probability: Floats, outcome: Floats, bins: int = 10, *, by: By = "width") -> float:
    """Mean gap between stated and seen frequency, bins weighted by their rows.

    Noise alone makes it positive: a calibrated forecast of few rows has an error of about
    ``sqrt(bins / rows) / 3``. Parameters and errors are those of :func:`reliability`.

    Source
    ------
    Naeini, Cooper and Hauskrecht (2015), Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI.

    Examples
    --------
    >>> round(expected_calibration_error(np.array([0.2, 0.2, 0.9]), np.array([0.0, 1.0, 1.0]), 2), 4)
    0.2333
    """
    table = reliability(probability, outcome, bins, by=by)
    gap = (table["forecast"] - table["frequency"]).abs().to_numpy()
    return float(table["rows"].to_numpy() @ gap / table["rows"].sum())


def pinball(forecast: Floats, outcome: Floats, levels: Floats) -> Floats:
    """Mean pinball loss of each quantile, shape (Q,), unit of the outcome; 0 is perfect.

        max(q (y - f), (q - 1) (y - f))

    Parameters
    ----------
    forecast : float array, shape (N, Q)
        Quantiles.
    outcome : float array, shape (N,)
    levels : float array, shape (Q,), between 0 and 1

    Raises
    ------
    SchemaViolation
        If shapes disagree or a number is not finite.
    InvalidOption
        If a level is out of range.

    Source
    ------
    Koenker and Bassett (1978), Econometrica 46(1).

    Examples
    --------
    >>> pinball(np.array([[1.0], [1.0]]), np.array([3.0, 0.0]), np.array([0.9]))
    array([0.95])
    """
    _check_quantiles(forecast, outcome, levels)
    gap = outcome[:, None] - forecast
    return np.asarray(np.maximum(levels * gap, (levels - 1.0) * gap).mean(axis=0))


def quantile_coverage(forecast: Floats, outcome: Floats, levels: Floats, confidence: float = 0.95) -> pl.DataFrame:
    """How often outcomes lay at or below each quantile, beside how often they should.

    Returns
    -------
    polars.DataFrame
        ``level``, ``coverage``, ``low`` and ``high`` (Wilson, for independent rows), ``pinball``.
        Parameters and errors are those of :func:`pinball`.

    Examples
    --------
    >>> table = quantile_coverage(np.zeros((4, 1)), np.array([-1.0, 0.0, 1.0, 2.0]), np.array([0.5]))
    >>> table["coverage"].to_list()
    [0.5]
    """
    loss = pinball(forecast, outcome, levels)
    share = (outcome[:, None] <= forecast).mean(axis=0).tolist()
    rows = [
        (level, one, *wilson(one, len(outcome), confidence), cost)
        for level, one, cost in zip(levels.tolist(), share, loss.tolist(), strict=True)
    ]
    names = ("level", "coverage", "low", "high", "pinball")
    return pl.DataFrame(rows, schema={name: pl.Float64() for name in names}, orient="row")


def _bins(probability: Floats, bins: int, by: By) -> Ints:
    if bins < 1 or by not in ("width", "count"):
        raise InvalidOption(f"{bins} bins by '{by}'", "1 or more, by width or count", "")
    if by == "width":
        return np.minimum((probability * bins).astype(np.int64), bins - 1)
    first = np.searchsorted(np.sort(probability), probability, side="left")
    return np.asarray(first * bins // len(probability), dtype=np.int64)


def _check(probability: Floats, outcome: Floats) -> None:
    if probability.ndim != 1 or probability.shape != outcome.shape:
        raise SchemaViolation(f"shapes {probability.shape} and {outcome.shape}", "two series of one length", "")
    if len(probability) == 0:
        raise NoData("no forecast", "one or more", "")
    if not bool(((probability >= 0.0) & (probability <= 1.0)).all()):
        raise SchemaViolation("a probability outside [0, 1], or NaN", "probabilities", "percent? divide by 100")
    if not bool(((outcome == 0.0) | (outcome == 1.0)).all()):
        raise SchemaViolation("an outcome that is neither 0 nor 1", "0 or 1", "drop rows that are not known yet")


def _check_quantiles(forecast: Floats, outcome: Floats, levels: Floats) -> None:
    if forecast.ndim != 2 or forecast.shape != (len(outcome), len(levels)) or outcome.ndim != 1:
        raise SchemaViolation(
            f"quantiles {forecast.shape} of {outcome.shape} outcomes at {levels.shape} levels", "(N, Q), (N,), (Q,)", ""
        )
    if forecast.size == 0:
        raise NoData("no forecast", "one or more", "")
    if not (np.isfinite(forecast).all() and np.isfinite(outcome).all()):
        raise SchemaViolation("a quantile or outcome that is not finite", "finite numbers", "")
    if not bool(((levels > 0.0) & (levels < 1.0)).all()):
        raise InvalidOption(f"levels {levels.tolist()}", "above 0 and below 1", "")
