"""Leverage: how little margin may stand behind a position, and behind all of them.

Two different things carry the name. An intent's ``leverage`` says how much isolated margin
is committed to its position, and so how near its liquidation stands; it changes no
exposure. Gross notional over equity is the leverage of the whole account.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Action, Cut, Decision
from alphaloop.core.errors import InvalidOption
from alphaloop.risk.wanted import because, close_all, cut_gross, gross_of, held_weights


@dataclass(frozen=True, slots=True)
class Leverage:
    """Caps the isolated leverage of each intent and, if asked, that of the account.

    Parameters
    ----------
    max_leverage : float, >= 1
        Of an intent's isolated margin.
    max_account : float, optional, fraction of equity
        Largest gross notional / equity; none leaves it to the exposure rule.
    drift : float, fraction of ``max_account``
        As in :class:`alphaloop.risk.exposure.Exposure`.

    Raises
    ------
    InvalidOption
        If ``max_leverage`` is below 1 or another number negative.

    Examples
    --------
    >>> import numpy as np
    >>> from alphaloop.core.decision import Intent
    >>> view = AccountView(("X",), 100.0, 100.0, 100.0, *(np.array([v]) for v in (0.0, 0.0, 10.0, 0.0)))
    >>> cut = Leverage(3.0).apply(Decision({"X": Intent(Action.BUY, 0.5, leverage=20.0)}), view)
    >>> cut.intents["X"].leverage, cut.target("X"), cut.cuts[0].what
    (3.0, 0.5, 'leverage')
    """

    max_leverage: float = 3.0
    max_account: float | None = None
    drift: float = 0.02

    def __post_init__(self) -> None:
        account = 0.0 if self.max_account is None else self.max_account
        if not (self.max_leverage >= 1 and account >= 0 and self.drift >= 0):
            raise InvalidOption(f"{self}", "max_leverage of 1 or more, the rest not negative", "correct the limits")

    def apply(self, decision: Decision, account: AccountView) -> Decision:
        """The decision with leverage, and gross exposure if asked, within the caps."""
        if self.max_account is not None:
            decision = self._cut_account(decision, account, self.max_account)
        # Last, because a held symbol whose exposure was cut has become an order with a leverage of its own.
        return self._cut_isolated(decision) if decision.intents else decision

    def _cut_account(self, decision: Decision, account: AccountView, most: float) -> Decision:
        if not account.equity > 0:
            return close_all(decision, account, because("leverage", "no equity left"))
        held = held_weights(account)
        if not decision.intents and gross_of(held) <= most:
            return decision
        return cut_gross(
            decision, account, held, most, self.drift, because("leverage", f"account leverage above {most:g}")
        )

    def _cut_isolated(self, decision: Decision) -> Decision:
        intents, cuts = dict(decision.intents), list(decision.cuts)
        for symbol, intent in decision.intents.items():
            if intent.leverage > self.max_leverage and intent.action in (Action.BUY, Action.SELL):
                intents[symbol] = replace(intent, leverage=self.max_leverage)
                reason = f"isolated leverage above {self.max_leverage:g}"
                cuts.append(Cut("leverage", symbol, "leverage", intent.leverage, self.max_leverage, reason))
        if len(cuts) == len(decision.cuts):
            return decision
        return replace(decision, intents=MappingProxyType(intents), cuts=tuple(cuts))
