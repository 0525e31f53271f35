"""What a training run was asked for: symbols, window, horizons, how much of it, and its digest.

Two runs of one digest on one data set give equal bytes; so the digest names the folder in which an
interrupted run is found again.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

from alphaloop.core.errors import InvalidOption
from alphaloop.core.time import DAY_US, Timeframe

Mode = Literal["production", "fast"]

FAST_ROWS = 4_000
"""Rows of each symbol, the newest, that ``fast`` learns from and is tested on: the document's own limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much work a mode allows itself.

    Parameters
    ----------
    rows : int or None
        Newest rows of each symbol; none: all of the window.
    folds : int
        Test blocks of the walk-forward, the first of which only fits the rule of positions.
    inner_folds : int
        Purged folds inside each training window, for predictions of a teacher.
    epochs : int
        Of a network, at most.
    trials : int
        Of the search, beside the variants.
    """

    rows: int | None = None
    folds: int = 6
    inner_folds: int = 5
    epochs: int = 30
    trials: int = 6


EFFORT: dict[str, Effort] = {
    "production": Effort(),
    "fast": Effort(rows=FAST_ROWS, folds=4, inner_folds=3, epochs=8, trials=0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One training run.

    Parameters
    ----------
    symbols : tuple of str
    timeframe : str
    horizons : tuple of str
        E.g. ``("1h", "4h")``: whole multiples of the timeframe, ascending.
    start, end : int, microseconds UTC, optional
        Decisions in ``[start, end)``.
    lookback_days : int, optional
        Days before ``end`` instead of ``start``.
    mode : {"production", "fast"}
        ``production`` takes all rows of the window; ``fast`` what :data:`EFFORT` says.
    seed : int
    lookback : int, rows
        Of a window.
    settings : mapping of str to number or text
        Of the chain, from ``--set name=value``.

    Raises
    ------
    InvalidOption
        If something of it cannot be.

    Examples
    --------
    >>> Asked(symbols=("BTCUSDT",), timeframe="5m").steps
    (12, 48)
    """

    symbols: tuple[str, ...]
    timeframe: str = "5m"
    horizons: tuple[str, ...] = ("1h", "4h")
    start: int | None = None
    end: int | None = None
    lookback_days: int | None = None
    mode: Mode = "production"
    seed: int = 0
    lookback: int = 96
    settings: dict[str, float | int | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.symbols or len(set(self.symbols)) != len(self.symbols):
            raise InvalidOption(f"symbols {self.symbols}", "one or more, each once", "pass --symbols BTCUSDT,ETHUSDT")
        if self.mode not in get_args(Mode):
            raise InvalidOption(f"mode '{self.mode}'", "production or fast", "")
        if self.lookback_days is not None and (self.start is not None or self.lookback_days < 1):
            found = f"--lookback-days {self.lookback_days}, --start {self.start}"
            raise InvalidOption(found, "one of both; a day or more", "leave one out")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InvalidOption(f"a window from {self.start} to {self.end}", "start before end", "swap them")
        if self.seed < 0 or self.lookback < 1:
            raise InvalidOption(f"seed {self.seed}, lookback {self.lookback}", "a seed of 0 or more, 1 row or more", "")
        if list(self.steps) != sorted(set(self.steps)) or not self.steps:
            raise InvalidOption(f"horizons {','.join(self.horizons)}", "one or more, ascending, each once", "")

    @property
    def step(self) -> Timeframe:
        """Of a bar."""
        return Timeframe.parse(self.timeframe)

    @property
    def steps(self) -> tuple[int, ...]:
        """Horizons in bars.

        Raises
        ------
        InvalidOption
            If one is no multiple of the timeframe.
        """
        lengths = [Timeframe.parse(one).us for one in self.horizons]
        wrong = [name for name, length in zip(self.horizons, lengths, strict=True) if length % self.step.us]
        if wrong:
            raise InvalidOption(f"horizon {wrong[0]} on {self.timeframe} bars", "whole multiples of the timeframe", "")
        return tuple(length // self.step.us for length in lengths)

    @property
    def effort(self) -> Effort:
        """What its mode allows."""
        return EFFORT[self.mode]

    @property
    def embargo_us(self) -> int:
        """Between the end of a training label and the first test decision: the longest horizon."""
        return max(self.steps) * self.step.us

    def window(self, newest: int) -> tuple[int | None, int]:
        """Start (none: the beginning) and end of decisions, microseconds UTC.

        Parameters
        ----------
        newest : int, microseconds UTC
            The last decision there is.

        Examples
        --------
        >>> Asked(symbols=("X",), lookback_days=2).window(5 * DAY_US - 1)
        (259200000000, 432000000000)
        """
        end = newest + 1 if self.end is None else self.end
        start = self.start if self.lookback_days is None else end - self.lookback_days * DAY_US
        return start, end

    def digest(self, *more: str) -> str:
        """Of all that changes a result; ``more`` is what else does, e.g. the chain and the data."""
        told = json.dumps([asdict(self), asdict(self.effort), more], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]
