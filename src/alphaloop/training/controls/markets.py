"""Markets for the controls: without edge in three ways, and with an edge of stated strength.

    walk      a random walk with normal steps of one size
    garch     GARCH(1, 1) with t innovations: volatility clusters, tails are fat
    regimes   volatility jumps between three levels by a Markov chain; no drift in any
    flow      garch and regimes together, and taker imbalance that tells the next bar

The strength of an edge is the annual Sharpe ratio, after cost, of the best risk-neutral trader who
knows how this bar's imbalance tells the next return (:func:`alphaloop.lake.sources.simulated.truth`),
equal shares of all symbols.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from math import sqrt
from typing import Any

from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.lake.sources.simulated import NOTHING, Dynamics, Effects, Sampling, SimulatedMarket, truth

COST_BP = 6.0
_NORMAL = 1e6  # degrees of freedom of a t law that nobody can tell from a normal one
_STEADY = (1.0, 1.0, 1.0)
_CALM = Dynamics(garch_alpha=0.0, garch_beta=0.0, dof=_NORMAL)
_LEAST, _MOST = 1e-6, 0.2  # R^2 between which a strength is looked for
_STEPS = 16  # of bisection in logarithms: to two parts in ten thousand

NULL: Mapping[str, Dynamics] = {
    "walk": replace(_CALM, regime_volatility=_STEADY),
    "garch": Dynamics(regime_volatility=_STEADY),
    "regimes": _CALM,
}
PLANTED: Mapping[str, Dynamics] = {"flow": Dynamics()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all markets of a run share.

    Parameters
    ----------
    days : int
    symbols : int
    timeframe : str
    """

    days: int = 420
    symbols: int = 4
    timeframe: str = "1h"

    def __post_init__(self) -> None:
        if not 2 <= self.symbols <= 10 or self.days < 120:
            raise InvalidOption(f"{self}", "2 to 10 symbols and 120 days or more", "")

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def market(setting: Setting, kind: str, seed: int, strength: float = 0.0) -> SimulatedMarket:
    """One market.

    Parameters
    ----------
    setting : Setting
    kind : str
        Of :data:`NULL` or :data:`PLANTED`.
    seed : int
    strength : float, annual Sharpe ratio after cost
        0 for kinds without edge, above 0 for those with one.

    Raises
    ------
    UnknownName
        If there is no such kind.
    InvalidOption
        If kind and strength contradict each other, or no edge is that strong.

    Examples
    --------
    >>> market(Setting(days=120), "walk", seed=1).null
    True
    >>> planted = market(Setting(days=120), "flow", seed=1, strength=3.5)
    >>> round(truth(planted, COST_BP).optima["flow"].portfolio_sharpe, 3)
    3.5
    """
    dynamics = {**NULL, **PLANTED}.get(kind)
    if dynamics is None:
        raise UnknownName(f"market '{kind}'", f"one of {', '.join([*NULL, *PLANTED])}", "")
    if (kind in PLANTED) != (strength > 0):
        raise InvalidOption(
            f"{kind} with a strength of {strength}", "above zero where an edge is planted, else zero", ""
        )
    drawn = replace(_plain(setting, dynamics), seed=seed)
    if strength == 0:
        return replace(drawn, null=True)
    return replace(drawn, effects=_effects(_r2(setting, kind, strength)))


def _plain(setting: Setting, dynamics: Dynamics) -> SimulatedMarket:
    names = tuple(f"SIM{chr(ord('A') + place)}USDT" for place in range(setting.symbols))
    quiet = Sampling(posts_per_day=0.0, news_per_day=0.0)
    return SimulatedMarket(
        symbols=names, days=setting.days, timeframe=setting.timeframe, dynamics=dynamics, sampling=quiet
    )


def _effects(r2: float) -> Effects:
    return replace(NOTHING, flow_r2=r2)


@lru_cache(maxsize=64)
def _r2(setting: Setting, kind: str, strength: float) -> float:
    """The R^2 at which the optimum has this Sharpe ratio, by bisection; the days drawn do not matter to it."""
    short = replace(_plain(setting, PLANTED[kind]), days=1)

    def found(r2: float) -> float:
        return truth(replace(short, effects=_effects(r2)), COST_BP).optima["flow"].portfolio_sharpe

    low, high = _LEAST, _MOST
    if not found(low) < strength < found(high):
        raise InvalidOption(f"a strength of {strength}", f"{found(low):.2g} to {found(high):.3g}", "")
    for _ in range(_STEPS):
        middle = sqrt(low * high)
        low, high = (middle, high) if found(middle) < strength else (low, middle)
    return high
