"""Carry: on the side that is paid funding, while it is paid enough."""

from dataclasses import dataclass
from typing import ClassVar

from alphaloop.core.errors import InvalidOption
from alphaloop.policies.experts.sided import Row, Sided


@dataclass(frozen=True)
class Carry(Sided):
    """Short a perpetual whose longs pay much, long one whose shorts do; not hedged.

    Short once the last settled rate, per eight hours, is at or above ``enter``, long once at
    or below ``-enter``; flat again once its size has fallen below ``leave``, or its sign
    has turned. The price moves meanwhile: this is the carry of a position, not of a pair.

    Parameters
    ----------
    enter, leave : float, fraction of notional per 8 hours
        ``0 <= leave < enter``.

    Raises
    ------
    InvalidOption
        If the thresholds do not ascend.

    Source
    ------
    Koijen, Moskowitz, Pedersen and Vrugt (2018), Journal of Financial Economics 127, 197-225 (carry
    as a predictor; thresholds are ours).

    Examples
    --------
    >>> Carry(enter=0.0003).features
    ('close', 'funding_rate_8h')
    """

    enter: float = 0.0003
    leave: float = 0.0001
    name: ClassVar[str] = "carry"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.leave < self.enter < 1:
            found = f"enter {self.enter}, leave {self.leave}"
            raise InvalidOption(found, "0 <= leave < enter < 1", "use 0.0003 and 0.0001")

    @property
    def reads(self) -> tuple[str, ...]:
        """The last funding rate, per eight hours."""
        return ("funding_rate_8h",)

    def side(self, row: Row, before: Row | None, wanted: int) -> int:  # noqa: ARG002 - the expert's form
        """Against those who pay."""
        rate = row[1]
        if abs(rate) >= self.enter:
            return -1 if rate > 0 else 1
        return wanted if wanted and -wanted * rate >= self.leave else 0
