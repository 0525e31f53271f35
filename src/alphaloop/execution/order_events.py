"""What can be heard of an order: the events that its state is worked out from.

Two kinds. What we did: ``Denied``, ``Submitted``, ``TimedOut``. What the venue said:
everything else; these may come late, twice, or in another order than they happened.
Amounts are base units above zero whatever the side, times are microseconds UTC.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias

from alphaloop.core.errors import InvalidOrder

ZERO = Decimal(0)


class OrderState(StrEnum):
    """Where an order stands, as far as we know; ``docs/fills.md`` draws the ways between them."""

    CREATED = "created"  # wanted, not yet sent
    DENIED = "denied"  # stopped on our side; the venue never saw it
    SUBMITTED = "submitted"  # sent, no answer yet
    WORKING = "working"  # the venue has it
    PARTIAL = "partial"  # part of it traded, the rest works
    UNRESOLVED = "unresolved"  # an answer is overdue: it may work, trade, or not exist
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Denied:
    """A rule of ours stopped the order before it was sent."""

    ts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """The request left. After ``valid_until`` the venue refuses it, should it arrive so late.

    Venues take such a bound with the request (a receive window, an expiry of the action);
    where one does not, it is the longest delay that we are prepared to believe.
    """

    ts: int
    valid_until: int

    def __post_init__(self) -> None:
        if self.valid_until < self.ts:
            raise InvalidOrder(f"valid until {self.valid_until}, sent at {self.ts}", "a later instant", "")


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No answer in time to a request. It says nothing about what the venue did."""

    ts: int
    request: Literal["submit", "cancel"] = "submit"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The venue has the order."""

    ts: int
    venue_id: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The venue's answer is no."""

    ts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Traded:
    """A part of the order traded. ``fill_id`` is the venue's: the same id is the same trade."""

    ts: int
    fill_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal = ZERO

    def __post_init__(self) -> None:
        if not (self.quantity > 0 and self.price > 0 and self.fee.is_finite()):
            raise InvalidOrder(f"fill {self.fill_id}: {self.quantity} at {self.price}", "both above zero", "")


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Taken back, ours or the venue's doing. ``filled``: what had traded by then, if it says so."""

    ts: int
    filled: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Expired:
    """Its time in force ran out. ``filled``: what had traded by then, if the venue says so."""

    ts: int
    filled: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Asked at ``ts``, the venue knows the order: its state and all that had traded by then."""

    ts: int
    state: OrderState
    filled: Decimal = ZERO

    def __post_init__(self) -> None:
        if self.state not in _ANSWERS:
            raise InvalidOrder(f"a venue's answer of {self.state}", f"one of {sorted(_ANSWERS)}", "map its word first")
        if not self.filled >= 0:
            raise InvalidOrder(f"{self.filled} traded", "zero or more", "")


@dataclass(frozen=True, slots=True)
class NotFound:
    """Asked at ``ts``, the venue does not know the order."""

    ts: int


Event: TypeAlias = Denied | Submitted | TimedOut | Accepted | Rejected | Traded | Cancelled | Expired | Found | NotFound
_ANSWERS = frozenset(OrderState) - {
    OrderState.CREATED,
    OrderState.DENIED,
    OrderState.SUBMITTED,
    OrderState.UNRESOLVED,
}
