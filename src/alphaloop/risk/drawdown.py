"""Drawdown: after too large a loss from the highest equity, close everything and stay flat.

The rule keeps no state of its own: ``AccountView.peak_equity`` remembers the peak. Once all
is closed equity stands still, so the drawdown stays beyond the limit, and so does the rule.
"""

from dataclasses import dataclass

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Decision
from alphaloop.core.errors import InvalidOption
from alphaloop.risk.wanted import because, close_all


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Closes all positions once the account has lost more than ``max_drawdown``.

    Parameters
    ----------
    max_drawdown : float, fraction of peak equity, 0 to 1
        1 lets everything be lost; even then an account without equity is closed.

    Raises
    ------
    InvalidOption
        If the limit is outside 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from alphaloop.core.decision import Action, Intent
    >>> view = AccountView(("X",), 79.0, 79.0, 100.0, *(np.array([v]) for v in (0.0, 0.0, 10.0, 0.0)))
    >>> Drawdown(0.2).apply(Decision({"X": Intent(Action.BUY, 0.5)}), view).intents["X"].action
    <Action.CLOSE: 'CLOSE'>
    """

    max_drawdown: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.max_drawdown <= 1:
            raise InvalidOption(f"max_drawdown {self.max_drawdown}", "a fraction, 0 to 1", "use 0.2 for 20 %")

    def apply(self, decision: Decision, account: AccountView) -> Decision:
        """The decision, or the closing of everything beyond the limit."""
        if account.equity > 0 and account.drawdown <= self.max_drawdown:
            return decision
        return close_all(decision, account, because("drawdown", f"loss above {self.max_drawdown:g} of peak equity"))
