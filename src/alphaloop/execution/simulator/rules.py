"""``FillRules``: what a bar does to orders, as one explicit, frozen, hashed configuration.

Eight questions that a bar of four prices leaves open, and to which every engine has its own
answer. The default is what ``docs/fills.md`` states; the conventions of other engines are
values of the same fields (the presets beside this file), never a second implementation.
Knows no price and no order, only which rule is meant.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from alphaloop.core.errors import InvalidOption, UnknownName


class Timing(StrEnum):
    """When a market order that was decided on bar ``i`` fills, in and out."""

    NEXT_OPEN = "next_open"  # at the open of bar i + 1
    SIGNAL_CLOSE = "signal_close"  # at the close of bar i itself; booked with bar i + 1
    NEXT_CLOSE = "next_close"  # at the close of bar i + 1


class EntryBar(StrEnum):
    """Whether stop, liquidation and target act in the bar in which a position is opened or enlarged."""

    WATCHED = "watched"  # all after a market entry; after a limit or stop entry all but the target
    MARKET_ONLY = "market_only"  # after a market entry only
    NOT_WATCHED = "not_watched"  # from the next bar on


class Queued(StrEnum):
    """Whether a queued market order or a level of the position comes first in a bar."""

    BEFORE_STOPS = "before_stops"  # the open is known before the low and the high
    AFTER_STOPS = "after_stops"  # a level reached anywhere in the bar beats the order


class Both(StrEnum):
    """Which of stop (or liquidation) and target acts when one bar reaches both."""

    STOP_FIRST = "stop_first"  # the stop, unless the open was beyond the target already
    STOP_ALWAYS = "stop_always"  # the stop, even then
    TARGET_FIRST = "target_first"  # the target, unless the open was beyond the stop already
    OPEN_HIGH_LOW_CLOSE = "open_high_low_close"  # as if each bar rose first: a long's target, a short's stop
    CANDLE_PATH = "candle_path"  # a falling bar rose first, any other fell first


class Gap(StrEnum):
    """Where an exit fills whose level lies between the last bar and this bar's open."""

    OPEN = "open"  # at the open, for better or worse
    LEVEL = "level"  # at the level, whether it traded or not
    LEVEL_ELSE_OPEN = "level_else_open"  # at the level if the bar traded there, else at the open
    LEVEL_ELSE_NEAREST = "level_else_nearest"  # at the level if the bar traded there, else at its nearest price


class Basis(StrEnum):
    """The price of which stop and target are fractions."""

    FILL = "fill"  # as filled, slippage included; the average entry of an enlarged position
    RAW = "raw"  # of the last opening fill, before slippage


class Rounding(StrEnum):
    """How stop and target meet the grid of ticks."""

    NONE = "none"
    NEAREST = "nearest"
    AGAINST_US = "against_us"  # away from the entry: the stop costs more, the target is further


class StopBarSignal(StrEnum):
    """What becomes of a market order that meets a bar in which a level closes its position."""

    KEPT = "kept"  # what it would open is opened, at its own price
    DROPPED = "dropped"


class Kind(StrEnum):
    """Kinds of order by what they pay; a liquidation never slips."""

    MARKET_ENTRY = "market_entry"
    MARKET_EXIT = "market_exit"
    STOP = "stop"
    TARGET = "target"
    LIMIT = "limit"
    STOP_ENTRY = "stop_entry"
    HORIZON = "horizon"


class Codes(NamedTuple):
    """The rules as integers for compiled code: the position of each value in its enumeration."""

    timing: int
    entry_bar: int
    queued: int
    both: int
    stop_gap: int
    target_gap: int
    basis: int
    rounding: int
    stop_bar_signal: int


# The same positions by name, for compiled code to compare with.
NEXT_OPEN, SIGNAL_CLOSE, NEXT_CLOSE = range(3)
WATCHED, MARKET_ONLY, NOT_WATCHED = range(3)
BEFORE_STOPS, AFTER_STOPS = range(2)
STOP_FIRST, STOP_ALWAYS, TARGET_FIRST, OPEN_HIGH_LOW_CLOSE, CANDLE_PATH = range(5)
GAP_OPEN, GAP_LEVEL, GAP_LEVEL_ELSE_OPEN, GAP_LEVEL_ELSE_NEAREST = range(4)
BASIS_FILL, BASIS_RAW = range(2)
ROUND_NONE, ROUND_NEAREST, ROUND_AGAINST_US = range(3)
KEPT, DROPPED = range(2)

_VERSION = 1  # part of the hash: raise it when a value comes to mean something else
_KINDS: dict[str, type[StrEnum]] = {
    "timing": Timing,
    "entry_bar": EntryBar,
    "queued": Queued,
    "both": Both,
    "stop_gap": Gap,
    "target_gap": Gap,
    "slips": Kind,
    "basis": Basis,
    "rounding": Rounding,
    "stop_bar_signal": StopBarSignal,
}
_SLIPS = frozenset({Kind.MARKET_ENTRY, Kind.MARKET_EXIT, Kind.STOP, Kind.STOP_ENTRY, Kind.HORIZON})


