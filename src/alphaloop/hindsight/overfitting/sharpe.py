"""Sharpe ratios with their doubt: probabilistic, deflated, and how long a record must be.

Everything here is per period and not annualised: a daily record has a daily Sharpe ratio. Kurtosis is not
excess: 3 for a normal law. Knows neither returns' times nor who was tried; both are handed in as numbers.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation
from alphaloop.core.market import Floats

_NORMAL = NormalDist()
_EULER = 0.5772156649015329
_NO_SPREAD = 1e-12  # of the largest return: rounding, not variation


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """What the formulas here need of a series of returns.

    Parameters
    ----------
    sharpe : float, per period
        Mean over sample standard deviation.
    n : int
        Periods.
    skew : float
        Adjusted Fisher-Pearson G1.
    kurtosis : float
        Unbiased, not excess: 3 for a normal law.
    """

    sharpe: float
    n: int
    skew: float
    kurtosis: float


def track_record(returns: Floats) -> TrackRecord | None:
    """The moments of a series of returns; none for fewer than 4, or where nothing varies.

    Skew and kurtosis are corrected for bias. On few returns that can bring the kurtosis below ``1 + skew^2``, the
    least that any law has; there it is that.

    Parameters
    ----------
    returns : float array, shape (T,), fraction a period

    Raises
    ------
    SchemaViolation
        If it is not one series, or holds NaN or infinity.

    Examples
    --------
    >>> found = track_record(np.array([0.01, -0.01, 0.02, 0.0, 0.04]))
    >>> round(found.sharpe, 4), found.n, round(found.skew, 4), round(found.kurtosis, 4)
    (0.6239, 5, 0.5901, 2.9781)
    """
    returns = np.asarray(returns, dtype=np.float64)
    if returns.ndim != 1 or not np.isfinite(returns).all():
        raise SchemaViolation(f"returns of shape {returns.shape}, or not finite", "one finite series", "")
    n = len(returns)
    if n < 4 or float(np.ptp(returns)) <= _NO_SPREAD * float(np.abs(returns).max()):
        return None
    centred = returns - returns.mean()
    second = float(np.mean(centred**2))
    g1 = float(np.mean(centred**3)) / second**1.5
    g2 = float(np.mean(centred**4)) / second**2 - 3.0
    skew = g1 * math.sqrt(n * (n - 1)) / (n - 2)
    excess = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6.0)
    kurtosis = max(excess + 3.0, 1.0 + skew**2)
    return TrackRecord(float(returns.mean() / returns.std(ddof=1)), n, skew, kurtosis)


def probabilistic_sharpe(sharpe: float, n: int, skew: float, kurtosis: float, benchmark: float = 0.0) -> float:
    """Probability that the true Sharpe ratio is above ``benchmark``, given one record and no selection.

        Phi( (S - S*) sqrt(n - 1) / sqrt(1 - g3 S + (g4 - 1)/4 S^2) )

    Parameters
    ----------
    sharpe, benchmark : float, per period
    n : int
        Periods, 2 or more.
    skew, kurtosis : float
        Kurtosis is not excess: 3 for a normal law.

    Raises
    ------
    InvalidOption
        If a number is not finite, ``n`` is below 2, or no distribution has such moments.

    Source
    ------
    Bailey and Lopez de Prado (2012), The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2).

    Examples
    --------
    >>> round(probabilistic_sharpe(0.1, 250, 0.0, 3.0), 4)
    0.9423
    """
    _finite(sharpe=sharpe, benchmark=benchmark)
    if not (math.isfinite(n) and n >= 2):
        raise InvalidOption(f"a record of {n} periods", "2 or more", "")
    return _NORMAL.cdf((sharpe - benchmark) * math.sqrt(n - 1) / math.sqrt(_spread(sharpe, skew, kurtosis)))


def expected_max_sharpe(trials: float, trials_variance: float) -> float:
    """The best Sharpe ratio to expect of ``trials`` independent strategies without any edge.

        sqrt(V) [ (1 - gamma) Phi^-1(1 - 1/N) + gamma Phi^-1(1 - 1/(N e)) ]

    Parameters
    ----------
    trials : float, 1 or more
        Everything that was ever evaluated, searches that were broken off included. One trial has
        nothing to choose from: 0.
    trials_variance : float, per period squared
        Variance of the trials' Sharpe ratios.

    Raises
    ------
    InvalidOption
        If ``trials`` is below one or the variance below zero.

    Source
    ------
    Bailey and Lopez de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5).

    Examples
    --------
    >>> round(expected_max_sharpe(100, 0.5 / 250), 4)
    0.1132
    """
    _finite(trials=trials, trials_variance=trials_variance)
    if trials < 1:
        raise InvalidOption(f"{trials} trials", "1 or more", "count every configuration that was evaluated")
    if trials_variance < 0:
        raise InvalidOption(f"a variance of {trials_variance}", "zero or more", "pass a variance, not a deviation")
    return math.sqrt(trials_variance) * _expected_max_normal(trials)


def deflated_sharpe(
    sharpe: float, n: int, skew: float, kurtosis: float, trials: float, trials_variance: float
) -> float:
    """Probability that the true Sharpe ratio is above what the best of ``trials`` would show by luck.

    :func:`probabilistic_sharpe` with :func:`expected_max_sharpe` as its benchmark.

    Parameters
    ----------
    sharpe : float, per period
        Of the strategy that was chosen.
    n, skew, kurtosis
        As :func:`probabilistic_sharpe` takes them.
    trials, trials_variance
        As :func:`expected_max_sharpe` takes them. An annual variance is divided by the periods in a year.

    Source
    ------
    Bailey and Lopez de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5).

    Examples
    --------
    The paper's own example: five years of days, an annual Sharpe ratio of 2.5, the best of 100.

    >>> round(deflated_sharpe(2.5 / 250**0.5, 1250, -3.0, 10.0, 100, 0.5 / 250), 4)
    0.9004
    """
    return probabilistic_sharpe(sharpe, n, skew, kurtosis, expected_max_sharpe(trials, trials_variance))


def min_track_record_length(
    sharpe: float, skew: float, kurtosis: float, benchmark: float = 0.0, confidence: float = 0.95
) -> float:
    """Periods after which :func:`probabilistic_sharpe` reaches ``confidence``; infinite where it never does.

        1 + (1 - g3 S + (g4 - 1)/4 S^2) (z / (S - S*))^2,  rounded up

    Parameters
    ----------
    sharpe, benchmark : float, per period
    skew, kurtosis : float
        Kurtosis is not excess.
    confidence : float, above 0.5 and below 1

    Returns
    -------
    float
        A whole number of periods, or ``inf`` for a Sharpe ratio that is not above the benchmark, or so little
        above it that no number says how many.

    Source
    ------
    Bailey and Lopez de Prado (2012), The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2).

    Examples
    --------
    >>> min_track_record_length(0.1, 0.0, 3.0), min_track_record_length(0.0, 0.0, 3.0)
    (273.0, inf)
    """
    _finite(sharpe=sharpe, benchmark=benchmark)
    if not 0.5 < confidence < 1.0:
        raise InvalidOption(f"a confidence of {confidence}", "above 0.5 and below 1", "0.95 is usual")
    spread = _spread(sharpe, skew, kurtosis)
    if sharpe <= benchmark:
        return math.inf
    reach = _NORMAL.inv_cdf(confidence) / (sharpe - benchmark)
    needed = spread * reach * reach  # a power would overflow where a product is infinite
    return math.ceil(needed) + 1.0 if math.isfinite(needed) else math.inf


def min_backtest_length(trials: float, sharpe: float = 1.0) -> float:
    """Years below which the best of ``trials`` shows an annual Sharpe ratio of ``sharpe`` by luck.

    Source
    ------
    Bailey, Borwein, Lopez de Prado and Zhu (2014), Pseudo-mathematics and financial charlatanism, Notices of
    the AMS 61(5).

    Examples
    --------
    >>> round(min_backtest_length(10), 2)
    2.48
    """
    _finite(sharpe=sharpe)
    if sharpe <= 0:
        raise InvalidOption(f"a Sharpe ratio of {sharpe}", "above zero", "")
    return (expected_max_sharpe(trials, 1.0) / sharpe) ** 2


def sharpe_variance(sharpes: Floats) -> float:
    """Variance of trials' Sharpe ratios, one degree of freedom lost; zero for a single trial.

    Raises
    ------
    NoData
        If there is none.
    SchemaViolation
        If one is not finite.
    """
    if sharpes.size == 0:
        raise NoData("no trial", "one or more", "")
    if not np.isfinite(sharpes).all():
        raise SchemaViolation("a Sharpe ratio that is not finite", "finite ones", "count it as a trial of Sharpe 0")
    return float(sharpes.var(ddof=1)) if sharpes.size > 1 else 0.0


def _expected_max_normal(trials: float) -> float:
    """Of ``trials`` standard normal draws, to the first order of extreme value theory."""
    if trials == 1:
        return 0.0
    upper = _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    found = (1.0 - _EULER) * upper + _EULER * _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return max(0.0, found)  # between one trial and two the approximation falls below what one trial has


def _spread(sharpe: float, skew: float, kurtosis: float) -> float:
    """Variance of the Sharpe ratio's estimate, times ``n - 1`` (Mertens, 2002)."""
    _finite(skew=skew, kurtosis=kurtosis)
    if kurtosis < 1.0:
        raise InvalidOption(
            f"a kurtosis of {kurtosis}", "1 or more: 3 for a normal law", "excess kurtosis? add 3 to it"
        )
    spread = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    if not 0.0 < spread < math.inf:
        raise InvalidOption(
            f"skew {skew} and kurtosis {kurtosis} at a Sharpe ratio of {sharpe}",
            "moments that a distribution can have: kurtosis >= 1 + skew^2",
            "pass per-period moments of the same returns",
        )
    return spread


def _finite(**numbers: float) -> None:
    for name, value in numbers.items():
        if not math.isfinite(value):
            raise InvalidOption(f"{name} {value}", "a finite number", "")
