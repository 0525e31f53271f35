"""A chain from examples to verdicts: search, walk, score, enter, judge, one symbol after the other.

A run lives in a folder of its own, named by all that changes its result. The same command finds the
same folder, takes what is done there as done, and goes on: after ``kill -9`` it ends with the same bytes. A
symbol whose data cannot teach fails by name; the others go on, and the run is said to be incomplete.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from alphaloop.core.errors import AlphaloopError, DataError
from alphaloop.engine.executor import Executor, Serial
from alphaloop.registry.evidence import Claim, Coverage, Evidence, Protocol
from alphaloop.registry.ledger import EVIDENCE, Candidate, Ledger
from alphaloop.registry.lineage import code_hash, lineage_here
from alphaloop.registry.promotion import Slot, active_at
from alphaloop.registry.series import Series
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.counting import Counter, counted
from alphaloop.training.chain.enter import Entered, enter
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import Chain, Fitting, Progress, silent
from alphaloop.training.chain.logs import reports
from alphaloop.training.chain.score import Bench, Rival, evidence_of, figures, outcome
from alphaloop.training.chain.searching import searched
from alphaloop.training.chain.signals import signals_of
from alphaloop.training.chain.walk import Cuts, Predicted, cuts_of, walk
from alphaloop.training.validation.appraise import Subject
from alphaloop.training.validation.rule import Rule
from alphaloop.training.validation.search import Tried

Json = dict[str, Any]
RECORD = "record.json"
"""In a run's folder: what was asked, and all that the command printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is known of a symbol's data beside its rows.

    Parameters
    ----------
    claim : {"real", "simulated"}
    coverage : tuple of Coverage
    leaks_green : bool or None
        None: nobody looked.
    """

    claim: Claim
    coverage: tuple[Coverage, ...] | None = None
    leaks_green: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Everything a run stands in.

    Parameters
    ----------
    home : Path
        ``runs/ID`` and ``artifacts/models`` go below it.
    ledger : Ledger
    author, command : str
    background : callable
        Of examples, and of the start and end of the scored part (microseconds UTC).
    judge : callable
        A candidate's id to its verdict, as JSON.
    clock : callable
        Seconds, ascending.
    executor : Executor
        Of folds.
    progress : Progress
    """

    home: Path
    ledger: Ledger
    author: str
    command: str
    background: Callable[[Examples, int, int], Background]
    judge: Callable[[str], Json]
    clock: Callable[[], float]
    executor: Executor = field(default_factory=Serial)
    progress: Progress = silent


Load = Callable[[str], Examples]
More = Callable[[Examples, "Walked"], Json]


@dataclass(frozen=True, eq=False, slots=True)
class Walked:
    """One symbol after its walks, before the final fit.

    Parameters
    ----------
    chain : Chain
        As the search left it.
    cuts : Cuts
    predicted : mapping of variant to Predicted
    benches : mapping of horizon to Bench
    tried : mapping of horizon to mapping of variant to Tried
    folder : Path
        Of the symbol in the run.
    searched : list of dict
        Proposals and what they were worth.
    """

    chain: Chain
    cuts: Cuts
    predicted: Mapping[str, Predicted]
    benches: Mapping[str, Bench]
    tried: Mapping[str, Mapping[str, Tried]]
    folder: Path
    searched: Sequence[Json] = ()

    def table(self, horizon: str) -> dict[str, Json]:
        """Figures of every variant."""
        return {name: figures(self.benches[horizon], one) for name, one in self.tried[horizon].items()}


