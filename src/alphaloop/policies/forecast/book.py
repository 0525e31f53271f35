"""The book of one symbol: which forecasts are being traded, until when, and what they add up to.

A forecast that passes its gate opens a leg on its horizon, which lives until the horizon
ends; a new one on the same horizon takes its place and begins anew. So a position outlives
the forecast behind it by no more than what was forecast. Horizons are fused by the precision
of the drift each tells,

    wanted = sum over legs of  v size,     v proportional to (span / spread)^2,  sum of v = 1

over all horizons that spoke: where only some are open the position is smaller, and where
they disagree they cancel. Knows no prices, no account.
"""

from collections.abc import Iterable
from typing import NamedTuple

from alphaloop.policies.forecast.voices import Opinion

Channel = tuple[str, str]  # source and horizon


class Leg(NamedTuple):
    """A forecast being traded: its signed size, and when its horizon ends (microseconds UTC)."""

    size: float
    until: int


class Book:
    """What is traded of one symbol. All of it is forgotten with the object."""

    def __init__(self) -> None:
        self._legs: dict[Channel, Leg] = {}
        self._said: dict[Channel, Opinion] = {}

    def __bool__(self) -> bool:
        return bool(self._said)

    def hear(self, opinions: Iterable[Opinion], now: int, *, allow_short: bool) -> None:
        """Take note of what is said now; what passes opens a leg, or takes the place of the one before it."""
        for one in opinions:
            channel = (one.source, one.horizon)
            self._said[channel] = one
            if one.size > 0 or (one.size < 0 and allow_short):
                self._legs[channel] = Leg(one.size, now + one.span)
            elif one.size < 0:
                self._legs.pop(channel, None)

    def wanted(self, now: int, fade: float) -> float:
        """The fused size at ``now``, -1 to 1; legs whose horizon has ended are dropped.

        Parameters
        ----------
        now : int, microseconds UTC
        fade : float, 0 to 1
            Last part of a horizon over which its leg falls to nothing; 0: it ends at once.
        """
        self._legs = {channel: leg for channel, leg in self._legs.items() if leg.until > now}
        return sum(share * self._size(channel, now, fade) for channel, share in self._shares().items())

    def agreement(self) -> float:
        """How far the horizons tell one drift: ``|sum of v mean / span| / sum of v |mean / span|``, 0 to 1."""
        drifts = [share * said.mean / said.span for share, said in self._weighted()]
        size = sum(abs(one) for one in drifts)
        return abs(sum(drifts)) / size if size else 0.0

    def sure(self, side: float) -> float:
        """Confidence of a position on a side: of all horizons, also of those against it, by precision."""
        return min(100.0, max(0.0, sum(share * said.sure(side) for share, said in self._weighted())))

    def sides(self) -> dict[str, str]:
        """BUY, SELL or HOLD of each horizon, as its legs stand."""
        found = {}
        for horizon in dict.fromkeys(horizon for _, horizon in self._said):
            size = sum(leg.size for (_, other), leg in self._legs.items() if other == horizon)
            found[horizon] = "BUY" if size > 0 else "SELL" if size < 0 else "HOLD"
        return found

    def sources(self) -> tuple[str, ...]:
        """Who is behind the open legs."""
        return tuple(dict.fromkeys(source for source, _ in self._legs))

    def words(self) -> str:
        """What was last said, for people: ``1h +21.0 bp (61 %), 4h ...``."""
        told = [f"{one.horizon} {one.mean * 1e4:+.1f} bp ({one.sure(one.mean):.0f} %)" for one in self._said.values()]
        return f"{', '.join(told)}; agreement {self.agreement():.2f}"

    def _size(self, channel: Channel, now: int, fade: float) -> float:
        leg = self._legs.get(channel)
        if leg is None:
            return 0.0
        last = fade * self._said[channel].span
        return leg.size * min(1.0, (leg.until - now) / last) if last else leg.size

    def _shares(self) -> dict[Channel, float]:
        """Weights of all that spoke, one in all."""
        total = sum(one.precision for one in self._said.values())
        return {channel: one.precision / total for channel, one in self._said.items()}

    def _weighted(self) -> list[tuple[float, Opinion]]:
        return [(share, self._said[channel]) for channel, share in self._shares().items()]
