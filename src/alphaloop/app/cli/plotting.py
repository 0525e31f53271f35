"""``alphaloop features plot``: one symbol's price with regimes, levels and events."""

from pathlib import Path
from typing import Annotated

import typer

from alphaloop.app.cli import context, output


def run_plot(
    symbol: Annotated[str, typer.Option(help="One symbol, e.g. BTCUSDT.")],
    out: Annotated[Path, typer.Option(help="HTML file to write.")],
    timeframe: Annotated[str, typer.Option(help="Bar interval.")] = "5m",
    start: Annotated[str | None, typer.Option(help="First bar, ISO, UTC.")] = None,
    end: Annotated[str | None, typer.Option(help="First instant after the window, ISO, UTC.")] = None,
    venue: Annotated[str | None, typer.Option(help="Whose bars. [default: the preferred venue that has them]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Draw price, regimes, trend levels and events as one HTML page."""
    from alphaloop.app.plotting import plot_into

    window = context.instant(start), context.instant(end)
    name = context.names(symbol)[0]
    result = plot_into(context.lake(), name, timeframe, window, out, venue=venue)
    if json:
        output.emit(result)
    else:
        output.table([{key: value for key, value in result.items() if not isinstance(value, dict | list)}])
        output.table([result["labels"]])
    return 1 if result["degraded"] else 0
