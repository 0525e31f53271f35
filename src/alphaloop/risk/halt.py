"""Halt: the kill switch. While it is on, close everything, or let nothing grow.

The switch is asked at every decision and lives elsewhere: a file, a signal, a
``threading.Event``. The rule does not know who threw it, nor does it ever reset it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Decision
from alphaloop.risk.wanted import asks_for_more, because, close_all, held_weights, lower, wanted_weights


class Flag(Protocol):
    """Anything like ``threading.Event``."""

    def is_set(self) -> bool:
        """Whether the halt is on."""
        ...


@dataclass(frozen=True, slots=True)
class Halt:
    """Closes, or freezes, the account while the switch is on.

    Parameters
    ----------
    switch : callable returning bool, or object with ``is_set()``
    freeze : bool
        False: close all positions at market. True: keep them, let policies reduce them,
        but let none grow, turn or open.

    Examples
    --------
    >>> import numpy as np
    >>> from alphaloop.core.decision import Action, Intent
    >>> view = AccountView(("X",), 100.0, 100.0, 100.0, *(np.array([v]) for v in (1.0, 10.0, 10.0, 10.0)))
    >>> more = Decision({"X": Intent(Action.BUY, 0.5)})
    >>> Halt(lambda: True).apply(more, view).target("X"), Halt(lambda: True, freeze=True).apply(more, view).target("X")
    (0.0, 0.1)
    """

    switch: Callable[[], bool] | Flag
    freeze: bool = False

    def apply(self, decision: Decision, account: AccountView) -> Decision:
        """The decision, or what the halt leaves of it."""
        on = self.switch() if callable(self.switch) else self.switch.is_set()
        if not on:
            return decision
        if not self.freeze or not account.equity > 0:
            return close_all(decision, account, because("halt", "trading is halted"))
        return self._frozen(decision, account) if decision.intents else decision

    def _frozen(self, decision: Decision, account: AccountView) -> Decision:
        held = held_weights(account)
        wanted = wanted_weights(decision, account, held)
        now = dict(zip(account.symbols, held, strict=True))
        targets = {}
        for symbol in decision.intents:
            weight, position = wanted[symbol], now.get(symbol, 0.0)
            if weight != 0 and asks_for_more(weight, position):
                targets[symbol] = position if weight * position > 0 else 0.0
        if not targets:
            return decision
        return lower(decision, targets, wanted, now, because("halt", "new exposure is frozen"))
