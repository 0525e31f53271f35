"""Every planted leak is caught and no twin accused; the page says by which check, as found here."""

import pytest

from alphaloop.training.tribunal.catalogue.trial import CATALOGUE, tables, try_pair
from alphaloop.training.tribunal.court import SEED
from alphaloop.training.tribunal.futures import make_futures
from alphaloop.training.tribunal.learning.hearing import KINDS
from alphaloop.training.tribunal.scene import make_scene
from alphaloop.training.tribunal.verdict import (
    AFTER_END,
    AFTER_WINDOW,
    AVAILABILITY,
    BACKWARD,
    BEFORE_START,
    CHECKS,
    INSIDE,
    LATER,
    MADE_LATER_CHECK,
    NEVER_LEARNED,
    OTHERS_UNREAD,
    OWN_LABEL,
    REMEMBERED,
    UNREPEATED,
    WINDOW_UNHEEDED,
    WINDOW_UNREAD,
)
from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def outcomes(futures):
    return {pair.name: try_pair(pair, futures, seed=SEED) for pair in CATALOGUE}


def test_the_catalogue_is_large_and_names_each_leak_once():
    assert len(CATALOGUE) >= 40
    assert len({pair.name for pair in CATALOGUE}) == len(CATALOGUE)


def test_there_are_leaks_of_every_kind(outcomes):
    assert {one.kind for one in outcomes.values()} == set(KINDS)


@pytest.mark.parametrize("name", [pair.name for pair in CATALOGUE])
def test_the_leak_is_caught_and_its_twin_is_not(outcomes, name):
    assert (outcomes[name].leaky.leaking, outcomes[name].clean.leaking) == (True, False)


def test_some_leaks_show_to_one_check_alone(outcomes):
    assert outcomes["assumed publication lag"].leaky.caught_by == (AVAILABILITY,)
    assert outcomes["engagement at collection"].leaky.caught_by == (MADE_LATER_CHECK,)
    assert outcomes["label from before its start"].leaky.caught_by == (BEFORE_START,)
    assert outcomes["end at the touch, value of the window"].leaky.caught_by == (AFTER_END,)
    assert outcomes["cached labels"].leaky.caught_by == (INSIDE,)
    assert outcomes["K-fold called walk-forward"].leaky.caught_by == (BACKWARD,)
    assert outcomes["early stopping on the test set"].leaky.caught_by == (AFTER_WINDOW,)
    assert outcomes["checkpoint of another window"].leaky.caught_by == (REMEMBERED,)
    assert outcomes["cached full-sample model"].leaky.caught_by == (WINDOW_UNREAD, WINDOW_UNHEEDED)
    assert outcomes["threshold tuned on the whole backtest"].leaky.caught_by == (LATER,)
    assert outcomes["no embargo after the block"].leaky.caught_by == (OWN_LABEL,)
    assert "garbage" not in outcomes["survivors only"].leaky.caught_by
    assert "garbage" not in outcomes["place in the sample"].leaky.caught_by


def test_every_check_but_three_of_sanity_is_needed(outcomes):
    """That a fit is the same twice, that teachers and chains read anything at all: no leak of the catalogue offends."""
    needed = {check for one in outcomes.values() for check in one.leaky.caught_by}

    assert set(CHECKS) - needed == {UNREPEATED, OTHERS_UNREAD, NEVER_LEARNED}


def test_the_page_shows_this_table(outcomes):
    page = (ROOT / "docs" / "leaks.md").read_text(encoding="utf-8")

    assert tables(tuple(outcomes.values())) in page, "run: alphaloop evaluate leaks --catalogue"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
def test_another_market_and_another_garbage_change_nothing(seed):
    futures = make_futures(make_scene(seed), seed)
    outcomes = [try_pair(pair, futures, seed=seed) for pair in CATALOGUE]

    assert [one.name for one in outcomes if not one.leaky.leaking] == []
    assert [one.name for one in outcomes if one.clean.leaking] == []
