"""The VC chain from events to a verdict: samples, walk-forward, scores, final fit, candidate, evidence.

A score of entities takes no position. So it has no returns, drawdown or IC: those figures are none, and
no gate that asks for them can be passed. The documented label says more: it is a function of its first
feature, which stands on the candidate as what is wrong with it, and the verdict is a refusal.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alphaloop.core.time import iso
from alphaloop.lake.schema import SYMBOL_OF_NONE
from alphaloop.lake.table import Lake
from alphaloop.models.saved import feature_hash
from alphaloop.registry.evidence import Coverage, Evidence, Protocol
from alphaloop.registry.ledger import EVIDENCE, Candidate
from alphaloop.registry.lineage import code_hash, lineage_here
from alphaloop.training.chain.counting import Counter, counted
from alphaloop.training.chain.enter import FORMAT
from alphaloop.training.chain.learner import Told
from alphaloop.training.chain.logs import RunLog
from alphaloop.training.chain.run import Around
from alphaloop.training.vc.asked import VcAsked
from alphaloop.training.vc.mentions import TABLES, Mentions, gather
from alphaloop.training.vc.samples import CODES, DECAY_DAYS, FEATURES, Samples, samples_of
from alphaloop.training.vc.scoring import Score, Scores, auc, better, score
from alphaloop.training.vc.walking import TORCH_MISSING, Pair, Walked, fit, torch_there, walk

Json = dict[str, Any]

KIND = "vc"
FILES = {"teacher": "vc_survival_baseline_v2.json", "student": "vc_survival_ttm_v2.pt"}
MANIFEST = "vc_train_manifest_v2.json"
BY_CONSTRUCTION = (
    "the label is a function of feature one (event_type is funding or mna): any model that reads it is right by "
    "construction and tells nothing of the future; ask for --label later"
)
NO_POSITION = "a score of entities takes no position: there are no returns, no drawdown and no IC to judge"
_NONE = ("ic", "rank_ic", "hit_rate", "turnover", "net_pnl", "max_drawdown", "interval")


@dataclass(frozen=True, eq=False, slots=True)
class _Found:
    """What the walk came to; ``student_gain`` is the student's AUC less its teacher's."""

    mentions: Mentions
    samples: Samples
    walked: Walked
    scores: dict[str, Scores]
    student_gain: Score | None
    degraded: tuple[str, ...]

    @property
    def chosen(self) -> str:
        """The model that is the candidate: the student, where one can be fitted."""
        return "student" if "student" in self.scores else "teacher"


def run_vc(lake: Lake, asked: VcAsked, around: Around) -> Json:
    """Train, score, enter and judge.

    Returns
    -------
    dict
        ``candidates`` (one: ``id symbol horizon kind oos variants degraded``), ``verdicts``, ``artifacts``,
        ``label`` (what was asked, and what to make of it), ``data`` (rows, positives, censored, nameless),
        ``distillation`` (the student's AUC less its teacher's), ``logs``, ``seconds``, ``run``. In ``oos`` stand
        ``auc`` and ``brier`` with their intervals; what only positions have is none.

    Raises
    ------
    NoData, DegenerateData
        If events, entities or labels cannot teach.
    """
    began = around.clock()
    mentions = gather(lake, asked)
    samples = samples_of(mentions, asked)
    versions = {name: lake.version(name) for name in TABLES}
    folder = around.home / "runs" / f"{KIND}-{asked.digest(json.dumps(versions), code_hash())}"
    with RunLog(folder) as log:
        log.settings({**asdict(asked), "kinds": ",".join(asked.kinds)})
        found, pair = _measured(mentions, samples, asked, around, log)
        logs = log.report
    store = around.ledger.artifacts
    manifest = _manifest(found, asked, versions) | {"taught": pair.taught}
    manifest["files"] = {
        role: {"name": FILES[role], "sha256": store.put_file(path)} for role, path in _save(pair, folder).items()
    }
    content = (json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()
    (folder / MANIFEST).write_bytes(content)
    name = _register(store.put(content), asked, versions, around)
    evidence = _evidence(name, found, asked, versions, around)
    _keep(evidence, around)
    table = {role: _figures(one) for role, one in found.scores.items()}
    slot = {"id": name, "symbol": SYMBOL_OF_NONE, "horizon": asked.horizon, "kind": KIND}
    oos = {**dict.fromkeys(_NONE), **table[found.chosen]}
    return {
        "candidates": [
            {**slot, "oos": oos, "variants": table, "chosen": found.chosen, "degraded": list(found.degraded)}
        ],
        "verdicts": [around.judge(name)],
        "artifacts": [
            {"symbol": SYMBOL_OF_NONE, "file": str(folder / one), "name": one}
            for one in (*(held["name"] for held in manifest["files"].values()), MANIFEST)
        ],
        "label": _label(asked, samples),
        "data": manifest["data"],
        "distillation": manifest["distillation"],
        "logs": logs,
        "run": folder.name,
        "seconds": around.clock() - began,
    }


def _measured(mentions: Mentions, samples: Samples, asked: VcAsked, around: Around, log: RunLog) -> tuple[_Found, Pair]:
    """The walk, its scores as trials of the ledger, and the final fit on all rows."""

    def tell(fold: int, one: Any) -> None:
        curve = f"fold-{fold}" if fold else "final"
        log.scalars(curve, one.number, {"train_loss": one.train_loss, "valid_loss": one.valid_loss})
        losses = {"train_loss": one.train_loss, "valid_loss": one.valid_loss}
        around.progress(Told(variant="student", epoch=one.number, symbol=KIND, fold=fold, folds=asked.folds, **losses))

    study = f"{KIND} {asked.label} {asked.horizon}"
    names = ("teacher", "student") if torch_there() else ("teacher",)
    counters = {one: Counter(around.ledger, f"{study} {one}", around.author, asked.seed) for one in names}
    kept: list[tuple[Walked, dict[str, Scores]]] = []

    def work() -> dict[str, tuple[None, Json]]:
        walked = walk(samples, asked.folds, asked.seed, tell)
        scores = {one: score(samples, walked.chances[one], walked.rate, seed=asked.seed) for one in names}
        kept.append((walked, scores))
        return {one: (None, _figures(scores[one])) for one in names}

    counted(counters, {"chain": KIND, "asked": json.loads(json.dumps(asdict(asked)))}, work)
    walked, scores = kept[0]
    degraded: tuple[str, ...] = (BY_CONSTRUCTION,) if asked.label == "documented" else ()
    degraded += () if torch_there() else (TORCH_MISSING,)
    pair = fit(samples, np.arange(len(samples)), asked.seed, (0, tell))
    chances = walked.chances
    gain = better(samples, chances["student"], chances["teacher"], seed=asked.seed) if "student" in chances else None
    return _Found(mentions, samples, walked, scores, gain, degraded), pair


def _save(pair: Pair, folder: Path) -> dict[str, Path]:
    """The models' files, by role."""
    pair.teacher.save(folder / FILES["teacher"])
    if pair.student is None:
        return {"teacher": folder / FILES["teacher"]}
    pair.student.save(folder / FILES["student"])
    return {role: folder / name for role, name in FILES.items()}


