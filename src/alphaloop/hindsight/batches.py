"""Outcomes of more candidates than memory holds: batch by batch, by any executor."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alphaloop.engine.executor import Executor, Serial
from alphaloop.execution.simulator.candidates.columns import Table
from alphaloop.execution.simulator.candidates.costs import Costs
from alphaloop.execution.simulator.candidates.run import DEFAULT
from alphaloop.execution.simulator.candidates.tape import Tape, prepare
from alphaloop.execution.simulator.rules import FillRules
from alphaloop.hindsight.outcomes import Outcomes, label_candidates

BATCH_ROWS = 1 << 20  # about 100 MB of candidates and outcomes


@dataclass(frozen=True, slots=True)
class Question:
    """What every batch shares: the bars and the terms."""

    tape: Tape
    costs: Costs
    horizon: int
    rules: FillRules


def answer(question: Question, candidates: Table) -> Outcomes:
    """Outcomes of one batch."""
    return label_candidates(
        question.tape, candidates, costs=question.costs, horizon=question.horizon, rules=question.rules
    )


def label_batches(
    bars: Table | Tape,
    batches: Iterable[Table],
    *,
    costs: Costs,
    horizon: int,
    rules: FillRules = DEFAULT,
    executor: Executor | None = None,
) -> Iterator[Outcomes]:
    """Outcomes of each batch of candidates, in order; only a few batches are in memory at a time.

    Parameters
    ----------
    bars, costs, horizon, rules
        As :func:`alphaloop.hindsight.outcomes.label_candidates` takes them.
    batches : iterable of mappings or frames
    executor : Executor
        Who does the work; all give equal bytes.

    Raises
    ------
    SchemaViolation, UnsortedData, InvalidOption
        As :func:`alphaloop.hindsight.outcomes.label_candidates` does.

    Examples
    --------
    >>> bars = {"open": [1.0, 1.0], "high": [1.0, 1.0], "low": [1.0, 1.0], "close": [1.0, 1.0]}
    >>> tried = {"bar": [0], "side": [1], "stop": [0.1], "target": [0.1], "leverage": [1.0]}
    >>> found = label_batches(bars, [tried, tried], costs=Costs(), horizon=1)
    >>> [str(one.reason[0]) for one in found]
    ['horizon', 'horizon']
    """
    tape = bars if isinstance(bars, Tape) else prepare(bars)
    means = Serial() if executor is None else executor
    return means.run(answer, Question(tape, costs, horizon, rules), batches)
