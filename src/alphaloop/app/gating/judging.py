"""Judging: a candidate's evidence through the gates, the verdict into the ledger, and its page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alphaloop.app.gating import rules
from alphaloop.app.gating.counting import KIND
from alphaloop.app.report.verdict import VerdictInput
from alphaloop.app.report.verdict_page import write_verdict
from alphaloop.core.errors import NoData, UnknownName, UnreadableFile
from alphaloop.registry.chain import Entry
from alphaloop.registry.evidence import Evidence, Verdict
from alphaloop.registry.gates import Thresholds, deciding, judge
from alphaloop.registry.ledger import EVIDENCE, Ledger, candidate_entry
from alphaloop.registry.series import Series
from alphaloop.training.chain.enter import CURVES, read_manifest
from alphaloop.training.chain.logs import Curve, unpack


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate, what was measured of it, what the gates said, and where it is written up."""

    candidate: str
    model: str
    evidence: Evidence
    verdict: Verdict
    page: Path

    def as_dict(self) -> dict[str, Any]:
        """``{verdict, checks, enforced, decided_by, candidate, ..., report_file}``."""
        found, verdict = self.evidence, self.verdict
        return {
            **verdict.as_dict(),
            "decided_by": [] if verdict.verdict == "passed" else [check.name for check in deciding(verdict)],
            "candidate": self.candidate,
            "model": self.model,
            "symbol": found.symbol,
            "horizon": found.horizon,
            "kind": found.kind,
            "claim": found.protocol.claim,
            "smallest_sharpe": found.smallest_sharpe,
            "smallest_ic": found.smallest_ic,
            "report_file": str(self.page),
        }


def judge_candidate(
    ledger: Ledger, name: str, thresholds: Thresholds, reports: Path, *, author: str, enforce: bool = True
) -> Judged:
    """Judge a candidate by its newest evidence; a rule's is made anew from its run and its study.

    Parameters
    ----------
    ledger : Ledger
    name : str
        Id of the candidate, or the beginning of it.
    thresholds : Thresholds
    reports : Path
        The page goes to ``verdicts/ID`` inside.
    author : str
    enforce : bool
        Recorded on the verdict.

    Raises
    ------
    UnknownName, NoData
        If there is no such candidate, or nothing was measured of it.
    """
    with ledger.journal.reading() as page:
        entry = candidate_entry(page, name)
    evidence, series = _evidence(ledger, entry, author)
    verdict = judge(evidence, thresholds, enforce)
    ledger.add_verdict(entry.subject, verdict, author)
    model = str(entry.data["model"])
    shown = VerdictInput(model, evidence, verdict, thresholds, series, entry.data["lineage"], _fits(ledger, entry))
    return Judged(entry.subject, model, evidence, verdict, write_verdict(shown, reports / "verdicts" / entry.subject))


def _evidence(ledger: Ledger, entry: Entry, author: str) -> tuple[Evidence, Series | None]:
    if entry.data["kind"] == KIND:
        evidence, series = rules.evidence_of(ledger, entry)
        ledger.artifacts.put(series.to_bytes())
        ledger.add_evidence(evidence, author)
        return evidence, series
    with ledger.journal.reading() as page:
        newest = page.last(EVIDENCE, subject=entry.subject)
    if newest is None:
        fix = "run: alphaloop evaluate oos, or backtest --register for a rule"
        raise NoData(f"no evidence of {entry.subject}", "what was measured out of sample", fix)
    evidence = Evidence.from_json(newest.body)
    return evidence, _stored(ledger, evidence)


def _fits(ledger: Ledger, entry: Entry) -> tuple[Curve, ...]:
    """The training curves that a candidate's manifest names; none where it names none, or they are gone."""
    store, artifact = ledger.artifacts, entry.data["artifact"]
    if not _known(ledger, artifact):
        return ()
    try:
        held = read_manifest(store, artifact)["files"].get(CURVES)
    except UnreadableFile:  # a model that no chain made
        return ()
    return tuple(unpack(store.get(held["sha256"]))) if held is not None and _known(ledger, held["sha256"]) else ()


def _stored(ledger: Ledger, evidence: Evidence) -> Series | None:
    """The series the evidence names, where it was kept."""
    if evidence.returns is None or not _known(ledger, evidence.returns):
        return None
    return Series.of_bytes(ledger.artifacts.get(evidence.returns))


def _known(ledger: Ledger, name: str) -> bool:
    try:
        return ledger.artifacts.path(name).is_file()
    except UnknownName:
        return False
