"""Fits on trial: what lies after the training window changes nothing, what lies inside does.

Both directions: a date filter that does nothing lets the future in; a window that nobody heeds
gives the same model whatever it is. What keeps something between fits, such as a checkpoint, must
learn as one that has learned nothing yet. A fit that is not the same twice cannot be judged, and
says so.
"""

import numpy as np

from alphaloop.core.market import Floats
from alphaloop.training.tribunal.futures import FUTURES, GARBAGE, Futures
from alphaloop.training.tribunal.learning.subjects import Fit, Span
from alphaloop.training.tribunal.subject import Frames
from alphaloop.training.tribunal.verdict import (
    AFTER_WINDOW,
    REMEMBERED,
    UNREPEATED,
    WINDOW_UNHEEDED,
    WINDOW_UNREAD,
    Evidence,
    Finding,
)

WINDOWS = 3
LEAST, MOST = 0.35, 0.8  # of the span: where windows end
SHORTER = 0.3  # of a window that is taken off, at either end


def judge_fit(subject: Fit, futures: Futures, *, count: int = WINDOWS, seed: int = 0) -> tuple[Finding, ...]:
    """Learn in ``count`` windows, each with four futures behind it, with other facts in it, and shortened."""
    learn, record = subject.learn if subject.afresh is None else subject.afresh(), dict[str, Evidence]()
    for span in draw_spans(futures, count, seed):
        base = learn(_facts(futures, subject), span)
        tried = {
            UNREPEATED: [_moves(base, learn(_facts(futures, subject), span))],
            AFTER_WINDOW: [
                _moves(base, learn(futures.splice(span.until, future, subject.tables), span)) for future in FUTURES
            ],
            WINDOW_UNREAD: [not _moves(base, learn(futures.within(*span, GARBAGE, subject.tables), span))],
            WINDOW_UNHEEDED: [not _moves(base, learn(_facts(futures, subject), other)) for other in _shortened(span)],
        }
        if subject.afresh is not None:
            tried[REMEMBERED] = [_moves(base, subject.afresh()(_facts(futures, subject), span))]
        for check, failures in tried.items():
            for failed in failures:
                record[check] = record.get(check, Evidence()).with_one(failed, span.until)
    return (Finding(subject.name, record),)


def draw_spans(futures: Futures, count: int, seed: int) -> list[Span]:
    """Training windows of the scene: they begin in its first part and end well before it does."""
    nows, random = futures.scene.nows, np.random.default_rng([seed, 8])
    begins, ends = random.uniform(0.0, 0.08, count), random.uniform(LEAST, MOST, count)
    return [
        Span(int(nows[int(len(nows) * begin)]), int(nows[int(len(nows) * end)]))
        for begin, end in zip(begins, ends, strict=True)
    ]


def _facts(futures: Futures, subject: Fit) -> Frames:
    return {name: futures.scene.frames[name] for name in subject.tables}


def _shortened(span: Span) -> tuple[Span, Span]:
    less = int((span.until - span.begin) * SHORTER)
    return Span(span.begin + less, span.until), Span(span.begin, span.until - less)


def _moves(left: Floats, right: Floats) -> bool:
    """Whether any bit differs; every NaN is the same."""
    return left.shape != right.shape or not np.array_equal(left, right, equal_nan=True)
