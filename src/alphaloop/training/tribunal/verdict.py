"""Verdicts: what was tried against each column, and what it showed. Records only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from alphaloop.core.time import iso
from alphaloop.training.tribunal.futures import FUTURES

AVAILABILITY, MADE_LATER_CHECK = "availability", "made later"
FEATURE_CHECKS = (*FUTURES, AVAILABILITY, MADE_LATER_CHECK)
AFTER_END, BEFORE_START, INSIDE = "after its end", "before its start", "nothing inside"
LABEL_CHECKS = (AFTER_END, BEFORE_START, INSIDE)
OVERLAP, BACKWARD = "overlap", "trained on later"
FOLD_CHECKS = (OVERLAP, BACKWARD)
UNREPEATED, AFTER_WINDOW, WINDOW_UNREAD, WINDOW_UNHEEDED, REMEMBERED = (
    "not repeatable",
    "after the window",
    "window not read",
    "window not heeded",
    "remembers another",
)
FIT_CHECKS = (UNREPEATED, AFTER_WINDOW, WINDOW_UNREAD, WINDOW_UNHEEDED, REMEMBERED)
OWN_LABEL, OTHERS_UNREAD = "own label", "others' labels not read"
CROSSED_CHECKS = (OWN_LABEL, OTHERS_UNREAD)
LATER, NEVER_LEARNED = "later facts", "no facts read"
DECISION_CHECKS = (LATER, NEVER_LEARNED)
CHECKS = (*FEATURE_CHECKS, *LABEL_CHECKS, *FOLD_CHECKS, *FIT_CHECKS, *CROSSED_CHECKS, *DECISION_CHECKS)
"""The checks that convict, in the order of the tables."""

ROUNDING = 1e-9  # relative; above it a start-up difference is more than the order of summation
SETTLED = 1e-6  # relative; below it a difference has died away

Manner = Literal["stable", "rounding", "warm-up", "unsettled"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One check against one column.

    Parameters
    ----------
    tried, failed : int
        How often the past was looked at, and how often it had moved.
    at : int, microseconds UTC, optional
        The first instant at which it had.
    """

    tried: int = 0
    failed: int = 0
    at: int | None = None

    def with_one(self, failed: bool, at: int) -> "Evidence":
        """The evidence after one more look."""
        first = at if failed and self.at is None else self.at
        return Evidence(self.tried + 1, self.failed + int(failed), first)


@dataclass(frozen=True, slots=True)
class Startup:
    """How much a row depends on where history begins, beyond the declared memory.

    Parameters
    ----------
    variance : float, relative
        Largest difference at the rows whose declared memory was complete; infinite where one
        side is unknown.
    settles : int, rows, optional
        Rows after the declared memory until differences stay below :data:`SETTLED`; none if
        they never do.
    """

    variance: float
    settles: int | None

    @property
    def manner(self) -> Manner:
        """In a word. Depending on the start is not depending on the future: no manner here is a leak."""
        if self.variance == 0:
            return "stable"
        if self.variance <= ROUNDING:
            return "rounding"
        return "unsettled" if self.settles is None else "warm-up"


@dataclass(frozen=True, slots=True)
class Finding:
    """All that is known of one column.

    Parameters
    ----------
    column : str
    evidence : mapping of check to Evidence
    startup : Startup, optional
        None where no memory is declared.
    sensitive : bool
        Whether other facts in the past change it at all.
    unshifted : tuple of str
        Tables it reads whose later availability, by one bucket, changed nothing.
    """

    column: str
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    startup: Startup | None = None
    sensitive: bool = True
    unshifted: tuple[str, ...] = ()

    @property
    def caught_by(self) -> tuple[str, ...]:
        """The checks it failed, in the order of :data:`CHECKS`."""
        return tuple(check for check in CHECKS if check in self.evidence and self.evidence[check].failed)

    @property
    def leaking(self) -> bool:
        """Whether any check failed."""
        return bool(self.caught_by)

    def as_dict(self) -> dict[str, Any]:
        """Of a leaking column: what caught it, how often, and when first."""
        first = min((one.at for one in self.evidence.values() if one.at is not None), default=None)
        return {
            "feature": self.column,
            "caught_by": list(self.caught_by),
            "failed": {check: self.evidence[check].failed for check in self.caught_by},
            "first_at": None if first is None else iso(first),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings on one subject.

    Parameters
    ----------
    subject : str
    findings : tuple of Finding
        One per column.
    cuts : int
        Instants at which facts were rewritten, of what is judged by such.
    kind : str
        What it is: features, labels, splitters, fits, teachers or decisions.
    """

    subject: str
    findings: tuple[Finding, ...]
    cuts: int
    kind: str = "features"

    @property
    def leaking(self) -> tuple[str, ...]:
        """Columns that used the future."""
        return tuple(one.column for one in self.findings if one.leaking)
