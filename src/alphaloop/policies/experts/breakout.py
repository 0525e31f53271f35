"""Breakout: out of the channel, on volume."""

from dataclasses import dataclass
from typing import ClassVar

from alphaloop.core.errors import InvalidOption
from alphaloop.policies.experts.sided import Row, Sided, between


@dataclass(frozen=True)
class VolumeBreakout(Sided):
    """With a close beyond the channel of the bars before, if the bar's volume is unusual.

    Out when the close crosses the channel's middle, or turned by a breakout the other way.
    Without the volume a breakout is not believed, and not remembered.

    Parameters
    ----------
    period : int, bars
        Of the channel.
    volume : int, bars
        Memory of the volume's score.
    surge : float, standard deviations
        Least volume score of a breakout.

    Raises
    ------
    InvalidOption
        If a parameter is out of range.

    Examples
    --------
    >>> VolumeBreakout(period=96, stop_atr=3.0).features
    ('close', 'atr_14', 'donchian_high_96', 'donchian_low_96', 'vol_z_96')
    """

    period: int = 96
    volume: int = 96
    surge: float = 1.0
    name: ClassVar[str] = "volume-breakout"

    def __post_init__(self) -> None:
        super().__post_init__()
        between(2, self.period, 100_000, "period")
        between(2, self.volume, 100_000, "volume")
        if not abs(self.surge) < float("inf"):
            raise InvalidOption(f"surge {self.surge}", "a finite number of deviations", "use 1")

    @property
    def reads(self) -> tuple[str, ...]:
        """The channel's ends and the volume's score."""
        return (f"donchian_high_{self.period}", f"donchian_low_{self.period}", f"vol_z_{self.volume}")

    def side(self, row: Row, before: Row | None, wanted: int) -> int:
        """By the channel as it stood one known bar before."""
        close, _, _, score = row
        if before is None:
            return wanted
        _, high, low, _ = before
        if score >= self.surge and close > high:
            return 1
        if score >= self.surge and close < low:
            return -1
        return 0 if wanted * (close - (high + low) / 2) < 0 else wanted
