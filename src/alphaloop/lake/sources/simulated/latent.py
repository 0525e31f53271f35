"""The hidden market: regimes, volatility, drifts, flow, news, and the returns they make.

Returns are simple, not logarithmic: with nothing planted their conditional mean is exactly
zero, so a price is a martingale and no rule can earn from it. One bar's return is

    r[t, i] = drift + flow + lead-lag + news + noise,   variance = volatility[i] ** 2

with independent parts, so that the shares of R^2 add up. Knows no prices and no tables.
"""

from dataclasses import dataclass
from functools import lru_cache

import numba
import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import HOUR_US
from alphaloop.lake.sources.simulated.config import SimulatedMarket

BURN_IN = 512  # bars drawn and thrown away, so that variance starts from its own distribution
LARGEST_MOVE = 0.5  # of one bar, either way; symmetric, so the mean stays zero
SHOCKS, FLOW, DRIFT, NEWS, REGIME = range(1, 6)


@dataclass(frozen=True, slots=True)
class News:
    """Events of all symbols, ordered by symbol, then time. N events.

    ``asset``, ``direction`` (+1, -1), ``event_bar`` and ``known_bar`` (rows of the bars that
    hold the event and its publication), ``event_time`` and ``available_at`` (microseconds): shape (N,).
    """

    asset: Ints
    direction: Ints
    event_bar: Ints
    known_bar: Ints
    event_time: Ints
    available_at: Ints


@dataclass(frozen=True, slots=True)
class Latent:
    """Everything that drives the market. T bars, A symbols.

    Parameters
    ----------
    regime : int array, shape (T,)
        Index into ``REGIMES``.
    spread : float array, shape (T, A)
        Conditional standard deviation of the noise over its mean square: 1 on average.
    shock : float array, shape (T, A), standard normal
        The normal part of each noise; correlated between symbols.
    drift : float array, shape (T, A), standard normal
        The hidden momentum state that moves *this* bar.
    private_flow : float array, shape (T, A), standard normal
        The part of this bar's imbalance that moves the *next* bar.
    returns : float array, shape (T, A), fraction
    news : News
    """

    regime: Ints
    spread: Floats
    shock: Floats
    drift: Floats
    private_flow: Floats
    returns: Floats
    news: News


@lru_cache(maxsize=1)
def draw(market: SimulatedMarket) -> Latent:
    """Draw the hidden market: the same configuration, the same bytes.

    The last one drawn is kept, since tables and truth are made of the same draw.
    """
    regime = _regimes(market)
    shock, spread, noise = _noise(market, regime)
    drift = _drift(market)
    private = market.random(FLOW).standard_normal(shock.shape)
    news = _news(market)
    scale = market.volatility
    returns = noise + scale * np.sqrt(market.planted.momentum_r2) * drift
    returns[1:] += scale * market.flow_strength * private[:-1]
    _add_news(returns, news, market)
    lead = np.sqrt(market.planted.lead_lag_r2) * scale[1:] / scale[0]
    returns[1:, 1:] += lead * np.clip(returns[:-1, :1], -LARGEST_MOVE, LARGEST_MOVE)
    np.clip(returns, -LARGEST_MOVE, LARGEST_MOVE, out=returns)
    return Latent(regime, spread, shock, drift, private, returns, news)


def transition(market: SimulatedMarket) -> Floats:
    """Regime transition matrix over one bar, shape (3, 3): calm <-> normal <-> turbulent."""
    hours = np.array(market.dynamics.regime_hours)
    stay = np.exp(-market.interval.us / (hours * HOUR_US))
    matrix = np.diag(stay)
    matrix[0, 1], matrix[2, 1] = 1 - stay[0], 1 - stay[2]
    matrix[1, 0] = matrix[1, 2] = (1 - stay[1]) / 2
    return matrix


def stationary(matrix: Floats) -> Floats:
    """Long-run share of each state of a Markov chain, shape (K,).

    Examples
    --------
    >>> stationary(np.array([[0.9, 0.1], [0.3, 0.7]])).round(3)
    array([0.75, 0.25])
    """
    size = len(matrix)
    system = np.vstack([matrix.T - np.eye(size), np.ones(size)])
    share: Floats = np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)[0]
    return share


def regime_scale(market: SimulatedMarket) -> Floats:
    """Volatility of each regime, scaled so that its mean square is one, shape (3,)."""
    raw = np.array(market.dynamics.regime_volatility)
    share = stationary(transition(market))
    return np.asarray(raw / np.sqrt(np.sum(share * raw**2)))


