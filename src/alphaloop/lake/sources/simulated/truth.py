"""What only the maker of a simulated market knows: its hidden states and its optimum.

`truth` answers "what could the best trader have earned here, after cost?" for each planted
effect by itself. It looks at everything, the future included: nothing that decides may use it.
"""

from dataclasses import dataclass
from math import asin, inf, pi, sqrt

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats
from alphaloop.lake.sources.simulated.config import FLOW_TO_RETURN, SimulatedMarket
from alphaloop.lake.sources.simulated.derivatives import FUNDING_US
from alphaloop.lake.sources.simulated.latent import Latent, draw, regime_scale, stationary, transition
from alphaloop.lake.sources.simulated.optimum import (
    Filter,
    ThresholdPolicy,
    best_threshold,
    momentum_filter,
)

DEFAULT_COST_BP = 6.0  # 5 bp taker fee and 1 bp slippage, each time a position changes by one
SAMPLE = 200_000  # draws behind the one integral without a closed form


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best trader of one effect, by what he knows. A symbols.

    Parameters
    ----------
    effect, knows : str
    ic : float
        Population correlation of his forecast with the next bar's return.
    gross, net : float array, shape (A,), fraction of equity per bar
        Per symbol, with positions of -1, 0 or +1 times equity.
    turnover, exposure : float array, shape (A,)
        Mean change of position per bar; share of bars in a position.
    threshold : float array, shape (A,), standard deviations of the forecast
        Strength at which he takes a side; infinite where he never does.
    sharpe : float array, shape (A,), annual
    position_correlation : float
        Of the positions in any two symbols.
    portfolio_sharpe : float, annual
        Of equal weights over all symbols: variance ``sum of s_i s_j c rho`` off the diagonal,
        with ``c`` the correlation of positions and ``rho`` that of shocks.
    """

    effect: str
    knows: str
    ic: float
    gross: Floats
    net: Floats
    turnover: Floats
    exposure: Floats
    threshold: Floats
    sharpe: Floats
    position_correlation: float
    portfolio_sharpe: float


@dataclass(frozen=True, slots=True)
class Truth:
    """Hidden states, coefficients and optima of one simulated market.

    Parameters
    ----------
    market : SimulatedMarket
    latent : Latent
        Regimes, drifts, private flow and news, bar by bar.
    regime_share, regime_volatility : float array, shape (3,)
        Long-run share of bars in each regime, and the volatility there (1 on average).
    coefficients : dict
        ``momentum_persistence`` per bar; ``momentum_r2`` on the hidden drift. What past
        returns tell of it, all in standard deviations of a return: ``momentum_own_r2`` by
        ``x[t+1] = own_decay * x[t] + own_gain * r[t]``; ``momentum_all_r2`` by the sum of such
        filters on the mean return of all symbols (``common_``) and on each one's distance
        from it (``contrast_``), which is freed of the common shock. ``flow_r2``,
        ``lead_lag_r2``, ``news_before_bp``, ``news_after_bp``, ``funding_persistence``.
    optima : dict of effect to Optimum
    cost_bp : float, basis points per unit of position changed
    """

    market: SimulatedMarket
    latent: Latent
    regime_share: Floats
    regime_volatility: Floats
    coefficients: dict[str, float]
    optima: dict[str, Optimum]
    cost_bp: float

    def summary(self) -> dict[str, object]:
        """Plain numbers for a report: coefficients, and the optima as means over symbols."""
        best = {
            name: {
                "knows": found.knows,
                "ic": found.ic,
                "net_bp_per_day": float(found.net.mean()) * 1e4 * 86_400e6 / self.market.interval.us,
                "sharpe": float(found.sharpe.mean()),
                "portfolio_sharpe": found.portfolio_sharpe,
                "turnover_per_day": float(found.turnover.mean()) * 86_400e6 / self.market.interval.us,
                "exposure": float(found.exposure.mean()),
            }
            for name, found in self.optima.items()
        }
        return {"null": self.market.null, "cost_bp": self.cost_bp, **self.coefficients, "optima": best}


def truth(market: SimulatedMarket, cost_bp: float = DEFAULT_COST_BP) -> Truth:
    """Everything known of a simulated market.

    Parameters
    ----------
    market : SimulatedMarket
    cost_bp : float, basis points
        Cost of changing a position by one unit of equity.

    Raises
    ------
    InvalidOption
        If the cost is negative.

    Examples
    --------
    >>> known = truth(SimulatedMarket(days=1, null=True))
    >>> known.coefficients["momentum_r2"], float(known.optima["momentum"].net.max())
    (0.0, 0.0)
    """
    if not 0 <= cost_bp < inf:
        raise InvalidOption(f"a cost of {cost_bp} bp", "zero or more", "use e.g. 6")
    planted = market.planted
    modes = _momentum_modes(market)
    flow_together = _sign_correlation(FLOW_TO_RETURN**2 * market.dynamics.correlation)
    optima = {
        **_momentum(market, modes, cost_bp),
        "flow": _trade(market, _Known("flow", "this bar's imbalance", planted.flow_r2, 0.0, flow_together), cost_bp),
        "lead_lag": _lead_lag(market, cost_bp / 1e4),
        "news": _news(market, cost_bp / 1e4),
        "funding": _funding(market, cost_bp),
    }
    filters = {
        f"{name}_{part}": getattr(modes[name], part)
        for name in ("own", "common", "contrast")
        for part in ("decay", "gain")
    }
    coefficients = {
        "momentum_persistence": market.momentum_persistence,
        "momentum_r2": planted.momentum_r2,
        "momentum_own_r2": modes["own"].r2,
        "momentum_all_r2": _all_r2(market, modes),
        **filters,
        "flow_r2": planted.flow_r2,
        "flow_to_return": FLOW_TO_RETURN,
        "lead_lag_r2": planted.lead_lag_r2,
        "news_before_bp": planted.news_before_bp,
        "news_after_bp": planted.news_after_bp,
        "funding_persistence": planted.funding_persistence,
    }
    share = stationary(transition(market))
    return Truth(market, draw(market), share, regime_scale(market), coefficients, optima, cost_bp)


@dataclass(frozen=True, slots=True)
class _Known:
    """A normal AR(1) forecast: its R^2, its memory, and how alike positions on it are in two symbols."""

    effect: str
    knows: str
    r2: float
    persistence: float
    together: float


def _momentum_modes(market: SimulatedMarket) -> dict[str, Filter]:
    """Filters on one's own returns, on the common return, and on the distance from it.

    Drifts are independent, noise has the same correlation for every pair: so the mean and the
    distances from it are independent problems, with noise of ``1 + (A - 1) rho`` and ``1 - rho``.
    """
    r2, phi, rho = market.planted.momentum_r2, market.momentum_persistence, market.dynamics.correlation
    others = len(market.symbols) - 1
    return {
        "own": momentum_filter(r2, phi),
        "common": momentum_filter(r2, phi, (1 - r2) * (1 + others * rho)),
        "contrast": momentum_filter(r2, phi, (1 - r2) * (1 - rho)),
    }


def _all_r2(market: SimulatedMarket, modes: dict[str, Filter]) -> float:
    one = 1 / len(market.symbols)
    return one * modes["common"].r2 + (1 - one) * modes["contrast"].r2


def _momentum(market: SimulatedMarket, modes: dict[str, Filter], cost_bp: float) -> dict[str, Optimum]:
    """The optimum by what is known: all past returns, one's own, or the hidden drift itself."""
    r2, phi, own = market.planted.momentum_r2, market.momentum_persistence, modes["own"]
    whole = _all_r2(market, modes)
    noise = own.gain**2 * (1 - r2) / (1 - own.decay**2)  # the part of the own filter's variance that is noise
    alike = noise / own.r2 * market.dynamics.correlation if own.r2 else 0.0
    assets = len(market.symbols)
    pairs = whole > 0 and assets > 1  # one symbol has no other to be like
    alike_all = (modes["common"].r2 - modes["contrast"].r2) / assets / whole if pairs else 0.0
    known = {
        "momentum": _Known("momentum", "past returns of all symbols", whole, phi, _sign_correlation(alike_all)),
        "momentum_own": _Known("momentum", "past returns of the symbol", own.r2, phi, _sign_correlation(alike)),
        "momentum_oracle": _Known("momentum", "the hidden drift", r2, phi, 0.0),
    }
    return {name: _trade(market, one, cost_bp) for name, one in known.items()}


