"""What training shows while it works: symbol, variant, fold, epoch, losses and how long it will take."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress

    from alphaloop.training.chain.learner import Told


class Watch(Protocol):
    """Whoever is told."""

    def fit(self, told: "Told") -> None:
        """Where a fit is."""
        ...

    def rows(self, symbol: str, done: int) -> None:
        """Rows of features made so far."""
        ...


class Nobody:
    """Looks away."""

    def fit(self, told: "Told") -> None:
        """Nothing."""

    def rows(self, symbol: str, done: int) -> None:
        """Nothing."""


class Bars:
    """One line on stderr, redrawn: a bar over the epochs of the fit at work."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._task = progress.add_task("features", total=None, losses="")
        self._fit = ""

    def fit(self, told: "Told") -> None:
        """Where a fit is."""
        where = f"fold {told.fold}/{told.folds}" if told.fold else "final fit"
        name = f"{told.symbol}  {told.variant}  {where}"
        if name != self._fit:
            self._fit = name
            self._progress.reset(self._task, description=name, total=told.epochs or None, losses="")
        losses = "" if told.train_loss is None else f"loss {told.train_loss:.4f}"
        losses += "" if told.valid_loss is None else f"  held out {told.valid_loss:.4f}"
        self._progress.update(self._task, completed=told.epoch, losses=losses)

    def rows(self, symbol: str, done: int) -> None:
        """Rows of features made so far."""
        self._progress.update(self._task, description=f"features  {symbol}  {done:,} rows")


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watch]:
    """A progress bar on stderr where somebody can see it."""
    if quiet or not sys.stderr.isatty():
        yield Nobody()
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from alphaloop.app.cli import output

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[losses]}"),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=output.errors(), transient=True) as progress:
        yield Bars(progress)
