"""A campaign: many markets, in processes, each kept when it is done.

A market is one file, written whole or not at all, so a campaign that is stopped goes on where it
was. Files carry the settings they were made with: those of another campaign are not mixed in.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from alphaloop.core.errors import InvalidOption
from alphaloop.engine.executor import Executor, Serial
from alphaloop.training.controls.examine import Market, examine
from alphaloop.training.controls.markets import NULL, PLANTED, Setting
from alphaloop.training.controls.pipeline import Protocol, stated
from alphaloop.training.controls.shuffled import Demonstration, demonstrate
from alphaloop.training.validation.rule import Rule

VERSION = 1  # of what a unit's file holds
Unit = Market | Demonstration
Finding = dict[str, Any]
Clock = Callable[[], float]
PLANTED_SEEDS, LONG_SEEDS = 100_000, 200_000  # apart from those of markets without edge


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What is to be run.

    Parameters
    ----------
    markets : int
        Without edge, shared among the kinds.
    planted : int
        With an edge, of each strength.
    strengths : tuple of float, annual Sharpe ratio after cost
    long_planted : int
        With an edge, of each long strength.
    long_strengths : tuple of float
        On the long setting.
    demonstrations : int
        Markets without edge tested by shuffled folds.
    seed : int
    setting, long_setting : Setting
    protocol : Protocol
    """

    markets: int = 200
    planted: int = 30
    strengths: tuple[float, ...] = (1.0, 2.0, 3.5, 5.0, 7.0)
    long_planted: int = 0
    long_strengths: tuple[float, ...] = (1.3,)
    demonstrations: int = 12
    seed: int = 0
    setting: Setting = field(default_factory=Setting)
    long_setting: Setting = field(default_factory=lambda: Setting(days=2920, timeframe="4h"))
    protocol: Protocol = field(default_factory=Protocol)

    def __post_init__(self) -> None:
        counts = (self.markets - 1, self.planted, self.long_planted, self.demonstrations, self.seed)
        if min(counts) < 0 or min((*self.strengths, *self.long_strengths), default=1.0) <= 0:
            raise InvalidOption(
                f"{self.markets} markets, strengths {self.strengths}", "one market, strengths above 0", ""
            )

    @property
    def digest(self) -> str:
        """Hash of what every unit shares; counts may grow, and only what is missing is run."""
        shared = {"version": VERSION, **{name: asdict(getattr(self, name)) for name in ("setting", "protocol")}}
        made_of = {"long": asdict(self.long_setting), "rule": asdict(Rule()), "pipeline": stated()}
        text = json.dumps({**shared, **made_of}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def units(self) -> list[Unit]:
        """Every unit, kinds in turn, so that a campaign stopped halfway has some of each."""
        kinds, last = list(NULL), next(iter(PLANTED))
        null = [
            Market(kind=kinds[k % len(kinds)], seed=self.seed + k, setting=self.setting, protocol=self.protocol)
            for k in range(self.markets)
        ]
        planted = [
            Market(
                kind=last,
                seed=self.seed + PLANTED_SEEDS + k,
                strength=one,
                setting=self.setting,
                protocol=self.protocol,
            )
            for k in range(self.planted)
            for one in self.strengths
        ]
        wide = replace(self.protocol, first_days=self.long_setting.days // 14)
        lasting = [
            Market(kind=last, seed=self.seed + LONG_SEEDS + k, strength=one, setting=self.long_setting, protocol=wide)
            for k in range(self.long_planted)
            for one in self.long_strengths
        ]
        shown = [
            Demonstration(kind=kinds[k % len(kinds)], seed=self.seed + k, setting=self.setting)
            for k in range(self.demonstrations)
        ]
        turns = zip_longest(null, planted, shown, lasting)
        return [unit for unit in chain.from_iterable(turns) if unit is not None]


def run(
    campaign: Campaign,
    folder: Path,
    *,
    executor: Executor | None = None,
    clock: Clock | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> list[Finding]:
    """Run what is missing and return every finding.

    Parameters
    ----------
    campaign : Campaign
    folder : Path
        Keeps a file per unit, below a folder of the campaign's digest.
    executor : Executor, optional
        One after the other where left out.
    clock : callable, optional
        Seconds of processor time of this process; what a unit took stands in its file.
    progress : callable
        Takes the number of units done.

    Returns
    -------
    list of dict
        In the order of :meth:`Campaign.units`.
    """
    kept = folder / campaign.digest
    kept.mkdir(parents=True, exist_ok=True)
    units = campaign.units()
    missing = [unit for unit in units if not (kept / f"{unit.name}.json").exists()]
    done = len(units) - len(missing)
    progress(done)
    for _ in (executor or Serial()).run(work, (kept, clock), missing):
        done += 1
        progress(done)
    return [json.loads((kept / f"{unit.name}.json").read_text(encoding="utf-8")) for unit in units]


def work(shared: tuple[Path, Clock | None], unit: Unit) -> str:
    """One unit, kept in its file; returns its name."""
    folder, clock = shared
    begun = 0.0 if clock is None else clock()
    found = examine(unit) if isinstance(unit, Market) else demonstrate(unit)
    found["seconds"] = None if clock is None else round(clock() - begun, 3)
    partial = folder / f".{unit.name}.partial"
    partial.write_text(json.dumps(found, allow_nan=False), encoding="utf-8")
    partial.replace(folder / f"{unit.name}.json")
    return unit.name


def kept_so_far(campaign: Campaign, folder: Path) -> Iterator[Finding]:
    """Findings of units that are done, for a look at a campaign under way."""
    for unit in campaign.units():
        path = folder / campaign.digest / f"{unit.name}.json"
        if path.exists():
            yield json.loads(path.read_text(encoding="utf-8"))
