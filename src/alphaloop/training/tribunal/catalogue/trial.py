"""The trial of the tribunal: every planted leak and every twin, through the same judge."""

from collections.abc import Sequence
from dataclasses import dataclass

from alphaloop.training.tribunal.catalogue import (
    crossed,
    decisions,
    fits,
    folds,
    frames,
    joins,
    labels,
    records,
    scaling,
    windows,
)
from alphaloop.training.tribunal.catalogue.pair import Pair
from alphaloop.training.tribunal.futures import Futures
from alphaloop.training.tribunal.learning.hearing import CHECKS_OF, KINDS, hear, kind
from alphaloop.training.tribunal.verdict import Finding

CATALOGUE: tuple[Pair, ...] = (
    *windows.PAIRS,
    *scaling.PAIRS,
    *frames.PAIRS,
    *joins.PAIRS,
    *records.PAIRS,
    *labels.PAIRS,
    *folds.PAIRS,
    *fits.PAIRS,
    *crossed.PAIRS,
    *decisions.PAIRS,
)
CUTS = 40  # for each half of a pair
LABEL_CUTS = 24  # a cut through labels is two computations, one of them with another past


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found on the two halves of one pair, and of which kind they are."""

    name: str
    leak: str
    leaky: Finding
    clean: Finding
    kind: str = KINDS[0]


def try_pair(pair: Pair, futures: Futures, *, cuts: int = CUTS, seed: int = 0) -> Outcome:
    """Both halves of a pair before the judge."""
    of_kind = kind(pair.leaky)
    cuts = min(cuts, LABEL_CUTS) if of_kind == "labels" else cuts
    leaky, clean = (hear(half, futures, cuts=cuts, seed=seed)[0] for half in (pair.leaky, pair.clean))
    return Outcome(pair.name, pair.leak, leaky, clean, of_kind)


def tables(outcomes: Sequence[Outcome]) -> str:
    """Which check catches which leak, as a Markdown table for each kind: looks that showed it, of those taken."""
    parts = []
    for one in KINDS:
        own = [outcome for outcome in outcomes if outcome.kind == one]
        if own:
            parts.append(f"**{one.capitalize()}**\n\n{_table(own, CHECKS_OF[one])}")
    return "\n\n".join(parts)


def _table(outcomes: Sequence[Outcome], checks: Sequence[str]) -> str:
    head = ["planted leak", "what it does", *checks, "twin"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for one in outcomes:
        marks = [_mark(one.leaky, check) for check in checks]
        cells = [one.name, one.leak, *marks, "accused" if one.clean.leaking else "clean"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _mark(finding: Finding, check: str) -> str:
    evidence = finding.evidence.get(check)
    if evidence is None:
        return ""
    return f"{evidence.failed}/{evidence.tried}" if evidence.failed else "–"
