"""Labels on trial: outside ``[start, end]`` anything may happen, and no bit of the label moves.

Later facts are rewritten as for features. Earlier ones are dealt out anew, or taken away:
labels that begin after them must stand. And what lies inside must matter to some label, or
it is none.
"""

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bools, Ints
from alphaloop.training.tribunal.futures import FUTURES, GARBAGE, REMOVED, Futures
from alphaloop.training.tribunal.learning.subjects import Labels
from alphaloop.training.tribunal.scene import CLOCK
from alphaloop.training.tribunal.subject import Answer, Recipe, ask
from alphaloop.training.tribunal.verdict import AFTER_END, BEFORE_START, INSIDE, Evidence, Finding

DAWN = -(2**62)  # before all facts
MARGIN = 0.1  # of the span, left at both ends


def judge_labels(subject: Labels, futures: Futures, *, cuts: int, seed: int = 0) -> tuple[Finding, ...]:
    """Try every column at ``cuts`` instants.

    Returns
    -------
    tuple of Finding
        One per column of the subject.

    Raises
    ------
    InvalidOption
        If there are fewer cuts than futures.
    """
    if cuts < len(FUTURES):
        raise InvalidOption(f"{cuts} cuts", f"{len(FUTURES)} or more: each future must come up", "")
    asked = Recipe(subject.name, ("start", *subject.columns), subject.tables, subject.compute)
    base = ask(asked, futures.scene.frames, futures.scene.symbols)
    record = {column: {AFTER_END: Evidence(), BEFORE_START: Evidence()} for column in subject.columns}
    mattered = np.zeros(len(subject.columns), dtype=np.bool_)
    for place, cut in enumerate(draw_cuts(futures, cuts, seed)):
        future, past = FUTURES[place % len(FUTURES)], (GARBAGE, REMOVED)[place % 2]
        later = ask(asked, futures.splice(cut, future, subject.tables), futures.scene.symbols)
        _note(record, subject, AFTER_END, _differs(base.until(cut), later.until(cut)), cut)
        if future == GARBAGE:
            mattered |= _differs(_across(base, cut), _across(later, cut))
        earlier = ask(asked, futures.within(DAWN, cut, past, subject.tables), futures.scene.symbols)
        _note(record, subject, BEFORE_START, _differs(_after(base, cut), _after(earlier, cut)), cut)
    first = int(futures.scene.nows[0])
    return tuple(
        Finding(
            column, {**_heard(record[column], column in subject.scaled), INSIDE: Evidence().with_one(not read, first)}
        )
        for column, read in zip(subject.columns, mattered.tolist(), strict=True)
    )


def draw_cuts(futures: Futures, count: int, seed: int) -> list[int]:
    """Instants between the edges of the scene: a half anywhere, the rest at bar closes, some of them at holes.

    What is done about a missing bar shows only where one is missing.
    """
    nows, random = futures.scene.nows, np.random.default_rng([seed, 6])
    margin = int(len(nows) * MARGIN)
    inner = nows[margin : len(nows) - margin]
    holes = np.intersect1d(missing_closes(futures), inner)
    special = random.choice(holes, min(count // 4, len(holes)), replace=False)
    closes = random.choice(inner, count // 2 - len(special))
    anywhere = random.integers(inner[0], inner[-1], count - count // 2)
    return [int(one) for one in np.concatenate([special, closes, anywhere])]


def missing_closes(futures: Futures) -> Ints:
    """Bar closes at which some symbol has no bar, though it has earlier and later ones."""
    bars, nows = futures.scene.frames[CLOCK], futures.scene.nows
    parts = [np.zeros(0, dtype=np.int64)]
    for own in bars.partition_by("symbol"):
        known = own["available_at"].to_physical().to_numpy()
        parts.append(np.setdiff1d(nows[(nows >= known.min()) & (nows <= known.max())], known))
    return np.unique(np.concatenate(parts))


def _heard(evidence: dict[str, Evidence], scaled: bool) -> dict[str, Evidence]:
    return {check: one for check, one in evidence.items() if not (scaled and check == BEFORE_START)}


def _differs(left: Answer, right: Answer) -> Bools:
    """Which label columns differ; all of them if the starts are others."""
    found = left.differs(right)
    return np.asarray(found[1:] | found[0])


def _after(answer: Answer, instant: int) -> Answer:
    """The labels that begin after ``instant``; one that begins there may read what became known there."""
    return _of(answer, answer.values[0] > instant)


def _across(answer: Answer, instant: int) -> Answer:
    """The labels that reach over ``instant``, whatever their end says then."""
    found = _of(answer, (answer.values[0] <= instant) & (answer.known > instant))
    return Answer(found.symbols, found.values[0].astype(np.int64), found.values)


def _of(answer: Answer, rows: Bools) -> Answer:
    return Answer(answer.symbols[rows], answer.known[rows], answer.values[:, rows])


def _note(record: dict[str, dict[str, Evidence]], subject: Labels, check: str, failed: Bools, at: int) -> None:
    for column, one in zip(subject.columns, failed.tolist(), strict=True):
        record[column][check] = record[column][check].with_one(one, at)