@dataclass(frozen=True, slots=True)
class FillRules:
    """The eight knobs. The default is section 5 of the design, as ``docs/fills.md`` states it.

    Parameters
    ----------
    timing : Timing
        When market orders fill.
    entry_bar : EntryBar
        Levels watched in the bar of the entry. With ``Timing.NEXT_CLOSE`` nothing of that
        bar is left to watch.
    queued : Queued
        A queued market order before or after the levels of a bar.
    both : Both
        Stop and target inside one bar.
    stop_gap, target_gap : Gap
        Where a jumped stop (or liquidation) and a jumped target fill.
    slips : frozenset of Kind
        The orders that pay the instrument's slippage, always against us.
    basis, rounding : Basis, Rounding
        Of stop and target where they are given as fractions; levels given as prices are
        rounded only.
    stop_bar_signal : StopBarSignal
        A market order in the bar of a stop.

    Raises
    ------
    InvalidOption
        If two answers cannot hold at once.

    Examples
    --------
    >>> FillRules().timing
    <Timing.NEXT_OPEN: 'next_open'>
    >>> FillRules.from_dict(FillRules().as_dict()) == FillRules()
    True
    >>> FillRules(timing=Timing.NEXT_CLOSE)
    Traceback (most recent call last):
    ...
    alphaloop.core.errors.InvalidOption: found timing next_close with queued before_stops; \
expected queued after_stops: an order at the close comes after the bar's levels; set queued
    """

    timing: Timing = Timing.NEXT_OPEN
    entry_bar: EntryBar = EntryBar.WATCHED
    queued: Queued = Queued.BEFORE_STOPS
    both: Both = Both.STOP_FIRST
    stop_gap: Gap = Gap.OPEN
    target_gap: Gap = Gap.OPEN
    slips: frozenset[Kind] = _SLIPS
    basis: Basis = Basis.FILL
    rounding: Rounding = Rounding.NONE
    stop_bar_signal: StopBarSignal = StopBarSignal.KEPT

    def __post_init__(self) -> None:
        if self.timing is Timing.SIGNAL_CLOSE and self.queued is Queued.AFTER_STOPS:
            raise InvalidOption(
                "timing signal_close with queued after_stops",
                "queued before_stops: the order is filled before the next bar begins",
                "set queued",
            )
        if self.timing is Timing.NEXT_CLOSE and self.queued is Queued.BEFORE_STOPS:
            raise InvalidOption(
                "timing next_close with queued before_stops",
                "queued after_stops: an order at the close comes after the bar's levels",
                "set queued",
            )
        if self.stop_bar_signal is StopBarSignal.DROPPED and self.queued is Queued.BEFORE_STOPS:
            raise InvalidOption(
                "stop_bar_signal dropped with queued before_stops",
                "kept: an order that comes before the stops is filled by then",
                "set queued after_stops, or stop_bar_signal kept",
            )

    @property
    def hash(self) -> str:
        """SHA-256 of what the rules say: equal rules, equal hashes, on any machine."""
        return _digest(self)

    @property
    def codes(self) -> Codes:
        """The rules as integers for compiled code; ``slips`` apart, see :attr:`slip_flags`."""
        return Codes(*(list(_KINDS[name]).index(getattr(self, name)) for name in Codes._fields))

    @property
    def slip_flags(self) -> tuple[float, ...]:
        """1.0 for each of :class:`Kind` that pays slippage, else 0.0, in its order."""
        return tuple(float(kind in self.slips) for kind in Kind)

    def as_dict(self) -> dict[str, str | list[str]]:
        """Plain text fields, for files and headers."""
        found: dict[str, str | list[str]] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            found[one.name] = sorted(kind.value for kind in value) if one.name == "slips" else value.value
        return found

    @classmethod
    def from_dict(cls, plain: Mapping[str, object]) -> "FillRules":
        """From plain text fields; what is left out is the default.

        Raises
        ------
        UnknownName
            If a field or a value is none of these.
        """
        found: dict[str, object] = {}
        for name, value in plain.items():
            if name not in _KINDS:
                raise UnknownName(f"fill rule '{name}'", f"one of {', '.join(_KINDS)}", "")
            if name == "slips":
                values = value if isinstance(value, list | tuple | set | frozenset) else [value]
                found[name] = frozenset(_named(Kind, name, one) for one in values)
            else:
                found[name] = _named(_KINDS[name], name, value)
        return cls(**found)  # type: ignore[arg-type]  # each value was made by the field's own type


def _named(kind: type[StrEnum], name: str, value: object) -> StrEnum:
    try:
        return kind(str(value))
    except ValueError as error:
        raise UnknownName(f"{name} '{value}'", f"one of {', '.join(kind)}", "") from error


@lru_cache
def _digest(rules: FillRules) -> str:
    return hashlib.sha256(json.dumps([_VERSION, rules.as_dict()], sort_keys=True).encode()).hexdigest()