def _sign_correlation(correlation: float) -> float:
    """Correlation of the signs of two normals: ``2 / pi * asin(rho)``."""
    return 2 / pi * asin(correlation)


def _trade(market: SimulatedMarket, known: _Known, cost_bp: float) -> Optimum:
    """A normal AR(1) forecast traded at its best in every symbol."""
    strengths = (sqrt(known.r2) * market.volatility).tolist()
    found = [best_threshold(strength, known.persistence, cost_bp / 1e4) for strength in strengths]
    return _optimum(market, known, found)


def _optimum(market: SimulatedMarket, known: _Known, found: list[ThresholdPolicy]) -> Optimum:
    gross, net, turnover, exposure, threshold = (
        np.array([getattr(policy, field) for policy in found])
        for field in ("gross", "net", "turnover", "exposure", "threshold")
    )
    spread = np.sqrt(exposure) * market.volatility
    year = sqrt(market.interval.per_year)
    sharpe = np.divide(net * year, spread, out=np.zeros_like(net), where=spread > 0)
    alike = known.together * market.dynamics.correlation
    total = sqrt(alike * spread.sum() ** 2 + (1 - alike) * (spread**2).sum())
    portfolio = float(net.sum()) * year / total if total > 0 else 0.0
    ic, whose = sqrt(known.r2), (known.effect, known.knows)
    return Optimum(*whose, ic, gross, net, turnover, exposure, threshold, sharpe, known.together, portfolio)


