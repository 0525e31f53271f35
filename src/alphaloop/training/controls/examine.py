"""One market, from bars to verdict: the same steps as a real candidate takes, and the same gates."""

from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.errors import DegenerateData
from alphaloop.lake.sources.simulated import SimulatedMarket
from alphaloop.lake.sources.simulated.candles import market_bars
from alphaloop.registry.evidence import Coverage, Evidence
from alphaloop.registry.evidence import Protocol as Stated
from alphaloop.registry.gates import deciding, judge
from alphaloop.registry.ledger import Ledger
from alphaloop.training.controls import pipeline
from alphaloop.training.controls.informed import informed_sharpe
from alphaloop.training.controls.markets import COST_BP, PLANTED, Setting, market
from alphaloop.training.controls.pipeline import Protocol
from alphaloop.training.validation.appraise import Settings, Subject, appraise
from alphaloop.training.validation.folds import Folds, folds_of
from alphaloop.training.validation.panel import Panel
from alphaloop.training.validation.rule import Rule
from alphaloop.training.validation.search import draw, search

AUTHOR = "controls"
_CUT = 0.6  # share of the bars after which the future is taken away, to see whether a feature moves


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A unit of work: one market to be drawn and judged."""

    kind: str
    seed: int
    strength: float = 0.0
    setting: Setting = field(default_factory=Setting)
    protocol: Protocol = field(default_factory=Protocol)

    @property
    def name(self) -> str:
        """Of the unit's file."""
        return f"{self.kind}-{self.strength:g}-{self.setting.days}d-{self.seed}"


Finding = dict[str, Any]


def examine(unit: Market) -> Finding:
    """The verdict on the best of a search in this market, and the figures behind it.

    Returns
    -------
    dict
        ``kind strength seed verdict failed`` (checks that decided), ``sharpe`` (annual, net),
        ``ic dsr pbo pbo_low spa_p trials turnover trades smallest_sharpe informed``; plain JSON.
    """
    drawn = market(unit.setting, unit.kind, unit.seed, unit.strength)
    bars = market_bars(drawn)
    panel = pipeline.panel(bars, drawn.symbols, unit.setting.timeframe, unit.protocol.horizon)
    folds = folds_of(panel, unit.protocol.splitter(unit.setting.days, panel.timeframe))
    rule = Rule(cost=COST_BP / 1e4)
    known = informed_sharpe(drawn, panel, folds, rule) if unit.kind in PLANTED else None
    start = {"kind": unit.kind, "strength": unit.strength, "seed": unit.seed, "days": unit.setting.days}
    try:
        evidence = _evidence(unit, panel, folds, rule, leaks_green=_causal(bars, drawn, panel))
    except DegenerateData as error:  # nothing to judge: not promoted, and the report says why
        return {**start, "verdict": "insufficient", "failed": [f"degenerate: {error}"], "informed": known}
    verdict = judge(evidence)
    failed = [check.name for check in deciding(verdict)] if verdict.verdict != "passed" else []
    every = [check.name for check in verdict.checks if not check.passed]
    return {
        **start,
        "verdict": verdict.verdict,
        "failed": failed,
        "all_failed": every,
        "informed": known,
        **_figures(evidence),
    }


def _evidence(unit: Market, panel: Panel, folds: Folds, rule: Rule, *, leaks_green: bool) -> Evidence:
    """Search, ledger and appraisal of one market; the ledger of trials lives as long as the market."""
    configs = draw(pipeline.space(), unit.protocol.trials, unit.seed)
    with TemporaryDirectory(prefix="alphaloop-control-") as folder:
        ledger = Ledger.open(Path(folder), clock=count(1).__next__)
        study = ledger.study(unit.name, AUTHOR)
        made = partial(pipeline.build, seed=unit.seed)
        tried = search(panel, folds, configs, made, rule=rule, study=study, seed=unit.seed)
        trials = ledger.trials(unit.name)
        ledger.close()
    subject = _subject(unit, panel, folds, leaks_green)
    return appraise(subject, panel, folds, tried, trials=trials, settings=Settings(seed=unit.seed))


def _subject(unit: Market, panel: Panel, folds: Folds, leaks_green: bool) -> Subject:
    stated = Stated(
        question="Does the best of this search earn anything after cost?",
        claim="simulated",
        method=_method(folds),
        timeframe=unit.setting.timeframe,
        start=int(panel.times[folds.blocks[1][0]]),
        end=int(panel.times[folds.blocks[-1][1] - 1]) + panel.timeframe.us,
        costs=f"{COST_BP:g} bp of what changes hands",
        seed=unit.seed,
    )
    rows = tuple(_coverage(panel, symbol) for symbol in panel.symbols)
    horizon = f"{unit.protocol.horizon}x{unit.setting.timeframe}"
    return Subject(
        candidate=unit.name,
        symbol="+".join(panel.symbols),
        horizon=horizon,
        kind="gbm",
        protocol=stated,
        backbones=("gbm",),
        leaks_green=leaks_green,
        coverage=rows,
    )


def _method(folds: Folds) -> str:
    return f"walk-forward, {len(folds.pairs)} blocks, each trained on all before it; the first only fits the rule"


def _coverage(panel: Panel, symbol: str) -> Coverage:
    bars = len(panel.times)
    return Coverage(pipeline.BARS, symbol, bars, bars, real=0, derived=0, synthetic=bars)


def _causal(bars: pl.DataFrame, drawn: SimulatedMarket, panel: Panel) -> bool:
    """Whether features known by an instant stay as they are when all later bars are taken away."""
    kept = int(_CUT * len(panel.times))
    cut = bars.group_by("symbol", maintain_order=True).head(kept)
    again = pipeline.features(cut, drawn.symbols, str(panel.timeframe))
    return bool(np.array_equal(again, panel.X[:kept, :, 0], equal_nan=True))


def _figures(evidence: Evidence) -> Finding:
    plain = asdict(evidence)
    names = ("dsr", "pbo", "spa_p", "trials", "effective_trials", "turnover", "trades", "max_drawdown", "net_pnl")
    return {
        **{name: plain[name] for name in (*names, "smallest_sharpe", "smallest_ic", "overlaps", "leaks_green")},
        "sharpe": evidence.annual_sharpe,
        "ic": None if evidence.ic is None else evidence.ic.value,
        "ic_low": None if evidence.ic is None else evidence.ic.low,
        "pbo_low": None if evidence.pbo_band is None else evidence.pbo_band.low,
    }
