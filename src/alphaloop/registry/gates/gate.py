"""A gate: one question to the evidence, its answer, and how much that answer weighs.

Three weights, because failures differ in what can mend them:

    final    more data cannot: a leak, an overlap, derived rows, a degraded run, a member that
             is missing, a drawdown that happened. Refused, however thin the rest is.
    sample   more data can: too few trades, too short a record. Insufficient.
    merit    the sample was large enough to see it, and it was not there. Refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from alphaloop.registry.evidence import Check, Evidence
from alphaloop.registry.gates.thresholds import Thresholds

Weight = Literal["final", "sample", "merit"]
Ask = Callable[[Evidence, Thresholds], Check]
Measured = float | int | str | bool | None


def always(evidence: Evidence) -> bool:  # noqa: ARG001 - one of several answers to the same question
    """Applies to every candidate."""
    return True


def forecasting(evidence: Evidence) -> bool:
    """Applies to what predicts; a rule that only takes positions has nothing to hold an outcome against."""
    return evidence.forecasts


def selected(evidence: Evidence) -> bool:
    """Applies where there was something to choose from; a single trial cannot be the luckiest of many."""
    return evidence.trials != 1


@dataclass(frozen=True, slots=True)
class Gate:
    """A question, its weight, and whom it is put to."""

    ask: Ask
    weight: Weight
    applies: Callable[[Evidence], bool] = always

    @property
    def name(self) -> str:
        """The name of its check."""
        return self.ask.__name__


def answer(name: str, measured: Measured, required: str, passed: bool, source: str) -> Check:
    """A check; what was not measured has not passed."""
    return Check(name, measured, required, passed and measured is not None, source)
