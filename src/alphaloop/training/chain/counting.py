"""Counting: every variant and every proposal of a search is a trial of the ledger, once.

A trial is written when it starts. The same configuration on the same data is the same trial however
often a run is repeated: one that was killed is gone on with, one that is done is not counted again, one that
failed is tried anew and counts twice.
"""

from collections.abc import Callable, Mapping
from typing import Any

from alphaloop.registry.journal import Page
from alphaloop.registry.ledger import Ledger
from alphaloop.registry.trials import ABORTED, DONE, STARTED, plain_mapping

Config = Mapping[str, Any]
Outcome = tuple[float | None, Config]
"""Net Sharpe per period, none where there is none; and other figures."""


class Counter:
    """The trials of one study.

    Parameters
    ----------
    ledger : Ledger
    study : str
    author : str
    seed : int
        Noted with each trial.
    """

    def __init__(self, ledger: Ledger, study: str, author: str, seed: int) -> None:
        self._ledger, self._seed = ledger, seed
        self._study = ledger.study(study, author)

    @property
    def name(self) -> str:
        """Of the study."""
        return self._study.name

    def begin(self, config: Config) -> str | None:
        """Count a trial; its id, or none where it was done before.

        A trial of this configuration that was begun and never ended is taken up.
        """
        with self._ledger.journal.reading() as page:
            held = _standing(page, self.name, plain_mapping(config), self._seed)
        if held is None:
            return self._study.start(config, self._seed)
        trial, done = held
        return None if done else trial

    def end(self, trial: str | None, outcome: Outcome) -> None:
        """Note the result of a trial that :meth:`begin` gave; nothing for one that was done before."""
        if trial is not None:
            sharpe, figures = outcome
            self._study.finish(trial, sharpe, figures)

    def abort(self, trial: str | None, reason: str) -> None:
        """Note that a trial ends without a result."""
        if trial is not None:
            self._study.abort(trial, reason)


def counted(counters: Mapping[str, Counter], config: Config, work: Callable[[], Mapping[str, Outcome]]) -> None:
    """Work whose result is a trial of several studies, e.g. one a horizon: counted in all before it starts.

    Parameters
    ----------
    counters : mapping of key to Counter
    config : mapping
    work : callable
        Gives an outcome for each key. An error is noted as an aborted trial of each study, and raised;
        what is no error of ours, as an interruption, leaves the trials open for the next run.
    """
    trials = {key: counter.begin(config) for key, counter in counters.items()}
    try:
        found = work()
    except Exception as error:
        for key, trial in trials.items():
            counters[key].abort(trial, f"{type(error).__name__}: {error}")
        raise
    for key, trial in trials.items():
        counters[key].end(trial, found[key])


def _standing(page: Page, study: str, config: Config, seed: int) -> tuple[str, bool] | None:
    """The newest trial of this configuration that did not fail, and whether it is done."""
    ended = {one.subject: kind for kind in (DONE, ABORTED) for one in page.find(kind, scope=study)}
    for one in reversed(list(page.find(STARTED, scope=study))):
        if one.data["config"] == config and one.data["seed"] == seed and ended.get(one.subject) != ABORTED:
            return one.subject, one.subject in ended
    return None
