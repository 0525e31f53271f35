"""The judge: puts one subject through every check, and says what was found."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from alphaloop.core.market import Bools
from alphaloop.training.tribunal import checks
from alphaloop.training.tribunal.futures import Futures
from alphaloop.training.tribunal.subject import Answer, Subject, ask
from alphaloop.training.tribunal.verdict import AVAILABILITY, MADE_LATER_CHECK, Evidence, Finding, Verdict

CUTS = 1000
Record = dict[str, dict[str, Evidence]]


class Case(NamedTuple):
    """A subject, the futures it is shown, and what it says of the scene as it was."""

    subject: Subject
    futures: Futures
    base: Answer


def judge(
    subject: Subject,
    futures: Futures,
    *,
    cuts: int = CUTS,
    apart: bool = False,
    brief: bool = False,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _done: None,
) -> Verdict:
    """Try every column of ``subject``.

    Parameters
    ----------
    subject : Subject
    futures : Futures
    cuts : int
        Instants at which the future is rewritten; each of them is one computation for all columns.
    apart : bool
        Rewrite the future of one symbol at a time, each a share of the cuts: right for what sees
        one symbol at a time anyway, and so much cheaper.
    brief : bool
        Only rewrite futures; leave out the checks that compute the whole scene again and again.
    seed : int
        Of the choice of instants.
    progress : callable
        Told the number of cuts done.

    Returns
    -------
    Verdict
    """
    record: Record = {column: {} for column in subject.columns}
    parts = [futures.alone(symbol) for symbol in futures.scene.symbols] if apart else [futures]
    done, random = 0, np.random.default_rng([seed, 4])
    for part in parts:
        case = _case(subject, part)
        for cut, future in checks.choose_looks(subject, part.scene, case.base, -(-cuts // len(parts)), random):
            _note(record, subject, future, checks.future_moves(*case, cut, future), cut)
            done += 1
            progress(done)
    if brief:
        return Verdict(subject.name, tuple(Finding(column, record[column]) for column in subject.columns), done)
    return Verdict(subject.name, _findings(_case(subject, futures), record, seed), done)


def _case(subject: Subject, futures: Futures) -> Case:
    return Case(subject, futures, ask(subject, futures.scene.frames, futures.scene.symbols))


def _findings(case: Case, record: Record, seed: int) -> tuple[Finding, ...]:
    subject, scene, base = case.subject, case.futures.scene, case.base
    readers = checks.reads(subject, scene, base, seed)
    ignoring, unshifted = checks.availability(subject, scene, base)
    first = int(scene.nows[0])
    for changed in ignoring.values():
        _note(record, subject, AVAILABILITY, changed, first)
    for changed in checks.made_later(subject, scene, base).values():
        _note(record, subject, MADE_LATER_CHECK, changed, first)
    startups = checks.startups(subject, scene, base)
    return tuple(
        Finding(
            column,
            record[column],
            startups.get(column),
            any(bool(changed[place]) for changed in readers.values()),
            tuple(table for table, still in unshifted.items() if still[place]),
        )
        for place, column in enumerate(subject.columns)
    )


def _note(record: Record, subject: Subject, check: str, failed: Bools, at: int) -> None:
    for column, one in zip(subject.columns, failed.tolist(), strict=True):
        record[column][check] = record[column].get(check, Evidence()).with_one(one, at)
