"""The appraisal: all that was measured of the best of a search, as evidence.

Figures are of days, net of cost, on bars that no model was trained on and no rule was fitted on.
What was tried besides is counted: it deflates the Sharpe ratio, ranks the winner, and stands in the test
of superiority. More trials than days are no mistake here: the table is known to be days by trials. What the days are
too few for is none, and the evidence says why. Nothing here judges.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from alphaloop.core.errors import DegenerateData, InvalidOption, NoData, SchemaViolation
from alphaloop.core.market import Floats
from alphaloop.core.time import DAY_US
from alphaloop.hindsight.bootstrap import Blocks, paired_difference
from alphaloop.hindsight.drawdowns import underwater
from alphaloop.hindsight.overfitting import (
    deflated_sharpe,
    effective_trials,
    pbo,
    sharpe_variance,
    smallest_verifiable_ic,
    smallest_verifiable_sharpe,
    spa,
    track_record,
)
from alphaloop.hindsight.signals.buckets import deciles
from alphaloop.hindsight.signals.errors import Measured
from alphaloop.hindsight.signals.ic import information_coefficient
from alphaloop.hindsight.signals.rows import Signal, from_panel
from alphaloop.registry.evidence import CASH, Band, Coverage, Evidence, Interval, Protocol, Window
from alphaloop.registry.series import Series
from alphaloop.registry.trials import Trials
from alphaloop.training.validation.folds import Folds
from alphaloop.training.validation.panel import Panel
from alphaloop.training.validation.rule import by_day
from alphaloop.training.validation.search import Tried, best

DAYS_PER_YEAR = 365.0
_FEWEST_DAYS = 4  # that skew and kurtosis need


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who is appraised, and what was found out elsewhere.

    Parameters
    ----------
    candidate, symbol, horizon, kind : str
    protocol : Protocol
    backbones : tuple of str
        Models that trained and predicted.
    leaks_green : bool or None
        None: nobody looked.
    coverage : tuple of Coverage
    degraded : tuple of str
    active : str
        Id of the active model; :data:`~alphaloop.registry.evidence.CASH` for none.
    active_daily : float array, shape (D,), optional
        Its net returns on the scored days; zeros where nothing is active.
    """

    candidate: str
    symbol: str
    horizon: str
    kind: str
    protocol: Protocol
    backbones: tuple[str, ...] = ()
    leaks_green: bool | None = None
    coverage: tuple[Coverage, ...] | None = None
    degraded: tuple[str, ...] = ()
    active: str = CASH
    active_daily: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Of the tests that draw: blocks of PBO, draws of bootstraps, seed."""

    blocks: int = 16
    draws: int = 1000
    null_draws: int = 200
    seed: int = 0


def appraise(
    subject: Subject,
    panel: Panel,
    folds: Folds,
    tried: Sequence[Tried],
    *,
    trials: Trials,
    settings: Settings | None = None,
    chosen: Tried | None = None,
) -> Evidence:
    """Evidence of one of ``tried``.

    Parameters
    ----------
    subject : Subject
    panel : Panel
    folds : Folds
    tried : sequence of Tried
        Everything that came to a result in the search.
    trials : Trials
        Of the ledger: everything that was ever started.
    settings : Settings, optional
    chosen : Tried, optional
        One of ``tried`` that was named before any result was known; the best one where left out.

    Raises
    ------
    NoData
        If nothing was tried, or there are fewer than four days to score.
    DegenerateData
        If the best one never traded, or its predictions have no correlation to measure.
    SchemaViolation
        If the active model's returns are of other days.
    """
    how = settings or Settings()
    named, chosen = chosen is not None, best(tried) if chosen is None else chosen
    first = [chosen, *(one for one in tried if one is not chosen)] if named else tried
    daily, table = chosen.traded.daily, np.column_stack([one.traded.daily for one in first])
    held = np.zeros(len(daily)) if subject.active_daily is None else subject.active_daily
    if held.shape != daily.shape:
        raise SchemaViolation(f"{len(held)} days of the active model", f"the {len(daily)} that were scored", "")
    record = track_record(daily)
    if len(daily) < _FEWEST_DAYS:
        raise NoData(f"{len(daily)} days to score", f"{_FEWEST_DAYS} or more", "test longer blocks, or more of them")
    if record is None:
        raise DegenerateData("a candidate that never held a position", "one that trades", "lower the rule's multiples")
    signal = scored(panel, folds, chosen)
    ic, rank_ic = (_known(information_coefficient(signal, rank=rank)) for rank in (False, True))
    variance = _variance(trials, tried)
    better = paired_difference(daily, held, _mean, Blocks(draws=how.draws, seed=how.seed))
    luck, years = _luck(table, held, how, named=named), len(daily) / DAYS_PER_YEAR
    return Evidence(
        candidate=subject.candidate,
        symbol=subject.symbol,
        horizon=subject.horizon,
        kind=subject.kind,
        protocol=subject.protocol,
        periods=record.n,
        periods_per_year=DAYS_PER_YEAR,
        sharpe=record.sharpe,
        skew=record.skew,
        kurtosis=record.kurtosis,
        net_pnl=float(daily.sum()),
        max_drawdown=float(underwater(np.append(1.0, 1.0 + np.cumsum(chosen.traded.net))).max()),
        turnover=chosen.traded.turnover,
        trades=chosen.traded.trades,
        ic=_interval(ic),
        rank_ic=_interval(rank_ic),
        effective_n=ic.effective_n,
        trials=trials.count,
        trials_variance=variance,
        effective_trials=effective_trials(table, allow_wide=True),
        dsr=deflated_sharpe(record.sharpe, record.n, record.skew, record.kurtosis, trials.count, variance),
        spa_p=luck.spa_p,
        pbo=luck.pbo,
        pbo_band=luck.band,
        active=subject.active,
        windows=_windows(chosen, held),
        improvement=None if better.low is None else Interval(_number(better.value), better.low, _number(better.high)),
        backbones_ready=subject.backbones,
        leaks_green=subject.leaks_green,
        overlaps=folds.overlaps,
        coverage=subject.coverage,
        degraded=subject.degraded,
        smallest_sharpe=smallest_verifiable_sharpe(years),
        smallest_ic=None if ic.effective_n is None else smallest_verifiable_ic(ic.effective_n),
        returns=hashlib.sha256(series_of(panel, chosen, subject.active_daily).to_bytes()).hexdigest(),
        deciles=tuple(float(one) for one in deciles(signal)["outcome"].to_list()),
        reasons=luck.reasons,
    )


def series_of(panel: Panel, chosen: Tried, active: Floats | None = None) -> Series:
    """Daily net returns on the scored blocks, beside those of all symbols in equal parts, and of what is active.

    Put its bytes into the artifact store: evidence names them, the verdict page draws them.
    """
    traded = chosen.traded
    held = panel.returns[np.searchsorted(panel.times, traded.times)]
    known = np.maximum(np.isfinite(held).sum(axis=1), 1)
    market = np.where(np.isfinite(held), held, 0.0).sum(axis=1) / known
    return Series(traded.days + DAY_US, traded.daily, by_day(traded.times, market)[1], active)


def scored(panel: Panel, folds: Folds, tried: Tried) -> Signal:
    """Predictions beside labels on the scored blocks."""
    span = slice(folds.blocks[1][0], folds.blocks[-1][1])
    ends = np.where(panel.labelled, panel.ends, panel.times[:, None])
    return from_panel(tried.predictions[span], panel.y[span], panel.times[span], ends[span], panel.symbols)


class _Luck(NamedTuple):
    spa_p: float | None
    pbo: float | None
    band: Band | None
    reasons: tuple[str, ...]


def _luck(table: Floats, held: Floats, how: Settings, *, named: bool) -> _Luck:
    """The p-value of the test of superiority, PBO with its null band; why, where the sample cannot carry one.

    The candidate is in column 0. One that was named beforehand may not be the best of all: its own p-value is
    that of stepping down to it. No PBO where there was no choice: nothing is missing then.
    """
    reasons, superior, found = [], None, None
    try:
        draws = Blocks(draws=how.draws, seed=how.seed)
        test = step_down if named else _best_of_all
        superior = test(table, held, draws)
    except (NoData, InvalidOption) as error:
        reasons.append(f"spa_p: {error.found}")
    try:
        found = pbo(table, how.blocks, seed=how.seed, draws=how.null_draws, allow_wide=True)
    except (NoData, InvalidOption) as error:
        reasons += [f"pbo: {error.found}"] if table.shape[1] > 1 else []
    band = None if found is None else Band(*found.null_band)
    return _Luck(superior, None if found is None else found.pbo, band, tuple(reasons))


def step_down(table: Floats, held: Floats | None, draws: Blocks) -> float:
    """Probability that column 0 beats ``held`` (none: nothing) by luck, all columns counted.

    The best of all is tested beside all, the next beside those that are left, and so on; the largest of these
    probabilities down to column 0 is its own.

    Source
    ------
    Romano and Wolf (2016), Efficient computation of adjusted p-values for resampling-based stepdown multiple
    testing, Statistics and Probability Letters 113.

    Examples
    --------
    >>> returns = np.random.default_rng(0).normal(0.0, 0.01, (500, 3))
    >>> step_down(returns + [0.003, 0.0, 0.0], None, Blocks()) < 0.05 < step_down(returns, None, Blocks())
    True
    """
    left, worst = list(range(table.shape[1])), 0.0
    while True:
        found = spa(table[:, left], held, how=draws, allow_wide=True)
        worst = max(worst, found.p_value)
        if left.pop(found.best) == 0:
            return worst


def _best_of_all(table: Floats, held: Floats, draws: Blocks) -> float:
    return spa(table, held, how=draws, allow_wide=True).p_value


def _variance(trials: Trials, tried: Sequence[Tried]) -> float:
    """Of the ledger's Sharpe ratios; one that never traded counts as zero there and here."""
    if trials.variance is not None:
        return trials.variance
    return sharpe_variance(np.array([one.traded.sharpe or 0.0 for one in tried]))


def _windows(chosen: Tried, held: Floats) -> tuple[Window, ...]:
    """Net returns of each scored block, and of what is active on the same days."""
    traded, made = chosen.traded, []
    step = int(traded.times[1] - traded.times[0])
    for first, stop in traded.windows:
        start, end = int(traded.times[first]), int(traded.times[stop - 1]) + step
        same = (traded.days >= start - start % DAY_US) & (traded.days < end)
        made.append(Window(start, end, float(traded.net[first:stop].sum()), float(held[same].sum())))
    return tuple(made)


def _known(found: Measured | None) -> Measured:
    if found is None or found.low is None:
        raise DegenerateData("predictions or labels without a correlation", "ones that vary, and enough of them", "")
    return found


def _interval(found: Measured) -> Interval:
    return Interval(found.value, _number(found.low), _number(found.high))


def _number(value: float | None) -> float:
    """A number that is known to be there."""
    if value is None:
        raise DegenerateData("an interval without an end", "both ends", "")
    return value


def _mean(rows: Floats) -> float:
    return float(rows.mean())
