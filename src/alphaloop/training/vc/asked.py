"""What a run of the VC chain was asked for."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from alphaloop.core.errors import InvalidOption
from alphaloop.core.time import DAY_US

Label = Literal["documented", "later"]
MONTH_US = round(365.25 / 12 * DAY_US)
"""The mean month of the Julian year."""
FAST_EVENTS = 3000
"""Newest events that ``fast`` takes: the document's own limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VcAsked:
    """One run.

    Parameters
    ----------
    label : {"documented", "later"}
        ``documented``: whether the event itself is a deal (its type is ``funding`` or ``mna``). ``later``: whether
        the entity has a deal that becomes known within ``within_months`` of the decision.
    within_months : int
    step_days : int
        Days from one decision to the next.
    reach_days : int
        Entities not heard of for longer are not scored; ages are told in units of it.
    kinds : tuple of str
        Of entities that are scored.
    symbols : tuple of str
        Only events that are linked to one of them; none: all events.
    limit : int or None
        Newest events to take; none: all.
    start, end : int, microseconds UTC, optional
        Events known in ``[start, end)``, and decisions. ``end`` is also where the record stops.
    lookback_days : int, optional
        Days before the end of the record instead of ``start``.
    folds : int
        Of the walk-forward.
    seed : int

    Raises
    ------
    InvalidOption
        If something of it cannot be.
    """

    label: Label = "documented"
    within_months: int = 12
    step_days: int = 30
    reach_days: int = 730
    kinds: tuple[str, ...] = ("company", "coin")
    symbols: tuple[str, ...] = ()
    limit: int | None = None
    start: int | None = None
    end: int | None = None
    lookback_days: int | None = None
    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.label not in get_args(Label):
            raise InvalidOption(f"label '{self.label}'", "documented or later", "pass --label later")
        counts = (1 if one is None else one for one in (self.limit, self.lookback_days))
        least = min(self.within_months, self.step_days, self.reach_days, self.folds - 1, *counts)
        if least < 1 or self.seed < 0 or not self.kinds:
            raise InvalidOption(f"{self}", "months, days, a limit of 1 or more, 2 folds or more, a seed of 0", "")
        if self.start is not None and self.lookback_days is not None:
            raise InvalidOption("--start and --lookback-days", "one of both", "leave one out")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InvalidOption(f"a window from {self.start} to {self.end}", "start before end", "swap them")

    @property
    def within_us(self) -> int:
        """How far a later deal may lie ahead, microseconds."""
        return self.within_months * MONTH_US

    @property
    def horizon(self) -> str:
        """Of the slot in the registry."""
        return "event" if self.label == "documented" else f"{self.within_months}mo"

    def digest(self, *more: str) -> str:
        """Of all that changes a result."""
        return hashlib.sha256(json.dumps([asdict(self), more], sort_keys=True).encode()).hexdigest()[:16]
