"""Backtests that count: the trial is in the ledger before the run, its result after it."""

from dataclasses import dataclass
from pathlib import Path

from alphaloop.app.chains.trading import forecast_of, named
from alphaloop.app.gating.counting import earlier, enter, figures_of, place_of
from alphaloop.app.runs import Progress, Run, backtest_of
from alphaloop.app.wiring import Options, prepare
from alphaloop.lake.table import Lake
from alphaloop.registry.ledger import Ledger
from alphaloop.registry.runs import record_run


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a backtest reads and writes, who asked for it, and with which command."""

    lake: Lake
    ledger: Ledger
    reports: Path
    author: str
    command: str


def counted_backtest(
    desk: Desk, options: Options, share: float, *, register: bool = False, progress: Progress | None = None
) -> Run:
    """Run a policy through the simulator, write its report, and count it as a trial of its study.

    Parameters
    ----------
    desk : Desk
    options : Options
    share : float, above 0, at most 1
        Of the window, from its end: the part that verdicts are made of.
    register : bool
        Make the policy a candidate.

    Returns
    -------
    Run
        Its summary gains ``study``, ``trial``, ``trials`` (counted so far) and ``candidate``.
    """
    policy = None
    if named(options):
        options, policy = forecast_of(desk.ledger, options)
    setup = prepare(desk.lake, options, policy)
    place = place_of(setup, share)
    trial = earlier(desk.ledger, place)
    if trial is not None:
        run = backtest_of(desk.lake, setup, desk.reports, desk.command, progress)
    else:
        with desk.ledger.study(place.study, desk.author).trial(place.config, options.seed) as counted:
            trial = counted.id
            run = backtest_of(desk.lake, setup, desk.reports, desk.command, progress)
            sharpe, figures = figures_of(desk.lake, desk.ledger, setup, run.trace, place.since)
            counted.result(sharpe, **figures)
    candidate = None
    if register:
        candidate = enter(desk.ledger, run, place, trial, author=desk.author, command=desk.command)
    metrics = run.summary["metrics"]
    record_run(desk.ledger.journal, run.trace, "backtest", desk.author, candidate=candidate or "", figures=metrics)
    counts = desk.ledger.trials(place.study).count
    run.summary.update(study=place.study, trial=trial, trials=counts, candidate=candidate)
    return run
