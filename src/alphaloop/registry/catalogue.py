"""The catalogue: what the ledger holds, as plain records for people, programs and exports."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from alphaloop.registry.chain import Entry
from alphaloop.registry.journal import Page
from alphaloop.registry.ledger import EVIDENCE, candidate_entry
from alphaloop.registry.promotion import CANDIDATE, MOVE, VERDICT, Reign, Slot, Standing, reigns, standing
from alphaloop.registry.trials import count_trials


def candidates(page: Page, slot: Slot | None = None) -> list[dict[str, Any]]:
    """Every candidate with its stage and newest verdict, in order of registration.

    Returns
    -------
    list of dict
        ``id``, ``symbol``, ``horizon``, ``kind``, ``model``, ``stage``, ``verdict`` (none if it
        was never judged), ``artifact``, ``registered_at`` (microseconds UTC), ``author``.
    """
    scope = None if slot is None else str(slot)
    stands = _standings(page.find(MOVE, scope=scope))
    verdicts = {one.subject: one for one in page.find(VERDICT, scope=scope)}
    return [_line(one, stands[one.scope], verdicts.get(one.subject)) for one in page.find(CANDIDATE, scope=scope)]


def slots(page: Page) -> list[Slot]:
    """Every slot somebody is registered for, in order of the alphabet."""
    rows = page.rows("SELECT DISTINCT scope FROM entries WHERE kind = 'candidate' ORDER BY scope")
    return [Slot.parse(str(row[0])) for row in rows]


def history(page: Page, slot: Slot) -> list[Reign]:
    """Who was active when, oldest first."""
    return reigns(page.find(MOVE, scope=str(slot)))


def dossier(page: Page, name: str) -> dict[str, Any]:
    """All that is known of one candidate.

    Returns
    -------
    dict
        The line of :func:`candidates`, and ``lineage``, ``notes``, ``trials`` of its study,
        ``evidence`` and ``verdicts`` (newest last), ``moves`` it took part in.

    Raises
    ------
    UnknownName
        If there is no such candidate, or several begin like that.
    """
    held = candidate_entry(page, name)
    moves = page.find(MOVE, scope=held.scope)
    verdicts = page.find(VERDICT, subject=held.subject)
    lineage = held.data["lineage"]
    return {
        **_line(held, standing(moves), verdicts[-1] if verdicts else None),
        "notes": held.data["notes"],
        "lineage": {**lineage, "tables": dict(lineage["tables"]), "environment": dict(lineage["environment"])},
        "trials": count_trials(page, lineage["study"]).as_dict() if lineage["study"] else None,
        "evidence": [_dated(one) for one in page.find(EVIDENCE, subject=held.subject)],
        "verdicts": [_dated(one) for one in verdicts],
        "moves": [_dated(one) for one in moves if held.subject in (one.data["candidate"], one.data["replaced"])],
        "entry": held.seq,
        "hash": held.hash,
    }


def _line(held: Entry, stand: Standing, verdict: Entry | None) -> dict[str, Any]:
    data = held.data
    return {
        "id": held.subject,
        **{name: data[name] for name in ("symbol", "horizon", "kind", "model")},
        "stage": str(stand.stage(held.subject)),
        "verdict": None if verdict is None else verdict.data["verdict"],
        "artifact": data["artifact"],
        "registered_at": held.at,
        "author": held.author,
    }


def _dated(entry: Entry) -> dict[str, Any]:
    return {"entry": entry.seq, "at": entry.at, "author": entry.author, **entry.data}


def _standings(moves: Iterable[Entry]) -> defaultdict[str, Standing]:
    found: defaultdict[str, Standing] = defaultdict(Standing)
    for move in moves:
        found[move.scope].follow(move)
    return found
