"""Rules: a registered rule's run as evidence, beside everything that was tried with it.

Made anew whenever a verdict is asked for: what was tried since counts as well.
"""

from dataclasses import dataclass
from typing import Any

from alphaloop.app.gating.counting import Json, artifact_of, track_from, tried
from alphaloop.app.gating.leaks import green
from alphaloop.core.errors import NoData
from alphaloop.core.time import iso
from alphaloop.registry.chain import Entry
from alphaloop.registry.evidence import CASH, Coverage, Evidence, Protocol
from alphaloop.registry.journal import Page
from alphaloop.registry.ledger import Ledger
from alphaloop.registry.promotion import Slot, active_at
from alphaloop.registry.series import Series
from alphaloop.registry.trials import STARTED, count_trials
from alphaloop.training.rules import WINDOWS, Field, Subject, Track, appraise

BENCHMARK = "cash, and buying and holding"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger says of a candidate, read at once."""

    body: Json
    trials: dict[str, Json]
    own: Json
    count: int
    variance: float | None
    leaks_green: bool | None
    active: str | None
    rival: Json | None


def evidence_of(ledger: Ledger, candidate: Entry) -> tuple[Evidence, Series]:
    """Measure a registered rule, and return its series.

    Raises
    ------
    NoData
        If its run left nothing in this ledger.
    """
    with ledger.journal.reading() as page:
        known = _known(page, candidate)
    own = track_from(ledger, known.own)
    same = [one for one in known.trials.values() if _days(one) == _days(known.own) and one is not known.own]
    rival = None if known.rival is None else track_from(ledger, known.rival)
    field = Field([own, *(track_from(ledger, one) for one in same)], rival, known.count, known.variance)
    return appraise(_subject(candidate, known, own), field)


def _known(page: Page, candidate: Entry) -> _Known:
    body = candidate.data
    study = body["lineage"]["study"]
    trials, counted = tried(page, study), count_trials(page, study)
    own = trials.get(body["notes"])
    if own is None:
        fix = "run: alphaloop backtest --register with the same options"
        raise NoData(f"no run of {candidate.subject} in the ledger", "the trial it was registered with", fix)
    active = active_at(page, Slot.parse(candidate.scope))
    active = None if active == candidate.subject else active
    rival = None if active is None else _rival(page, active, study, own)
    clear = green(page, own["features"])
    return _Known(body, trials, own, counted.count, counted.variance, clear, active, rival)


def _rival(page: Page, active: str, study: str, own: Json) -> Json:
    """Figures of what is active, over the same days: of any backtest of the same rule.

    Raises
    ------
    NoData
        If it is no rule that was backtested in this study, or never over these days.
    """
    entry = page.last("candidate", subject=active)
    runs = [] if entry is None else _runs(page, study, str(entry.data["artifact"]))
    same = [figures for figures in runs if _days(figures) == _days(own)]
    if same:
        return same[-1]
    model = "" if entry is None else f" ({entry.data['model']})"
    days = f"{iso(own['since'])} to {iso(own['until'])}"
    if not runs:
        found, fix = "has no backtest in this study", "promote a backtested rule in its place, or retire it"
    else:
        found, fix = "was backtested over other days only", "run: alphaloop backtest with its options and these days"
    raise NoData(f"the active {active}{model} {found}", f"its returns from {days}, to be compared with", fix)


def _runs(page: Page, study: str, artifact: str) -> list[Json]:
    """Figures of every finished trial of the rule that was stored under this hash."""
    finished = tried(page, study)
    started = (one for one in page.find(STARTED, scope=study) if one.subject in finished)
    return [finished[one.subject] for one in started if artifact_of(one.data["config"]) == artifact]


def _days(figures: Json) -> tuple[int, int, int]:
    return figures["since"], figures["until"], figures["period"]


def _subject(candidate: Entry, known: _Known, own: Track) -> Subject:
    slot, body, figures = Slot.parse(candidate.scope), known.body, known.own
    years = len(own.series.net) / own.per_year
    method = (
        f"fixed rule, nothing trained; judged on the last {years:.2f} years of its backtest, cut into {WINDOWS} windows"
    )
    protocol = Protocol(
        question=f"Does {body['model']} on {slot.symbol} {slot.horizon} earn more than it costs, by more than luck?",
        claim=figures["claim"],
        method=method,
        timeframe=figures["timeframe"],
        start=figures["since"],
        end=figures["until"],
        costs=figures["costs"],
        benchmark=BENCHMARK,
        seed=figures["seed"],
        code_version=body["lineage"]["code_version"],
        schema_hash=figures["schema_hash"],
        command=body["lineage"]["recipe"],
        data_versions=tuple((str(name), int(version)) for name, version in figures["tables"]),
    )
    return Subject(
        candidate=candidate.subject,
        symbol=slot.symbol,
        horizon=slot.horizon,
        kind=slot.kind,
        protocol=protocol,
        leaks_green=known.leaks_green,
        coverage=tuple(_coverage(row) for row in figures["coverage"]),
        degraded=tuple(figures["degraded"]),
        active=known.active or CASH,
        seed=figures["seed"],
    )


def _coverage(row: dict[str, Any]) -> Coverage:
    return Coverage(**row)
