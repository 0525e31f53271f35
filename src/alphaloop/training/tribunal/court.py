"""The court: all registered features, what we learn with, and the whole catalogue, in as many processes as asked.

Processes change how long it takes and nothing else: each case is a number, tried from the
seed alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from typing import Any, Literal, NamedTuple

from alphaloop.features.contract import SOURCES
from alphaloop.training.tribunal.catalogue.trial import CATALOGUE, CUTS, Outcome, tables, try_pair
from alphaloop.training.tribunal.futures import Futures, make_futures
from alphaloop.training.tribunal.judge import judge
from alphaloop.training.tribunal.learning import ours
from alphaloop.training.tribunal.learning.hearing import KINDS, hear, kind
from alphaloop.training.tribunal.registered import bar_features, source_features, whole_matrix
from alphaloop.training.tribunal.scene import make_scene
from alphaloop.training.tribunal.verdict import CHECKS, Finding, Verdict

FEATURE_CUTS = 1000  # for each set of features
MATRIX_SHARE = 10  # one cut in so many for the matrix: its columns have had theirs, what is new are its joins
LEARNING_SHARE, LEAST_CUTS = 10, 16  # one cut in so many for what we learn with, at least so many: each tries all rows
SEED = 7


class Case(NamedTuple):
    """One thing to be tried: a registered set of features, a thing we learn with, or a pair of the catalogue."""

    what: Literal["features", "learning", "planted"]
    place: int
    cuts: int
    seed: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the whole court found.

    Parameters
    ----------
    verdicts : tuple of Verdict
        On the registered features.
    outcomes : tuple of Outcome
        On the catalogue, by which the court itself is judged.
    learning : tuple of Verdict
        On the as-of join, labels, splitters, encoder and models.
    """

    verdicts: tuple[Verdict, ...]
    outcomes: tuple[Outcome, ...]
    learning: tuple[Verdict, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """On every registered column, and on every column of what we learn with."""
        return tuple(one for verdict in (*self.verdicts, *self.learning) for one in verdict.findings)

    @property
    def missed(self) -> list[str]:
        """Planted leaks that no check caught."""
        return [one.name for one in self.outcomes if not one.leaky.leaking]

    @property
    def accused(self) -> list[str]:
        """Clean twins that some check took for leaks."""
        return [one.name for one in self.outcomes if one.clean.leaking]

    @property
    def passed(self) -> bool:
        """Nothing of ours leaks, and the court can be believed."""
        return not (any(one.leaking for one in self.findings) or self.missed or self.accused)

    def as_dict(self) -> dict[str, Any]:
        """For ``alphaloop evaluate leaks --json``."""
        leaking = [one for one in self.findings if one.leaking]
        planted = len(self.outcomes)
        return {
            "passed": self.passed,
            "features": len({one.column for verdict in self.verdicts for one in verdict.findings}),
            "learning": [_told(verdict) for verdict in self.learning],
            "kinds": {name: self._by_kind(name) for name in KINDS},
            "leaking": sorted({one.column for one in leaking}),
            "planted": planted,
            "caught": planted - len(self.missed),
            "clean": planted,
            "accused": len(self.accused),
            "cuts": {verdict.subject: verdict.cuts for verdict in (*self.verdicts, *self.learning) if verdict.cuts},
            "checks": {check: self._by_check(check) for check in CHECKS},
            "unstable": [_unsteady(one) for one in self.findings if one.startup and one.startup.manner in UNSTEADY],
            "insensitive": sorted({one.column for one in self.findings if not one.sensitive}),
            "unshifted": {one.column: list(one.unshifted) for one in self.findings if one.unshifted},
            "missed": self.missed,
            "accused_twins": self.accused,
            "evidence": [one.as_dict() for one in leaking],
        }

    def table(self) -> str:
        """Which check catches which planted leak, as Markdown tables."""
        return tables(self.outcomes)

    def _by_kind(self, name: str) -> dict[str, int]:
        own = [one for one in self.outcomes if one.kind == name]
        caught, accused = sum(one.leaky.leaking for one in own), sum(one.clean.leaking for one in own)
        return {"planted": len(own), "caught": caught, "clean": len(own), "accused": accused}

    def _by_check(self, check: str) -> dict[str, int]:
        return {
            "leaking": sum(check in one.caught_by for one in self.findings),
            "caught": sum(check in one.leaky.caught_by for one in self.outcomes),
            "caught_alone": sum(one.leaky.caught_by == (check,) for one in self.outcomes),
        }


UNSTEADY = ("warm-up", "unsettled")


def _unsteady(one: Finding) -> dict[str, Any]:
    """A column whose first rows depend on where history begins: slow to warm up, which is not leaking."""
    startup = one.startup
    if startup is None:
        return {}
    finite = startup.variance if startup.variance < float("inf") else None
    return {
        "feature": one.column,
        "manner": startup.manner,
        "variance": finite,
        "settles_after_rows": startup.settles,
    }


def _told(verdict: Verdict) -> dict[str, Any]:
    """One thing we learn with: what it is, how often it was looked at, and which of its columns leak."""
    looks = sum(evidence.tried for one in verdict.findings for evidence in one.evidence.values())
    named = {"subject": verdict.subject, "kind": verdict.kind, "columns": len(verdict.findings)}
    return {**named, "looks": looks, "leaking": list(verdict.leaking)}


def number_of_cases() -> int:
    """Sets of features, the matrix of them all, what we learn with, and pairs of the catalogue."""
    return 2 + len(SOURCES) + len(ours.subjects()) + len(CATALOGUE)


def hold(
    *,
    cuts: int = FEATURE_CUTS,
    planted_cuts: int = CUTS,
    seed: int = SEED,
    processes: int = 1,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Sentence:
    """Try everything.

    Parameters
    ----------
    cuts : int
        Instants at which the future is rewritten, for each set of registered features.
    planted_cuts : int
        The same for each half of a pair.
    seed : int
        Of the scene, its futures and the instants.
    processes : int
    progress : callable
        Told the number of cases done, and of all.

    Returns
    -------
    Sentence
        The same for the same seed, however many processes.
    """
    sets = [Case("features", place, cuts, seed) for place in range(2 + len(SOURCES))]
    fewer = max(-(-cuts // LEARNING_SHARE), LEAST_CUTS)
    learning = [Case("learning", place, fewer, seed) for place in range(len(ours.subjects()))]
    pairs = [Case("planted", place, planted_cuts, seed) for place in range(len(CATALOGUE))]
    cases = [*reversed(sets), *learning, *pairs]  # the long ones first
    answers: dict[Case, Verdict | Outcome] = {}
    for case, answer in _answers(cases, processes):
        answers[case] = answer
        progress(len(answers), len(cases))
    return Sentence(
        tuple(one for case in sets if isinstance(one := answers[case], Verdict)),
        tuple(one for case in pairs if isinstance(one := answers[case], Outcome)),
        tuple(one for case in learning if isinstance(one := answers[case], Verdict)),
    )


def _answers(cases: list[Case], processes: int) -> Iterator[tuple[Case, Verdict | Outcome]]:
    if processes <= 1:
        yield from map(try_case, cases)
        return
    with get_context("spawn").Pool(processes) as pool:  # forking would copy the locks of polars' threads
        yield from pool.imap_unordered(try_case, cases)


def try_case(case: Case) -> tuple[Case, Verdict | Outcome]:
    """One case, from its number and seed alone."""
    futures = _futures(case.seed)
    if case.what == "planted":
        return case, try_pair(CATALOGUE[case.place], futures, cuts=case.cuts, seed=case.seed)
    if case.what == "learning":
        subject = ours.subjects()[case.place]
        found = hear(subject, futures, cuts=case.cuts, seed=case.seed)
        named = (
            one if one.column == subject.name else replace(one, column=f"{subject.name}: {one.column}") for one in found
        )
        return case, Verdict(subject.name, tuple(named), case.cuts, kind(subject))
    if case.place == 0:
        return case, judge(bar_features(futures.scene), futures, cuts=case.cuts, seed=case.seed)
    if case.place > len(SOURCES):
        cuts = -(-case.cuts // MATRIX_SHARE)
        return case, judge(whole_matrix(futures.scene), futures, cuts=cuts, apart=True, brief=True, seed=case.seed)
    source = source_features(futures.scene, SOURCES[case.place - 1])
    return case, judge(source, futures, cuts=case.cuts, apart=True, seed=case.seed)


@lru_cache(maxsize=1)
def _futures(seed: int) -> Futures:
    return make_futures(make_scene(seed), seed)
