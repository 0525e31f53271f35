"""Decisions: what to do, who said so, and what risk took away.

A target is the *signed notional of the position as a fraction of equity*: 0.5 is long
half the equity, -2 short twice it. BUY and SELL name the side of that target position,
never the direction of the order, so SELL is never ambiguous.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

from alphaloop.core.errors import InvalidOption
from alphaloop.core.orders import PLAIN, Terms, TimeInForce

RiskLevel = Literal["LOW", "MEDIUM", "HIGH"]
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Action(StrEnum):
    """BUY: be long. SELL: be short. CLOSE: be flat. HOLD: leave what is."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"
    CLOSE = "CLOSE"


@dataclass(frozen=True, slots=True)
class Intent:
    """What to do with one symbol.

    Parameters
    ----------
    action : Action
    target : float, signed fraction of equity
        Above zero for BUY, below for SELL, 0 for CLOSE and HOLD.
    leverage : float, >= 1
        Isolated margin is ``|target| * equity / leverage``.
    entry_price : float, optional
        Limit price; none means at market.
    stop_loss, take_profit : float, optional
        Price levels of the position.
    confidence, risk_score : float, 0 to 100
    risk_level : {"LOW", "MEDIUM", "HIGH"}
    reasoning : str
    timeframes : mapping, e.g. ``{"4h": "BUY", "3m": "BUY"}``
    model_sources : tuple of str
    terms : Terms
        How its order is to be worked: trigger, trailing stop, time in force, post-only.

    Raises
    ------
    InvalidOption
        If action and sign of the target disagree, a number is out of range, or the terms
        are not those of such an order.

    Examples
    --------
    >>> passive = Intent(Action.BUY, 0.5, entry_price=99.0, terms=Terms(post_only=True))
    >>> breakout = Intent(Action.BUY, 0.5, terms=Terms(trigger=105.0, trail_fraction=0.02))
    >>> Intent(Action.BUY, 0.5, terms=Terms(post_only=True))
    Traceback (most recent call last):
    ...
    alphaloop.core.errors.InvalidOption: found BUY with post_only and no entry_price; \
expected an entry_price to rest at; name it, or leave out post_only
    """

    action: Action
    target: float = 0.0
    leverage: float = 1.0
    entry_price: float | None = None
    stop_loss: float | None = None
    take_profit: float | None = None
    confidence: float = 100.0
    risk_level: RiskLevel = "MEDIUM"
    risk_score: float = 50.0
    reasoning: str = ""
    timeframes: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    model_sources: tuple[str, ...] = ()
    terms: Terms = PLAIN

    def __post_init__(self) -> None:
        sign = 1 if self.action is Action.BUY else -1 if self.action is Action.SELL else 0
        if not math.isfinite(self.target) or (self.target > 0) - (self.target < 0) != sign:
            raise InvalidOption(
                f"{self.action} with target {self.target}",
                "a target above 0 for BUY, below 0 for SELL, 0 for CLOSE and HOLD",
                "the action names the side of the target position",
            )
        if not 1 <= self.leverage < math.inf:
            raise InvalidOption(f"leverage {self.leverage}", "1 or more", "use 1 for no leverage")
        if not (0 <= self.confidence <= 100 and 0 <= self.risk_score <= 100):
            raise InvalidOption(f"confidence {self.confidence}, risk_score {self.risk_score}", "0 to 100", "")
        for level in (self.entry_price, self.stop_loss, self.take_profit):
            if level is not None and not 0 < level < math.inf:
                prices = f"entry_price {self.entry_price}, stop_loss {self.stop_loss}, take_profit {self.take_profit}"
                raise InvalidOption(prices, "prices above zero", "leave out what is none")
        if self.terms is not PLAIN:
            self._check_terms()

    def _check_terms(self) -> None:
        """Terms that only some intents may have."""
        terms = self.terms
        if self.target == 0 and (terms.trigger is not None or terms.trails):
            raise InvalidOption(f"{self.action} with a trigger or a trail", "BUY or SELL", "they are of a position")
        if terms.post_only and self.entry_price is None:
            raise InvalidOption(
                f"{self.action} with post_only and no entry_price",
                "an entry_price to rest at",
                "name it, or leave out post_only",
            )
        resting = self.entry_price is not None or terms.trigger is not None
        if terms.time_in_force is TimeInForce.GTD and not resting:
            raise InvalidOption(f"{self.action} at market until {terms.expires_at}", "an entry_price or a trigger", "")


@dataclass(frozen=True, slots=True)
class Vote:
    """One model's say, or why it abstained."""

    source: str
    intents: Mapping[str, Intent]
    abstained: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """One change a risk rule made: ``rule`` moved ``symbol`` from ``before`` to ``after``.

    ``before`` and ``after`` are signed fractions of equity unless ``what`` says otherwise.
    """

    rule: str
    symbol: str
    what: str
    before: float
    after: float
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with every symbol. A symbol without an intent is held.

    Examples
    --------
    >>> Decision({"BTCUSDT": Intent(Action.BUY, 0.5)}).target("BTCUSDT")
    0.5
    >>> Decision().target("ETHUSDT") is None
    True
    """

    intents: Mapping[str, Intent] = field(default_factory=lambda: _NOTHING)
    votes: tuple[Vote, ...] = ()
    cuts: tuple[Cut, ...] = ()

    def target(self, symbol: str) -> float | None:
        """Signed fraction of equity asked for ``symbol``; none when it is held."""
        intent = self.intents.get(symbol)
        return None if intent is None or intent.action is Action.HOLD else intent.target

    def cut_to(self, symbol: str, target: float, rule: str, before: float, reason: str) -> "Decision":
        """The same decision with one symbol's target lowered to ``target``, and the cut recorded."""
        old = self.intents.get(symbol) or Intent(Action.HOLD)
        action = Action.CLOSE if target == 0 else Action.BUY if target > 0 else Action.SELL
        terms = old.terms if target else PLAIN
        intents = {**self.intents, symbol: replace(old, action=action, target=target, terms=terms)}
        cut = Cut(rule, symbol, "target", before, target, reason)
        return replace(self, intents=MappingProxyType(intents), cuts=(*self.cuts, cut))


HOLD = Decision()
"""Leave everything as it is: the decision of most bars, shared so that it costs nothing."""
