"""Evidence: what was measured of one candidate, out of sample; and what a verdict says of it.

Plain frozen records that survive a round trip through JSON unchanged. A figure that nobody
measured is ``None``, never zero; a figure that is not finite is refused, because whoever
measured it has to say what happened. Nothing here judges: gates do.
"""

import math
from dataclasses import dataclass, fields
from typing import Any, Literal

from alphaloop.core.errors import SchemaViolation
from alphaloop.registry.records import canonical, plain, restored

Claim = Literal["real", "simulated"]
Outcome = Literal["passed", "refused", "insufficient"]

CASH = "cash"
"""What a candidate is held against where nothing is active: an account that does nothing."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the interval it may as well have been, in its own unit.

    Examples
    --------
    >>> Interval(0.02, -0.01, 0.05).low
    -0.01
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        _finite(self)
        if self.low > self.high:
            raise SchemaViolation(f"an interval from {self.low} to {self.high}", "low at most high", "swap them")


@dataclass(frozen=True, slots=True)
class Band:
    """Where a figure lies when there is no skill: from ``low`` to ``high``."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _finite(self)
        if self.low > self.high:
            raise SchemaViolation(f"a band from {self.low} to {self.high}", "low at most high", "swap them")


@dataclass(frozen=True, slots=True)
class Window:
    """One walk-forward window: net returns of the candidate and of what is active now.

    Parameters
    ----------
    start, end : int, microseconds UTC
    candidate, active : float, fraction of equity, net of costs
    """

    start: int
    end: int
    candidate: float
    active: float

    def __post_init__(self) -> None:
        _finite(self)
        if self.end <= self.start:
            raise SchemaViolation(f"a window from {self.start} to {self.end}", "an end after its start", "")

    @property
    def improved(self) -> bool:
        """Whether the candidate did better."""
        return self.candidate > self.active


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rows of one series behind a claim, as the data audit counts them.

    Parameters
    ----------
    table, symbol : str
    expected : int or None
        Buckets in the window; none where the series has no cadence.
    present, real, derived, synthetic : int
        Buckets with a row; rows nobody made; rows computed from others; rows simulated.
    """

    table: str
    symbol: str
    expected: int | None
    present: int
    real: int
    derived: int
    synthetic: int

    def __post_init__(self) -> None:
        counts = (self.expected or 0, self.present, self.real, self.derived, self.synthetic)
        if min(counts) < 0:
            raise SchemaViolation(f"rows {counts} of {self.table}", "counts of 0 or more", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How the evidence was made, so that a reader could make it again.

    Parameters
    ----------
    question : str
        What was asked, in one sentence.
    claim : {"real", "simulated"}
        The world the figures speak of. Simulated rows stand only behind a simulated claim.
    method : str
        E.g. ``walk-forward, 6 anchored windows, embargo 1d``.
    timeframe : str
    start, end : int, microseconds UTC
        The out-of-sample part.
    costs, benchmark : str
        In words.
    seed : int
    code_version, schema_hash, command : str
    data_versions : tuple of (table, version)
    """

    question: str
    claim: Claim
    method: str
    timeframe: str
    start: int
    end: int
    costs: str
    benchmark: str = CASH
    seed: int = 0
    code_version: str = ""
    schema_hash: str = ""
    command: str = ""
    data_versions: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.claim not in ("real", "simulated"):
            raise SchemaViolation(f"a claim about '{self.claim}'", "real or simulated", "")
        if self.end <= self.start:
            raise SchemaViolation(f"a sample from {self.start} to {self.end}", "an end after its start", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything measured of one candidate; none where nobody measured.

    Figures are out of sample and net of costs. Sharpe, skew, kurtosis and ``improvement`` are
    per period; a period is what ``periods_per_year`` says (a day for most).

    Parameters
    ----------
    candidate : str
        Its id in the ledger.
    symbol, horizon, kind : str
        What it would be active for, e.g. ``BTCUSDT``, ``1h``, ``gbm``.
    protocol : Protocol
    forecasts : bool
        Whether it predicts. A rule that only takes positions has no IC, no predictions and no
        backbones: their checks do not apply to it.
    periods : int
    periods_per_year : float
    sharpe, skew, kurtosis : float, per period; kurtosis not excess (3 for a normal law)
    net_pnl, max_drawdown : float, fraction of starting equity; a drawdown is above zero
    turnover : float, notional traded a year over equity
    trades : int
    ic, rank_ic : Interval
        Pooled over all scored rows, of one symbol or many, and never across the symbols of an instant. With
        block or HAC errors.
    effective_n : float
        Independent observations behind the IC.
    trials : int
        Configurations ever evaluated to find this one, aborted ones included.
    trials_variance : float
        Variance of their per-period Sharpes.
    effective_trials : float
        How many of them were different, by clustering.
    dsr, spa_p, pbo : float, probabilities
    pbo_band : Band
        Where PBO lies for as many candidates without skill.
    active : str
        Id of what is active now, or :data:`CASH`.
    windows : tuple of Window
    improvement : Interval
        Mean per-period net return of the candidate minus the active one's, paired bootstrap.
    backbones_ready : tuple of str
        Models that trained and predicted.
    leaks_green : bool
        Whether the leak tribunal let everything pass that the candidate reads.
    overlaps : int
        Pairs of training and test rows whose labels overlap.
    coverage : tuple of Coverage
    degraded : tuple of str
        What went wrong without stopping the run; empty if nothing did.
    smallest_sharpe : float, annual
        What the sample could have verified.
    smallest_ic : float
    returns : str
        Content hash of the out-of-sample returns, :class:`alphaloop.registry.series.Series`.
    deciles : tuple of float, optional
        Mean outcome of each tenth of the predictions, lowest first; a picture, not judged.
    reasons : tuple of str, optional
        Why figures are none, e.g. ``pbo: 16 blocks of 9 rows``; what the ``measured`` check quotes.

    Raises
    ------
    SchemaViolation
        If a figure is NaN, infinite, or outside of what it can be.

    Examples
    --------
    >>> how = Protocol(question="?", claim="real", method="", timeframe="1d", start=0, end=1, costs="")
    >>> thin = Evidence(candidate="c1", symbol="BTCUSDT", horizon="1d", kind="rule", protocol=how, trades=12)
    >>> Evidence.from_json(thin.to_json()) == thin
    True
    """

    candidate: str
    symbol: str
    horizon: str
    kind: str
    protocol: Protocol
    forecasts: bool = True
    periods: int | None = None
    periods_per_year: float | None = None
    sharpe: float | None = None
    skew: float | None = None
    kurtosis: float | None = None
    net_pnl: float | None = None
    max_drawdown: float | None = None
    turnover: float | None = None
    trades: int | None = None
    ic: Interval | None = None
    rank_ic: Interval | None = None
    effective_n: float | None = None
    trials: int | None = None
    trials_variance: float | None = None
    effective_trials: float | None = None
    dsr: float | None = None
    pbo: float | None = None
    pbo_band: Band | None = None
    spa_p: float | None = None
    active: str | None = None
    windows: tuple[Window, ...] | None = None
    improvement: Interval | None = None
    backbones_ready: tuple[str, ...] | None = None
    leaks_green: bool | None = None
    overlaps: int | None = None
    coverage: tuple[Coverage, ...] | None = None
    degraded: tuple[str, ...] | None = None
    smallest_sharpe: float | None = None
    smallest_ic: float | None = None
    returns: str | None = None
    deciles: tuple[float, ...] | None = None
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _finite(self)
        for name in _PROBABILITIES:
            _between(name, getattr(self, name), 0.0, 1.0)
        for name in _NOT_NEGATIVE:
            _between(name, getattr(self, name), 0.0, math.inf)

    @property
    def annual_sharpe(self) -> float | None:
        """Sharpe of a year of such periods; none unless both are measured."""
        if self.sharpe is None or self.periods_per_year is None:
            return None
        return self.sharpe * math.sqrt(self.periods_per_year)

    def to_json(self) -> str:
        """One line of canonical JSON: sorted keys, no spaces; equal evidence gives equal bytes."""
        return canonical(plain(self))

    def as_dict(self) -> dict[str, Any]:
        """The evidence as JSON can hold it."""
        return dict(plain(self))

    @classmethod
    def from_json(cls, text: str) -> "Evidence":
        """What :meth:`to_json` wrote.

        Raises
        ------
        SchemaViolation
            If it is not JSON, lacks a field, has one nobody knows, or one of another type.
        """
        return restored(cls, text)


@dataclass(frozen=True, slots=True)
class Check:
    """One gate's answer.

    Parameters
    ----------
    name : str
    measured : float, int, str, bool or None
        None: not measured.
    required : str
        The condition in words and numbers, e.g. ``>= 0.95``.
    passed : bool
    source : str
        Where the figure and the condition come from.
    """

    name: str
    measured: float | int | str | bool | None
    required: str
    passed: bool
    source: str

    def __post_init__(self) -> None:
        _finite(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gates say of a candidate; ``enforced`` is false where the user asked to look away.

    Examples
    --------
    >>> verdict = Verdict("refused", (Check("trades", 3, ">= 30", False, "ledger"),))
    >>> Verdict.from_json(verdict.to_json()) == verdict
    True
    """

    verdict: Outcome
    checks: tuple[Check, ...]
    enforced: bool = True

    def to_json(self) -> str:
        """One line of canonical JSON."""
        return canonical(plain(self))

    def as_dict(self) -> dict[str, Any]:
        """``{verdict, checks: [{name, measured, required, passed, source}], enforced}``."""
        return dict(plain(self))

    @classmethod
    def from_json(cls, text: str) -> "Verdict":
        """What :meth:`to_json` wrote."""
        return restored(cls, text)


_PROBABILITIES = ("dsr", "pbo", "spa_p")
_NOT_NEGATIVE = (
    "periods", "periods_per_year", "kurtosis", "max_drawdown", "turnover", "trades", "effective_n", "trials",
    "trials_variance", "effective_trials", "overlaps", "smallest_sharpe", "smallest_ic",
)  # fmt: skip


def _finite(record: Any) -> None:
    """Refuse numbers that are not numbers."""
    for one in fields(record):
        value = getattr(record, one.name)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, float) and not math.isfinite(number):
                found = f"{one.name} = {value} in {type(record).__name__}"
                raise SchemaViolation(found, "a finite number, or none where nothing was measured", "")


def _between(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise SchemaViolation(f"{name} = {value}", f"{low:g} to {high:g}", "")
