"""``alphaloop backtest`` and ``alphaloop paper replay``: one set of options, two venues."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from alphaloop.app.cli import context, output
from alphaloop.app.cli.candidates import label_candidates_of

if TYPE_CHECKING:
    from alphaloop.app.runs import Progress
    from alphaloop.app.wiring import Options

paper = typer.Typer(help="Trade on paper.", no_args_is_help=True, rich_markup_mode=None)

NAMES = (
    "buy-and-hold flat random ma-cross rsi-reversal donchian; "
    "momentum band-reversion volume-breakout carry volatility-target order-flow; forecast:CANDIDATE"
)

Act = Callable[["Options", bool, "Judging"], int]


class Judging(NamedTuple):
    """What becomes of the run's trial: whether its policy is registered, and which part is judged."""

    register: bool
    share: float


def _command(act: Act) -> Callable[..., int]:
    """A command with every option a run has, doing ``act``."""

    def run(
        symbols: Annotated[str, typer.Option(help="Comma-separated, e.g. BTCUSDT,ETHUSDT.")],
        policy: Annotated[str | None, typer.Option(help=NAMES)] = None,
        timeframe: Annotated[str, typer.Option(help="Bar interval.")] = "5m",
        start: Annotated[str | None, typer.Option(help="First bar, ISO, UTC.")] = None,
        end: Annotated[str | None, typer.Option(help="First instant after the window, ISO, UTC.")] = None,
        venue: Annotated[str | None, typer.Option(help="Where the bars are from; perpetuals first.")] = None,
        cash: Annotated[float, typer.Option(help="Starting balance, quote currency.")] = 10_000.0,
        fee_bps: Annotated[float | None, typer.Option(help="Fee of every fill. [default: taker 5, maker 2]")] = None,
        maker_fee_bps: Annotated[float | None, typer.Option(help="Fee of limit and target fills.")] = None,
        slippage_bps: Annotated[float | None, typer.Option(help="On market and stop fills. [default: 1]")] = None,
        max_weight: Annotated[float | None, typer.Option(help="Cut one symbol to this fraction of equity.")] = None,
        max_gross: Annotated[float | None, typer.Option(help="Cut all symbols together to this.")] = None,
        max_leverage: Annotated[float | None, typer.Option(help="Cut the isolated leverage of a position.")] = None,
        max_drawdown: Annotated[float | None, typer.Option(help="Close all and stop beyond this loss.")] = None,
        band: Annotated[float, typer.Option(help="Leave smaller changes alone, fraction of equity.")] = 0.0,
        rules: Annotated[str, typer.Option(help="How bars fill: default, or as another engine does.")] = "default",
        rule: Annotated[list[str] | None, typer.Option(help="One fill rule changed, e.g. both=target_first.")] = None,
        participation: Annotated[float | None, typer.Option(help="Most of a bar's volume that may trade.")] = None,
        latency_ms: Annotated[float, typer.Option(help="From a decision to the venue; it meets later opens.")] = 0.0,
        seed: Annotated[int, typer.Option(help="Same seed, same trace.")] = 0,
        set_: Annotated[list[str] | None, typer.Option("--set", help="A policy parameter, e.g. fast=12.")] = None,
        candidates: Annotated[Path | None, typer.Option(help="Label the trades of this file, no policy.")] = None,
        out: Annotated[Path | None, typer.Option(help="Where to: parquet or csv. With --candidates.")] = None,
        horizon: Annotated[int, typer.Option(help="Bars a candidate lives. With --candidates.")] = 48,
        executor: Annotated[str, typer.Option(help="serial threads process ray. With --candidates.")] = "serial",
        register: Annotated[bool, typer.Option("--register", help="Make it a candidate for a verdict.")] = False,
        oos: Annotated[float, typer.Option(help="Share of the window, its end, that a verdict is made of.")] = 0.5,
        json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    ) -> int:
        from alphaloop.app.chains.trading import with_environment
        from alphaloop.app.wiring import Costs, Options, limits_of
        from alphaloop.execution.simulator.presets import rules_of

        filling = rules_of(rules, context.pairs(rule or [], "--rule", "both=stop_always"))
        first, last = context.window(start, end)
        costs = Costs.of_bps(fee_bps, slippage_bps, maker_fee_bps)
        if candidates is not None and act is _backtest:
            if participation is not None or latency_ms:
                raise typer.BadParameter("a candidate knows no size and no delay", param_hint="--candidates")
            window = (context.names(symbols), timeframe, first, last, venue)
            return label_candidates_of(candidates, out, window, (horizon, costs, filling), executor, json)
        if policy is None or candidates is not None:
            raise typer.BadParameter(f"missing: one of {NAMES}", param_hint="--policy")
        options = Options(
            policy=policy,
            symbols=context.names(symbols),
            timeframe=timeframe,
            start=first,
            end=last,
            venue=venue,
            cash=cash,
            costs=costs,
            limits=limits_of(max_weight, max_gross, max_leverage, max_drawdown),
            seed=seed,
            band=band,
            rules=filling,
            participation=participation,
            latency_us=round(latency_ms * 1000),
            params=context.pairs(set_ or []),
        )
        return act(with_environment(options, os.environ), json, Judging(register, oos))

    run.__doc__ = act.__doc__
    return run


