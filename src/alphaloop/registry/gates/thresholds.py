"""Thresholds: everything a verdict requires, in one record and one optional file.

``gates.toml`` in the home folder overrides what it names; what it does not name keeps its
default, and a key nobody knows is refused. Each field carries its unit and its reason.
"""

import math
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from alphaloop.core.errors import InvalidOption, UnknownName, UnreadableFile

FILE = "gates.toml"
DEFAULTS = "defaults"
_RANGE = "range"


def _limit(default: Any, unit: str, why: str, low: float = -math.inf, high: float = math.inf) -> Any:
    return field(default=default, metadata={"unit": unit, "why": why, _RANGE: (low, high)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What the gates require. ``origin`` says where it was read from.

    Raises
    ------
    InvalidOption
        If a value is not finite or outside of what it can be.

    Examples
    --------
    >>> Thresholds().min_dsr, Thresholds(min_trades=50).min_trades
    (0.95, 50)
    """

    max_drawdown: float = _limit(
        0.25, "fraction of peak equity", "deeper losses are rarely sat through, and 1/3 more is needed to recover", 0, 1
    )
    required_backbones: tuple[str, ...] = _limit(
        (), "names of models", "an ensemble is judged as a whole; name the members that must have trained"
    )
    min_coverage: float = _limit(0.99, "fraction of buckets", "holes hide exactly the hours when venues failed", 0, 1)
    min_trades: int = _limit(
        30, "round trips", "fewer decisions are an anecdote, whatever the number of bars between them", 0
    )
    min_periods: int = _limit(
        60, "periods", "skew and kurtosis of fewer say nothing, and all Sharpe errors rest on them", 4
    )
    track_confidence: float = _limit(
        0.95, "probability", "the record is as long as this confidence in a Sharpe above zero needs", 0.5, 1
    )
    max_verifiable_sharpe: float = _limit(
        3.5, "annual Sharpe", "a sample that could not have shown even this cannot tell anybody anything", 0
    )
    max_verifiable_ic: float = _limit(
        0.1, "correlation", "honest ICs of bars are 0.01 to 0.05: a sample must at least see twice that", 0, 1
    )
    min_net_pnl: float = _limit(0.0, "fraction of starting equity", "above this after all costs", -1)
    min_sharpe: float = _limit(0.0, "annual Sharpe", "above this; how far is a matter of taste, unlike luck")
    min_ic: float = _limit(0.0, "correlation", "the lower end of the IC's interval lies above this", -1, 1)
    min_dsr: float = _limit(
        0.95,
        "probability",
        "one in twenty that the best of all trials would show such a Sharpe by luck",
        0,
        1,
    )
    max_spa_p: float = _limit(
        0.05, "probability", "one in twenty that the best of the candidates beats the benchmark by luck", 0, 1
    )
    min_improved_windows: int = _limit(2, "walk-forward windows", "better than what is active more than once", 0)
    min_improvement: float = _limit(
        0.0, "net return a period", "the lower end of the paired interval against what is active lies above this", -1
    )
    origin: str = DEFAULTS

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if one.metadata and not isinstance(value, tuple):
                low, high = one.metadata[_RANGE]
                if not (math.isfinite(value) and low <= value <= high):
                    allowed = f"{one.metadata['unit']}, {low:g} to {high:g}"
                    raise InvalidOption(f"{one.name} = {value}", allowed, f"correct it in {FILE}")

    def where(self, name: str) -> str:
        """Which limit it was and where it stands, for a check's source."""
        return f"{name} ({self.origin})"


def load(home: Path) -> Thresholds:
    """The thresholds of a home folder: its ``gates.toml`` over the defaults.

    Raises
    ------
    UnreadableFile
        If the file is not TOML.
    UnknownName
        If it has a key nobody knows.
    InvalidOption
        If a value is of another type, or out of range.
    """
    path = home / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Thresholds()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path}: {error}", "a text file", "correct or remove it") from error
    return parse(text, str(path.name))


def parse(text: str, origin: str = FILE) -> Thresholds:
    """Thresholds from TOML text; see :func:`load`.

    Examples
    --------
    >>> parse("min_trades = 100").min_trades
    100
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableFile(f"{origin}: {error}", "TOML, one 'name = value' a line", "correct or remove it") from error
    known = {one.name: one.default for one in fields(Thresholds) if one.metadata}
    for key in given:
        if key not in known:
            raise UnknownName(f"'{key}' in {origin}", f"one of {', '.join(known)}", "see docs/gates.md")
    values = {key: _typed(key, value, known[key]) for key, value in given.items()}
    return Thresholds(**values, origin=origin)


def _typed(key: str, value: Any, default: Any) -> Any:
    """``value`` as the type of its default; a whole number may stand for a fraction, nothing else for anything."""
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise InvalidOption(f"{key} = {value!r}", "a list of names", f'use e.g. {key} = ["ridge"]')
    right = isinstance(value, int) or (isinstance(value, float) and isinstance(default, float))
    if isinstance(value, bool) or not right:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise InvalidOption(f"{key} = {value!r}", kind, "correct it")
    return type(default)(value)
