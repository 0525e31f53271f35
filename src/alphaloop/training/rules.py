"""Rules on trial: a backtest's last part becomes evidence, counted among all that was tried.

A rule is not trained, so nothing overlaps; what it can be is lucky, or picked from many. Its
Sharpe is deflated by every trial of its study, and it is tested beside the other candidates
of the same days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import polars as pl

from alphaloop.core.errors import DataError, InvalidOption, SchemaViolation
from alphaloop.core.market import Floats
from alphaloop.core.time import YEAR_US
from alphaloop.hindsight.bootstrap import Blocks, paired_difference
from alphaloop.hindsight.drawdowns import underwater
from alphaloop.hindsight.metrics import MetricsInput
from alphaloop.hindsight.overfitting import (
    TrackRecord,
    deflated_sharpe,
    effective_trials,
    pbo,
    smallest_verifiable_sharpe,
    track_record,
)
from alphaloop.hindsight.returns import periodic, simple_returns
from alphaloop.registry.evidence import CASH, Band, Coverage, Evidence, Interval, Protocol, Window
from alphaloop.registry.series import Series
from alphaloop.training.validation.appraise import step_down

WINDOWS = 6
"""Stretches of equal length the sample is cut into, to see whether it earned more than once."""


@dataclass(frozen=True, eq=False)
class Track:
    """The judged part of one backtest.

    Parameters
    ----------
    series : Series
        Net returns a period, and those of buying and holding.
    period : int, microseconds
    net_pnl, max_drawdown : float, fraction of the equity at its start; of the peak
    turnover : float, notional traded a year over mean equity
    trades : int
        Round trips entered and closed within.
    """

    series: Series
    period: int
    net_pnl: float
    max_drawdown: float
    turnover: float
    trades: int

    @property
    def per_year(self) -> float:
        """Periods in a year."""
        return YEAR_US / self.period

    @property
    def record(self) -> TrackRecord | None:
        """Sharpe and moments, per period; none where the rule never moved."""
        return track_record(self.series.net)


def track_of(run: MetricsInput, since: int) -> Track | None:
    """The part of a run that begins at ``since``, microseconds UTC; positions held then are carried in.

    Returns
    -------
    Track or None
        None where fewer than two periods lie behind ``since``, or the money was gone by then.
    """
    first = int(np.searchsorted(run.now, since))
    now, equity = run.now[first:], run.equity[first:]
    if len(now) == 0 or not equity[0] > 0:
        return None
    held = np.ones(len(now)) if run.benchmark is None else run.benchmark[first:]
    times, values = periodic(now, equity, run.period_us)
    if len(times) < 3:
        return None
    net = np.zeros(len(times) - 1)
    until_ruin = simple_returns(values)
    net[: len(until_ruin)] = until_ruin
    traded = sum(abs(one.quantity) * one.price for one in run.fills if one.ts >= since)
    alive = equity[equity > 0]
    years = (int(now[-1]) - int(now[0])) / YEAR_US
    closed = run.trades().filter(_closed_since(since))
    return Track(
        Series(times[1:], net, simple_returns(periodic(now, held, run.period_us)[1])),
        run.period_us,
        float(equity[-1] / equity[0] - 1.0),
        float(underwater(equity).max()),
        float(traded / alive.mean() / years),
        closed.height,
    )


def _closed_since(since: int) -> pl.Expr:
    entered = pl.col("entry_time").dt.epoch("us") >= since
    return ~pl.col("open") & (pl.col("side") != 0) & entered


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who is judged, and what is known beside its returns.

    Parameters
    ----------
    candidate, symbol, horizon, kind : str
    protocol : Protocol
    leaks_green : bool or None
        None: nobody looked, or at other code.
    coverage : tuple of Coverage
    degraded : tuple of str
    active : str
        Who is in charge, or cash.
    seed : int
        Of the bootstrap.
    """

    candidate: str
    symbol: str
    horizon: str
    kind: str
    protocol: Protocol
    leaks_green: bool | None
    coverage: tuple[Coverage, ...]
    degraded: tuple[str, ...] = ()
    active: str = CASH
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Field:
    """Everything that was tried.

    Parameters
    ----------
    tracks : sequence of Track
        Of the same periods; the candidate's own first.
    rival : Track or None
        Of what is active; none: cash.
    trials : int
        Ever started in the study, on any periods, aborted ones included.
    variance : float or None
        Of their Sharpes.
    """

    tracks: Sequence[Track]
    rival: Track | None
    trials: int
    variance: float | None

    def __post_init__(self) -> None:
        own = self.tracks[0].series.now
        every = [*self.tracks, *([] if self.rival is None else [self.rival])]
        if self.trials < len(self.tracks) or any(not np.array_equal(own, one.series.now) for one in every):
            raise SchemaViolation(
                f"{self.trials} trials, {len(self.tracks)} tracks", "tracks of the same periods, all counted", ""
            )

    @property
    def table(self) -> Floats:
        """Net returns, shape (P, N), the candidate in column 0."""
        return np.column_stack([one.series.net for one in self.tracks])

    @property
    def rival_net(self) -> Floats:
        """Net returns of what is active, shape (P,)."""
        return np.zeros(len(self.tracks[0].series.now)) if self.rival is None else self.rival.series.net


