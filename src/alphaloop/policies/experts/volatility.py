"""Volatility target: long as much as the volatility allows, no opinion on direction."""

from dataclasses import dataclass, field
from math import inf, sqrt
from typing import ClassVar

from alphaloop.core.decision import HOLD, Action, Decision, Intent
from alphaloop.core.errors import InvalidOption
from alphaloop.core.observation import Observation
from alphaloop.policies.experts.sided import between
from alphaloop.policies.sizing import Columns


@dataclass(frozen=True)
class VolatilityTarget:
    """Long each symbol with the weight at which it has its share of the target volatility.

        weight = min(most, target / (vol_n * sqrt(bars a year))) / symbols

    Trades a symbol only when its weight is off by more than ``slack`` of the wanted one.
    Correlation between symbols is not looked at: together they are calmer than the target
    unless all move as one.

    Parameters
    ----------
    target : float, fraction a year
        E.g. 0.4 for 40 %.
    volatility : int, bars
        n, the memory of the volatility.
    bars_a_year : int
        105,120 for five-minute bars.
    most : float, fraction of equity
        Largest weight of all symbols together.
    slack : float, fraction of the wanted weight

    Raises
    ------
    InvalidOption
        If a parameter is out of range.

    Source
    ------
    Moreira and Muir (2017), Journal of Finance 72, 1611-1644 (volatility-managed portfolios; they
    scale by the variance, this by the volatility).

    Examples
    --------
    >>> VolatilityTarget(volatility=96).features
    ('close', 'vol_96')
    """

    target: float = 0.4
    volatility: int = 288
    bars_a_year: int = 105_120
    most: float = 1.0
    slack: float = 0.2
    name: ClassVar[str] = "volatility-target"
    features: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _columns: Columns = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        between(2, self.volatility, 100_000, "volatility")
        between(1, self.bars_a_year, 31_536_000, "bars_a_year")
        for name in ("target", "most"):
            if not 0 < getattr(self, name) < inf:
                raise InvalidOption(f"{name} {getattr(self, name)}", "above zero", "use 0.4 and 1")
        between(0.0, self.slack, 1.0, "slack")
        object.__setattr__(self, "features", ("close", f"vol_{self.volatility}"))
        object.__setattr__(self, "_columns", Columns(self.features))

    def reset(self, seed: int) -> None:
        """Nothing to forget."""

    def decide(self, observation: Observation) -> Decision:
        """Move what is off by more than the slack."""
        account, symbols = observation.account, observation.symbols
        if not account.equity > 0:
            return HOLD
        held = account.quantity.tolist()
        intents: dict[str, Intent] = {}
        for asset, row in enumerate(self._columns.rows(observation)):
            if row is None or not row[1] > 0:
                continue
            wanted = min(self.most, self.target / (row[1] * sqrt(self.bars_a_year))) / len(symbols)
            now = held[asset] * row[0] / account.equity
            if abs(now - wanted) > self.slack * wanted:
                intents[symbols[asset]] = Intent(Action.BUY, wanted)
        return Decision(intents) if intents else HOLD
