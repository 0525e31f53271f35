"""Mean reversion: against a price outside its bands, where there is no trend."""

from dataclasses import dataclass
from typing import ClassVar

from alphaloop.core.errors import InvalidOption
from alphaloop.policies.experts.sided import Row, Sided, between


@dataclass(frozen=True)
class BandReversion(Sided):
    """Long below the lower Bollinger band, short above the upper one, out at the middle.

    Enters only while the ADX is below ``calm``: outside the bands of a trend is where
    this idea loses. Leaves when the close is back at the average, or when the ADX has
    risen above ``trend``.

    Parameters
    ----------
    period : int, bars
        Of the bands.
    depth : float, band widths
        How far beyond a band the close must be: 0 at the band, 0.1 a tenth of the bands' width further.
    adx : int, bars
        Memory of the ADX.
    calm, trend : float, 0 to 100
        ``calm <= trend``.

    Raises
    ------
    InvalidOption
        If a parameter is out of range.

    Examples
    --------
    >>> BandReversion(period=96).features
    ('close', 'bb_pct_96', 'adx_14')
    """

    period: int = 48
    depth: float = 0.0
    adx: int = 14
    calm: float = 25.0
    trend: float = 40.0
    name: ClassVar[str] = "band-reversion"

    def __post_init__(self) -> None:
        super().__post_init__()
        between(2, self.period, 100_000, "period")
        between(1, self.adx, 100_000, "adx")
        between(0.0, self.depth, 10.0, "depth")
        if not 0 < self.calm <= self.trend <= 100:
            raise InvalidOption(f"calm {self.calm}, trend {self.trend}", "0 < calm <= trend <= 100", "use 25 and 40")

    @property
    def reads(self) -> tuple[str, ...]:
        """Place within the bands, and the ADX."""
        return (f"bb_pct_{self.period}", f"adx_{self.adx}")

    def side(self, row: Row, before: Row | None, wanted: int) -> int:  # noqa: ARG002 - the expert's form
        """Against the band that was left."""
        _, place, strength = row
        if strength < self.calm and place <= -self.depth:
            return 1
        if strength < self.calm and place >= 1.0 + self.depth:
            return -1
        back = wanted * (place - 0.5) >= 0
        return 0 if back or strength > self.trend else wanted