def appraise(subject: Subject, field: Field) -> tuple[Evidence, Series]:
    """Measure a rule; also returns its series with what was active beside it, which the evidence names.

    A figure that the sample cannot carry is none.
    """
    own, rival = field.tracks[0], field.rival_net
    series = Series(own.series.now, own.series.net, own.series.benchmark, rival)
    record, band = own.record, _overfitting(field)
    return Evidence(
        candidate=subject.candidate,
        symbol=subject.symbol,
        horizon=subject.horizon,
        kind=subject.kind,
        protocol=subject.protocol,
        forecasts=False,
        periods=len(series.net),
        periods_per_year=own.per_year,
        sharpe=None if record is None else record.sharpe,
        skew=None if record is None else record.skew,
        kurtosis=None if record is None else record.kurtosis,
        net_pnl=own.net_pnl,
        max_drawdown=own.max_drawdown,
        turnover=own.turnover,
        trades=own.trades,
        trials=field.trials,
        trials_variance=_variance(field),
        effective_trials=effective_trials(field.table, allow_wide=True),
        dsr=_deflated(record, field),
        pbo=None if band is None else band[0],
        pbo_band=None if band is None else band[1],
        spa_p=_superiority(field, own.series.benchmark),
        active=subject.active,
        windows=windows_of(series, own.period),
        improvement=_improvement(series.net, rival, subject.seed),
        leaks_green=subject.leaks_green,
        overlaps=0,
        coverage=subject.coverage,
        degraded=subject.degraded,
        smallest_sharpe=smallest_verifiable_sharpe(len(series.net) / own.per_year),
        returns=sha256(series.to_bytes()).hexdigest(),
    ), series


def windows_of(series: Series, period: int, many: int = WINDOWS) -> tuple[Window, ...] | None:
    """The sample in stretches of equally many periods, their returns compounded; none where there are too few."""
    count = len(series.net)
    if count < 2 * many:
        return None
    rival = np.zeros(count) if series.active is None else series.active
    edges = np.linspace(0, count, many + 1).round().astype(int)
    return tuple(
        Window(
            int(series.now[first]) - period,
            int(series.now[end - 1]),
            _compound(series.net[first:end]),
            _compound(rival[first:end]),
        )
        for first, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    )


def _compound(returns: Floats) -> float:
    return float(np.prod(1.0 + returns) - 1.0)


def _variance(field: Field) -> float | None:
    """Of the trials' Sharpes; a single trial has none to differ from."""
    return 0.0 if field.trials == 1 else field.variance


def _deflated(record: TrackRecord | None, field: Field) -> float | None:
    variance = _variance(field)
    if record is None or variance is None:
        return None
    return deflated_sharpe(record.sharpe, record.n, record.skew, record.kurtosis, field.trials, variance)


def _overfitting(field: Field) -> tuple[float, Band] | None:
    """PBO and its null band; none where there was nothing to pick from, or too few periods to cut."""
    try:
        found = pbo(field.table, allow_wide=True)
    except (DataError, InvalidOption):
        return None
    return found.pbo, Band(*found.null_band)


def _superiority(field: Field, held: Floats) -> float | None:
    """The larger of two: that it beats cash by luck, and that it beats buying and holding by luck."""
    try:
        return max(step_down(field.table, benchmark, Blocks()) for benchmark in (None, held))
    except (DataError, InvalidOption):
        return None


def _improvement(own: Floats, rival: Floats, seed: int) -> Interval | None:
    """Mean difference a period, with its paired bootstrap interval; none where there is none to speak of."""
    found = paired_difference(own, rival, _mean, Blocks(seed=seed))
    if found.value is None or found.low is None or found.high is None:
        return None
    return Interval(found.value, found.low, found.high)


def _mean(rows: Floats) -> float:
    return float(rows.mean())
