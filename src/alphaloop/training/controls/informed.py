"""The trader who knows the law of the market, and trades by the same rule as everybody.

His forecast is the planted part of the next return, given this bar's imbalance and return. What he
earns is what there was to find: a pipeline cannot be blamed for less than that being found.
"""

import numpy as np

from alphaloop.lake.sources.simulated import SimulatedMarket
from alphaloop.lake.sources.simulated.latent import draw
from alphaloop.training.validation.folds import Folds
from alphaloop.training.validation.panel import Panel
from alphaloop.training.validation.rule import Rule, trade

DAYS_PER_YEAR = 365.0


def informed_sharpe(market: SimulatedMarket, panel: Panel, folds: Folds, rule: Rule) -> float | None:
    """His annual net Sharpe ratio on the scored blocks; none if he never trades.

    Parameters
    ----------
    market : SimulatedMarket
        With a planted flow.
    panel : Panel
        Of the same market.
    folds : Folds
    rule : Rule
    """
    expected = market.volatility * market.flow_strength * draw(market).private_flow
    known = np.full(panel.y.shape, np.nan)
    tested = slice(folds.blocks[0][0], folds.blocks[-1][1])
    known[tested] = (expected / panel.unit)[tested]
    found = trade(panel, folds, known, rule).sharpe
    return None if found is None else found * DAYS_PER_YEAR**0.5
