from itertools import count

import pytest

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.hindsight.splits import WalkForward
from alphaloop.models.ridge import Ridge
from alphaloop.registry.ledger import Ledger
from alphaloop.training.validation.folds import folds_of
from alphaloop.training.validation.rule import Rule
from alphaloop.training.validation.search import Attempt, Model
from alphaloop.training.validation.tuning import Between, Choice, tune
from tests.training.validation.builders import made

PANEL = made()
FOLDS = folds_of(PANEL, WalkForward(3, test_size=100))
SPACE = {"penalty": Between(1e-3, 1e3, log=True), "column": Choice((0, 1)), "spare": Between(1, 9)}


def build(config):
    return Model(lambda: Ridge(config["penalty"]), (config["column"],))


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger.open(tmp_path, clock=count(1).__next__)
    yield opened
    opened.close()


def attempt(ledger, name, build=build, seed=1):
    return Attempt(PANEL, FOLDS, build, Rule(), ledger.study(name, "tests"), seed)


def test_every_proposal_is_a_trial_and_the_search_goes_where_it_pays(ledger):
    done = []
    tried = tune(attempt(ledger, "s"), SPACE, 16, progress=done.append)
    columns = [one.config["column"] for one in tried]

    assert ledger.trials("s").count == len(tried) == 16
    assert done == list(range(1, 17))
    assert columns[8:].count(0) > columns[8:].count(1)  # the first feature is the one that tells
    assert all(isinstance(one.config["spare"], int) for one in tried)


def test_the_same_seed_proposes_the_same(ledger):
    first, again, other = (
        [one.config for one in tune(attempt(ledger, name, seed=seed), SPACE, 4)]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )

    assert first == again != other


def test_failures_count_and_all_of_them_fail_the_search(ledger):
    def failing(_config):
        raise NoData("nothing", "something")

    with pytest.raises(NoData):
        tune(attempt(ledger, "s", failing), SPACE, 3)
    assert ledger.trials("s").aborted == 3


def test_what_cannot_be_searched_is_refused(ledger):
    for space, trials in ((SPACE, 0), ({}, 3)):
        with pytest.raises(InvalidOption):
            tune(attempt(ledger, "s"), space, trials)
    with pytest.raises(InvalidOption):
        Between(0.0, 1.0, log=True)
    with pytest.raises(InvalidOption):
        Between(2, 1)
    with pytest.raises(InvalidOption):
        Choice(())
