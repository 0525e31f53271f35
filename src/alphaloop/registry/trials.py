"""Trials: everything that was ever evaluated, counted before its result is known.

A row is written when a trial starts, another when it is done or aborted. A trial that was
killed in between stays open, and counts: a search that hides its failures finds more.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from alphaloop.core.errors import IllegalMove, InvalidOption, UnknownName
from alphaloop.registry.chain import Entry
from alphaloop.registry.journal import Journal, Page
from alphaloop.registry.records import plain

STARTED, DONE, ABORTED = "trial", "trial-done", "trial-aborted"


@dataclass(frozen=True, slots=True)
class Trials:
    """What is known of the trials of a study, or of all.

    Parameters
    ----------
    study : str or None
        None: everything ever evaluated.
    count : int
        Trials that were started; what deflates a Sharpe.
    done, aborted, open : int
        They add up to ``count``; open ones run still, or were killed.
    sharpes : tuple of float, per period
        Of those done that have one, in order of their end.
    """

    study: str | None
    count: int
    done: int
    aborted: int
    open: int
    sharpes: tuple[float, ...]

    @property
    def variance(self) -> float | None:
        """Sample variance of the Sharpes; none for fewer than two."""
        return float(np.var(self.sharpes, ddof=1)) if len(self.sharpes) > 1 else None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``; the Sharpes as their variance."""
        counts = {name: getattr(self, name) for name in ("study", "count", "done", "aborted", "open")}
        return {**counts, "variance": self.variance}


@dataclass(slots=True)
class Trial:
    """One evaluation under way; :meth:`Study.trial` makes it."""

    id: str
    sharpe: float | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    def result(self, sharpe: float | None, **figures: Any) -> None:
        """What came out: the net Sharpe per period, none where there is none, and other figures."""
        self.sharpe, self.figures = sharpe, figures


class Study:
    """One search: its trials start and end here.

    Parameters
    ----------
    journal : Journal
    name : str
        Of the search; a continued search keeps its name.
    author : str
        Who searches.
    """

    def __init__(self, journal: Journal, name: str, author: str) -> None:
        if not name.strip():
            raise InvalidOption("a study without a name", "e.g. gbm-BTCUSDT-1h", "name what is searched")
        self._journal = journal
        self.name = name
        self.author = author

    def start(self, config: Mapping[str, Any], seed: int = 0) -> str:
        """Count one more trial and return its id."""
        with self._journal.writing() as pen:
            number = 1 if pen.newest is None else pen.newest.seq + 1
            entry = pen.add(
                STARTED,
                {"config": plain_mapping(config), "seed": seed},
                author=self.author,
                subject=f"t{number}",
                scope=self.name,
            )
        return entry.subject

    def finish(self, trial: str, sharpe: float | None, figures: Mapping[str, Any] | None = None) -> None:
        """Note the result of a trial.

        Parameters
        ----------
        trial : str
        sharpe : float or None, per period, net of costs
            None where it has none, e.g. it never traded.
        figures : mapping, optional
            Whatever else is worth keeping; JSON.

        Raises
        ------
        UnknownName
            If no such trial was started in this study.
        IllegalMove
            If it ended before.
        """
        self._end(trial, DONE, {"figures": plain_mapping(figures or {})}, sharpe)

    def abort(self, trial: str, reason: str) -> None:
        """Note that a trial ends without a result."""
        self._end(trial, ABORTED, {"reason": reason}, None)

    @contextmanager
    def trial(self, config: Mapping[str, Any], seed: int = 0) -> Iterator[Trial]:
        """A trial around a block: counted at once, done at its end, aborted by whatever the block raises."""
        trial = Trial(self.start(config, seed))
        try:
            yield trial
        except BaseException as error:
            self.abort(trial.id, f"{type(error).__name__}: {error}")
            raise
        self.finish(trial.id, trial.sharpe, trial.figures)

    def _end(self, trial: str, kind: str, body: dict[str, Any], sharpe: float | None) -> None:
        with self._journal.writing() as pen:
            started = pen.last(STARTED, subject=trial)
            if started is None or started.scope != self.name:
                raise UnknownName(f"trial '{trial}' of {self.name}", "one that start() returned", "")
            ended = pen.last(DONE, subject=trial) or pen.last(ABORTED, subject=trial)
            if ended is not None:
                raise IllegalMove(f"trial {trial}: {ended.kind} in entry {ended.seq}", "a trial that runs", "start one")
            figure = None if sharpe is None else float(sharpe)
            pen.add(kind, body, author=self.author, subject=trial, scope=self.name, figure=figure)


def count_trials(page: Page, study: str | None = None) -> Trials:
    """Trials of a study, or of everything."""
    where, given = ("", {}) if study is None else (" AND scope = :scope", {"scope": study})
    question = "SELECT kind, count(*) FROM entries WHERE kind IN ('trial', 'trial-done', 'trial-aborted')"
    counts = {kind: int(many) for kind, many in page.rows(f"{question}{where} GROUP BY kind", **given)}
    sharpes = page.rows(
        f"SELECT figure FROM entries WHERE kind = 'trial-done' AND figure IS NOT NULL{where} ORDER BY seq",  # noqa: S608
        **given,
    )
    started, done, aborted = (counts.get(kind, 0) for kind in (STARTED, DONE, ABORTED))
    return Trials(study, started, done, aborted, started - done - aborted, tuple(float(row[0]) for row in sharpes))


def studies(page: Page) -> list[str]:
    """Names of all studies, in order of the alphabet."""
    return [str(row[0]) for row in page.rows("SELECT DISTINCT scope FROM entries WHERE kind = 'trial' ORDER BY scope")]


def started_of(page: Page, trial: str) -> Entry | None:
    """The entry with which a trial began."""
    return page.last(STARTED, subject=trial)


def plain_mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping as JSON holds it."""
    return {str(key): plain(value) for key, value in values.items()}
