"""The best forecast of a simulated symbol's return over some bars, and the correlation it attains.

    R_h[t] = r[t+1] + ... + r[t+h],   E[t] = its mean given all that can be known when bar t ends
    IC = sqrt(Var(E) / Var(R_h))      nothing that is known in time correlates more with R_h

Known in time are the private part of this bar's flow, the moves of published news that are still to come, and, of
the drift, what the symbol's own past returns tell. The parts are uncorrelated, so their variances add up. Where shocks
are of one size the bar's own shock is what its return says, and with it the private flow: the figure is then
reached. Where volatility clusters nobody sees the shock apart, and the figure is a bound.
"""

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats
from alphaloop.lake.sources.simulated.config import SimulatedMarket
from alphaloop.lake.sources.simulated.effects import Dynamics
from alphaloop.lake.sources.simulated.latent import News, draw
from alphaloop.lake.sources.simulated.optimum import Filter, momentum_filter

STEADY = Dynamics(garch_alpha=0.0, garch_beta=0.0, dof=1e6, regime_volatility=(1.0, 1.0, 1.0))
"""Shocks of one size: normal, without clusters and regimes."""


def attainable_ic(market: SimulatedMarket, bars: int) -> Floats:
    """The highest correlation any forecast of one symbol alone can have with its return over ``bars`` bars.

    Parameters
    ----------
    market : SimulatedMarket
    bars : int, 1 or more

    Returns
    -------
    float array, shape (A,)
        In the long run; all zeros on a market without edge.

    Raises
    ------
    InvalidOption
        If ``bars`` is below one, or the law has no closed form: the first symbol leads the others, prices move before
        news is published, or a drift is planted beside something else or under clustered volatility.

    Examples
    --------
    A flow that explains 7 % of the next bar as seen in the imbalance, 10 % as known apart from the shock:

    >>> from alphaloop.lake.sources.simulated.effects import NOTHING
    >>> from dataclasses import replace
    >>> market = SimulatedMarket(("SIMAUSDT",), timeframe="1h", effects=replace(NOTHING, flow_r2=0.06975))
    >>> [round(float(attainable_ic(market, bars)[0]), 4) for bars in (1, 4)]
    [0.3162, 0.1581]
    """
    _check(market, bars)
    planted, scale = market.planted, market.volatility
    known = (scale * market.flow_strength) ** 2
    whole = np.full(len(scale), float(bars)) * scale**2
    if planted.momentum_r2:
        phi, filtered = market.momentum_persistence, _filter(market)
        known = known + filtered.r2 * scale**2 * _reach(phi, bars) ** 2
        ahead = np.arange(1, bars)
        whole = whole + 2.0 * planted.momentum_r2 * scale**2 * float(np.sum((bars - ahead) * phi**ahead))
    if planted.news_after_bp:
        step, long = planted.news_after_bp / 1e4 / market.sampling.news_bars, market.sampling.news_bars
        left = np.minimum(long - np.arange(long), bars)
        shared = np.convolve(np.ones(long), np.ones(bars))
        known = known + market.news_rate * step**2 * float(left @ left)
        whole = whole + market.news_rate * step**2 * float(shared @ shared - bars * long)
    return np.asarray(np.sqrt(known / whole))


def best_forecast(market: SimulatedMarket, bars: int) -> Floats:
    """Mean of each symbol's return over the next ``bars`` bars, given what can be known when each bar ends.

    Nothing that decides may use it: it is made of hidden states.

    Parameters
    ----------
    market : SimulatedMarket
    bars : int, 1 or more

    Returns
    -------
    float array, shape (T, A), fraction

    Raises
    ------
    InvalidOption
        As :func:`attainable_ic`.
    """
    _check(market, bars)
    hidden, scale = draw(market), market.volatility
    mean = scale * market.flow_strength * hidden.private_flow
    if market.planted.momentum_r2:
        mean = mean + scale * _reach(market.momentum_persistence, bars) * _drift(hidden.returns / scale, market)
    if market.planted.news_after_bp:
        mean = mean + _still_to_come(hidden.news, market, bars)
    return np.asarray(mean)


def _reach(phi: float, bars: int) -> float:
    """What a drift of one for the next bar adds up to over all of them."""
    return float(np.sum(phi ** np.arange(bars)))


def _filter(market: SimulatedMarket) -> Filter:
    return momentum_filter(market.planted.momentum_r2, market.momentum_persistence)


def _drift(returns: Floats, market: SimulatedMarket) -> Floats:
    """The next bar's drift as past returns tell it, in standard deviations of a return, shape (T, A)."""
    from scipy.signal import lfilter  # type: ignore[import-untyped]

    found = _filter(market)
    return np.asarray(lfilter([found.gain], [1.0, -found.decay], returns, axis=0))


def _still_to_come(news: News, market: SimulatedMarket, bars: int) -> Floats:
    """Of published moves, what falls into the next ``bars`` bars, shape (T, A)."""
    long = market.sampling.news_bars
    step = market.planted.news_after_bp / 1e4 / long
    found = np.zeros((market.bars, len(market.symbols)))
    for since in range(long):  # bars from the publication's to the decision's
        at = news.known_bar + since
        inside = at < market.bars
        coming = news.direction[inside] * step * min(long - since, bars)
        np.add.at(found, (at[inside], news.asset[inside]), coming)
    return found


def _check(market: SimulatedMarket, bars: int) -> None:
    planted = market.planted
    if bars < 1:
        raise InvalidOption(f"a horizon of {bars} bars", "one or more", "")
    led = planted.lead_lag_r2 > 0 and len(market.symbols) > 1
    moved = market.news_rate > 0 and planted.news_before_bp > 0
    beside = planted.flow_r2 > 0 or (market.news_rate > 0 and planted.news_after_bp > 0) or market.dynamics != STEADY
    if led or moved or (planted.momentum_r2 > 0 and beside):
        raise InvalidOption(
            f"{planted}",
            "no lead-lag, no move before publication, and a drift only by itself under steady volatility",
            "plant something else: what can be known has no closed form here",
        )
