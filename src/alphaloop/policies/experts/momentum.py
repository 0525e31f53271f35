"""Trend: on the side of a return that is large for its volatility."""

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

from alphaloop.core.errors import InvalidOption
from alphaloop.policies.experts.sided import Row, Sided, between


@dataclass(frozen=True)
class Momentum(Sided):
    """Time-series momentum with hysteresis.

        score = ret_n / (vol_m * sqrt(n))

    Long once the score is at or above ``enter``, short once at or below ``-enter``; flat
    again once its size has fallen below ``leave``, or its sign has turned.

    Parameters
    ----------
    lookback : int, bars
        n, of the return.
    volatility : int, bars
        m, of the volatility.
    enter, leave : float, deviations of a random walk
        ``0 <= leave < enter``.

    Raises
    ------
    InvalidOption
        If a parameter is out of range.

    Source
    ------
    Moskowitz, Ooi and Pedersen (2012), Journal of Financial Economics 104, 228-250 (the idea;
    thresholds and hysteresis are ours).

    Examples
    --------
    >>> Momentum(lookback=48, volatility=96).features
    ('close', 'ret_48', 'vol_96')
    """

    lookback: int = 288
    volatility: int = 288
    enter: float = 1.5
    leave: float = 0.25
    name: ClassVar[str] = "momentum"

    def __post_init__(self) -> None:
        super().__post_init__()
        between(1, self.lookback, 100_000, "lookback")
        between(2, self.volatility, 100_000, "volatility")
        if not 0 <= self.leave < self.enter < float("inf"):
            raise InvalidOption(f"enter {self.enter}, leave {self.leave}", "0 <= leave < enter", "use 1.5 and 0.25")

    @property
    def reads(self) -> tuple[str, ...]:
        """The return and the volatility."""
        return (f"ret_{self.lookback}", f"vol_{self.volatility}")

    def side(self, row: Row, before: Row | None, wanted: int) -> int:  # noqa: ARG002 - the expert's form
        """By the score, with hysteresis; a market without volatility has none."""
        _, change, deviation = row
        score = change / (deviation * sqrt(self.lookback)) if deviation > 0 else 0.0
        if abs(score) >= self.enter:
            return 1 if score > 0 else -1
        return wanted if wanted * score >= self.leave and wanted else 0