def run_chain(asked: Asked, chain: Chain, load: Load, around: Around, more: More | None = None) -> Json:
    """All symbols of a chain.

    Parameters
    ----------
    asked : Asked
    chain : Chain
    load : callable
        A symbol to its examples; what it raises of a symbol's data fails that symbol.
    around : Around
    more : callable, optional
        What a chain says of a symbol beside its candidates; under ``details`` by symbol.

    Returns
    -------
    dict
        ``candidates`` (``id symbol horizon kind oos variants degraded``), ``verdicts``, ``artifacts``, ``seconds``,
        ``failed`` (symbols and why), ``dropped`` (features by symbol), ``details``, ``run``, ``logs`` (where curves
        were written, and why not elsewhere). It is kept as :data:`RECORD` as well.

    Raises
    ------
    DataError
        If no symbol could be trained: the first one's error.
    """
    began = around.clock()
    folder = around.home / "runs" / f"{chain.kind}-{asked.digest(chain.kind, repr(chain.recipe), code_hash())}"
    found: Json = {"candidates": [], "verdicts": [], "artifacts": [], "failed": [], "dropped": {}, "details": {}}
    errors: list[DataError] = []
    for symbol in asked.symbols:
        try:
            examples = load(symbol)
            walked = walk_symbol(examples, chain, asked, around, folder / symbol)
            _enter_symbol(found, examples, walked, asked, around)
        except DataError as error:
            errors.append(error)
            found["failed"].append({"symbol": symbol, **error.as_dict()})
            continue
        found["dropped"][symbol] = list(examples.dropped)
        if more is not None:
            found["details"][symbol] = more(examples, walked)
    if len(errors) == len(asked.symbols):
        raise errors[0]
    found = {**found, "run": folder.name, "logs": reports(folder), "seconds": around.clock() - began}
    _note(folder / RECORD, {"asked": asdict(asked), "command": around.command, **found})
    return found


def _note(path: Path, record: Json) -> None:
    """The record of a run, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(record, indent=1, default=str) + "\n", encoding="utf-8")
    partial.replace(path)


def passed(found: Mapping[str, Any]) -> bool:
    """Whether a command that ends with this exits 0: every symbol trained, nothing degraded."""
    return not found["failed"] and not any(one["degraded"] for one in found["candidates"])


def walk_symbol(examples: Examples, chain: Chain, asked: Asked, around: Around, folder: Path) -> Walked:
    """Search and walk one symbol; every variant and proposal is a trial of each horizon's study."""
    folder = folder / examples.digest[:16]
    cuts = cuts_of(examples, asked.effort.folds, asked.embargo_us)
    benches = {name: Bench(examples, cuts, place) for place, name in enumerate(examples.horizons)}
    counters = {
        name: Counter(around.ledger, study_of(chain.kind, examples, name), around.author, asked.seed)
        for name in examples.horizons
    }
    how = Fitting(
        folder=folder, seed=asked.seed, embargo_us=asked.embargo_us, inner_folds=asked.effort.inner_folds,
        epochs=asked.effort.epochs, progress=around.progress,
    )  # fmt: skip
    chain, proposals = searched(chain, examples, cuts, how, counters, asked.effort.trials)
    predicted: dict[str, Predicted] = {}
    tried: dict[str, dict[str, Tried]] = {name: {} for name in benches}
    for variant, make in chain.variants.items():
        config = {"chain": chain.kind, "variant": variant, "recipe": dict(chain.recipe), "data": examples.digest}

        def work(variant: str = variant, make: Any = make, config: Json = config) -> dict[str, Any]:
            fitting = replace(how, folder=folder / variant)
            predicted[variant] = walk(examples, make, cuts, fitting, around.executor)
            rule = Rule(cost=examples.cost)
            for name, bench in benches.items():
                tried[name][variant] = bench.tried(predicted[variant], config, rule)
            return {name: outcome(bench, tried[name][variant]) for name, bench in benches.items()}

        counted(counters, config, work)
    if chain.choose is not None:
        chain = replace(chain, chosen=chain.choose(examples, predicted))
    return Walked(chain, cuts, predicted, benches, tried, folder, proposals)


def study_of(kind: str, examples: Examples, horizon: str) -> str:
    """The study that all trials of a slot belong to, whatever they were trained on."""
    return f"{kind} {examples.symbol} {examples.timeframe} {horizon}"


