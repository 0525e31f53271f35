"""Trials are counted when they start; what becomes of them does not change the count."""

import pytest

from alphaloop.core.errors import IllegalMove, InvalidOption, SchemaViolation, UnknownName


def test_count_and_variance_of_a_study(ledger) -> None:
    study = ledger.study("s", author="ann")
    for sharpe in (0.1, 0.2, 0.6):
        with study.trial({"depth": 3}, seed=1) as trial:
            trial.result(sharpe)
    found = ledger.trials("s")

    assert (found.count, found.done, found.aborted, found.open) == (3, 3, 0, 0)
    assert found.sharpes == (0.1, 0.2, 0.6)
    assert found.variance == pytest.approx(0.07)  # mean 0.3; (0.04 + 0.01 + 0.09) / 2


def test_everything_is_the_sum_of_studies(ledger) -> None:
    for name, sharpe in (("a", 1.0), ("b", 3.0)):
        with ledger.study(name, author="ann").trial({}) as trial:
            trial.result(sharpe)

    assert ledger.trials().count == 2
    assert ledger.trials().variance == 2.0
    assert ledger.trials("a").variance is None


def test_a_trial_that_never_ends_counts(ledger) -> None:
    ledger.study("s", author="ann").start({"depth": 3})

    assert (ledger.trials("s").count, ledger.trials("s").open) == (1, 1)


def test_a_trial_that_raises_is_aborted_and_counts(ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.study("s", author="ann").trial({}):
        _ = 1 / 0
    found = ledger.trials("s")
    with ledger.journal.reading() as page:
        reason = page.last("trial-aborted").data["reason"]

    assert (found.count, found.aborted, found.sharpes) == (1, 1, ())
    assert reason == "ZeroDivisionError: division by zero"


def test_a_trial_without_a_sharpe_counts_but_does_not_spread(ledger) -> None:
    study = ledger.study("s", author="ann")
    for sharpe in (None, 0.5, 0.7):
        with study.trial({}) as trial:
            trial.result(sharpe)

    assert ledger.trials("s").count == 3
    assert ledger.trials("s").variance == pytest.approx(0.02)


def test_a_trial_ends_once(ledger) -> None:
    study = ledger.study("s", author="ann")
    trial = study.start({})
    study.finish(trial, 0.1)

    with pytest.raises(IllegalMove, match="trial-done in entry 2"):
        study.abort(trial, "late")


def test_a_trial_of_another_study_is_not_ours(ledger) -> None:
    trial = ledger.study("a", author="ann").start({})

    with pytest.raises(UnknownName):
        ledger.study("b", author="ann").finish(trial, 0.1)


def test_a_figure_that_is_not_finite_is_refused_and_the_trial_stays_open(ledger) -> None:
    study = ledger.study("s", author="ann")
    trial = study.start({})
    with pytest.raises(SchemaViolation):
        study.finish(trial, float("nan"))

    assert ledger.trials("s").open == 1


def test_a_study_has_a_name_and_an_author(ledger) -> None:
    with pytest.raises(InvalidOption):
        ledger.study(" ", author="ann")
    with pytest.raises(InvalidOption):
        ledger.study("s", author="").start({})


def test_no_trials_at_all(ledger) -> None:
    assert ledger.trials("s").as_dict() == {
        "study": "s", "count": 0, "done": 0, "aborted": 0, "open": 0, "variance": None,
    }  # fmt: skip
