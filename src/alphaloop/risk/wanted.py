"""What a decision leaves the account holding, and how a rule takes some of it away.

A symbol's *wanted* weight is its target where the decision names one, and what is held
now where it does not (no intent, or HOLD). Weights are signed notional as a fraction of
equity. A cut to what is held or less is forced, so it goes at market, now: a limit price, a
trigger or a time in force that suited the policy's larger target would size and time it wrongly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import isfinite
from types import MappingProxyType

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Action, Cut, Decision, Intent
from alphaloop.core.orders import PLAIN

ROUNDING = 1e-9
"""A scaled sum may miss its cap by a few units in the last place; this fraction forgives it."""

_KEEP = Intent(Action.HOLD)


def held_weights(account: AccountView) -> list[float]:
    """Signed weight of each position, in the account's order; NaN where there is no mark.

    Plain floats: for the few symbols of an account this is several times faster than numpy.

    Examples
    --------
    >>> import numpy as np
    >>> view = AccountView(("X",), 200.0, 200.0, 200.0, *(np.array([v]) for v in (1.0, 90.0, 100.0, 90.0)))
    >>> held_weights(view)
    [0.5]
    """
    quantities: list[float] = account.quantity.tolist()
    if not any(quantities):
        return quantities
    equity = account.equity
    return [
        quantity * mark / equity if quantity else 0.0
        for quantity, mark in zip(quantities, account.mark_price.tolist(), strict=True)
    ]


def wanted_weights(decision: Decision, account: AccountView, held: list[float]) -> dict[str, float]:
    """Signed weight each symbol would have if the decision were carried out."""
    wanted = dict(zip(account.symbols, held, strict=True))
    for symbol, intent in decision.intents.items():
        if intent.action is not Action.HOLD:
            wanted[symbol] = intent.target
    return wanted


def lower(
    decision: Decision, targets: Mapping[str, float], wanted: Mapping[str, float], held: Mapping[str, float], why: Cut
) -> Decision:
    """The decision with each symbol of ``targets`` lowered from ``wanted``, every cut recorded.

    Parameters
    ----------
    decision : Decision
    targets : mapping of symbol to signed weight
        New targets, each between zero and the symbol's wanted weight.
    wanted, held : mapping of symbol to signed weight
    why : Cut
        Template: its rule and reason are written on every cut.
    """
    intents, cuts = dict(decision.intents), list(decision.cuts)
    for symbol, target in targets.items():
        intents[symbol] = _lowered(intents.get(symbol, _KEEP), target, held.get(symbol, 0.0))
        cuts.append(replace(why, symbol=symbol, before=wanted[symbol], after=target))
    return replace(decision, intents=MappingProxyType(intents), cuts=tuple(cuts))


def _lowered(intent: Intent, target: float, held: float) -> Intent:
    action = Action.CLOSE if target == 0 else Action.BUY if target > 0 else Action.SELL
    forced = action is Action.CLOSE or abs(target) <= abs(held)
    if not forced:
        return replace(intent, action=action, target=target)
    terms = intent.terms.without_entry if target else PLAIN
    return replace(intent, action=action, target=target, entry_price=None, terms=terms)


def close_all(decision: Decision, account: AccountView, why: Cut) -> Decision:
    """The decision that leaves nothing open, at market, whatever was proposed.

    Looks at quantities and not at weights, so it works where equity or a mark is unknown.
    """
    held = dict(zip(account.symbols, account.quantity.tolist(), strict=True))
    intents, cuts = dict(decision.intents), list(decision.cuts)
    for symbol in dict.fromkeys((*account.symbols, *decision.intents)):
        intent = intents.get(symbol, _KEEP)
        if intent.action is Action.CLOSE:
            if intent.entry_price is not None:
                intents[symbol] = replace(intent, entry_price=None, terms=PLAIN)
                cuts.append(replace(why, symbol=symbol, what="entry_price", before=intent.entry_price, after=0.0))
        elif intent.target != 0 or held.get(symbol, 0.0) != 0 or symbol in account.working:
            before = intent.target or _weight(account, symbol)
            intents[symbol] = _lowered(intent, 0.0, 0.0)
            cuts.append(replace(why, symbol=symbol, before=before, after=0.0))
    if len(cuts) == len(decision.cuts):
        return decision
    return replace(decision, intents=MappingProxyType(intents), cuts=tuple(cuts))


def _weight(account: AccountView, symbol: str) -> float:
    """Signed weight of one holding for the record; 0 where it cannot be known."""
    asset = account.symbols.index(symbol)
    notional = float(account.quantity[asset] * account.mark_price[asset])
    weight = notional / account.equity if account.equity > 0 else 0.0
    return weight if weight == weight else 0.0  # NaN is not equal to itself


def because(rule: str, reason: str) -> Cut:
    """The template of a rule's cuts: who cut, and why."""
    return Cut(rule, "", "target", 0.0, 0.0, reason)


def cut_gross(
    decision: Decision, account: AccountView, held: list[float], cap: float, drift: float, why: Cut
) -> Decision:
    """Shrink all weights by one factor so that their gross becomes ``cap``, if it is above.

    Proportional, so the policy's relative views survive; a cap of zero closes all, and a
    weight that is no number is closed. Holdings that only prices and fees have carried
    beyond the cap are left alone up to the fraction ``drift`` of it.
    """
    wanted = wanted_weights(decision, account, held)
    now = dict(zip(account.symbols, held, strict=True))
    known = {symbol: weight if isfinite(weight) else 0.0 for symbol, weight in wanted.items()}
    more = any(asks_for_more(weight, now.get(symbol, 0.0)) for symbol, weight in known.items())
    gross = gross_of(known.values())
    factor = cap / gross if gross > cap * (1.0 + (ROUNDING if more else max(drift, ROUNDING))) else 1.0
    targets = {symbol: weight * factor or 0.0 for symbol, weight in known.items()}
    targets = {symbol: target for symbol, target in targets.items() if target != wanted[symbol]}
    return lower(decision, targets, wanted, now, why) if targets else decision


def gross_of(weights: Iterable[float]) -> float:
    """The sum of absolute weights, one after the other: ``sum`` rounds differently from Python 3.12 on.

    Examples
    --------
    >>> gross_of([0.5, -0.25])
    0.75
    """
    gross = 0.0
    for weight in weights:
        gross += abs(weight)
    return gross


def asks_for_more(weight: float, held: float) -> bool:
    """Whether reaching ``weight`` would enlarge or turn what is held."""
    return not (abs(weight) <= abs(held) and weight * held >= 0)
