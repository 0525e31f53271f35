"""Time: UTC instants as int64 microseconds, and bar intervals.

One unit everywhere (``_us``), because Delta Lake keeps microseconds and integers
compare exactly. The present is always an argument; nothing here reads a clock.
A bar is labelled by its open and is known only one interval later.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from alphaloop.core.errors import AmbiguousTime, InvalidOption

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
YEAR_US = 365 * DAY_US  # the year of annualised figures: crypto trades every day

_UNITS = {"s": SECOND_US, "m": MINUTE_US, "h": HOUR_US, "d": DAY_US, "w": 7 * DAY_US}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Timeframe:
    """A bar interval of fixed length.

    Parameters
    ----------
    us : int, microseconds
        Length of the bar, strictly positive.

    Examples
    --------
    >>> five = Timeframe.parse("5m")
    >>> five.us, str(five), str(Timeframe.parse("1h"))
    (300000000, '5m', '1h')
    >>> five.floor(299_999_999), five.expected(0, 3_600_000_000)
    (0, 12)
    """

    us: int

    def __post_init__(self) -> None:
        if self.us <= 0:
            raise InvalidOption(f"an interval of {self.us} us", "a positive length", "use e.g. 5m, 1h, 1d")

    @classmethod
    def parse(cls, text: str) -> "Timeframe":
        """Read ``5m``, ``1h``, ``1d``, ``30s`` or ``1w``.

        Raises
        ------
        InvalidOption
            If the text is not a positive number followed by s, m, h, d or w.
        """
        match = re.fullmatch(r"([1-9]\d*)([smhdw])", text.strip())
        if match is None:
            raise InvalidOption(f"timeframe '{text}'", "a number and one of s m h d w", "use e.g. 5m, 1h, 1d")
        return cls(int(match[1]) * _UNITS[match[2]])

    def __str__(self) -> str:
        for unit in ("w", "d", "h", "m", "s"):
            if self.us % _UNITS[unit] == 0:
                return f"{self.us // _UNITS[unit]}{unit}"
        return f"{self.us}us"

    def floor(self, instant_us: int) -> int:
        """Open time of the bar that holds ``instant_us`` (microseconds, UTC)."""
        return instant_us - instant_us % self.us

    def expected(self, start_us: int, end_us: int) -> int:
        """How many bars open in ``[start_us, end_us)``."""
        first = -(-start_us // self.us)
        last = -(-end_us // self.us)
        return max(0, last - first)

    @property
    def per_year(self) -> float:
        """Bars in a 365-day year."""
        return YEAR_US / self.us


def instant_us(value: str | int | datetime) -> int:
    """Microseconds since 1970 UTC of a date, an ISO text, or microseconds themselves.

    A date or time without a zone in *text* is read as UTC, as documented on the
    command line; a naive ``datetime`` object is refused, because its maker knew better.

    Raises
    ------
    AmbiguousTime
        If the text is no date, or a datetime carries no zone.

    Examples
    --------
    >>> instant_us("1970-01-02"), instant_us("1970-01-01T01:00:00+01:00")
    (86400000000, 0)
    """
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise AmbiguousTime(f"time '{value}'", "an ISO date or date-time", "use e.g. 2025-01-31T00:00") from error
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
    if value.tzinfo is None:
        raise AmbiguousTime(f"datetime {value} without a zone", "an aware datetime", "attach a time zone")
    delta = value - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND_US + delta.microseconds


def iso(instant: int) -> str:
    """``instant`` (microseconds) as ISO text in UTC, seconds precision unless finer is needed.

    Examples
    --------
    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    moment = datetime.fromtimestamp(instant // SECOND_US, UTC).replace(microsecond=instant % SECOND_US)
    return moment.isoformat().replace("+00:00", "Z")
