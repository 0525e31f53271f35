"""What trading a candidate costs."""

from dataclasses import dataclass

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats, MarginTier


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading costs, as fractions: fees of filled notional, slippage of price.

    Parameters
    ----------
    taker_fee, maker_fee : float
        Of market, stop and horizon fills; of limits and targets. A maker fee may be a rebate.
    slippage : float
        Against us on every fill that pays the taker fee.
    maintenance_rate : float
        Margin below which a position is liquidated, fraction of its notional at that price.
    liquidation_fee : float
        Instead of the taker fee.
    margin_tiers : tuple of MarginTier
        A schedule instead of the one rate; candidates then need ``notional``, quote currency.

    Raises
    ------
    InvalidOption
        If one is out of range.
    """

    taker_fee: float = 0.0005
    maker_fee: float = 0.0002
    slippage: float = 0.0001
    maintenance_rate: float = 0.005
    liquidation_fee: float = 0.0125
    margin_tiers: tuple[MarginTier, ...] = ()

    def __post_init__(self) -> None:
        for name in ("taker_fee", "slippage", "maintenance_rate", "liquidation_fee"):
            if not 0 <= getattr(self, name) < 1:
                raise InvalidOption(f"{name} {getattr(self, name)}", "a fraction from 0 to 1", "0.0005 is 5 bp")
        if not abs(self.maker_fee) < 1:
            raise InvalidOption(f"maker_fee {self.maker_fee}", "a fraction; below zero a rebate", "0.0002 is 2 bp")
        caps = [tier.notional_cap for tier in self.margin_tiers]
        if caps and (caps != sorted(caps) or caps[-1] != np.inf):
            raise InvalidOption(f"margin tiers with caps {caps}", "ascending, the last infinite", "correct the tiers")

    def tiers(self) -> Floats:
        """Rows of cap, rate, deduction."""
        rows = [(tier.notional_cap, tier.rate, tier.deduction) for tier in self.margin_tiers]
        return np.array(rows or [(np.inf, self.maintenance_rate, 0.0)])
