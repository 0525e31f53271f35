"""``alphaloop registry gate``: a candidate's evidence through the gates, and the verdict written up."""

from typing import TYPE_CHECKING, Annotated

import typer

from alphaloop.app.cli import context, output

if TYPE_CHECKING:
    from alphaloop.app.gating.judging import Judged

COLOURS = {"passed": "green", "refused": "red", "insufficient": "yellow"}


def run_gate(
    candidate: Annotated[str, typer.Argument(help="Id of a candidate, or the beginning of it.")],
    enforce: Annotated[
        bool, typer.Option("--enforce/--no-enforce", help="Whether a failure blocks promotion; recorded.")
    ] = True,
    author: Annotated[str | None, typer.Option(help="Kept with the verdict. [default: you]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Judge a candidate: passed, refused or insufficient evidence, and why. Exit 1 unless it passed."""
    from alphaloop.app.gating.judging import judge_candidate
    from alphaloop.registry.gates import load

    limits = load(context.home())
    with context.ledger() as ledger:
        found = judge_candidate(
            ledger, candidate, limits, context.home() / "reports", author=author or context.author(), enforce=enforce
        )
    if json:
        output.emit(found.as_dict())
    else:
        show(found)
    return 0 if found.verdict.verdict == "passed" or not enforce else 1


def show(found: "Judged") -> None:
    """The verdict for people: every check, then what decided."""
    from alphaloop.app.report.verdict import abstract, banner, number, power

    lines = output.console()
    warning = banner(found.evidence)
    lines.print(f"[bold]{output.cell(found.model)}[/bold] on {found.evidence.symbol} {found.evidence.horizon}")
    if warning:
        lines.print(f"[yellow]{output.cell(warning)}[/]")
    mark = " †" if warning else ""
    rows = [
        {
            "check": one.name,
            "measured": f"{'-' if one.measured is None else number(one.measured)}{mark}",
            "required": one.required,
            "answer": "not measured" if one.measured is None else "passed" if one.passed else "failed",
            "source": one.source,
        }
        for one in found.verdict.checks
    ]
    output.table(rows)
    verdict = found.verdict.verdict
    lines.print(f"[{COLOURS[verdict]}]{verdict}[/] {output.cell(abstract(found.verdict))}")
    lines.print(output.cell(power(found.evidence)))
    lines.print(f"report  {found.page}")
