"""``alphaloop features``: what is computed from facts, and its rows in the lake."""

from typing import TYPE_CHECKING, Annotated

import typer

from alphaloop.app.cli import context, output

if TYPE_CHECKING:
    from alphaloop.features.contract import Schema

app = typer.Typer(help="Compute and list features.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Symbols = Annotated[str, typer.Option(help="Comma-separated.")]
Bar = Annotated[str, typer.Option(help="Bar interval.")]
Venue = Annotated[str | None, typer.Option(help="Whose bars. [default: the preferred venue that has them]")]
Names = Annotated[str | None, typer.Option("--features", help="Comma-separated feature names. [default: all]")]


@app.command("list")
def list_(
    patterns: Annotated[bool, typer.Option("--patterns", help="Families of bars, parameters by name.")] = False,
    json: Json = False,
) -> int:
    """Every feature of the full matrix: unit, inputs, lookback, what missing means."""
    from alphaloop.features.contract import described, full, listing

    rows = listing() if patterns else described(full())
    output.emit(rows) if json else output.table(rows)
    return 0


@app.command()
def build(
    symbols: Symbols,
    timeframe: Bar = "5m",
    names: Names = None,
    venue: Venue = None,
    start: Annotated[str | None, typer.Option(help="First bar, ISO, UTC.")] = None,
    end: Annotated[str | None, typer.Option(help="First instant after the window, ISO, UTC.")] = None,
    encoder_until: Annotated[str | None, typer.Option(help="End of the market encoder's training, ISO, UTC.")] = None,
    json: Json = False,
) -> int:
    """Compute features from the lake into ``feature_matrix_main``; only what is new."""
    from alphaloop.app import featuring

    order = featuring.Order(
        context.names(symbols),
        timeframe,
        _schema(names),
        context.instant(start),
        context.instant(end),
        venue,
        encoder_until=context.instant(encoder_until),
    )
    folder = context.home() / "features"
    with output.spinner("features", quiet=json) as tick:
        result = featuring.build(context.lake(), folder, order, now=context.now_us(), progress=tick)
    if json:
        output.emit(result)
        return 0
    output.table(result["symbols"])
    output.table([{name: value for name, value in result.items() if name not in ("symbols", "views")}])
    return 0


def _schema(names: str | None) -> "Schema":
    from alphaloop.features.contract import Schema, full

    return full() if names is None else Schema(part.strip() for part in names.split(","))


@app.command()
def check(
    symbols: Symbols,
    timeframe: Bar = "5m",
    names: Names = None,
    venue: Venue = None,
    bars: Annotated[int, typer.Option(help="How many of the newest bars to replay.")] = 500,
    json: Json = False,
) -> int:
    """Replay the newest bars as a live feed and compare each cell with the batch; 1 if any differs."""
    from alphaloop.app import checking

    with output.spinner("check", quiet=json) as tick:
        schema, wanted = _schema(names), context.names(symbols)
        result = checking.check(context.lake(), wanted, timeframe, schema, venue=venue, bars=bars, progress=tick)
    output.emit(result) if json else output.table([result])
    return 1 if result["unequal"] else 0
