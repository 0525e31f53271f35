"""``alphaloop evaluate``: trials that features, models and policies must stand."""

from typing import TYPE_CHECKING, Annotated

import typer

from alphaloop.app.cli import context, output

if TYPE_CHECKING:
    from alphaloop.training.tribunal.court import Sentence

app = typer.Typer(help="Put features, models and policies on trial.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Put features, models and policies on trial."""


@app.command()
def leaks(
    cuts: Annotated[int, typer.Option(help="Instants at which the future is rewritten, per set of features.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the simulated market, its futures and the instants.")] = 7,
    processes: Annotated[int | None, typer.Option(help="Processes. [default: one per processor, at most 8]")] = None,
    catalogue: Annotated[bool, typer.Option("--catalogue", help="Print the table of planted leaks, Markdown.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Rewrite facts and look what moves: every registered feature, what we learn with, and planted leaks.

    What was found goes into the ledger, where verdicts look for it.
    """
    import os

    from alphaloop.core.errors import InvalidOption

    many = min(os.cpu_count() or 1, 8) if processes is None else processes
    if cuts < 1 or seed < 0 or many < 1:
        found = f"--cuts {cuts} --seed {seed} --processes {many}"
        raise InvalidOption(found, "cuts and processes of 1 or more, a seed of 0 or more", "correct them")
    if many > 1:  # the processes are the threads: read by polars and BLAS when they are first imported
        for name in ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ.setdefault(name, "1")
    from alphaloop.app.gating.leaks import keep
    from alphaloop.training.tribunal import court

    with output.progress("cases", court.number_of_cases(), quiet=json) as done:
        sentence = court.hold(cuts=cuts, seed=seed, processes=many, progress=lambda tried, _of: done(tried))
    with context.ledger() as ledger:
        keep(ledger, sentence.as_dict(), context.author())
    if json:
        output.emit(sentence.as_dict())
    elif catalogue:
        typer.echo(sentence.table())
    else:
        _show(sentence)
    return 0 if sentence.passed else 1


def _show(sentence: "Sentence") -> None:
    found = sentence.as_dict()
    names = ("features", "planted", "caught", "clean", "accused")
    leaking = len(found["leaking"])
    output.table([{**{name: found[name] for name in names}, "leaking": leaking, "passed": found["passed"]}])
    output.table(
        [{**one, "leaking": len(one["leaking"])} for one in found["learning"]],
        title="what we learn with: looks that were taken, columns that leak",
    )
    checks = [{"check": check, **counts} for check, counts in found["checks"].items()]
    output.table(checks, title="checks: features that fail each, planted leaks each catches")
    output.table(found["evidence"], title="leaking", quiet=True)
    output.table(found["unstable"], title="unstable warm-up (not leaking)", quiet=True)
    for title in ("missed", "accused_twins", "insensitive"):
        output.table([{title: name} for name in found[title]], quiet=True)
