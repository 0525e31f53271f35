"""``alphaloop evaluate``: trials that features, models and policies must stand."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphaloop.app.cli import context, output
from alphaloop.app.cli.measuring import ablation, oos

if TYPE_CHECKING:
    from alphaloop.training.tribunal.court import Sentence

app = typer.Typer(help="Put features, models and policies on trial.", no_args_is_help=True)


app.command("oos")(oos.run_oos)
app.command("ablation")(ablation.run_ablation)


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


@app.command()
def controls(
    markets: Annotated[int, typer.Option(help="Markets without edge.")] = 200,
    planted: Annotated[int, typer.Option(help="Markets with an edge, of each strength.")] = 30,
    strengths: Annotated[str, typer.Option(help="Annual Sharpe ratios after cost to plant.")] = "1,2,3.5,5,7",
    long: Annotated[int, typer.Option(help="Markets of eight years with an edge of 1.3.")] = 0,
    shuffled: Annotated[int, typer.Option(help="Markets without edge tested by shuffled folds as well.")] = 12,
    seed: Annotated[int, typer.Option(help="Of the first market without edge.")] = 5000,
    processes: Annotated[int | None, typer.Option(help="Processes. [default: one per processor, at most 8]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Run the whole pipeline on markets whose truth is known: how often it is fooled, how often it finds.

    Some three seconds of one processor a market. Stopped, it goes on where it was.
    """
    import os

    from alphaloop.core.errors import InvalidOption

    many = min(os.cpu_count() or 1, 8) if processes is None else processes
    if many < 1:
        raise InvalidOption(f"--processes {many}", "1 or more", "correct it")
    for name in ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"):  # the processes are the threads
        os.environ.setdefault(name, "1")
    from alphaloop.app.cli.backtest import command_line
    from alphaloop.app.gating.controls import control
    from alphaloop.training.controls.campaign import Campaign

    campaign = Campaign(
        markets=markets,
        planted=planted,
        strengths=_strengths(strengths),
        long_planted=long,
        demonstrations=shuffled,
        seed=seed,
    )
    with output.progress("markets", len(campaign.units()), quiet=json) as done:
        found = control(campaign, context.home(), many, command_line(), done)
    if json:
        output.emit(found)
    else:
        _show_controls(found)
    return 0 if found["passed"] else 1


def _strengths(text: str) -> tuple[float, ...]:
    from alphaloop.core.errors import InvalidOption

    try:
        return tuple(float(one) for one in text.split(",") if one)
    except ValueError as error:
        raise InvalidOption(f"--strengths {text}", "numbers with commas between", "use e.g. 2,3.5,5") from error


def _show_controls(found: dict[str, Any]) -> None:
    names = ("markets", "promoted", "rate", "interval", "refused", "insufficient")
    rows = {"all": found["null"], **found["null"]["by_kind"]}
    output.table([{"kind": kind, **{name: row[name] for name in names}} for kind, row in rows.items()], title="no edge")
    columns = ("strength", "days", "informed", "achieved", *names)
    output.table(
        [{name: row[name] for name in columns} for row in found["planted"]],
        title="planted edge: annual Sharpe ratios after cost",
        quiet=True,
    )
    claimed = {name: found[f"{name}_kfold_ic"] for name in ("shuffled", "purged")}
    output.table([claimed], title="IC that folds claim where there is none")
    output.table(found["targets"], title="targets")
    output.console().print(f"report  {found['report_file']}")


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
