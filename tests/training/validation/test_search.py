from itertools import count

import pytest

from alphaloop.core.errors import DegenerateData, NoData
from alphaloop.hindsight.splits import WalkForward
from alphaloop.models.ridge import Ridge
from alphaloop.registry.ledger import Ledger
from alphaloop.training.validation.folds import folds_of
from alphaloop.training.validation.rule import Rule
from alphaloop.training.validation.search import Model, best, draw, search
from tests.training.validation.builders import made

PANEL = made()
FOLDS = folds_of(PANEL, WalkForward(3, test_size=100))


def build(config):
    return Model(lambda: Ridge(config["penalty"]))


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger.open(tmp_path, clock=count(1).__next__)
    yield opened
    opened.close()


def test_each_configuration_is_a_trial_of_the_ledger(ledger):
    configs = draw(lambda random: {"penalty": float(10 ** random.uniform(-3, 0))}, 4, seed=1)
    tried = search(PANEL, FOLDS, configs, build, rule=Rule(), study=ledger.study("s", "tests"), seed=1)
    trials = ledger.trials("s")

    assert (trials.count, trials.done, trials.aborted) == (4, 4, 0)
    assert sorted(trials.sharpes) == sorted(one.traded.sharpe for one in tried)
    assert [one.config for one in tried] == list(configs)
    assert best(tried).traded.sharpe == max(trials.sharpes)


def test_the_same_seed_draws_the_same(ledger):
    def space(random):
        return {"penalty": random.random()}

    assert draw(space, 3, seed=5) == draw(space, 3, seed=5) != draw(space, 3, seed=6)


def test_a_trial_is_counted_before_it_fails_and_the_search_goes_on(ledger):
    def brittle(config):
        if config["penalty"] == 2:
            raise DegenerateData("nothing", "something")
        return build(config)

    study = ledger.study("s", "tests")
    tried = search(PANEL, FOLDS, [{"penalty": 2}, {"penalty": 1}], brittle, rule=Rule(), study=study)
    trials = ledger.trials("s")

    assert (trials.count, trials.done, trials.aborted) == (2, 1, 1)
    assert [one.config["penalty"] for one in tried] == [1]


def test_a_search_of_failures_fails_and_has_counted_them(ledger):
    def failing(_config):
        raise NoData("nothing", "something")

    with pytest.raises(NoData):
        search(PANEL, FOLDS, [{}, {}], failing, rule=Rule(), study=ledger.study("s", "tests"))
    assert ledger.trials("s").aborted == 2


def test_a_fault_of_code_is_counted_and_stops_the_search(ledger):
    def broken(_config):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        search(PANEL, FOLDS, [{}, {}], broken, rule=Rule(), study=ledger.study("s", "tests"))
    assert (ledger.trials("s").count, ledger.trials("s").aborted) == (1, 1)


def test_one_that_never_traded_counts_as_a_sharpe_of_zero(ledger):
    dear = Rule(cost=1.0)  # nothing that is expected pays for it
    tried = search(PANEL, FOLDS, [{"penalty": 1.0}], build, rule=dear, study=ledger.study("s", "tests"))

    assert tried[0].traded.sharpe is None
    assert ledger.trials("s").sharpes == (0.0,)


def test_nothing_has_no_best():
    with pytest.raises(NoData):
        best([])
