"""What the evaluations of a candidate share: who asks, where, and with how many hands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from alphaloop.app.cli import context

if TYPE_CHECKING:
    from alphaloop.app.evaluating.oos import Desk

Candidate = Annotated[str, typer.Argument(help="Its id, or the first letters of it; see registry list.")]
Draws = Annotated[int, typer.Option(help="Of the bootstrap behind each interval.")]
Executor = Annotated[str, typer.Option(help="serial, threads, process or ray: of folds.")]
Workers = Annotated[int | None, typer.Option(help="Of the executor. [default: one per processor]")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@contextmanager
def opened(draws: int, executor: str, workers: int | None) -> "Iterator[Desk]":
    """A desk in the home that was chosen; the ledger is closed at the end.

    Raises
    ------
    InvalidOption
        If there are too few draws.
    """
    from alphaloop.app.cli.backtest import command_line
    from alphaloop.app.evaluating.oos import Desk
    from alphaloop.core.errors import InvalidOption
    from alphaloop.engine.executor import executor as hands

    if draws < 100:
        raise InvalidOption(f"--draws {draws}", "100 or more", "1000 are usual")
    with context.ledger() as ledger:
        yield Desk(
            home=context.home(), ledger=ledger, author=context.author(), command=command_line(),
            executor=hands(executor, workers), draws=draws,
        )  # fmt: skip