def _lead_lag(market: SimulatedMarket, cost: float) -> Optimum:
    """In for one bar when the leader moved far enough: ``E[max(k |x| - 2 c, 0)]``.

    ``x`` is the leader's return in standard deviations: GARCH-t, no closed form, so the mean
    is taken over the leader's own shocks in a seeded market of ``SAMPLE`` bars at least.
    """
    longer = SimulatedMarket(
        symbols=market.symbols[:1],
        days=max(1, SAMPLE * market.interval.us // 86_400_000_000),
        timeframe=market.timeframe,
        seed=0,
        dynamics=market.dynamics,
        null=True,
    )
    leader = np.abs(draw.__wrapped__(longer).returns[:, 0]) / longer.volatility[0]
    later = np.arange(len(market.symbols)) > 0
    found = []
    for strength in (sqrt(market.planted.lead_lag_r2) * market.volatility * later).tolist():
        profit = strength * leader - 2 * cost
        traded = profit > 0
        gross, exposure = float(np.mean(strength * leader * traded)), float(np.mean(traded))
        enter = 2 * cost / strength if strength > 0 else inf
        found.append(ThresholdPolicy(enter, gross, gross - 2 * cost * exposure, 2 * exposure, exposure))
    return _optimum(
        market, _Known("lead_lag", "the first symbol's last return", market.planted.lead_lag_r2, 0.0, 1.0), found
    )


def _news(market: SimulatedMarket, cost: float) -> Optimum:
    """One unit per event from the bar after publication until the move is over."""
    after, rate, bars = market.planted.news_after_bp / 1e4, market.news_rate, market.sampling.news_bars
    worth = after > 2 * cost
    gross, exposure, turnover = (worth * rate * x for x in (after, float(bars), 2.0))
    policy = ThresholdPolicy(0.0 if worth else inf, gross, gross - cost * turnover, turnover, exposure)
    r2 = float(np.mean(rate * bars * (after / bars) ** 2 / market.volatility**2))
    known = _Known("news", "events once published", r2, 0.0, 0.0)
    return _optimum(market, known, [policy] * len(market.symbols))


def _funding(market: SimulatedMarket, cost_bp: float) -> Optimum:
    """Stand on the side that is paid: a forecast of the next settlement, traded at its best."""
    phi = market.planted.funding_persistence
    per_bar = market.interval.us / FUNDING_US
    one = best_threshold(phi * market.sampling.funding_bp / 1e4, phi, cost_bp / 1e4)
    gross, net, turnover = (x * per_bar for x in (one.gross, one.net, one.turnover))
    policy = ThresholdPolicy(one.threshold, gross, net, turnover, one.exposure)
    return _optimum(market, _Known("funding", "settled rates", 0.0, phi, 0.0), [policy] * len(market.symbols))