def _enter_symbol(found: Json, examples: Examples, walked: Walked, asked: Asked, around: Around) -> None:
    """The final fit, a candidate for each horizon, and their verdicts, added to what was found."""
    chain, final = walked.chain, walked.folder / "final"
    how = Fitting(
        folder=final, seed=asked.seed, embargo_us=asked.embargo_us, inner_folds=asked.effort.inner_folds,
        epochs=asked.effort.epochs, progress=_of(around.progress, examples.symbol),
    )  # fmt: skip
    signals = signals_of(examples, walked.predicted[chain.chosen])
    entered = enter(examples, chain, asked, how, around.ledger.artifacts, around.home / "artifacts" / "models", signals)
    found["artifacts"] += [
        {"symbol": examples.symbol, "file": str(path), "name": name} for name, path in entered.files.items()
    ]
    for horizon, bench in walked.benches.items():
        name = _register(examples, chain, horizon, entered, asked, around)
        tried = walked.tried[horizon]
        subject = _subject(name, examples, walked, horizon, asked, around)
        evidence, series = evidence_of(
            bench, list(tried.values()), tried[chain.chosen], subject,
            trials=around.ledger.trials(study_of(chain.kind, examples, horizon)),
            rival=_rival(around.ledger, Slot(examples.symbol, horizon, chain.kind), name), seed=asked.seed,
        )  # fmt: skip
        _keep(around, evidence, series)
        table = walked.table(horizon)
        slot = {"id": name, "symbol": examples.symbol, "horizon": horizon, "kind": chain.kind}
        told = {"variants": table, "chosen": chain.chosen, "degraded": list(chain.degraded), "trials": evidence.trials}
        found["candidates"].append({**slot, "oos": table[chain.chosen], **told})
        found["verdicts"].append(around.judge(name))


def _register(examples: Examples, chain: Chain, horizon: str, entered: Entered, asked: Asked, around: Around) -> str:
    lineage = lineage_here(
        tables=tuple(sorted(examples.versions.items())), schema_hash=examples.schema_hash, seed=asked.seed,
        study=study_of(chain.kind, examples, horizon), recipe=around.command,
    )  # fmt: skip
    model = f"{chain.kind}: {chain.chosen}"
    candidate = Candidate(
        symbol=examples.symbol, horizon=horizon, kind=chain.kind, model=model, artifact=entered.artifact,
        lineage=lineage,
    )  # fmt: skip
    return around.ledger.register(candidate, around.author)


def _subject(name: str, examples: Examples, walked: Walked, horizon: str, asked: Asked, around: Around) -> Subject:
    chain, times = walked.chain, examples.rows.times
    first, last = walked.cuts.blocks[1][0], walked.cuts.blocks[-1][1] - 1
    start, end = int(times[first]), int(times[last]) + examples.step.us
    known = around.background(examples, start, end)
    protocol = Protocol(
        question=f"Does {chain.kind} on {examples.symbol} {horizon} foretell returns, and more than trading costs?",
        claim=known.claim,
        method=_method(walked.cuts, asked),
        timeframe=examples.timeframe,
        start=start,
        end=end,
        costs=f"{examples.cost * 1e4:g} bp of what changes hands, funding paid",
        seed=asked.seed,
        code_version=lineage_here().code_version,
        schema_hash=examples.schema_hash,
        command=around.command,
        data_versions=tuple(sorted(examples.versions.items())),
    )
    return Subject(
        candidate=name, symbol=examples.symbol, horizon=horizon, kind=chain.kind, protocol=protocol,
        backbones=chain.backbones, leaks_green=known.leaks_green, coverage=known.coverage, degraded=chain.degraded,
    )  # fmt: skip


def _method(cuts: Cuts, asked: Asked) -> str:
    hours = asked.embargo_us / 3_600_000_000
    return (
        f"walk-forward on timestamps, {len(cuts.pairs)} anchored blocks, purged by label interval, embargo {hours:g}h; "
        "the first block only fits the rule of positions"
    )


def _rival(ledger: Ledger, slot: Slot, own: str) -> Rival:
    """What is active in the slot, with the returns its newest evidence names."""
    with ledger.journal.reading() as page:
        active = active_at(page, slot)
        entry = None if active is None else page.last(EVIDENCE, subject=active)
    if active is None or active == own:
        return Rival()
    named = None if entry is None else entry.data.get("returns")
    try:
        held = None if named is None else Series.of_bytes(ledger.artifacts.get(named))
    except AlphaloopError:  # gone or damaged: it has no returns to compare with, and the evidence says so
        held = None
    return Rival(id=active) if held is None else Rival(id=active, days=held.now, daily=held.net)


def _keep(around: Around, evidence: Evidence, series: Series) -> None:
    """Evidence and its series into the ledger; what stands there already is not written twice."""
    around.ledger.artifacts.put(series.to_bytes())
    with around.ledger.journal.reading() as page:
        newest = page.last(EVIDENCE, subject=evidence.candidate)
    if newest is None or Evidence.from_json(newest.body) != evidence:
        around.ledger.add_evidence(evidence, around.author)


def _of(progress: Progress, symbol: str) -> Progress:
    return lambda told: progress(replace(told, symbol=symbol))