def _manifest(found: _Found, asked: VcAsked, versions: dict[str, int]) -> Json:
    samples, mentions = found.samples, found.mentions
    return {
        "format": FORMAT,
        "kind": KIND,
        "chosen": found.chosen,
        "label": _label(asked, samples),
        "features": list(FEATURES),
        "features_hash": feature_hash(FEATURES),
        "event_type_codes": CODES,
        "decay_days": DECAY_DAYS,
        "data": {
            "events": mentions.events.height,
            "mentions": mentions.named.height,
            "events_without_entity": mentions.nameless,
            "rows": len(samples),
            "positives": int(samples.y.sum()),
            "entities": len(np.unique(samples.entity)),
            "censored": samples.censored,
            "from": iso(int(samples.times[0])),
            "to": iso(int(samples.times[-1])),
            "record_ends": iso(mentions.end),
        },
        "oos": {role: one.as_dict() for role, one in found.scores.items()},
        "distillation": _distillation(found),
        "folds": found.walked.folds,
        "overlaps": found.walked.overlaps,
        "degraded": list(found.degraded),
        "asked": json.loads(json.dumps(asdict(asked))),
        "seed": asked.seed,
        "versions": versions,
        "code_hash": code_hash(),
    }


def _label(asked: VcAsked, samples: Samples) -> Json:
    """What was asked, in words, and how far the first feature alone answers it."""
    first = np.nan_to_num(samples.X[:, 0], nan=0.0)
    if asked.label == "documented":
        return {
            "mode": "documented",
            "question": "is the event a funding round or a merger?",
            "by_construction": True,
            "auc_of_feature_one": auc(first, samples.y),
            "warning": BY_CONSTRUCTION,
        }
    question = f"will a deal of this entity, after the decision, become known within {asked.within_months} months?"
    return {
        "mode": "later",
        "question": question,
        "by_construction": False,
        "auc_of_feature_one": auc(first, samples.y),
        "warning": NO_POSITION,
    }


