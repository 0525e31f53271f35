"""``alphaloop``: the command and its groups.

Exit codes: 0 done, 1 done but not passed or degraded, 2 wrong usage or bad input,
130 interrupted. Commands import what they need when they run.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from alphaloop import __version__
from alphaloop.app.cli import backtest, context, data, demo, doctor, evaluate, features, gating, plotting, registry
from alphaloop.app.cli.train import group as train
from alphaloop.core.errors import AlphaloopError, NotPassed, PromotionConflict

INTERRUPTED = 130

app = typer.Typer(
    name="alphaloop",
    help="Close the loop of AI trading, honestly: data, backtest, paper, verdict.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich costs a quarter of a second, and --help must not
)
app.add_typer(data.app, name="data")
app.add_typer(features.app, name="features")
features.app.command("plot")(plotting.run_plot)
app.add_typer(train.app, name="train")
app.add_typer(evaluate.app, name="evaluate")
registry.app.command("gate")(gating.run_gate)
app.add_typer(registry.app, name="registry")
app.add_typer(backtest.paper, name="paper")
app.command("backtest")(backtest.run_backtest)
app.command("demo")(demo.run_demo)
app.command("doctor")(doctor.run_doctor)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"alphaloop {__version__}")
        raise typer.Exit


@app.callback()
def root(
    home: Annotated[
        Path | None,
        typer.Option(help="Folder of lake, artifacts and reports. [default: ./.alphaloop, or $ALPHALOOP_HOME]"),
    ] = None,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,  # noqa: ARG001
) -> None:
    """Close the loop of AI trading, honestly."""
    context.choose_home(home)


def main(arguments: list[str] | None = None) -> int:
    """Run a command line and return its exit code; a typed error becomes one readable message."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        result = app(words, prog_name="alphaloop", standalone_mode=False)
    except AlphaloopError as error:
        report(error, as_json="--json" in words)
        return 1 if isinstance(error, NotPassed | PromotionConflict) else 2
    except typer.Exit as leaving:
        result = leaving.exit_code
    except (KeyboardInterrupt, typer.Abort):
        result = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the rim of the program: usage errors of the parser end here
        return _usage(error)
    if result == INTERRUPTED:  # typer turns Ctrl-C into this exit code, and says nothing
        sys.stderr.write("interrupted: what was finished is kept, run the same command to go on\n")
    return int(result or 0)


def _usage(error: Exception) -> int:
    """A parser's complaint in its own words; anything else is a defect and keeps its traceback."""
    show = getattr(error, "show", None)
    if show is None:
        raise error
    show()
    return 2


def report(error: AlphaloopError, *, as_json: bool) -> None:
    """Say what was found, what was expected and what to do."""
    from alphaloop.app.cli import output

    if as_json:
        output.emit(error.as_dict())
        return
    lines = output.errors()
    lines.print(f"[bold red]{type(error).__name__}[/bold red]")
    for label, text in (("found", error.found), ("expected", error.expected), ("do", error.fix)):
        if text:
            lines.print(f"  [dim]{label:>8}[/dim]  {output.cell(text)}")


def run() -> None:
    """Console entry point."""
    sys.exit(main())
