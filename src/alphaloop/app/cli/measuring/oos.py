"""``alphaloop evaluate oos``: a candidate made again from its manifest, and all it came to out of sample."""

from typing import Any

from alphaloop.app.cli import output
from alphaloop.app.cli.measuring.opened import Candidate, Draws, Executor, Json, Workers, opened


def run_oos(
    candidate: Candidate,
    draws: Draws = 1000,
    executor: Executor = "serial",
    workers: Workers = None,
    json: Json = False,
) -> int:
    """Make a forecaster again and report it out of sample, each figure with its interval. Exit 1 if degraded."""
    from alphaloop.app.evaluating.oos import evaluate_oos

    with opened(draws, executor, workers) as desk, output.spinner("walk", quiet=json):
        found = evaluate_oos(desk, candidate)
    output.emit(found) if json else _show(found)
    return 1 if found["degraded"] or found["reproduced"] is False else 0


def _show(found: dict[str, Any]) -> None:
    forecast, money = found["forecast"], found["money"]
    parts = [(name, forecast[name]) for name in ("ic", "rank_ic", "hit_rate")]
    parts += [(name, money[name]) for name in ("net_pnl", "sharpe", "max_drawdown", "turnover")]
    names = ("value", "low", "high", "effective_n")
    rows = [{"figure": name, **{one: said.get(one) for one in names}} for name, said in parts]
    output.table(rows, title=f"{found['symbol']} {found['horizon']}, {found['kind']}: {found['chosen']}")
    rows = [{"level": one["level"], **{k: one[k] for k in ("coverage", "low", "high")}} for one in _levels(found)]
    output.table(rows, title="outcomes at or below each stated quantile", quiet=True)
    said = {name: found["rows"][name] for name in ("labelled", "scored", "overlaps")}
    output.table([{**said, "reproduced": found["reproduced"]}])
    output.console().print(f"report  {found['report_file']}")


def _levels(found: dict[str, Any]) -> list[dict[str, Any]]:
    return list(found["calibration"]["quantiles"])
