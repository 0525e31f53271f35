"""Exposure: no symbol above its share of equity, and not too much of all together.

First each symbol is cut to ``max_weight``, then all are scaled by one factor until the
gross (the sum of absolute weights) is ``max_gross``. What is held counts like what is
asked for, and may be cut without being asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Action, Decision, Intent
from alphaloop.core.errors import InvalidOption
from alphaloop.risk.wanted import (
    ROUNDING,
    asks_for_more,
    because,
    close_all,
    cut_gross,
    held_weights,
    lower,
    wanted_weights,
)

_KEEP = Intent(Action.HOLD)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Caps the weight of each symbol and the gross weight of all.

    Parameters
    ----------
    max_weight : float, fraction of equity
        Largest absolute weight of one symbol.
    max_gross : float, fraction of equity
        Largest sum of absolute weights.
    drift : float, fraction of the cap
        How far a position may outgrow a cap by prices and fees alone before it is cut (then:
        to the cap itself). It never excuses an order that asks for more than is held.

    Raises
    ------
    InvalidOption
        If a number is negative or not a number.

    Examples
    --------
    >>> import numpy as np
    >>> from alphaloop.core.decision import Action, Intent
    >>> view = AccountView(("X",), 100.0, 100.0, 100.0, *(np.array([v]) for v in (0.0, 0.0, 10.0, 0.0)))
    >>> cut = Exposure(max_weight=0.2).apply(Decision({"X": Intent(Action.BUY, 0.5)}), view)
    >>> cut.target("X"), cut.cuts[0].before, cut.cuts[0].reason
    (0.2, 0.5, 'weight above 0.2 of equity')
    """

    max_weight: float = 1.0
    max_gross: float = 1.0
    drift: float = 0.02

    def __post_init__(self) -> None:
        if not (self.max_weight >= 0 and self.max_gross >= 0 and self.drift >= 0):
            raise InvalidOption(f"{self}", "zero or more everywhere", "correct the limits")

    def apply(self, decision: Decision, account: AccountView) -> Decision:
        """The decision with every weight and their sum within the caps."""
        if not account.equity > 0:
            return close_all(decision, account, because("exposure", "no equity left"))
        if self._fits(decision.intents, account):
            return decision
        held = held_weights(account)
        loose = 1.0 + max(self.drift, ROUNDING)
        decision = self._cut_weights(decision, account, held, loose)
        why = because("exposure", f"gross above {self.max_gross:g} of equity")
        return cut_gross(decision, account, held, self.max_gross, self.drift, why)

    def _fits(self, intents: Mapping[str, Intent], account: AccountView) -> bool:
        """The common bar: nothing asked beyond a cap, nothing outgrown. A weight that is no number does not fit.

        Says no more often than it must (where a target has to share the gross with holdings
        that have drifted); then the rules below look closer.
        """
        gross, room, asked, marks = 0.0, 1.0 + self.drift, 0, account.mark_price.tolist()
        loose = self.max_weight * room
        for asset, quantity in enumerate(account.quantity.tolist()):
            cap, weight = loose, quantity * marks[asset] / account.equity if quantity else 0.0
            if intents:
                intent = intents.get(account.symbols[asset], _KEEP)
                asked += intent is not _KEEP
                if intent.action is not Action.HOLD:
                    cap, weight = self.max_weight, intent.target
            size = abs(weight)
            gross += size
            if size > cap:
                return False
        return asked == len(intents) and gross <= self.max_gross * (1.0 if asked else room)

    def _cut_weights(self, decision: Decision, account: AccountView, held: list[float], loose: float) -> Decision:
        wanted = wanted_weights(decision, account, held)
        now = dict(zip(account.symbols, held, strict=True))
        targets = {}
        for symbol, weight in wanted.items():
            cap = self.max_weight * (1.0 if asks_for_more(weight, now.get(symbol, 0.0)) else loose)
            if not abs(weight) <= cap:  # so written that a weight that is no number is cut
                targets[symbol] = min(max(weight, -self.max_weight), self.max_weight) if isfinite(weight) else 0.0
        if not targets:
            return decision
        return lower(decision, targets, wanted, now, because("exposure", f"weight above {self.max_weight:g} of equity"))
