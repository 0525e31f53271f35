"""``alphaloop backtest --candidates FILE --out FILE``: the reward oracle on a file."""

from pathlib import Path
from typing import TYPE_CHECKING

from alphaloop.app.cli import context, output
from alphaloop.core.errors import InvalidOption

if TYPE_CHECKING:
    from alphaloop.app.wiring import Costs
    from alphaloop.execution.simulator.rules import FillRules

Window = tuple[tuple[str, ...], str, int | None, int | None, str | None]


def label_candidates_of(
    candidates: Path,
    out: Path | None,
    window: Window,
    terms: "tuple[int, Costs, FillRules]",
    executor: str,
    json: bool,
) -> int:
    """Label a file of candidates of one symbol, and say what came of them."""
    from alphaloop.app.labelling import Labelling, label_file
    from alphaloop.engine.executor import executor as means
    from alphaloop.hindsight import outcomes

    (symbols, timeframe, start, end, venue), (horizon, costs, rules) = window, terms
    if out is None:
        raise InvalidOption("--candidates without --out", "a file to write", "pass e.g. --out outcomes.parquet")
    if len(symbols) != 1:
        raise InvalidOption(f"{len(symbols)} symbols", "the one the candidates are of", "pass e.g. --symbols BTCUSDT")
    paid = outcomes.Costs(taker_fee=costs.taker, maker_fee=costs.maker, slippage=costs.slippage)
    asked = Labelling(symbols[0], timeframe, start, end, venue, horizon, paid, rules)
    with output.progress("label candidates", quiet=json) as tick:
        summary = label_file(context.lake(), candidates, out, asked, means(executor), tick)
    if json:
        output.emit(summary)
        return 0
    lines = output.console()
    lines.print(
        f"[bold]{summary['candidates']:,} candidates[/bold] on {symbols[0]} {timeframe}, {summary['bars']:,} bars"
    )
    for name, count in summary["reasons"].items():
        lines.print(f"  {name:<15}{count:>14,}")
    lines.print(f"  {'mean net return':<15}{output.cell(summary['mean_net_return']):>14}")
    lines.print(f"liquidation by {summary['liquidation']}")
    lines.print(f"written {out}")
    return 0
