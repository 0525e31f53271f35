"""Stages: candidate, paper, active, retired, for each slot (symbol, horizon, kind).

A move is one entry: whoever becomes active and whoever retires for it change in the same
row, so there is no moment between. Who is active, now or at any time, is read from the
moves alone.

    candidate -> paper -> active -> retired
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from types import EllipsisType
from typing import NamedTuple

from alphaloop.core.errors import IllegalMove, InvalidOption, NotPassed, PromotionConflict
from alphaloop.registry.chain import Entry
from alphaloop.registry.journal import Page, Pen

MOVE, VERDICT, CANDIDATE = "move", "verdict", "candidate"


class Stage(StrEnum):
    """How far a candidate has come."""

    CANDIDATE = "candidate"
    PAPER = "paper"
    ACTIVE = "active"
    RETIRED = "retired"


_NEXT = {Stage.CANDIDATE: Stage.PAPER, Stage.PAPER: Stage.ACTIVE}


class Slot(NamedTuple):
    """What one model at a time is in charge of.

    Examples
    --------
    >>> str(Slot("BTCUSDT", "1h", "gbm"))
    'BTCUSDT|1h|gbm'
    """

    symbol: str
    horizon: str
    kind: str

    def __str__(self) -> str:
        for part in self:
            if not part or "|" in part:
                raise InvalidOption(
                    f"'{part}' in a slot", "a symbol, a horizon and a kind, no |", "e.g. BTCUSDT 1h gbm"
                )
        return "|".join(self)

    @classmethod
    def parse(cls, text: str) -> "Slot":
        """The slot that was written as ``text``."""
        return cls(*text.split("|"))


class Reign(NamedTuple):
    """A stretch of time in which one candidate was active: ``[since, until)``, microseconds UTC; none: still."""

    candidate: str
    since: int
    until: int | None
    author: str
    reason: str
    seq: int


@dataclass(slots=True)
class Standing:
    """Stages of all candidates of a slot that ever moved, and who was active before whom.

    ``line`` ends with the active one; a rollback goes back along it.
    """

    stages: dict[str, Stage] = field(default_factory=dict)
    line: list[str] = field(default_factory=list)
    retired_at: dict[str, int] = field(default_factory=dict)

    @property
    def active(self) -> str | None:
        """Who is in charge; none only before the first promotion."""
        return self.line[-1] if self.line else None

    def stage(self, candidate: str) -> Stage:
        """Where a candidate stands."""
        return self.stages.get(candidate, Stage.CANDIDATE)

    def next_of(self, candidate: str) -> Stage:
        """Where a candidate goes next; one that is active or retired starts over on paper, if it may."""
        return _NEXT.get(self.stage(candidate), Stage.PAPER)

    def follow(self, move: Entry) -> None:
        """Take one move further.

        Raises
        ------
        IllegalMove
            If it does not fit what was before.
        """
        data = move.data
        candidate, to = str(data["candidate"]), Stage(data["to"])
        fits = data["replaced"] == (self.active if to is Stage.ACTIVE else None)
        if not fits or Stage(data["from"]) is not self.stage(candidate):
            raise IllegalMove(f"entry {move.seq}: {move.body}", f"{self.active} active before it", "")
        self._turn(candidate, to, back=bool(data["rollback"]), seq=move.seq)

    def _turn(self, candidate: str, to: Stage, *, back: bool, seq: int) -> None:
        if to is Stage.ACTIVE and self.active is not None:
            self._retire(self.active, seq)
        if back:
            self.line.pop()
            if self.active != candidate:
                raise IllegalMove(f"entry {seq}: back to {candidate}", f"back to {self.active}", "")
        elif to is Stage.ACTIVE:
            self.line.append(candidate)
        if to is Stage.RETIRED:
            self._retire(candidate, seq)
        else:
            self.stages[candidate] = to

    def _retire(self, candidate: str, seq: int) -> None:
        self.stages[candidate] = Stage.RETIRED
        self.retired_at[candidate] = seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A move somebody asks for.

    Parameters
    ----------
    to : Stage, optional
        None: the next one.
    reason, author : str
    enforce : bool
        False looks away from the order of stages, the verdict and the change of the active
        model, and is written into the move.
    expected : str or None, optional
        Who must be active for the move to happen; ``...`` for whoever the verdict was
        measured against.
    """

    reason: str
    author: str
    to: Stage | None = None
    enforce: bool = True
    expected: str | EllipsisType | None = ...


def standing(moves: Iterable[Entry]) -> Standing:
    """What the moves of one slot lead to."""
    found = Standing()
    for move in moves:
        found.follow(move)
    return found


