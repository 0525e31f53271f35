"""Small builders for the tests of the risk room."""

import numpy as np

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Action, Decision, Intent


def make_view(weights: dict[str, float], equity: float = 1000.0, peak: float | None = None) -> AccountView:
    """An account holding ``weights`` at a price of 10 (entry 10), leverage 1."""
    size = np.array(list(weights.values())) * equity / 10.0
    ten = np.full(len(weights), 10.0)
    margin = np.abs(size) * 10.0
    return AccountView(tuple(weights), equity, equity, peak or max(equity, 0.0), size, ten, ten.copy(), margin)


def want(**targets: float) -> Decision:
    """A decision at market for each named target."""
    return Decision({symbol: intent(target) for symbol, target in targets.items()})


def intent(target: float, **options: object) -> Intent:
    action = Action.CLOSE if target == 0 else Action.BUY if target > 0 else Action.SELL
    return Intent(action, target, **options)  # type: ignore[arg-type]
