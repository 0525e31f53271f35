"""The trial of the tribunal: every planted leak and every twin, through the same judge."""

from collections.abc import Sequence
from dataclasses import dataclass

from alphaloop.training.tribunal.catalogue import frames, joins, records, scaling, windows
from alphaloop.training.tribunal.catalogue.pair import Pair
from alphaloop.training.tribunal.futures import Futures
from alphaloop.training.tribunal.judge import judge
from alphaloop.training.tribunal.verdict import CHECKS, Finding

CATALOGUE: tuple[Pair, ...] = (
    *windows.PAIRS,
    *scaling.PAIRS,
    *frames.PAIRS,
    *joins.PAIRS,
    *records.PAIRS,
)
CUTS = 40  # for each half of a pair


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the judge found on the two halves of one pair."""

    name: str
    leak: str
    leaky: Finding
    clean: Finding


def try_pair(pair: Pair, futures: Futures, *, cuts: int = CUTS, seed: int = 0) -> Outcome:
    """Both halves of a pair before the judge."""
    leaky, clean = (judge(half, futures, cuts=cuts, seed=seed).findings[0] for half in (pair.leaky, pair.clean))
    return Outcome(pair.name, pair.leak, leaky, clean)


def table(outcomes: Sequence[Outcome]) -> str:
    """Which check catches which leak, as a Markdown table: looks that showed it, of those taken."""
    head = ["planted leak", "what it does", *CHECKS, "twin"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for one in outcomes:
        marks = [_mark(one.leaky, check) for check in CHECKS]
        cells = [one.name, one.leak, *marks, "accused" if one.clean.leaking else "clean"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _mark(finding: Finding, check: str) -> str:
    evidence = finding.evidence.get(check)
    if evidence is None:
        return ""
    return f"{evidence.failed}/{evidence.tried}" if evidence.failed else "–"
