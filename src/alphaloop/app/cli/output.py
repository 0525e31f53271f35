"""What a command prints: a table for people, one JSON document for programs.

Results go to stdout, progress and errors to stderr, so that a pipe sees results only.
Nothing here is imported before a command runs: ``--help`` stays fast.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 200  # columns where stdout is no terminal: a log should not wrap

Json = Mapping[str, Any] | Sequence[Any]


def emit(payload: Json) -> None:
    """One JSON document on stdout; a number that is not finite is an error, not ``NaN``."""
    sys.stdout.write(json.dumps(payload, allow_nan=False, default=str) + "\n")


def console() -> "Console":
    """For people, on stdout."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def errors() -> "Console":
    """For people, on stderr."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PIPE_WIDTH)


def table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None, title: str = "", *, quiet: bool = False
) -> None:
    """Rows as a rich table, numbers to the right; ``quiet`` says nothing where there are none."""
    from rich.table import Table

    if not rows:
        if not quiet:
            console().print("[dim]nothing[/dim]")
        return
    names = list(columns or rows[0])
    sheet = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for name in names:
        numeric = all(isinstance(row.get(name), int | float | None) for row in rows)
        sheet.add_column(name, justify="right" if numeric else "left", overflow="ellipsis", no_wrap=True)
    for row in rows:
        sheet.add_row(*(cell(row.get(name)) for name in names))
    console().print(sheet)


def cell(value: object) -> str:
    """One value as people read it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4f}" if abs(value) < 1000 else f"{value:,.2f}"
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    from rich.markup import escape

    return escape(str(value))


@contextmanager
def progress(title: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; yields a function that takes the number done so far."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors(), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def spinner(title: str, *, quiet: bool = False) -> Iterator[Callable[[str, int], None]]:
    """For work of unknown length: yields a function that takes what is worked on, and a count."""
    if quiet or not sys.stderr.isatty():
        yield lambda _name, _done: None
        return
    with errors().status(title) as status:
        yield lambda name, done: status.update(f"{title}  {cell(name)}  {done:,} rows")