def command_line() -> str:
    """What the user typed, for the report: the program's name and its arguments, no paths before it."""
    import shlex

    return shlex.join(["alphaloop", *sys.argv[1:]])


def _backtest(options: "Options", json: bool, judging: Judging) -> int:
    """Backtest a policy on bars of the lake: metrics, trades and a report with pictures; counted as a trial."""
    from alphaloop.app.gating.backtests import Desk, counted_backtest

    with context.ledger() as ledger, output.progress("backtest", quiet=json) as tick:
        desk = Desk(context.lake(), ledger, context.home() / "reports", context.author(), command_line())
        run = counted_backtest(desk, options, judging.share, register=judging.register, progress=tick)
    if json:
        output.emit(run.summary)
    else:
        show(run.summary)
    return 0


def _replay(options: "Options", json: bool, judging: Judging) -> int:
    """Replay the same session through the paper venue; equal to the backtest, or exit 1."""
    from alphaloop.app.chains.trading import forecast_of, named
    from alphaloop.app.runs import TOLERANCE, replay
    from alphaloop.registry.runs import record_run

    if judging.register:
        raise typer.BadParameter("a replay is no trial: register the backtest", param_hint="--register")

    policy = None
    if named(options):
        with context.ledger() as ledger:
            options, policy = forecast_of(ledger, options)
    with output.progress("paper replay", quiet=json) as tick:
        step: Progress = tick
        run = replay(context.lake(), options, context.home() / "reports", command_line(), step, policy)
    with context.ledger() as ledger:
        record_run(ledger.journal, run.trace, "paper", context.author(), figures=run.summary["metrics"])
    run.summary.update(dict.fromkeys(("study", "trial", "trials", "candidate")))  # what is replayed was tried before
    if json:
        output.emit(run.summary)
    else:
        show(run.summary)
        verdict = "[green]equal[/green]" if run.summary["equal"] else "[red]not equal[/red]"
        output.console().print(
            f"paper and backtest are {verdict}: largest difference {run.summary['max_equity_difference']:.2e} "
            f"of equity (limit {TOLERANCE:.0e}), {run.summary['order_differences']} orders differ "
            f"of {run.summary['orders']:,}"
        )
    return 0 if run.summary["equal"] else 1


HEADLINES = (
    ("total_return", "total return"),
    ("annual_return", "annual return"),
    ("benchmark_return", "buy and hold"),
    ("excess_return", "excess"),
    ("volatility", "volatility"),
    ("sharpe", "Sharpe"),
    ("sortino", "Sortino"),
    ("calmar", "Calmar"),
    ("max_drawdown", "max drawdown"),
    ("win_rate", "win rate"),
    ("profit_factor", "profit factor"),
    ("trades", "trades"),
    ("turnover", "turnover"),
    ("fees", "fees"),
    ("slippage", "slippage"),
    ("funding", "funding"),
)


def show(summary: dict[str, Any]) -> None:
    """The figures of a run for people."""
    lines = output.console()
    kind = summary["data_kind"]
    warning = "" if kind == "real" else f"  [yellow]{kind}: no claim about real markets[/]"
    lines.print(f"[bold]{summary['policy']}[/bold] on {', '.join(summary['symbols'])} {summary['timeframe']}{warning}")
    lines.print(
        f"[dim]{summary['start']} to {summary['end']}, {summary['bars']:,} bars, {summary['cuts']} risk cuts[/]"
    )
    said = ", ".join(f"{name} {value}" for name, value in summary["assumed"].items())
    lines.print(f"[dim]{said}[/]")
    metrics = summary["metrics"]
    for key, label in HEADLINES:
        lines.print(f"  {label:<15}{output.cell(metrics.get(key)):>14}")
    lines.print(f"report  {summary['report_file']}")
    lines.print(f"trace   {summary['trace_hash']}")
    if summary["study"]:
        lines.print(f"trial   {summary['trial']} of '{summary['study']}': {summary['trials']:,} tried so far")
    if summary["candidate"]:
        lines.print(f"next    alphaloop registry gate {summary['candidate']}")


run_backtest = _command(_backtest)
paper.command("replay")(_command(_replay))
