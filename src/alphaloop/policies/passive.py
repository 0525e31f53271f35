"""Policies that look at nothing but whether there is a price: flat, buy-and-hold, random.

What any idea must beat: no trade at all, the market itself, and trading at the same pace
without an idea.
"""

from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from alphaloop.core.decision import HOLD, Decision, Intent
from alphaloop.core.errors import InvalidOption
from alphaloop.core.observation import Observation
from alphaloop.policies.sizing import FLAT, Columns, EqualWeight, side_of

CLOSE = ("close",)


@dataclass(frozen=True)
class Flat:
    """Holds nothing, ever. Closes whatever it finds.

    Examples
    --------
    >>> Flat().name, Flat().features
    ('flat', ())
    """

    name: ClassVar[str] = "flat"
    features: ClassVar[tuple[str, ...]] = ()

    def reset(self, seed: int) -> None:
        """Nothing to forget."""

    def decide(self, observation: Observation) -> Decision:
        """Close every position; usually there is none."""
        account = observation.account
        if not account.quantity.any():
            return HOLD
        held = zip(account.symbols, account.quantity.tolist(), strict=True)
        return Decision({symbol: FLAT for symbol, quantity in held if quantity})


@dataclass(frozen=True)
class BuyAndHold(EqualWeight):
    """Buys each symbol when its first price is known, and never trades it again.

    A symbol that starts late gets its weight of the equity then, but the whole never
    takes more than ``max(1, weight * A)`` of equity: what the others have grown to is
    theirs. Asks on every bar until the position stands. ``allow_short`` plays no part.
    """

    name: ClassVar[str] = "buy-and-hold"
    features: ClassVar[tuple[str, ...]] = CLOSE
    _columns: Columns = field(init=False, repr=False, compare=False, default_factory=lambda: Columns(CLOSE))
    _bought: set[str] = field(init=False, repr=False, compare=False, default_factory=set)

    def reset(self, seed: int) -> None:  # noqa: ARG002 - the protocol's argument
        """Own nothing yet. The seed is not used."""
        self._bought.clear()

    def decide(self, observation: Observation) -> Decision:
        """Buy what has a price and is not owned yet."""
        bought, symbols = self._bought, observation.symbols
        if len(bought) == len(symbols):
            return HOLD
        account = observation.account
        free = max(1.0, self.share(len(symbols)) * len(symbols)) - float(abs(account.weights).sum())
        held = account.quantity.tolist()
        intents: dict[str, Intent] = {}
        for symbol, row, quantity in zip(symbols, self._columns.rows(observation), held, strict=True):
            if symbol in bought:
                continue
            if quantity > 0:
                bought.add(symbol)
            elif row is not None and free > 0:
                intents[symbol] = intent = self.intent(1, len(symbols), row[0], free)
                free -= intent.target
        return Decision(intents) if intents else HOLD


@dataclass(frozen=True)
class RandomTurnover(EqualWeight):
    """Changes sides at random, at a stated pace: what trading alone costs.

    On each bar each symbol draws; with the probability that makes the expected traded
    notional equal ``turnover`` it moves to one of the other sides, each equally likely.
    Among {long, flat, short} a move trades 4/3 weights on average, among {long, flat}
    one: ``probability = turnover / (A * weight * mean move)``.

    Parameters
    ----------
    turnover : float, fraction of equity per bar
        Expected notional traded, buys and sells added.

    Raises
    ------
    InvalidOption
        If the turnover is not above zero, or more than moving on every bar trades.

    Examples
    --------
    >>> RandomTurnover(0.05, allow_short=False).turnover
    0.05
    """

    turnover: float = 0.02
    name: ClassVar[str] = "random"
    features: ClassVar[tuple[str, ...]] = CLOSE
    _columns: Columns = field(init=False, repr=False, compare=False, default_factory=lambda: Columns(CLOSE))
    _random: Random = field(init=False, repr=False, compare=False, default_factory=lambda: Random(0))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.turnover > 0:
            raise InvalidOption(f"turnover {self.turnover}", "above zero", "use 0.02 for 2 % of equity a bar, or flat")

    def reset(self, seed: int) -> None:
        """Begin the draws of ``seed``."""
        self._random.seed(seed)

    def decide(self, observation: Observation) -> Decision:
        """Mostly hold; now and then move a symbol to another side."""
        symbols, draw = observation.symbols, self._random.random
        chance = self._chance(len(symbols))
        # One draw per symbol and bar, known or not: a hole in one does not shift the others.
        moves = [(asset, luck / chance) for asset in range(len(symbols)) if (luck := draw()) < chance]
        if not moves:
            return HOLD
        rows, held = self._columns.rows(observation), observation.account.quantity.tolist()
        intents: dict[str, Intent] = {}
        for asset, luck in moves:
            row = rows[asset]
            if row is not None:
                others = [side for side in self._sides if side != side_of(held[asset])]
                intents[symbols[asset]] = self.intent(others[int(luck * len(others))], len(symbols), row[0])
        return Decision(intents) if intents else HOLD

    @property
    def _sides(self) -> tuple[int, ...]:
        return (1, 0, -1) if self.allow_short else (1, 0)

    def _chance(self, symbols: int) -> float:
        most = symbols * self.share(symbols) * (4.0 / 3.0 if self.allow_short else 1.0)
        if self.turnover > most:
            raise InvalidOption(f"turnover {self.turnover}", f"at most {most:.3g} with these weights", "lower it")
        return self.turnover / most
