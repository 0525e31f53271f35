"""What only the maker of a simulated market knows: its hidden states and its optimum.

`truth` answers "what could the best trader have earned here, after cost?" for each planted
effect by itself. It looks at everything, the future included: nothing that decides may use it.
"""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats
from alphaloop.lake.sources.simulated.config import FLOW_TO_RETURN, SimulatedMarket
from alphaloop.lake.sources.simulated.derivatives import FUNDING_US
from alphaloop.lake.sources.simulated.latent import Latent, draw, regime_scale, stationary, transition
from alphaloop.lake.sources.simulated.optimum import ThresholdPolicy, best_threshold, momentum_filter

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
    portfolio_sharpe : float, annual
        Of equal weights over all symbols, whose positions are independent.
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
        ``momentum_persistence`` per bar; ``momentum_r2`` on the hidden drift and
        ``momentum_r2_observable`` on the best linear forecast from past returns, which is
        ``x[t+1] = momentum_decay * x[t] + momentum_gain * r[t]``; ``flow_r2``;
        ``lead_lag_r2``; ``news_before_bp`` and ``news_after_bp``.
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
    planted, phi = market.planted, market.momentum_persistence
    seen = momentum_filter(planted.momentum_r2, phi)
    lead = _lead_lag(market, cost_bp / 1e4)
    optima = {
        "momentum": _from_forecast(market, "momentum", "past returns", (seen.r2, phi), cost_bp),
        "momentum_oracle": _from_forecast(market, "momentum", "the hidden drift", (planted.momentum_r2, phi), cost_bp),
        "flow": _from_forecast(market, "flow", "this bar's imbalance", (planted.flow_r2, 0.0), cost_bp),
        "lead_lag": lead,
        "news": _news(market, cost_bp / 1e4),
        "funding": _funding(market, cost_bp),
    }
    coefficients = {
        "momentum_persistence": phi,
        "momentum_r2": planted.momentum_r2,
        "momentum_r2_observable": seen.r2,
        "momentum_decay": seen.decay,
        "momentum_gain": seen.gain,
        "flow_r2": planted.flow_r2,
        "flow_to_return": FLOW_TO_RETURN,
        "lead_lag_r2": planted.lead_lag_r2,
        "news_before_bp": planted.news_before_bp,
        "news_after_bp": planted.news_after_bp,
        "funding_persistence": planted.funding_persistence,
    }
    share = stationary(transition(market))
    return Truth(market, draw(market), share, regime_scale(market), coefficients, optima, cost_bp)


def _from_forecast(
    market: SimulatedMarket, effect: str, knows: str, forecast: tuple[float, float], cost_bp: float
) -> Optimum:
    """A normal AR(1) forecast of given R^2 and persistence, traded at its best."""
    r2, persistence = forecast
    found = [best_threshold(sqrt(r2) * vol, persistence, cost_bp / 1e4) for vol in market.volatility.tolist()]
    return _optimum(market, (effect, knows), sqrt(r2), found)


def _optimum(market: SimulatedMarket, names: tuple[str, str], ic: float, found: list[ThresholdPolicy]) -> Optimum:
    gross, net, turnover, exposure, threshold = (
        np.array([getattr(policy, field) for policy in found])
        for field in ("gross", "net", "turnover", "exposure", "threshold")
    )
    variance = exposure * market.volatility**2
    year = sqrt(market.interval.per_year)
    sharpe = np.divide(net * year, np.sqrt(variance), out=np.zeros_like(net), where=variance > 0)
    total = float(np.sqrt(variance.sum()))
    portfolio = float(net.sum()) * year / total if total > 0 else 0.0
    return Optimum(names[0], names[1], ic, gross, net, turnover, exposure, threshold, sharpe, portfolio)


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
    return _optimum(market, ("lead_lag", "the first symbol's last return"), sqrt(market.planted.lead_lag_r2), found)


def _news(market: SimulatedMarket, cost: float) -> Optimum:
    """One unit per event from the bar after publication until the move is over."""
    after, rate, bars = market.planted.news_after_bp / 1e4, market.news_rate, market.sampling.news_bars
    worth = after > 2 * cost
    gross, exposure, turnover = (worth * rate * x for x in (after, float(bars), 2.0))
    policy = ThresholdPolicy(0.0 if worth else inf, gross, gross - cost * turnover, turnover, exposure)
    step = after / bars * sqrt(rate * bars)  # standard deviation of the drift after news
    ic = float(np.mean(step / market.volatility))
    return _optimum(market, ("news", "events once published"), ic, [policy] * len(market.symbols))


def _funding(market: SimulatedMarket, cost_bp: float) -> Optimum:
    """Stand on the side that is paid: a forecast of the next settlement, traded at its best."""
    phi = market.planted.funding_persistence
    per_bar = market.interval.us / FUNDING_US
    one = best_threshold(phi * market.sampling.funding_bp / 1e4, phi, cost_bp / 1e4)
    gross, net, turnover = (x * per_bar for x in (one.gross, one.net, one.turnover))
    policy = ThresholdPolicy(one.threshold, gross, net, turnover, one.exposure)
    return _optimum(market, ("funding", "settled rates"), 0.0, [policy] * len(market.symbols))