def _distillation(found: _Found) -> Json:
    """What the student is worth beside its teacher, in AUC, and how far they lie apart; none without a student."""
    chances, gain = found.walked.chances, found.student_gain
    if gain is None:
        return {"student_less_teacher": None, "interval": None, "mean_distance": None}
    apart = float(np.nanmean(np.abs(chances["student"] - chances["teacher"])))
    return {"student_less_teacher": gain.value, "interval": [gain.low, gain.high], "mean_distance": apart}


def _figures(one: Scores) -> Json:
    told = one.as_dict()
    return {
        "auc": told["auc"]["value"],
        "auc_interval": [told["auc"]["low"], told["auc"]["high"]],
        "brier": told["brier"]["value"],
        "brier_interval": [told["brier"]["low"], told["brier"]["high"]],
        **{name: told[name] for name in ("brier_of_rate", "rows", "positives", "entities")},
    }


def _register(artifact: str, asked: VcAsked, versions: dict[str, int], around: Around) -> str:
    lineage = lineage_here(
        tables=tuple(sorted(versions.items())), schema_hash=feature_hash(FEATURES), seed=asked.seed,
        study=f"{KIND} {asked.label} {asked.horizon} student", recipe=around.command,
    )  # fmt: skip
    candidate = Candidate(
        symbol=SYMBOL_OF_NONE, horizon=asked.horizon, kind=KIND, model=f"{KIND}: {asked.label}", artifact=artifact,
        lineage=lineage, notes=BY_CONSTRUCTION if asked.label == "documented" else NO_POSITION,
    )  # fmt: skip
    return around.ledger.register(candidate, around.author)


def _evidence(name: str, found: _Found, asked: VcAsked, versions: dict[str, int], around: Around) -> Evidence:
    events, samples = found.mentions.events, found.samples
    simulated, derived = (int(events[one].sum()) for one in ("is_synthetic", "is_derived"))
    tested = np.flatnonzero(np.isfinite(found.walked.rate))
    protocol = Protocol(
        question=_label(asked, samples)["question"],
        claim="simulated" if simulated else "real",
        method=f"walk-forward on decisions, {found.walked.folds} anchored blocks, purged by label interval",
        timeframe=f"{asked.step_days}d",
        start=int(samples.times[tested[0]]),
        end=int(samples.times[tested[-1]]) + 1,
        costs="none: no position is taken",
        seed=asked.seed,
        code_version=lineage_here().code_version,
        schema_hash=feature_hash(FEATURES),
        command=around.command,
        data_versions=tuple(sorted(versions.items())),
    )
    rows = events.height
    covered = Coverage(
        table="events", symbol=SYMBOL_OF_NONE, expected=None, present=rows, real=rows - simulated - derived,
        derived=derived, synthetic=simulated,
    )  # fmt: skip
    trials = around.ledger.trials(f"{KIND} {asked.label} {asked.horizon} {found.chosen}")
    said = found.scores[found.chosen]
    return Evidence(
        candidate=name, symbol=SYMBOL_OF_NONE, horizon=asked.horizon, kind=KIND, protocol=protocol,
        trials=trials.count, overlaps=found.walked.overlaps, coverage=(covered,), degraded=found.degraded,
        backbones_ready=("ridge", "vc-student")[: len(found.scores)],
        reasons=(NO_POSITION, f"AUC {said.auc.value:.3f}, Brier score {said.brier.value:.4f} on {said.rows} rows"),
    )  # fmt: skip


def _keep(evidence: Evidence, around: Around) -> None:
    """Evidence into the ledger; what stands there already is not written twice."""
    with around.ledger.journal.reading() as page:
        newest = page.last(EVIDENCE, subject=evidence.candidate)
    if newest is None or Evidence.from_json(newest.body) != evidence:
        around.ledger.add_evidence(evidence, around.author)