def move(pen: Pen, candidate: Entry, wish: Wish) -> Entry:
    """Write one move, if it may be.

    Raises
    ------
    IllegalMove
        If the stage cannot follow, whatever is enforced.
    NotPassed
        If no verdict allows it.
    PromotionConflict
        If another model became active since the candidate was judged.
    """
    slot, name = candidate.scope, candidate.subject
    stand = standing(pen.find(MOVE, scope=slot))
    stage = stand.stage(name)
    to = stand.next_of(name) if wish.to is None else wish.to
    _check_move(name, stage, to, wish)
    verdict = pen.last(VERDICT, subject=name)
    if to is not Stage.RETIRED:
        _check_verdict(name, verdict, stand.retired_at.get(name, 0), wish)
    if to is Stage.ACTIVE:
        _check_active(name, verdict, stand.active, wish)
    body = {
        "candidate": name,
        "from": stage,
        "to": to,
        "replaced": stand.active if to is Stage.ACTIVE else None,
        "reason": wish.reason,
        "verdict": None if verdict is None else verdict.seq,
        "enforced": wish.enforce,
        "rollback": False,
    }
    return pen.add(MOVE, body, author=wish.author, subject=name, scope=slot)


def roll_back(pen: Pen, slot: Slot, reason: str, author: str, expected: str | EllipsisType | None = ...) -> Entry:
    """Put the one who was active before back in charge; see :meth:`Ledger.rollback`."""
    stand = standing(pen.find(MOVE, scope=str(slot)))
    if expected is not ... and expected != stand.active:
        found = f"{stand.active or 'nothing'} active in {slot}"
        raise PromotionConflict(found, f"{expected or 'nothing'}", "somebody moved it meanwhile: look, then decide")
    if len(stand.line) < 2:
        found = "nothing active" if stand.active is None else f"{stand.active} active, and nothing before it"
        raise IllegalMove(f"{slot}: {found}", "a model to go back to", "promote one")
    name = stand.line[-2]
    body = {
        "candidate": name,
        "from": stand.stage(name),
        "to": Stage.ACTIVE,
        "replaced": stand.active,
        "reason": reason,
        "verdict": None,
        "enforced": True,
        "rollback": True,
    }
    return pen.add(MOVE, body, author=author, subject=name, scope=str(slot))


def reigns(moves: Iterable[Entry]) -> list[Reign]:
    """Who was active when, oldest first."""
    found: list[Reign] = []
    for entry in moves:
        data = entry.data
        if data["to"] == Stage.ACTIVE:
            if found:
                found[-1] = found[-1]._replace(until=entry.at)
            found.append(Reign(data["candidate"], entry.at, None, entry.author, data["reason"], entry.seq))
    return found


def active_at(page: Page, slot: Slot, at: int | None = None) -> str | None:
    """Who is active in a slot, now or at an instant."""
    moves = page.find(MOVE, scope=str(slot))
    return standing(one for one in moves if at is None or one.at <= at).active


def _check_move(name: str, stage: Stage, to: Stage, wish: Wish) -> None:
    """What can never be, and what only a recorded exception allows."""
    if to is stage or to is Stage.CANDIDATE or stage is Stage.ACTIVE:
        fix = "roll back, or promote another" if stage is Stage.ACTIVE else "see: alphaloop registry show"
        raise IllegalMove(f"{name} from {stage} to {to}", "a stage it is not in, and a slot that is never empty", fix)
    if wish.enforce and to is not Stage.RETIRED and to is not _NEXT.get(stage, Stage.PAPER):
        fix = "promote it to paper first; --no-enforce skips a stage and is recorded"
        raise IllegalMove(f"{name} from {stage} to {to}", "one stage after the other", fix)


def _check_verdict(name: str, verdict: Entry | None, retired: int, wish: Wish) -> None:
    if not wish.enforce:
        return
    again = "run: alphaloop registry gate"
    if verdict is None:
        raise NotPassed(f"{name} without a verdict", "a verdict of passed", again)
    if verdict.seq < retired:
        raise NotPassed(f"{name} with a verdict from before it retired", "a new one", again)
    said = verdict.data
    if said["verdict"] != "passed" and said["enforced"]:
        raise NotPassed(
            f"{name}: {said['verdict']}", "a verdict of passed", "its checks say why; --no-enforce is recorded"
        )


def _check_active(name: str, verdict: Entry | None, active: str | None, wish: Wish) -> None:
    expected = wish.expected
    if expected is ...:
        if verdict is None or not wish.enforce:
            return
        expected = verdict.data["against"]
    if expected != active:
        raise PromotionConflict(
            f"{active or 'nothing'} active when {name} was to replace {expected or 'nothing'}",
            "the model it was judged against",
            "judge it against the one in charge now: alphaloop registry gate",
        )
