"""What predictions are worth: figures of a candidate and evidence for the gates, horizon by horizon.

Statistics are of labels, with errors that know their overlap; money is of positions by
:mod:`alphaloop.training.validation.rule`, paid from fill to fill, net of cost. The first test block only
fits the rule and is scored by nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from alphaloop.core.errors import DegenerateData, NoData
from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import DAY_US
from alphaloop.hindsight.drawdowns import underwater
from alphaloop.hindsight.signals.buckets import hit_rate
from alphaloop.hindsight.signals.errors import Measured
from alphaloop.hindsight.signals.ic import information_coefficient
from alphaloop.registry.evidence import CASH, Evidence, Interval
from alphaloop.registry.series import Series
from alphaloop.registry.trials import Trials
from alphaloop.training.chain.counting import Outcome
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.walk import Cuts, Predicted
from alphaloop.training.validation.appraise import DAYS_PER_YEAR, Settings, Subject, appraise, scored, series_of
from alphaloop.training.validation.folds import Folds
from alphaloop.training.validation.panel import Panel
from alphaloop.training.validation.rule import Rule, trade
from alphaloop.training.validation.search import Tried


@dataclass(frozen=True, eq=False)
class Bench:
    """One horizon of one symbol, ready to pay predictions.

    Parameters
    ----------
    examples : Examples
    cuts : Cuts
        The walk's folds.
    place : int
        Of the horizon.
    """

    examples: Examples
    cuts: Cuts
    place: int

    @cached_property
    def panel(self) -> Panel:
        """The symbol alone: T decisions, one column; money and labels, no features.

        A prediction is what the whole horizon promises, and is set against the cost of changing a position as it
        is: ``unit`` is one.
        """
        made = self.examples.every
        one = replace(made, horizons=(made.horizons[self.place],))
        shape = (len(made), 1)
        return Panel(
            symbols=(self.examples.symbol,),
            timeframe=self.examples.step,
            times=made.times,
            X=np.zeros((*shape, 0, 0)),
            y=one.targets,
            ends=one.ends[:, None],
            unit=np.ones(shape),
            returns=self.examples.held[:, None],
            volatility=self.examples.volatility[:, None],
        )

    @cached_property
    def folds(self) -> Folds:
        """The walk's folds as places in the panel's rows."""
        rows, at = self.panel.rows, self.examples.at
        place: Ints = np.searchsorted(rows.instant, at)
        return Folds(rows, tuple((place[train], place[test]) for train, test in self.cuts.pairs), self.cuts.overlaps)

    def tried(self, predicted: Predicted, config: Mapping[str, Any], rule: Rule) -> Tried:
        """Predictions of this horizon, and what positions by them earned."""
        table = np.full((len(self.examples.every), 1), np.nan)
        table[self.examples.at, 0] = predicted.mean[:, self.place]
        return Tried(config, table, trade(self.panel, self.folds, table, rule))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """What is active in the slot.

    Parameters
    ----------
    id : str
    days : int array, shape (D,), microseconds UTC
        Ends of its days.
    daily : float array, shape (D,), fraction
        Its net returns.
    """

    id: str = CASH
    days: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    daily: Floats = field(default_factory=lambda: np.zeros(0))

    def on(self, ends: Ints) -> Floats | None:
        """Its returns on these days; zeros for cash, none where one is missing."""
        if self.id == CASH:
            return np.zeros(len(ends))
        place = np.searchsorted(self.days, ends)
        inside = place < len(self.days)
        if not bool(inside.all()) or not np.array_equal(self.days[place], ends):
            return None
        return self.daily[place]


def figures(bench: Bench, tried: Tried) -> dict[str, Any]:
    """What a candidate or a variant came to, as JSON.

    Returns
    -------
    dict
        ``ic``, ``rank_ic`` (pooled, of labels), ``interval`` (of ``ic``, 95 %), ``rank_interval``, ``hit_rate``,
        ``turnover`` (a year), ``net_pnl`` and ``max_drawdown`` (fractions of the stake), ``sharpe`` (annual),
        ``trades``, ``days``; none where the sample cannot say.
    """
    signal, traded = scored(bench.panel, bench.folds, tried), tried.traded
    ic, rank_ic = (information_coefficient(signal, rank=rank) for rank in (False, True))
    sharpe = traded.sharpe
    return {
        "ic": _value(ic),
        "rank_ic": _value(rank_ic),
        "hit_rate": _value(hit_rate(signal)),
        "turnover": traded.turnover,
        "net_pnl": float(traded.net.sum()),
        "max_drawdown": _drawdown(traded.net),
        "interval": _span(ic),
        "rank_interval": _span(rank_ic),
        "sharpe": None if sharpe is None else sharpe * float(np.sqrt(DAYS_PER_YEAR)),
        "trades": traded.trades,
        "days": len(traded.daily),
    }


def outcome(bench: Bench, tried: Tried) -> Outcome:
    """What the ledger of trials notes; one that never traded counts as zero."""
    said = figures(bench, tried)
    kept = ("ic", "rank_ic", "net_pnl", "trades", "turnover")
    return tried.traded.sharpe or 0.0, {name: said[name] for name in kept}


def evidence_of(
    bench: Bench, tried: Sequence[Tried], chosen: Tried, subject: Subject, *, trials: Trials, rival: Rival, seed: int
) -> tuple[Evidence, Series]:
    """Evidence of one variant among all that were tried, and the series it names.

    What the sample cannot carry is none, and the evidence says why; then no gate can pass it.

    Parameters
    ----------
    bench : Bench
    tried : sequence of Tried
    chosen : Tried
        One of them.
    subject : Subject
    trials : Trials
        Of the ledger.
    rival : Rival
    seed : int
        Of bootstraps.
    """
    held = rival.on(chosen.traded.days + DAY_US)
    named = replace(subject, active=rival.id, active_daily=held)
    series = series_of(bench.panel, chosen, held)
    try:
        found = appraise(
            named, bench.panel, bench.folds, tried, trials=trials, settings=Settings(seed=seed), chosen=chosen
        )
    except (DegenerateData, NoData) as error:
        return _thin(bench, chosen, named, trials, str(error.found)), series
    if held is None:
        why = f"improvement: the active {rival.id} has no returns on these days"
        found = replace(found, windows=None, improvement=None, spa_p=None, reasons=(*found.reasons, why))
    return found, series


def _thin(bench: Bench, chosen: Tried, subject: Subject, trials: Trials, why: str) -> Evidence:
    """The figures there are of a candidate that cannot be judged."""
    said = figures(bench, chosen)
    return Evidence(
        candidate=subject.candidate, symbol=subject.symbol, horizon=subject.horizon, kind=subject.kind,
        protocol=subject.protocol, periods=said["days"], periods_per_year=DAYS_PER_YEAR,
        net_pnl=said["net_pnl"], max_drawdown=said["max_drawdown"], turnover=said["turnover"], trades=said["trades"],
        ic=_interval(said["ic"], said["interval"]), rank_ic=_interval(said["rank_ic"], said["rank_interval"]),
        trials=trials.count, active=subject.active, backbones_ready=subject.backbones,
        leaks_green=subject.leaks_green, overlaps=bench.folds.overlaps, coverage=subject.coverage,
        degraded=subject.degraded, reasons=(why,),
    )  # fmt: skip


def _interval(value: float | None, span: list[float] | None) -> Interval | None:
    return None if value is None or span is None else Interval(value, *span)


def _value(found: Measured | None) -> float | None:
    return None if found is None else found.value


def _span(found: Measured | None) -> list[float] | None:
    if found is None or found.low is None or found.high is None:
        return None
    return [found.low, found.high]


def _drawdown(net: Floats) -> float:
    """Of a stake that stays the same, from its peak."""
    return float(underwater(np.append(1.0, 1.0 + np.cumsum(net))).max())
