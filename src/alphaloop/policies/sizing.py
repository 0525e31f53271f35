"""Sizing: how a wanted side becomes an intent, the same way for every baseline.

A side is +1 (long), 0 (flat) or -1 (short). Weights are fractions of equity; stop and
target are fractions of the last close shown. Does not know why a side is wanted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from operator import itemgetter
from typing import Any

from alphaloop.core.decision import Action, Intent
from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.core.observation import Observation
from alphaloop.core.orders import PLAIN, Terms

FLAT = Intent(Action.CLOSE)


@dataclass(frozen=True, kw_only=True)
class EqualWeight:
    """Abstract: a policy that holds equal positions. Subclasses decide the side of each.

    Parameters
    ----------
    weight : float, optional, fraction of equity
        Of each position; 1 / (number of symbols) when left out.
    allow_short : bool
        Where false, a wish to be short means flat.
    stop, target : float, optional, fraction of the last close
        Distance of the stop and of the profit target; none means no such level.
    trail : float, optional, fraction of price
        The stop follows the best price this far behind; it starts at ``stop``, where there is one.
    leverage : float, >= 1
        Of each intent; margin is the weight over it.

    Raises
    ------
    InvalidOption
        If a number is out of range.

    Examples
    --------
    >>> intent = EqualWeight(weight=0.5, stop=0.02, target=0.04).intent(-1, 3, 200.0)
    >>> intent.target, intent.stop_loss, intent.take_profit
    (-0.5, 204.0, 192.0)
    """

    weight: float | None = None
    allow_short: bool = True
    stop: float | None = None
    target: float | None = None
    trail: float | None = None
    leverage: float = 1.0

    def __post_init__(self) -> None:
        if self.weight is not None and not 0 < self.weight < inf:
            raise InvalidOption(f"weight {self.weight}", "a fraction of equity above zero", "leave it out for 1 / A")
        for name in ("stop", "target", "trail"):
            distance = getattr(self, name)
            if distance is not None and not 0 < distance < 1:
                raise InvalidOption(f"{name} {distance}", "a fraction of the price, above 0 and below 1", "use 0.02")
        if not 1 <= self.leverage < inf:
            raise InvalidOption(f"leverage {self.leverage}", "1 or more", "use 1 for no leverage")

    def allowed(self, side: int) -> int:
        """The side, or flat where it is short and that is not allowed."""
        return side if side >= 0 or self.allow_short else 0

    def share(self, symbols: int) -> float:
        """Fraction of equity of one of ``symbols`` positions."""
        return self.weight if self.weight is not None else 1.0 / symbols

    def intent(self, side: int, symbols: int, close: float, most: float = inf) -> Intent:
        """Intent of being on ``side`` with one of ``symbols`` positions, of ``most`` equity at most."""
        if side == 0:
            return FLAT
        return Intent(
            Action.BUY if side > 0 else Action.SELL,
            side * min(self.share(symbols), most),
            self.leverage,
            stop_loss=None if self.stop is None else close * (1.0 - side * self.stop),
            take_profit=None if self.target is None else close * (1.0 + side * self.target),
            terms=PLAIN if self.trail is None else Terms(trail_fraction=self.trail),
        )


class Columns:
    """Where a policy's features stand in an observation; looked up once per set of columns.

    Examples
    --------
    >>> Columns(("b",)).places(("a", "b"))
    (1,)
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._known: tuple[str, ...] = ()
        self._places: tuple[int, ...] = ()
        self._pick: Callable[[list[Any]], tuple[Any, ...]] = tuple

    def places(self, features: tuple[str, ...]) -> tuple[int, ...]:
        """Column of each name in ``features``.

        Raises
        ------
        UnknownName
            If the observation lacks one of them.
        """
        if features is not self._known:
            missing = [name for name in self._names if name not in features]
            if missing:
                raise UnknownName(
                    f"an observation without {missing}", f"columns {self._names}", "build the view from policy.features"
                )
            self._known, self._places = features, tuple(features.index(name) for name in self._names)
            first, *rest = self._places
            self._pick = itemgetter(first, *rest) if rest else lambda row: (row[first],)
        return self._places

    def rows(self, observation: Observation) -> list[tuple[float, ...] | None]:
        """The features of each symbol, in this object's order; none where one is unknown."""
        self.places(observation.features)
        pick, values, mask = self._pick, observation.values.tolist(), observation.mask.tolist()
        return [pick(row) if all(pick(known)) else None for row, known in zip(values, mask, strict=True)]


def side_of(quantity: float) -> int:
    """+1, 0 or -1."""
    return (quantity > 0) - (quantity < 0)
