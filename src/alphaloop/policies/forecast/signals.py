"""Signals: from which forecast on a horizon is traded, by horizon, wherever the numbers come from.

Two numbers open a horizon: the expected return its forecast must reach, and the confidence
it must have. They are fitted on earlier forecasts (:mod:`alphaloop.policies.forecast.thresholds`),
kept beside the model, and may be named by hand, as a mapping, as text, or in the environment.
A word that cannot be read is an error, never a default.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from types import MappingProxyType
from typing import Any

from alphaloop.core.errors import InvalidOption, UnknownName

ENTRY = "SIGNAL_SCORE_ENTRY_BY_HORIZON"
CONFIDENCE = "SIGNAL_CONFIDENCE_MIN_BY_HORIZON"
NEVER = "never"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a forecast of one horizon must reach to be traded.

    Parameters
    ----------
    entry : float, fraction of the price, 0 or more
        Least expected return, of either sign; infinite where the horizon is never traded. A
        forecast below its cost is not traded whatever stands here.
    confidence : float, 0 to 100
        Least probability, in percent, that the return beats the cost.

    Raises
    ------
    InvalidOption
        If a number is out of range.
    """

    entry: float = 0.0
    confidence: float = 50.0

    def __post_init__(self) -> None:
        if not (self.entry >= 0 and 0 <= self.confidence <= 100):
            found = f"an entry of {self.entry}, a confidence of {self.confidence}"
            raise InvalidOption(found, "an entry of 0 or more, a confidence of 0 to 100", "0.002 is 20 bp; 55 is 55 %")

    def as_dict(self) -> dict[str, float | None]:
        """For JSON, which knows no infinity: none there means never."""
        return {"entry": self.entry if isfinite(self.entry) else None, "confidence": self.confidence}


@dataclass(frozen=True, slots=True)
class Signals:
    """The gate of every horizon.

    Parameters
    ----------
    gates : mapping of horizon to Gate

    Examples
    --------
    >>> found = Signals.of(("1h", "4h"), entry="1h=0.002,4h=never", confidence={"1h": 55})
    >>> found.gates["1h"], found.gates["4h"].entry
    (Gate(entry=0.002, confidence=55.0), inf)
    >>> Signals.from_dict(found.as_dict()) == found
    True
    """

    gates: Mapping[str, Gate]

    @classmethod
    def of(
        cls, horizons: Sequence[str], *, entry: Any = None, confidence: Any = None, base: "Signals | None" = None
    ) -> "Signals":
        """From numbers named by hand; what is not named stays as ``base`` has it.

        Parameters
        ----------
        horizons : sequence of str, e.g. ("1h", "4h")
        entry, confidence : mapping or str, optional
            ``{"1h": 0.002}``, the same as JSON, or ``1h=0.002,4h=0.004``; an entry may be
            ``never``.
        base : Signals, optional

        Raises
        ------
        UnknownName
            If a horizon is named that there is none of.
        InvalidOption
            If a text cannot be read, or a number is out of range.
        """
        entries, least = _numbers(entry, ENTRY, horizons), _numbers(confidence, CONFIDENCE, horizons)
        held = {} if base is None else base.gates
        made = {}
        for name in horizons:
            old = held.get(name, Gate())
            made[name] = Gate(entries.get(name, old.entry), least.get(name, old.confidence))
        return cls(MappingProxyType(made))

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], horizons: Sequence[str], base: "Signals | None" = None
    ) -> "Signals":
        """With what ``SIGNAL_SCORE_ENTRY_BY_HORIZON`` and ``SIGNAL_CONFIDENCE_MIN_BY_HORIZON`` say.

        Examples
        --------
        >>> Signals.from_environment({ENTRY: '{"1h": 0.003}'}, ("1h",)).gates["1h"].entry
        0.003
        """
        return cls.of(horizons, entry=environ.get(ENTRY) or None, confidence=environ.get(CONFIDENCE) or None, base=base)

    @classmethod
    def from_dict(cls, held: Mapping[str, Mapping[str, float | None]]) -> "Signals":
        """What :meth:`as_dict` gave.

        Raises
        ------
        InvalidOption
            If it is not that.
        """
        try:
            gates = {}
            for name, one in held.items():
                entry, confidence = one["entry"], one["confidence"]
                gates[name] = Gate(inf if entry is None else float(entry), float(confidence))  # type: ignore[arg-type]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            expected = "horizons, each with entry and confidence"
            raise InvalidOption(f"signals {held!r}", expected, "fit the thresholds again") from error
        return cls(MappingProxyType(gates))

    def as_dict(self) -> dict[str, dict[str, float | None]]:
        """For the artifact, as JSON."""
        return {name: gate.as_dict() for name, gate in self.gates.items()}


def _numbers(given: Any, name: str, horizons: Sequence[str]) -> dict[str, float]:
    """Numbers by horizon, from a mapping or text."""
    pairs = _pairs(given, name) if isinstance(given, str) else dict(given or {})
    unknown = [one for one in pairs if one not in horizons]
    if unknown:
        raise UnknownName(f"{name}: horizon {', '.join(map(str, unknown))}", f"one of {', '.join(horizons)}", "")
    return {horizon: _number(value, name, horizon) for horizon, value in pairs.items()}


def _pairs(text: str, name: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        split = [part.partition("=") for part in text.split(",")]
        if not all(key.strip() and equals and value.strip() for key, equals, value in split):
            raise InvalidOption(f"{name}={text}", "horizon=number, comma-separated, or JSON", "use 1h=0.002,4h=0.004")
        return {key.strip(): value.strip() for key, _, value in split}
    try:
        held: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise InvalidOption(f"{name}={text}", "a JSON object", 'use {"1h": 0.002}') from error
    return held


def _number(value: Any, name: str, horizon: str) -> float:
    if name == ENTRY and value in (NEVER, None):
        return inf
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not isfinite(number):
        raise InvalidOption(f"{name}: {horizon}={value}", "a number", "use e.g. 0.002; an entry may be never")
    return number
