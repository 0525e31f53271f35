"""The chain: rules one after the other, each seeing what the one before it left.

Order of :func:`chain_of`: halt, drawdown, exposure, leverage. The rules that close
everything come first, so that the others find nothing left to cut and each cut is recorded
once, under the rule that mattered. Any order gives an account within all limits, because
no rule ever adds; only the names on the cuts differ.
"""

from collections.abc import Callable
from dataclasses import dataclass

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Decision
from alphaloop.core.protocols import RiskRule
from alphaloop.risk.drawdown import Drawdown
from alphaloop.risk.exposure import Exposure
from alphaloop.risk.halt import Flag, Halt
from alphaloop.risk.leverage import Leverage


@dataclass(frozen=True, slots=True)
class Chain:
    """Several rules as one.

    Parameters
    ----------
    rules : tuple of RiskRule
        Applied from first to last; an empty chain lets everything pass.

    Examples
    --------
    >>> import numpy as np
    >>> from alphaloop.core.decision import Action, Intent
    >>> view = AccountView(("X",), 100.0, 100.0, 100.0, *(np.array([v]) for v in (0.0, 0.0, 10.0, 0.0)))
    >>> chain = chain_of(Limits(max_weight=0.4, max_gross=1.0, max_leverage=2.0, max_drawdown=0.2))
    >>> allowed = chain.apply(Decision({"X": Intent(Action.SELL, -0.5, leverage=5.0)}), view)
    >>> allowed.target("X"), [(cut.rule, cut.what) for cut in allowed.cuts]
    (-0.4, [('exposure', 'target'), ('leverage', 'leverage')])
    """

    rules: tuple[RiskRule, ...] = ()

    def apply(self, decision: Decision, account: AccountView) -> Decision:
        """The decision after every rule."""
        for rule in self.rules:
            decision = rule.apply(decision, account)
        return decision


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of the usual chain; the defaults allow an unleveraged account anything.

    Parameters
    ----------
    max_weight, max_gross : float, fraction of equity
        Of one symbol, and of all together. Above 1 the account itself is leveraged.
    max_leverage : float, >= 1
        Isolated leverage of one position.
    max_drawdown : float, fraction of peak equity, 0 to 1
        1 never closes an account that has any equity left.
    drift : float, fraction of a cap
        What prices and fees alone may carry a position beyond a cap.
    """

    max_weight: float = 1.0
    max_gross: float = 1.0
    max_leverage: float = 3.0
    max_drawdown: float = 1.0
    drift: float = 0.02


def chain_of(limits: Limits, switch: Callable[[], bool] | Flag | None = None, *, freeze: bool = False) -> Chain:
    """The usual chain: halt (if there is a switch), drawdown, exposure, leverage.

    Raises
    ------
    InvalidOption
        If a limit is out of its range.

    Examples
    --------
    >>> [type(rule).__name__ for rule in chain_of(Limits(), lambda: False).rules]
    ['Halt', 'Drawdown', 'Exposure', 'Leverage']
    """
    halt: tuple[RiskRule, ...] = () if switch is None else (Halt(switch, freeze),)
    return Chain(
        (
            *halt,
            Drawdown(limits.max_drawdown),
            Exposure(limits.max_weight, limits.max_gross, limits.drift),
            Leverage(limits.max_leverage),
        )
    )
