"""Which model decided an order: runs in the chain, and the way back from an order to its makers."""

from typing import Any

from alphaloop.core.errors import UnknownName
from alphaloop.core.trace import Trace
from alphaloop.lake.ledger import runs
from alphaloop.registry.chain import Entry
from alphaloop.registry.journal import Journal, Page
from alphaloop.registry.lineage import code_hash
from alphaloop.registry.promotion import CANDIDATE, MOVE, Slot, standing
from alphaloop.registry.records import plain

RUN = "run"
_FROM_HEADER = ("policy", "symbols", "timeframe", "seed", "schema_hash", "code_version", "market_digest", "rules_hash")


def record_run(
    journal: Journal,
    trace: Trace,
    world: str,
    author: str,
    *,
    candidate: str = "",
    figures: dict[str, Any] | None = None,
) -> tuple[Entry, bool]:
    """Keep what a run decided, ordered and got, and chain its seal; the same run twice is kept once.

    A run whose model is registered only afterwards is named by a second entry; its rows stay.

    Parameters
    ----------
    journal : Journal
    trace : Trace
    world : str
        ``backtest``, ``paper`` or ``live``.
    author : str
    candidate : str
        Id of the registered model that decided; empty for a rule that is code alone.
    figures : dict, optional
        What was measured of the run.

    Returns
    -------
    entry : Entry
        Of the run, in the chain.
    new : bool
        Whether it was not known before.

    Raises
    ------
    UnknownName
        If there is no such candidate.
    """
    header, prepared = trace.header, runs.prepare(trace)
    with journal.writing() as pen:
        if candidate and pen.last(CANDIDATE, subject=candidate) is None:
            raise UnknownName(f"candidate '{candidate}'", "the id of a registered one", "see: alphaloop registry list")
        kept = runs.record(pen.connection, prepared, world, pen.now, candidate)
        if not kept.new:
            held = pen.last(RUN, subject=kept.trace, scope=world)
            if held is not None and candidate in ("", held.data["candidate"]):
                return held, False
        now = trace.now
        body = {
            **{name: plain(getattr(header, name)) for name in _FROM_HEADER},
            "run": kept.run,
            "world": world,
            "candidate": candidate or None,
            "start": int(now[0]) if len(now) else None,
            "end": int(now[-1]) if len(now) else None,
            "tables": dict(header.table_versions),
            "code_hash": code_hash(),
            "rows": kept.counts,
            "seal": kept.seal,
            "figures": plain(figures or {}),
        }
        return pen.add(RUN, body, author=author, subject=kept.trace, scope=world), True


def who_decided(page: Page, order: str, trace: str = "", many: int = 20) -> list[dict[str, Any]]:
    """Which model, data version, code and schema decided an order; newest runs first.

    Parameters
    ----------
    page : Page
    order : str
        Id of the order. Runs over the same bars give equal ids: each answers.
    trace : str
        Beginning of one run's digest, to ask for that alone.
    many : int
        Answers at most.

    Raises
    ------
    UnknownName
        If no run recorded such an order.
    """
    found = runs.decided(page.connection, order, trace, many)
    if not found:
        where = f" in run {trace}" if trace else ""
        raise UnknownName(f"order '{order}'{where}", "the id of a recorded order", "see the trades of a report")
    return [_answer(page, one) for one in found]


def _answer(page: Page, found: dict[str, Any]) -> dict[str, Any]:
    facts = found["facts"]
    entry = page.last(RUN, subject=found["trace"], scope=found["world"])
    chained = {"candidate": found["candidate"]} if entry is None else entry.data
    name = chained["candidate"]
    return {
        "order": found["order"],
        "decision": found["decision"],
        "fills": found["fills"],
        "run": {"trace": found["trace"], "world": found["world"], "recorded_at": found["recorded_at"]},
        "model": {"policy": facts["policy"], "candidate": name, **_model(page, name, found["recorded_at"])},
        "data": {"tables": dict(facts["table_versions"]), "market_digest": facts["market_digest"]},
        "code": {"version": facts["code_version"], "hash": chained.get("code_hash")},
        "schema_hash": facts["schema_hash"],
        "rules_hash": facts["rules_hash"],
        "seed": facts["seed"],
        "entry": None if entry is None else entry.seq,
    }


def _model(page: Page, name: str | None, at: int) -> dict[str, Any]:
    """Artifact and lineage of a candidate, and its stage when the run was recorded."""
    held = None if name is None else page.last(CANDIDATE, subject=name)
    if held is None:
        return {"artifact": None, "stage": None, "lineage": None}
    data = held.data
    moves = [one for one in page.find(MOVE, scope=str(Slot.parse(held.scope))) if one.at <= at]
    return {"artifact": data["artifact"], "stage": standing(moves).stage(held.subject), "lineage": data["lineage"]}
