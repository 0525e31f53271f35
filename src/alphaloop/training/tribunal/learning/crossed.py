"""Cross-fitted predictions on trial: a row's prediction knows nothing of the row's own label.

The facts of one bar are dealt out anew. Rows whose label reads that bar were decided before
it; if such a row's prediction moves, some model that made it was trained on a label that
overlaps the row's, or on features that reach back into it: no purge, no embargo, or the row
itself. Predictions elsewhere must move, or nothing was learned.
"""

import numpy as np

from alphaloop.core.market import Bools
from alphaloop.training.tribunal.futures import GARBAGE, Futures
from alphaloop.training.tribunal.learning.labels import draw_cuts
from alphaloop.training.tribunal.learning.subjects import Crossed
from alphaloop.training.tribunal.subject import Answer, Recipe, ask
from alphaloop.training.tribunal.verdict import OTHERS_UNREAD, OWN_LABEL, Evidence, Finding

LOOKS = 32


def judge_crossed(subject: Crossed, futures: Futures, *, looks: int = LOOKS, seed: int = 0) -> tuple[Finding, ...]:
    """Deal out the facts of ``looks`` bars anew, one at a time."""
    asked = Recipe(subject.name, ("start", "value"), subject.tables, subject.predict)
    symbols, nows = futures.scene.symbols, futures.scene.nows
    base, own, moved = ask(asked, futures.scene.frames, symbols), Evidence(), False
    for cut in draw_cuts(futures, looks, seed):
        last = int(nows[np.searchsorted(nows, cut, side="right")])
        begun = int(nows[np.searchsorted(nows, last, side="left") - 1])
        other = ask(asked, futures.within(begun, last, GARBAGE, subject.tables), symbols)
        own = own.with_one(_differs(base, other, _reading(base, begun, last), _reading(other, begun, last)), last)
        moved = moved or bool(base.differs(other).any())
    unread = Evidence().with_one(not moved, int(nows[0]))
    return (Finding(subject.name, {OWN_LABEL: own, OTHERS_UNREAD: unread}),)


def _reading(answer: Answer, begun: int, last: int) -> Bools:
    """Rows whose label reads the bar that became known in ``(begun, last]``."""
    return np.asarray((answer.values[0] <= begun) & (answer.known >= last))


def _differs(left: Answer, right: Answer, mine: Bools, others: Bools) -> bool:
    """Whether a prediction is another; a row that came or went with its own label is one too."""
    pairs = [(one.symbols[rows], one.known[rows], one.values[:, rows]) for one, rows in ((left, mine), (right, others))]
    return not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*pairs, strict=True))
