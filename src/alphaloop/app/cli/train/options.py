"""Options that every training command has, and how a chain becomes a command.

A command is a function of :class:`Chosen` and of options of its own; :func:`command` gives it the
shared ones as well.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphaloop.app.cli import context, output

if TYPE_CHECKING:
    from alphaloop.app.chains.training import Session
    from alphaloop.training.chain.asked import Asked

_NAMED = 4  # features left out that are named on the screen; the JSON has all


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a user chose; each field is an option."""

    symbols: Annotated[str, typer.Option(help="Comma-separated.")]
    timeframe: Annotated[str, typer.Option(help="Bar interval.")] = "5m"
    start: Annotated[str | None, typer.Option(help="First decision, ISO, UTC.")] = None
    end: Annotated[str | None, typer.Option(help="First instant after the last decision, ISO, UTC.")] = None
    lookback_days: Annotated[int | None, typer.Option(help="Days before the end, instead of --start.")] = None
    mode: Annotated[str, typer.Option(help="production: all rows of the window; fast: few rows, few epochs.")] = (
        "production"
    )
    horizons: Annotated[str, typer.Option(help="Of the forecasts, comma-separated.")] = "1h,4h"
    lookback: Annotated[int, typer.Option(help="Rows of a window.")] = 96
    seed: Annotated[int, typer.Option(help="Same seed, same data: same bytes.")] = 0
    features: Annotated[str | None, typer.Option(help="Comma-separated feature names. [default: all]")] = None
    set: Annotated[list[str] | None, typer.Option("--set", help="A setting of the chain, name=value.")] = None
    venue: Annotated[str | None, typer.Option(help="Whose bars. [default: the preferred venue]")] = None
    fee_bps: Annotated[float | None, typer.Option(help="Fee of every fill, basis points. [default: 5]")] = None
    slippage_bps: Annotated[float | None, typer.Option(help="Slippage of every fill. [default: 1]")] = None
    executor: Annotated[str, typer.Option(help="serial, threads, process or ray: of folds.")] = "serial"
    workers: Annotated[int | None, typer.Option(help="Of the executor. [default: one per processor]")] = None
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False

    def asked(self) -> "Asked":
        """The run that was asked for.

        Raises
        ------
        InvalidOption
            If something of it cannot be.
        """
        from alphaloop.training.chain.asked import Asked

        start, end = context.window(self.start, self.end)
        return Asked(
            symbols=context.names(self.symbols), timeframe=self.timeframe, start=start, end=end,
            horizons=tuple(part.strip() for part in self.horizons.split(",") if part.strip()),
            lookback_days=self.lookback_days, mode=self.mode, seed=self.seed, lookback=self.lookback,  # type: ignore[arg-type]  # checked there
            settings=settings_of(self.set or []),
        )  # fmt: skip


def settings_of(texts: list[str]) -> dict[str, float | int | str]:
    """``["blocks=3", "rate=1e-3"]`` with numbers as numbers.

    Examples
    --------
    >>> settings_of(["blocks=3", "rate=1e-3", "device=cpu"])
    {'blocks': 3, 'rate': 0.001, 'device': 'cpu'}
    """
    return {name: _number(text) for name, text in context.pairs(texts).items()}


def _number(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def command(work: Callable[..., int]) -> Callable[..., int]:
    """A function of :class:`Chosen`, and of options of its own after it, as a command with the shared options."""
    own = list(inspect.signature(work).parameters.values())[1:]
    shared = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if one.default is MISSING else one.default,
            annotation=one.type,
        )
        for one in fields(Chosen)
    ]

    @wraps(work)
    def run(**given: Any) -> int:
        chosen = Chosen(**{one.name: given.pop(one.name) for one in shared})
        return work(chosen, **given)

    kept = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
    run.__signature__ = inspect.Signature([*shared, *kept])  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in [*shared, *kept]}
    return run


@contextmanager
def opened(chosen: Chosen) -> "Iterator[Session]":
    """Lake, ledger and progress for what was chosen; closed at the end."""
    from alphaloop.app.chains.source import Source
    from alphaloop.app.chains.training import Session
    from alphaloop.app.cli.backtest import command_line
    from alphaloop.app.cli.train.watching import watching
    from alphaloop.app.wiring import Costs
    from alphaloop.engine.executor import executor
    from alphaloop.features.contract import Schema, full

    names = chosen.features
    schema = full() if names is None else Schema(part.strip() for part in names.split(","))
    source = Source(
        home=context.home(), lake=context.lake(), asked=chosen.asked(), schema=schema, venue=chosen.venue,
        costs=Costs.of_bps(chosen.fee_bps, chosen.slippage_bps),
    )  # fmt: skip
    with context.ledger() as ledger, watching(quiet=chosen.json) as watch:
        yield Session(
            source=source, ledger=ledger, author=context.author(), command=command_line(), now=context.now_us(),
            executor=executor(chosen.executor, chosen.workers), progress=watch.fit, tell=watch.rows,
        )  # fmt: skip


def show(found: Mapping[str, Any]) -> None:
    """Candidates, variants, verdicts and files for people."""
    names = ("ic", "rank_ic", "hit_rate", "net_pnl", "max_drawdown", "turnover", "sharpe", "trades")
    rows = [
        {"symbol": one["symbol"], "horizon": one["horizon"], "variant": variant, **{name: said[name] for name in names}}
        for one in found["candidates"]
        for variant, said in one["variants"].items()
    ]
    output.table(rows, title="out of sample, after cost")
    verdicts = [
        {name: one[name] for name in ("candidate", "symbol", "horizon", "verdict", "report_file")}
        for one in found["verdicts"]
    ]
    output.table(verdicts, title="verdicts")
    output.table(found["failed"], title="symbols that failed", quiet=True)
    dropped = [
        {"symbol": symbol, "features": len(left), "among them": ", ".join(left[:_NAMED])}
        for symbol, left in found["dropped"].items()
    ]
    output.table([one for one in dropped if one["features"]], title="features that do not vary, left out", quiet=True)
    degraded = sorted({text for one in found["candidates"] for text in one["degraded"]})
    output.table([{"degraded": text} for text in degraded], quiet=True)
    output.table([{"file": one["file"]} for one in found["artifacts"]], quiet=True)
