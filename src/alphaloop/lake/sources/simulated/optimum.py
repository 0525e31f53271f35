"""What the best possible trader earns from a forecast that decays, after cost.

A forecast ``k * x`` of the next bar's return, ``x`` a standard normal AR(1), and a cost
``c`` per unit of position changed: how much to hold, between -1 and 1? Reward and cost are
linear, so a position of p is (1 + p) / 2 parts long and (1 - p) / 2 parts short, each on
its own: there is nothing better than to switch between -1 and +1 at one threshold. It
is found on Tauchen's grid by policy iteration. Risk-neutral: it maximises mean net return.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, erf, inf, sqrt

import numba
import numpy as np

from alphaloop.core.market import Bools, Floats

REACH = 4.5  # standard deviations covered by the grid
LARGEST_GRID, SMALLEST_GRID = 401, 121
ROUNDS = 100  # policy iteration ends after a handful


@dataclass(frozen=True, slots=True)
class ThresholdPolicy:
    """The optimal policy and what it earns in the long run, per bar and unit of equity.

    Parameters
    ----------
    threshold : float, standard deviations of the forecast
        Take the forecast's side once ``|x| >= threshold``, and keep it until the other
        side's turn comes. Infinite where trading never pays.
    gross, net : float, fraction of equity per bar
    turnover : float, |change of position| per bar
    exposure : float, share of bars in a position
    """

    threshold: float
    gross: float
    net: float
    turnover: float
    exposure: float


@dataclass(frozen=True, slots=True)
class Filter:
    """The best linear forecast of an AR(1) drift from past returns alone (steady-state Kalman).

    ``x[t+1] = decay * x[t] + gain * r[t]`` predicts ``r[t+1]``, with returns and forecast in
    standard deviations of a return; the forecast's variance is ``r2``, its population R^2.
    """

    decay: float
    gain: float
    r2: float


@lru_cache(maxsize=512)
def best_threshold(strength: float, persistence: float, cost: float) -> ThresholdPolicy:
    """Best positions in [-1, 1] on a forecast ``strength * x``, ``x`` a normal AR(1).

    Parameters
    ----------
    strength : float, fraction
        Standard deviation of the forecast of one bar's return.
    persistence : float, 0 to below 1
        Autocorrelation of ``x`` over one bar; 0 for independent draws. Tested up to 0.9999.
    cost : float, fraction of notional
        Paid on each unit of position changed.

    Returns
    -------
    ThresholdPolicy
        Exact up to the grid, whose step is about one innovation; tests hold it to long
        simulations.

    Source
    ------
    Grid: Tauchen (1986), Economics Letters 20, 177-181. Policy iteration: Howard (1960).

    Examples
    --------
    Without cost one is always on the forecast's side and earns ``E|x| = sqrt(2 / pi)``:

    >>> free = best_threshold(1.0, 0.9, 0.0)
    >>> round(free.gross, 2), free.exposure
    (0.8, 1.0)
    >>> best_threshold(1e-4, 0.0, 6e-4)
    ThresholdPolicy(threshold=inf, gross=0.0, net=0.0, turnover=0.0, exposure=0.0)
    """
    grid, move = _tauchen(persistence)
    aligned = strength * grid  # what the position held earns in the next bar
    turn = aligned < -2 * cost
    for _ in range(ROUNDS):
        value = _relative_value(turn, aligned, cost, move)
        gain = -2 * aligned - 2 * cost + move @ (value[::-1] - value)
        better = gain > 1e-9 * strength
        if np.array_equal(better, turn):
            break
        turn = better
    return _describe(turn, grid, aligned, cost, move)


def momentum_filter(r2: float, persistence: float, noise: float | None = None) -> Filter:
    """Steady state of the Kalman filter for a drift of variance ``r2`` in white noise.

    With drift ``k x``, ``k = sqrt(r2)``, and noise variance ``n``, the one-step error ``p`` of
    ``x`` solves ``p = phi^2 p n / (r2 p + n) + 1 - phi^2``.

    Parameters
    ----------
    r2 : float, variance of the drift
    persistence : float, phi
    noise : float, optional
        Variance of the noise; ``1 - r2`` unless given.

    Examples
    --------
    >>> found = momentum_filter(0.01, 0.99)
    >>> 0 < found.r2 < 0.01, 0 < found.decay < 0.99
    (True, True)
    """
    k, square, noise = sqrt(r2), persistence**2, 1.0 - r2 if noise is None else noise
    # r2 p^2 + b p + c = 0, the positive root
    b = noise - square * noise - (1 - square) * r2
    c = -(1 - square) * noise
    error = (-b + sqrt(b * b - 4 * r2 * c)) / (2 * r2) if r2 else 1.0
    kalman = error * k / (r2 * error + noise) if r2 else 0.0
    return Filter(persistence * (1 - k * kalman), persistence * kalman * k, r2 * (1 - error))


@lru_cache(maxsize=8)
def _tauchen(persistence: float) -> tuple[Floats, Floats]:
    """Grid of a standard normal AR(1), shape (n,), and its transition matrix, (n, n).

    Rounding to a grid of step ``d`` adds ``d^2 / 12`` to the innovation's variance (Sheppard's
    correction), which a long memory would pile up; so much is taken off first.
    """
    innovation = sqrt(1 - persistence**2)
    size = min(LARGEST_GRID, max(SMALLEST_GRID, 2 * ceil(REACH / innovation) + 1))
    grid = np.linspace(-REACH, REACH, size)
    edges = (grid[:-1] + grid[1:]) / 2
    narrowed = sqrt(max(innovation**2 - (grid[1] - grid[0]) ** 2 / 12, innovation**2 / 4))
    below = _normal_cdf((edges[None, :] - persistence * grid[:, None]) / narrowed)
    ends = np.zeros((size, 1))
    return grid, np.diff(np.hstack([ends, below, ends + 1]), axis=1)


@numba.njit(cache=True)
def _normal_cdf(x: Floats) -> Floats:
    below = np.empty_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            below[i, j] = 0.5 * (1 + erf(x[i, j] / sqrt(2.0)))
    return below


def _chain(turn: Bools, move: Floats) -> Floats:
    """Transitions of the forecast times the position held: turning it flips the sign."""
    return np.where(turn[:, None], move[:, ::-1], move)


def _relative_value(turn: Bools, aligned: Floats, cost: float, move: Floats) -> Floats:
    """Solve ``value + mean = reward + chain @ value`` with the middle value at zero."""
    size = len(aligned)
    reward = np.where(turn, -aligned - 2 * cost, aligned)
    system = np.eye(size) - _chain(turn, move)
    system[:, size // 2] = 1.0  # that value is zero; its column carries the mean instead
    value = np.asarray(np.linalg.solve(system, reward))
    value[size // 2] = 0.0
    return value


def _describe(turn: Bools, grid: Floats, aligned: Floats, cost: float, move: Floats) -> ThresholdPolicy:
    """Long-run averages under the policy's stationary distribution."""
    if not turn.any():
        return ThresholdPolicy(inf, 0.0, 0.0, 0.0, 0.0)
    size = len(grid)
    system = _chain(turn, move).T - np.eye(size)
    system[-1] = 1.0
    visits = np.linalg.solve(system, np.append(np.zeros(size - 1), 1.0))
    gross = float(np.sum(visits * np.where(turn, -aligned, aligned)))
    turnover = float(2 * np.sum(visits * turn))
    last = int(np.flatnonzero(turn)[-1])
    threshold = float(-(grid[last] + grid[last + 1]) / 2)
    return ThresholdPolicy(threshold, gross, gross - cost * turnover, turnover, 1.0)
