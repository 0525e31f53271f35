"""``alphaloop features``: what is computed from facts, and its rows in the lake."""

from typing import Annotated

import typer

from alphaloop.app.cli import context, output

app = typer.Typer(help="Compute and list features.", no_args_is_help=True, rich_markup_mode=None)

DEFAULT_FEATURES = (
    "ret_1,ret_3,ret_12,ret_48,ret_96,ret_288,vol_3,vol_12,vol_48,vol_96,vol_288,"
    "ret_accel_1_3,ret_accel_3_12,ret_accel_12_48,vol_term_3_12,vol_term_12_48,vol_term_48_288,"
    "log_volume,vol_z,volume_impact,rsi_14,macd,macd_signal,macd_hist,bb_pct_20,bb_width_20,atr_14"
)


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> int:
    """Every feature family: pattern, unit, inputs, lookback, what missing means."""
    from alphaloop.features.contract import listing

    rows = listing()
    output.emit(rows) if json else output.table(rows)
    return 0


@app.command()
def build(
    symbols: Annotated[str, typer.Option(help="Comma-separated.")],
    timeframe: Annotated[str, typer.Option(help="Bar interval.")] = "5m",
    names: Annotated[str, typer.Option("--features", help="Comma-separated feature names.")] = DEFAULT_FEATURES,
    start: Annotated[str | None, typer.Option(help="First bar, ISO, UTC.")] = None,
    end: Annotated[str | None, typer.Option(help="First instant after the window, ISO, UTC.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Compute features of the lake's bars into ``feature_snapshots_main``."""
    from alphaloop.app.featuring import build_into

    window = context.window(start, end)
    result = build_into(
        context.lake(), context.names(symbols), timeframe, tuple(names.split(",")), window, now=context.now_us()
    )
    output.emit(result) if json else output.table([result])
    return 0
