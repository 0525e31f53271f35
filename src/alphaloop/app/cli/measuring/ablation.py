"""``alphaloop evaluate ablation``: what a candidate owes to each group of its features."""

from typing import Annotated, Any

import typer

from alphaloop.app.cli import output
from alphaloop.app.cli.measuring.opened import Candidate, Draws, Executor, Json, Workers, opened


def run_ablation(
    candidate: Candidate,
    event_strength: Annotated[float, typer.Option(help="Rows above it, in event_decay, are the event window.")] = 0.0,
    draws: Draws = 1000,
    executor: Executor = "serial",
    workers: Workers = None,
    json: Json = False,
) -> int:
    """Take text, macro and flow from a forecaster, hidden and trained anew, by walk-forward and purged K-fold."""
    from alphaloop.app.evaluating.ablation import evaluate_ablation

    with opened(draws, executor, workers) as desk, output.spinner("walks", quiet=json):
        found = evaluate_ablation(desk, candidate, strength=event_strength)
    output.emit(found) if json else _show(found)
    return 1 if found["degraded"] else 0


def _show(found: dict[str, Any]) -> None:
    output.table(
        [
            {"variant": name, "taken": mode, "protocol": protocol, "rows": said["rows"], **_changes(said)}
            for protocol, modes in found["results"].items()
            for mode in ("zeroed", "retrained")
            for name, said in modes[mode].items()
            if "ic" in said
        ],
        title=f"{found['symbol']} {found['horizon']}, {found['kind']}: without less full",
    )
    why = [{"variant": one["name"], "reason": one["reason"] or one["not_retrained"]} for one in found["taken"]]
    output.table([one for one in why if one["reason"]], title="not measured", quiet=True)
    output.console().print(f"report  {found['report_file']}")


def _changes(said: dict[str, Any]) -> dict[str, Any]:
    ends = {f"ic_{end}": said["ic"][end] for end in ("low", "high")}
    return {"ic": said["ic"]["change"], **ends, **{name: said[name]["change"] for name in ("mse", "net_per_day")}}
