"""The ledger: one place that knows every model, every trial, and who is in charge.

A thin face over the journal: what comes in is checked, written as one entry, and never
changed; what is asked is answered from the entries.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import EllipsisType

from alphaloop.core.errors import InvalidOption, LedgerTampered, UnknownName
from alphaloop.lake.ledger.database import WAIT_S, Database
from alphaloop.registry.artifacts import Artifacts
from alphaloop.registry.chain import Entry
from alphaloop.registry.evidence import CASH, Evidence, Verdict
from alphaloop.registry.journal import Clock, Journal, Page
from alphaloop.registry.lineage import Lineage
from alphaloop.registry.promotion import CANDIDATE, VERDICT, Slot, Stage, Wish, active_at, move, roll_back
from alphaloop.registry.records import canonical, plain
from alphaloop.registry.trials import Study, Trials, count_trials

EVIDENCE = "evidence"
ID_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model that wants to be in charge of a slot.

    Parameters
    ----------
    symbol, horizon, kind : str
        The slot, e.g. ``BTCUSDT``, ``1h``, ``gbm``.
    model : str
        Its name, for people.
    artifact : str
        Hash that ``ledger.artifacts.put`` returned.
    lineage : Lineage
    notes : str
    """

    symbol: str
    horizon: str
    kind: str
    model: str
    artifact: str
    lineage: Lineage
    notes: str = ""

    @property
    def slot(self) -> Slot:
        """What it would be in charge of."""
        return Slot(self.symbol, self.horizon, self.kind)


