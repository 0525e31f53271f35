"""``alphaloop train vc``: events scored, by the documented label or by the honest one."""

from typing import Annotated, Any

import typer

from alphaloop.app.cli import context, output

_FAST = {"fast": True, "production": False}


def run_vc(  # the options of a command are its parameters
    label: Annotated[
        str, typer.Option(help="documented: is the event a deal; later: does a deal of the entity follow.")
    ] = "documented",
    within_months: Annotated[int, typer.Option(help="How far ahead a later deal may lie.")] = 12,
    symbols: Annotated[str | None, typer.Option(help="Only events linked to these. [default: all events]")] = None,
    kinds: Annotated[str, typer.Option(help="Kinds of entities that are scored.")] = "company,coin",
    timeframe: Annotated[str | None, typer.Option(help="As other chains have it; events have no bars.")] = None,
    horizons: Annotated[str | None, typer.Option(help="As other chains have it; see --within-months.")] = None,
    start: Annotated[str | None, typer.Option(help="First instant of knowledge, ISO, UTC.")] = None,
    end: Annotated[str | None, typer.Option(help="Where the record stops, ISO, UTC.")] = None,
    lookback_days: Annotated[int | None, typer.Option(help="Days before the end, instead of --start.")] = None,
    mode: Annotated[str, typer.Option(help="production: all events; fast: the newest 3,000.")] = "production",
    step_days: Annotated[int, typer.Option(help="Days from one decision to the next.")] = 30,
    folds: Annotated[int, typer.Option(help="Of the walk-forward.")] = 5,
    seed: Annotated[int, typer.Option(help="Same seed, same data: same bytes.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Score events by a linear teacher and a small student. Exit 1 if degraded, as the documented label always is."""
    from alphaloop.app.chains.vc import train_vc
    from alphaloop.app.cli.backtest import command_line
    from alphaloop.app.cli.train.watching import watching
    from alphaloop.core.errors import InvalidOption
    from alphaloop.training.vc.asked import FAST_EVENTS, VcAsked

    if mode not in _FAST:
        raise InvalidOption(f"mode '{mode}'", "production or fast", "")
    first, last = context.window(start, end)
    asked = VcAsked(
        label=label, within_months=within_months, step_days=step_days,  # type: ignore[arg-type]  # checked there
        kinds=tuple(part.strip() for part in kinds.split(",") if part.strip()), symbols=context.names(symbols),
        limit=FAST_EVENTS if _FAST[mode] else None, start=first, end=last, lookback_days=lookback_days, folds=folds,
        seed=seed,
    )  # fmt: skip
    with context.ledger() as ledger, watching(quiet=json) as watch:
        found = train_vc(
            context.home(), context.lake(), ledger, asked,
            author=context.author(), command=command_line(), progress=watch.fit,
        )  # fmt: skip
    unused = [name for name, given in (("timeframe", timeframe), ("horizons", horizons)) if given is not None]
    found = {**found, "unused_options": unused}
    output.emit(found) if json else _show(found)
    return 1 if any(one["degraded"] for one in found["candidates"]) else 0


def _show(found: dict[str, Any]) -> None:
    """Scores, what the label is worth, verdict and files for people."""
    lines = output.console()
    lines.print(f"[bold]{found['label']['question']}[/bold]")
    output.table([found["data"]])
    counts = ("brier_of_rate", "rows", "positives", "entities")
    rows = [
        {"model": name, **_spread(said, "auc"), **_spread(said, "brier"), **{key: said[key] for key in counts}}
        for one in found["candidates"]
        for name, said in one["variants"].items()
    ]
    output.table(rows, title="out of sample")
    gain = found["distillation"]
    if gain["interval"] is not None:
        told = {"auc": gain["student_less_teacher"], "auc_interval": gain["interval"]}
        output.table([_spread(told, "auc")], title="student less teacher")
    lines.print(f"warning: {found['label']['warning']}")
    shown = ("candidate", "symbol", "horizon", "verdict", "report_file")
    output.table([{name: one[name] for name in shown} for one in found["verdicts"]], title="verdicts")
    output.table([{"not used": name} for name in found["unused_options"]], quiet=True)
    output.table([{"file": one["file"]} for one in found["artifacts"]], quiet=True)


def _spread(said: dict[str, Any], name: str) -> dict[str, Any]:
    """A figure and both ends of its interval, a column each."""
    low, high = said[f"{name}_interval"]
    return {name: said[name], f"{name} low": low, f"{name} high": high}
