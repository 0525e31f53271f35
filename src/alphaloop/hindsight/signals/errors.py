"""Errors of averages over rows that are not independent.

Rows of one instant are added up first, because markets move together. Then neighbours in time are joined by
Newey and West's weights, over six times as many instants as an outcome overlaps: at the overlap
itself the weights, which fall, would still leave a tenth of the error out.

Sums whose mean was taken away cancel too well: what that takes from the variance is put back. The variance itself
is uncertain, more so the longer the lag, so intervals are Student's.

An effective number says the same in other words: so many independent rows would have had this error.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.special import stdtrit  # type: ignore[import-untyped]

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats

_WIDER = 6  # lags per instant of overlap; found by trial on markets whose error is known


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure with its doubt.

    Parameters
    ----------
    value : float
    error : float or None
        Standard deviation; None where the record is shorter than twice the lag.
    low, high : float or None
        Interval at the confidence asked for.
    effective_n : float or None
        Independent rows that would have this error; at most ``rows``.
    rows, instants, lag : int
        Counted, and the lag used, in instants.
    """

    value: float
    error: float | None
    low: float | None
    high: float | None
    effective_n: float | None
    rows: int
    instants: int
    lag: int


def chosen_lag(instants: int, overlap: int, lag: int | None = None) -> int:
    """The lag asked for, or six times the overlap, and no less than Newey and West's ``4 (T/100) ** (2/9)``.

    Raises
    ------
    InvalidOption
        If it is below the overlap: neighbours that share an outcome would count as independent.
    """
    if lag is None:
        return max(_WIDER * overlap, int(4.0 * (instants / 100.0) ** (2.0 / 9.0)))
    if lag < overlap:
        raise InvalidOption(f"a lag of {lag}", f"{overlap} or more: so far outcomes overlap", "leave it out")
    return lag


def long_run(sums: Floats, lag: int) -> float:
    """``sum of s_t^2 + 2 sum over l of (1 - l / (lag + 1)) sum of s_t s_(t-l)``: the variance of ``sums.sum()``.

    Parameters
    ----------
    sums : float array, shape (T,)
        With mean zero.
    lag : int, below T

    Source
    ------
    Newey and West (1987), Econometrica 55(3).

    Examples
    --------
    >>> long_run(np.array([1.0, -1.0, 1.0, -1.0]), 1)
    1.0
    """
    rows = len(sums)
    width = 1 << (2 * rows - 1).bit_length()
    covariance = np.fft.irfft(np.abs(np.fft.rfft(sums, width)) ** 2, width)[: lag + 1]
    weights = 1.0 - np.arange(1, lag + 1) / (lag + 1.0)
    return max(0.0, float(covariance[0] + 2.0 * weights @ covariance[1:]))


def measured(value: float, influence: Floats, rows: int, lag: int, one_row: float, confidence: float) -> Measured:
    """A figure with its error.

    Parameters
    ----------
    value : float
    influence : float array, shape (T,)
        Sum over each instant's rows of what a row moves the figure by, times ``rows``; mean zero.
    rows, lag : int
    one_row : float
        Standard deviation that a single independent row would give the figure.
    confidence : float
    """
    _check(confidence)
    instants = len(influence)
    if instants <= 2 * lag or instants < 3:
        return Measured(value, None, None, None, None, rows, instants, lag)
    error = math.sqrt(long_run(influence, lag) / _kept(instants, lag)) / rows
    effective = min(float(rows), (one_row / error) ** 2) if error > 0.0 else float(rows)
    reach = float(stdtrit(_looks(instants, lag), (1.0 + confidence) / 2.0)) * error
    return Measured(value, error, value - reach, value + reach, effective, rows, instants, lag)


def _kept(instants: int, lag: int) -> float:
    """Share of the variance that is left after the mean was taken away; of independent rows exactly."""
    lags = np.arange(1, lag + 1)
    return 1.0 - 1.0 / instants - 2.0 / instants * float((1.0 - lags / (lag + 1.0)) @ (1.0 - lags / instants))


def widened(instants: int, lag: int, confidence: float) -> float:
    """How many times an interval is wider because its variance was estimated, 1 or more."""
    return float(stdtrit(_looks(instants, lag), (1.0 + confidence) / 2.0)) / NormalDist().inv_cdf(
        (1.0 + confidence) / 2.0
    )


def _looks(instants: int, lag: int) -> float:
    """Degrees of freedom of the variance: of so many independent squares it is as uncertain."""
    weights = 1.0 - np.arange(1, lag + 1) / (lag + 1.0)
    return instants / (1.0 + 2.0 * float(weights @ weights))


def wilson(share: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a probability whose ``share`` was seen in ``trials`` that are independent.

    Source
    ------
    Wilson (1927), Journal of the American Statistical Association 22(158).

    Examples
    --------
    >>> [round(one, 4) for one in wilson(0.5, 100)]
    [0.4038, 0.5962]
    """
    _check(confidence)
    z = NormalDist().inv_cdf((1.0 + confidence) / 2.0)
    centre = (share + z * z / (2.0 * trials)) / (1.0 + z * z / trials)
    reach = z / (1.0 + z * z / trials) * math.sqrt(share * (1.0 - share) / trials + (z / (2.0 * trials)) ** 2)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _check(confidence: float) -> None:
    if not 0.0 < confidence < 1.0:
        raise InvalidOption(f"a confidence of {confidence}", "above 0 and below 1", "0.95 is usual")