class Ledger:
    """Models, evidence, verdicts, promotions and trials under one home.

    Examples
    --------
    >>> import tempfile
    >>> from itertools import count
    >>> from alphaloop.registry.evidence import Check, Verdict
    >>> from alphaloop.registry.lineage import lineage_here
    >>> ledger = Ledger.open(Path(tempfile.mkdtemp()), clock=count(1).__next__)

    Every evaluation is a trial, counted when it starts:

    >>> study = ledger.study("gbm-BTCUSDT-1h", author="ann")
    >>> for leaves, sharpe in ((15, 0.02), (31, 0.06)):
    ...     with study.trial({"leaves": leaves}, seed=7) as trial:
    ...         trial.result(sharpe, ic=0.03)
    >>> found = ledger.trials("gbm-BTCUSDT-1h")
    >>> found.count, round(found.variance, 6)
    (2, 0.0008)

    A model is registered, judged and promoted, one stage after the other:

    >>> file = ledger.artifacts.put(b"trees")
    >>> where = lineage_here(seed=7, study="gbm-BTCUSDT-1h")
    >>> slot = {"symbol": "BTCUSDT", "horizon": "1h", "kind": "gbm"}
    >>> model = ledger.register(Candidate(**slot, model="gbm", artifact=file, lineage=where), author="ann")
    >>> verdict = Verdict("passed", (Check("trades", 90, ">= 30", True, "ledger"),))
    >>> _ = ledger.add_verdict(model, verdict, author="ann")
    >>> for stage in ("paper", "active"):
    ...     _ = ledger.promote(model, reason="passed all gates", author="ann")
    >>> ledger.active("BTCUSDT", "1h", "gbm") == model
    True
    >>> ledger.close()
    """

    def __init__(self, journal: Journal, artifacts: Artifacts) -> None:
        self.journal = journal
        self.artifacts = artifacts

    @classmethod
    def open(cls, home: Path | str, *, clock: Clock, url: str | None = None, wait: float = WAIT_S) -> "Ledger":
        """The ledger of a home; made if there is none.

        Parameters
        ----------
        home : Path
            Holds ``ledger/`` and ``artifacts/``.
        clock : callable
            Microseconds UTC; read when an entry is written. Commands hand in the wall clock.
        url : str, optional
            ``postgresql://user@host/name`` instead of SQLite under the home.
        wait : float, seconds
            How long a writer waits for another.

        Raises
        ------
        InvalidOption, MissingExtra
            If the URL is of no database we know, or its driver is missing.
        LedgerError
            If the tables were made by a newer version.
        """
        home = Path(home)
        database = Database(url or home / "ledger", wait)
        return cls(Journal(database, home / "ledger" / "witness.json", clock), Artifacts(home / "artifacts"))

    def close(self) -> None:
        """Let go of the database."""
        self.journal.database.close()

    def register(self, candidate: Candidate, author: str) -> str:
        """Enter a candidate and return its id; the same one twice is entered once.

        Raises
        ------
        UnknownName
            If its artifact was never stored.
        LedgerTampered
            If the artifact is not what was stored.
        """
        self.artifacts.get(candidate.artifact)
        body = dict(plain(candidate))
        name, slot = sha256(canonical(body).encode()).hexdigest()[:ID_LENGTH], str(candidate.slot)
        with self.journal.writing() as pen:
            held = pen.last(CANDIDATE, subject=name)
            if held is None:
                pen.add(CANDIDATE, body, author=author, subject=name, scope=slot)
            elif held.body != canonical(body):
                raise LedgerTampered(f"candidate {name} with other content", "the content it is named by", "")
        return name

    def add_evidence(self, evidence: Evidence, author: str) -> int:
        """Enter what was measured of a candidate; returns the number of the entry.

        Raises
        ------
        UnknownName
            If there is no such candidate.
        InvalidOption
            If it speaks of another slot.
        """
        slot = str(Slot(evidence.symbol, evidence.horizon, evidence.kind))
        with self.journal.writing() as pen:
            held = candidate_entry(pen, evidence.candidate)
            if held.scope != slot:
                raise InvalidOption(f"evidence of {slot} for {held.subject}", f"evidence of {held.scope}", "")
            entry = pen.add(EVIDENCE, evidence.as_dict(), author=author, subject=held.subject, scope=slot)
        return entry.seq

    def add_verdict(self, candidate: str, verdict: Verdict, author: str) -> int:
        """Enter what the gates said; returns the number of the entry.

        With it goes which model the candidate was measured against: that of its newest
        evidence, or the one active now.
        """
        with self.journal.writing() as pen:
            held = candidate_entry(pen, candidate)
            newest = pen.last(EVIDENCE, subject=held.subject)
            measured = None if newest is None else newest.data["active"]
            against = active_at(pen, Slot.parse(held.scope)) if measured is None else measured
            told = {
                **verdict.as_dict(),
                "against": None if against == CASH else against,
                "evidence": None if newest is None else newest.seq,
            }
            entry = pen.add(VERDICT, told, author=author, subject=held.subject, scope=held.scope)
        return entry.seq

    def promote(
        self,
        candidate: str,
        *,
        reason: str,
        author: str,
        to: Stage | str | None = None,
        enforce: bool = True,
        expected: str | EllipsisType | None = ...,
    ) -> Entry:
        """Move a candidate one stage on, or to ``to``; whoever was active retires in the same step.

        Parameters
        ----------
        candidate : str
            Its id, or the beginning of it.
        reason, author : str
        to : Stage, optional
            ``paper``, ``active`` or ``retired``.
        enforce : bool
            False moves without a passed verdict, or past a stage, and is recorded.
        expected : str or None, optional
            Who must be active for this to happen; left out: whoever the verdict was
            measured against.

        Raises
        ------
        IllegalMove, NotPassed, PromotionConflict
            If the move may not be; nothing is written.
        """
        try:
            stage = None if to is None else Stage(to)
        except ValueError as error:
            raise InvalidOption(f"stage '{to}'", "paper, active or retired", "") from error
        wish = Wish(reason=reason, author=author, to=stage, enforce=enforce, expected=expected)
        with self.journal.writing() as pen:
            return move(pen, candidate_entry(pen, candidate), wish)

    def rollback(self, slot: Slot, *, reason: str, author: str, expected: str | EllipsisType | None = ...) -> Entry:
        """Put the model that was active before back in charge of a slot.

        Parameters
        ----------
        slot : Slot
        reason, author : str
        expected : str, optional
            Who must be active for this to happen, so that two who roll back at once do not go
            back twice.

        Raises
        ------
        IllegalMove
            If there was none before.
        PromotionConflict
            If another is active than expected.
        """
        with self.journal.writing() as pen:
            return roll_back(pen, slot, reason, author, expected)

    def active(self, symbol: str, horizon: str, kind: str, at: int | None = None) -> str | None:
        """Who is in charge of a slot now, or was at an instant (microseconds UTC); none if nobody."""
        with self.journal.reading() as page:
            return active_at(page, Slot(symbol, horizon, kind), at)

    def study(self, name: str, author: str) -> Study:
        """A search, whose trials are counted from now on."""
        return Study(self.journal, name, author)

    def trials(self, study: str | None = None) -> Trials:
        """Count and Sharpes of the trials of a study; of everything ever evaluated if none is named."""
        with self.journal.reading() as page:
            return count_trials(page, study)


def candidate_entry(page: Page, name: str) -> Entry:
    """The entry of a candidate, by its id or the beginning of it.

    Raises
    ------
    UnknownName
        If there is none, or more than one.
    """
    exact = page.last(CANDIDATE, subject=name)
    if exact is not None:
        return exact
    found = [one for one in page.find(CANDIDATE) if one.subject.startswith(name)] if len(name) >= 4 else []
    if len(found) != 1:
        expected = "the id of a candidate, or at least four of its first letters"
        raise UnknownName(f"{len(found)} candidates '{name}'", expected, "see: alphaloop registry list")
    return found[0]
