"""What the experts share: a wanted side per symbol, which changes on events.

An intent is emitted on the bar on which the wanted side changes, and only if that side is
not held already. So a position that a stop or target took away comes back with the next
event, not with the next bar. Where a value is unknown nothing changes.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from math import inf
from typing import ClassVar

from alphaloop.core.decision import HOLD, Decision, Intent
from alphaloop.core.errors import InvalidOption
from alphaloop.core.observation import Observation
from alphaloop.policies.sizing import Columns, EqualWeight, side_of

Row = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Sided(EqualWeight, ABC):
    """Abstract: an expert that is long, flat or short of each symbol, at equal weights.

    A subclass names what it ``reads`` and answers with a ``side``.

    Parameters
    ----------
    stop_atr, target_atr : float, optional, > 0
        Distance of stop and target from the last close, in average true ranges; in place of
        the fractions ``stop`` and ``target``.
    atr : int, bars
        Memory of the average true range.

    Raises
    ------
    InvalidOption
        If a distance is not above zero, or a level is given both ways.
    """

    stop_atr: float | None = None
    target_atr: float | None = None
    atr: int = 14
    name: ClassVar[str]
    features: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _columns: Columns = field(init=False, repr=False, compare=False)
    _wanted: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)
    _before: dict[str, Row] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        for one, other in (("stop", "stop_atr"), ("target", "target_atr")):
            distance = getattr(self, other)
            if distance is not None and not 0 < distance < inf:
                raise InvalidOption(f"{other} {distance}", "above zero, in average true ranges", "use 3")
            if distance is not None and getattr(self, one) is not None:
                raise InvalidOption(f"{one} and {other}", "one of them", "leave one out")
        if self.atr < 1:
            raise InvalidOption(f"an average true range of {self.atr} bars", "1 or more", "use 14")
        names = ("close", *((f"atr_{self.atr}",) if self._ranged else ()), *self.reads)
        object.__setattr__(self, "features", names)
        object.__setattr__(self, "_columns", Columns(names))

    @property
    def _ranged(self) -> bool:
        """Whether a level is set in average true ranges."""
        return self.stop_atr is not None or self.target_atr is not None

    @property
    @abstractmethod
    def reads(self) -> tuple[str, ...]:
        """Features of its own, in the order ``side`` gets them."""

    @abstractmethod
    def side(self, row: Row, before: Row | None, wanted: int) -> int:
        """The side wanted now: 1, 0 or -1.

        Parameters
        ----------
        row : tuple of float
            The close, then what it ``reads``, on this bar.
        before : tuple of float, optional
            The same on the last bar on which all was known; none on the first.
        wanted : int
            The side wanted so far.
        """

    def reset(self, seed: int) -> None:  # noqa: ARG002 - the protocol's argument
        """Want nothing, remember nothing. The seed is not used."""
        self._wanted.clear()
        self._before.clear()

    def decide(self, observation: Observation) -> Decision:
        """Act where the wanted side has changed."""
        intents: dict[str, Intent] = {}
        symbols, quantity = observation.symbols, observation.account.quantity.tolist()
        for asset, row in enumerate(self._columns.rows(observation)):
            if row is None:
                continue
            symbol, own = symbols[asset], (row[0], *row[2:]) if self._ranged else row
            wanted = self._wanted.get(symbol, 0)
            side = self.allowed(self.side(own, self._before.get(symbol), wanted))
            self._before[symbol] = own
            if side == wanted:
                continue
            self._wanted[symbol] = side
            if side != side_of(quantity[asset]):
                intents[symbol] = self._levelled(self.intent(side, len(symbols), row[0]), side, row)
        return Decision(intents) if intents else HOLD

    def _levelled(self, intent: Intent, side: int, row: Row) -> Intent:
        """The intent with its levels in average true ranges; one at or below zero is none."""
        if side == 0 or not self._ranged:
            return intent
        close, width = row[:2]
        levels = {"stop_loss": intent.stop_loss, "take_profit": intent.take_profit}
        if self.stop_atr is not None:
            levels["stop_loss"] = close - side * self.stop_atr * width
        if self.target_atr is not None:
            levels["take_profit"] = close + side * self.target_atr * width
        usable = {name: level if level is not None and level > 0 else None for name, level in levels.items()}
        return replace(intent, stop_loss=usable["stop_loss"], take_profit=usable["take_profit"])


def between(low: float, value: float, high: float, what: str) -> None:
    """Check one parameter.

    Raises
    ------
    InvalidOption
        If ``value`` is not within ``low`` and ``high``, ends included.
    """
    if not low <= value <= high:
        raise InvalidOption(f"{what} {value}", f"{low:g} to {high:g}", "")
