"""Where the court looks, and how it measures a start."""

import numpy as np
import pytest

from alphaloop.training.tribunal import checks
from alphaloop.training.tribunal.futures import GARBAGE, REMOVED
from alphaloop.training.tribunal.subject import Answer, ask
from alphaloop.training.tribunal.verdict import Startup
from tests.training.tribunal.builders import lagged, on_closes


def test_first_words_of_each_column_and_symbol():
    nan = np.nan
    values = np.array([[nan, 1.0, 1.0, nan, nan, 2.0], [nan] * 6])

    made = checks.first_words(Answer(np.array([0, 0, 0, 1, 1, 1]), np.array([10, 20, 30, 10, 20, 30]), values))

    assert made.tolist() == [20, 30]


def test_looks_are_as_many_as_asked_and_the_same_again(small):
    subject = on_closes(lambda closes: lagged(closes, 5))
    base = ask(subject, small.scene.frames, small.scene.symbols)

    one, other = (checks.choose_looks(subject, small.scene, base, 40, np.random.default_rng(3)) for _ in range(2))

    assert one == other
    assert len(one) == 40
    first = int(checks.first_words(base)[0])
    assert {(first, REMOVED), (first, GARBAGE)} <= set(one)
    assert {future for _, future in one[-4:]} == {"removed", "garbage", "unknown", "other symbol"}


def test_closes_between_event_and_publication(scene):
    """Open interest is about a close and known five seconds later, so each such close lies between."""
    between = checks.straddled(scene, "open_interest")

    happened = scene.frames["open_interest"]["event_time"].to_physical().unique()
    assert set(between.tolist()) == set(happened.to_list()) & set(scene.nows.tolist())
    assert len(checks.straddled(scene, "funding_rates")) == 0


@pytest.mark.parametrize(
    ("function", "memory", "manner"),
    [
        (lambda closes: lagged(closes, 5), 5, "stable"),
        (lambda closes: lagged(closes, 5), 4, "warm-up"),
        (lambda closes: np.convolve(closes, [1.0])[: len(closes)] - closes[:1].sum(), 0, "unsettled"),
        (lambda closes: np.cumsum(closes) - lagged(np.cumsum(closes), 3), 3, "rounding"),
    ],
)
def test_the_manner_of_a_start(small, function, memory, manner):
    subject = on_closes(function, memory)
    base = ask(subject, small.scene.frames, small.scene.symbols)

    made = checks.startups(subject, small.scene, base)["value"]

    assert made.manner == manner


def test_a_memory_one_bar_short_settles_after_that_bar(small):
    subject = on_closes(lambda closes: lagged(closes, 5), 4)
    base = ask(subject, small.scene.frames, small.scene.symbols)

    assert checks.startups(subject, small.scene, base)["value"] == Startup(np.inf, 1)


def test_without_a_declared_memory_no_start_is_tested(small):
    subject = on_closes(lambda closes: closes)

    assert checks.startups(subject, small.scene, ask(subject, small.scene.frames, small.scene.symbols)) == {}
