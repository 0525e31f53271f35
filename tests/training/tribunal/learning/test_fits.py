import itertools

import numpy as np

from alphaloop.training.tribunal.catalogue.fits import Resumed
from alphaloop.training.tribunal.learning.fits import draw_spans, judge_fit
from alphaloop.training.tribunal.learning.subjects import Fit
from alphaloop.training.tribunal.verdict import AFTER_WINDOW, REMEMBERED, UNREPEATED, WINDOW_UNHEEDED, WINDOW_UNREAD


def closes(frames, begin, until):
    bars = frames["market_bars"]
    known = bars["available_at"].to_physical().to_numpy()
    return bars["close"].to_numpy()[(known > begin) & (known <= until)]


def tried(learn, futures):
    [finding] = judge_fit(Fit("fit", ("market_bars",), learn), futures)
    return finding


def test_what_is_learned_in_the_window_is_not_accused(futures):
    finding = tried(lambda frames, span: np.array([closes(frames, *span).mean()]), futures)

    assert finding.caught_by == ()
    assert [one.tried for one in finding.evidence.values()] == [3, 12, 3, 6]


def test_one_row_after_the_window_is_seen(futures):
    def learn(frames, span):
        return np.append(closes(frames, *span).sum(), closes(frames, span.until, 2**62)[:1])

    assert tried(learn, futures).caught_by == (AFTER_WINDOW,)


def test_a_window_that_ends_where_it_likes_is_seen(futures):
    first = int(futures.scene.nows[0])

    def learn(frames, _span):
        return np.array([closes(frames, first, first + 2 * 86_400_000_000).mean()])

    assert tried(learn, futures).caught_by == (WINDOW_UNHEEDED,)


def test_a_constant_reads_nothing(futures):
    assert tried(lambda *_: np.ones(3), futures).caught_by == (WINDOW_UNREAD, WINDOW_UNHEEDED)


def test_a_checkpoint_of_another_window_is_seen(futures):
    """Only one that has learned nothing yet shows it: the rest of what is learned heeds the window."""
    [finding] = judge_fit(Fit("fit", ("market_bars",), Resumed(True), lambda: Resumed(True)), futures)

    assert finding.caught_by == (REMEMBERED,)
    assert finding.evidence[REMEMBERED].failed == 2  # the first of three windows made it


def test_what_is_never_the_same_cannot_be_judged(futures):
    count = itertools.count()

    assert UNREPEATED in tried(lambda *_: np.array([next(count)]), futures).caught_by


def test_windows_lie_inside_the_scene(futures):
    spans = draw_spans(futures, 5, seed=1)

    assert spans == draw_spans(futures, 5, seed=1)
    assert all(futures.scene.nows[0] <= one.begin < one.until < futures.scene.nows[-1] for one in spans)