def _regimes(market: SimulatedMarket) -> Ints:
    uniform = market.random(REGIME).random(market.bars + 1)
    matrix = transition(market)
    first = int(np.searchsorted(np.cumsum(stationary(matrix))[:-1], uniform[0]))
    return _walk_regimes(uniform[1:], np.cumsum(matrix, axis=1), first)


def _noise(market: SimulatedMarket, regime: Ints) -> tuple[Floats, Floats, Floats]:
    """Standard normal shocks, their spread, and the noise they make, each (T, A)."""
    dynamics, random = market.dynamics, market.random(SHOCKS)
    shape = (market.bars + BURN_IN, len(market.symbols))
    own, common = random.standard_normal(shape), random.standard_normal((shape[0], 1))
    shock = np.sqrt(dynamics.correlation) * common + np.sqrt(1 - dynamics.correlation) * own
    mixing = np.sqrt((dynamics.dof - 2) / random.chisquare(dynamics.dof, (shape[0], 1)))
    spread = _garch(shock * mixing, dynamics.garch_alpha, dynamics.garch_beta)[BURN_IN:]
    spread *= regime_scale(market)[regime][:, None]
    noise = np.sqrt(market.noise_variance) * spread * mixing[BURN_IN:] * shock[BURN_IN:]
    return shock[BURN_IN:], spread, noise


def _drift(market: SimulatedMarket) -> Floats:
    phi = market.momentum_persistence
    innovations = market.random(DRIFT).standard_normal((market.bars, len(market.symbols)))
    innovations[1:] *= np.sqrt(1 - phi**2)
    return autoregress(innovations, phi)


def _news(market: SimulatedMarket) -> News:
    random, step, bars = market.random(NEWS), market.interval.us, market.bars
    counts = random.poisson(market.news_rate * bars, len(market.symbols))
    asset = np.repeat(np.arange(len(market.symbols)), counts)
    size = len(asset)
    event_bar = random.integers(0, bars, size)
    offset = random.integers(0, step // 1000, (2, size)) * 1000  # whole milliseconds within the bar
    order = np.lexsort((offset[0], event_bar, asset))
    event_bar, offset = event_bar[order], offset[:, order]
    known_bar = event_bar + 1 + random.poisson(market.sampling.news_delay_bars - 1.0, size)
    direction = 2 * random.integers(0, 2, size) - 1
    times = market.start + step * np.stack([event_bar, known_bar]) + offset
    return News(asset, direction, event_bar, known_bar, times[0], times[1])


def _add_news(returns: Floats, news: News, market: SimulatedMarket) -> None:
    """Spread the move before publication over the bars that open after the event, the rest after."""
    moves = np.array([market.planted.news_before_bp, market.planted.news_after_bp]) / 1e4
    if moves.any():
        bars = market.sampling.news_bars
        _spread_moves(returns, news.asset, news.direction, news.event_bar, news.known_bar, moves, bars)


@numba.njit(cache=True)
def autoregress(innovations: Floats, phi: float) -> Floats:
    """``x[t] = phi * x[t - 1] + innovations[t]``, columns apart; shape (T, A)."""
    state = innovations.copy()
    for t in range(1, state.shape[0]):
        for i in range(state.shape[1]):
            state[t, i] += phi * state[t - 1, i]
    return state


@numba.njit(cache=True)
def _garch(z: Floats, alpha: float, beta: float) -> Floats:
    """Conditional standard deviation of a GARCH(1,1) of mean variance one, shape of ``z``."""
    spread = np.empty_like(z)
    variance = np.ones(z.shape[1])
    for t in range(z.shape[0]):
        for i in range(z.shape[1]):
            spread[t, i] = np.sqrt(variance[i])
            variance[i] = 1 - alpha - beta + variance[i] * (alpha * z[t, i] ** 2 + beta)
    return spread


@numba.njit(cache=True)
def _walk_regimes(uniform: Floats, cumulative: Floats, first: int) -> Ints:
    regime = np.empty(len(uniform), dtype=np.int64)
    state = first
    for t in range(len(uniform)):
        regime[t] = state
        state = min(np.searchsorted(cumulative[state], uniform[t], side="right"), 2)
    return regime


@numba.njit(cache=True)
def _spread_moves(
    returns: Floats, asset: Ints, direction: Ints, event: Ints, known: Ints, moves: Floats, bars: int
) -> None:
    last = returns.shape[0] - 1
    for k in range(len(asset)):
        for t in range(event[k] + 1, min(known[k], last) + 1):
            returns[t, asset[k]] += direction[k] * moves[0] / (known[k] - event[k])
        for t in range(known[k] + 1, min(known[k] + bars, last) + 1):
            returns[t, asset[k]] += direction[k] * moves[1] / bars
