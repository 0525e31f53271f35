"""``alphaloop data``: facts in, and what is known about them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from alphaloop.app.cli import context, output

app = typer.Typer(help="Bring facts into the lake and judge them.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Start = Annotated[str | None, typer.Option(help="First instant, ISO, UTC.")]
End = Annotated[str | None, typer.Option(help="First instant after the window, ISO, UTC.")]


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders: CSV, Parquet, Feather, JSONL, zip, gz.")],
    table: Annotated[str | None, typer.Option(help="Lake table, where the columns do not tell.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Symbol, where neither file nor name tells.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Bar interval such as 5m, where nothing tells.")] = None,
    venue: Annotated[str | None, typer.Option(help="Venue such as binance or binance-spot.")] = None,
    json: Json = False,
) -> int:
    """Import files. What they hold is detected; what cannot be true is quarantined with a reason."""
    from alphaloop.lake.ingest import import_files
    from alphaloop.lake.sources.names import Hints

    hints = Hints(table=table, symbol=symbol, timeframe=timeframe, venue=venue)
    with output.spinner("import", quiet=json) as tick:
        reports = import_files(context.lake(), paths, hints, ingested_at=context.now_us(), progress=tick)
    rows = [report.as_dict() for report in reports]
    if json:
        output.emit(rows)
    else:
        _show_import(rows)
    if any(row["status"] == "failed" for row in rows):
        return 2
    return 1 if any(row["quarantined"] for row in rows) else 0


def _show_import(rows: list[dict[str, Any]]) -> None:
    """One line a file and table, then what went wrong and what to do about it."""
    names = ("file", "table", "status", "read", "written", "duplicate", "quarantined")
    output.table([{name: row[name] for name in names} | {"file": Path(row["file"]).name} for row in rows])
    for row in rows:
        if row["error"]:
            text = "; ".join(str(row["error"][key]) for key in ("found", "expected", "fix") if row["error"][key])
            output.errors().print(f"[red]{output.cell(row['file'])}[/red]: {output.cell(text)}")
    if any(row["quarantined"] for row in rows):
        output.console().print("quarantined rows and their reasons: alphaloop data query 'SELECT * FROM quarantine'")


@app.command()
def fetch(
    venue: Annotated[
        str, typer.Option(help="binance, binance-spot, bybit, or any ccxt exchange; -spot for its spot market.")
    ],
    symbols: Annotated[str, typer.Option(help="Comma-separated, e.g. BTC/USDT,ETH/USDT.")],
    timeframe: Annotated[str, typer.Option(help="Bar interval.")] = "5m",
    start: Start = None,
    end: End = None,
    kinds: Annotated[str, typer.Option(help="bars, funding, open_interest, trades, book.")] = "bars,funding",
    json: Json = False,
) -> int:
    """Fetch market data over REST; goes on where the last fetch ended."""
    from alphaloop.app.fetching import Request, fetch_into

    first, last = context.window(start, end)
    request = Request(
        venue=venue,
        symbols=tuple(part.strip() for part in symbols.split(",")),
        timeframe=timeframe,
        start=first,
        end=last,
        kinds=tuple(part.strip() for part in kinds.split(",")),
    )
    with output.spinner("fetch", quiet=json) as tick:
        rows = fetch_into(context.lake(), request, now=context.now_us(), progress=tick)
    output.emit(rows) if json else output.table(rows)
    return 0


@app.command()
def simulate(
    symbols: Annotated[str | None, typer.Option(help="Comma-separated; ten by default.")] = None,
    days: Annotated[int, typer.Option(help="Length of the history.")] = 90,
    timeframe: Annotated[str, typer.Option(help="Bar interval.")] = "5m",
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
    null: Annotated[bool, typer.Option("--null", help="Plant nothing: a market without edge.")] = False,
    plant: Annotated[
        str | None,
        typer.Option(help="Plant these alone, e.g. flow_r2=0.1,news_after_bp=100. [default: the usual five]"),
    ] = None,
    steady: Annotated[bool, typer.Option("--steady", help="Shocks of one size: no clusters, no regimes.")] = False,
    json: Json = False,
) -> int:
    """Make a market whose truth is known, every row marked synthetic."""
    from alphaloop.app.simulating import market_of, simulate_into

    market = market_of(context.names(symbols), days, timeframe, seed, null, plant=plant, steady=steady)
    result = simulate_into(context.lake(), market, now=context.now_us())
    if json:
        output.emit(result)
        return 0
    output.table(result["tables"], title="simulated: no claim about real markets")
    best, ic = result["truth"].pop("optima"), result["truth"].pop("attainable_ic") or {}
    output.table([result["truth"]], title="planted")
    output.table([{"effect": name, **one} for name, one in best.items()], title="what the best trader of each earns")
    known = [{"horizon": name, **one} for name, one in ic.items()]
    output.table(known, title="best IC by horizon", quiet=True)
    return 0


@app.command()
def audit(
    start: Start = None,
    end: End = None,
    symbols: Annotated[str | None, typer.Option(help="Comma-separated.")] = None,
    tables: Annotated[str | None, typer.Option(help="Comma-separated.")] = None,
    require: Annotated[
        str | None, typer.Option(help="Kinds that must be covered, e.g. market_bars:5m,funding_rates.")
    ] = None,
    by_modality: Annotated[
        bool, typer.Option("--modalities", help="What the features of the symbols stand on, instead of series.")
    ] = False,
    json: Json = False,
) -> int:
    """Present, real, derived, missing: per series, over any window."""
    if by_modality:
        return _modalities(context.names(symbols), context.window(start, end), json)
    from alphaloop.lake.audit import audit as judge
    from alphaloop.lake.audit import readiness

    window: dict[str, Any] = dict(zip(("start", "end"), context.window(start, end), strict=True))
    asked = [name.strip() for name in tables.split(",")] if tables else None
    rows = judge(context.lake(), symbols=context.names(symbols) or None, tables=asked, **window)
    verdict = None
    if require:
        verdict = readiness(rows, [kind.strip() for kind in require.split(",")])
    if json:
        listed = [row.as_dict() for row in rows]
        output.emit(listed if verdict is None else {"rows": listed, **verdict})
    else:
        _show_audit([row.as_dict() for row in rows])
        if verdict is not None:
            missing = ", ".join(verdict["missing_data_kinds"])
            output.console().print("ready" if verdict["ready"] else f"[red]not ready[/red]: {missing}")
    return 0 if verdict is None or verdict["ready"] else 1


def _modalities(symbols: tuple[str, ...], window: tuple[int | None, int | None], json: bool) -> int:
    """The audit from the side of the features."""
    from alphaloop.app.modalities import modalities
    from alphaloop.core.errors import InvalidOption
    from alphaloop.features.contract import full

    if not symbols:
        raise InvalidOption("no symbol", "one or more", "pass --symbols BTCUSDT,ETHUSDT")
    rows = modalities(context.lake(), full(), symbols, start=window[0], end=window[1])
    if json:
        output.emit(rows)
    else:
        shown = ("symbol", "modality", "table", "status", "from", "to")
        lacks = [", ".join(row["empty"]) if row["status"] != "missing" else "" for row in rows]
        output.table(
            [{name: row[name] for name in shown} | {"empty": few} for row, few in zip(rows, lacks, strict=True)]
        )
    return 0


def _show_audit(rows: list[dict[str, Any]]) -> None:
    """The audit for people: what of it fits a terminal, with a picture of the coverage."""
    from alphaloop.lake.coverage import sparkline

    shown = [
        {
            "table": row["table"],
            "venue": row["venue"],
            "symbol": row["symbol"],
            "tf": row["timeframe"] or row["series"],
            "from": (row["first"] or "")[:10],
            "to": (row["last"] or "")[:10],
            "expected": row["expected"],
            "present": row["present"],
            "real": row["real"],
            "derived": row["derived"],
            "gaps": row["gaps"],
            "missing": row["gap_buckets"],
            "coverage": sparkline(tuple(row["picture"])),
        }
        for row in rows
    ]
    output.table(shown)


@app.command()
def tables(json: Json = False) -> int:
    """The declared tables: rows, version, meaning."""
    from alphaloop.lake.schema import TABLES

    lake = context.lake()
    held = lake.versions()
    rows = [
        {
            "table": name,
            "rows": int(lake.scan(name).select("event_time").collect().height) if name in held else 0,
            "version": held.get(name),
            "key": list(schema.key),
            "meaning": schema.meaning,
        }
        for name, schema in TABLES.items()
    ]
    output.emit(rows) if json else output.table(rows)
    return 0


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the lake's tables, DuckDB dialect.")],
    json: Json = False,
) -> int:
    """Ask the lake in SQL."""
    frame = context.lake().query(sql)
    if json:
        import polars as pl

        times = [name for name, kind in frame.schema.items() if kind.is_temporal()]
        output.emit(frame.with_columns(pl.col(name).cast(pl.String) for name in times).to_dicts())
    else:
        output.table(frame.head(200).to_dicts(), frame.columns)
        if frame.height > 200:
            output.console().print(f"[dim]{frame.height - 200:,} more rows; use --json or a LIMIT[/dim]")
    return 0


@app.command()
def compact(
    table: Annotated[str, typer.Argument(help="Table to compact.")],
    keep_hours: Annotated[float | None, typer.Option(help="Also delete files no newer version needs.")] = None,
    json: Json = False,
) -> int:
    """Merge a table's small files."""
    version = context.lake().compact(table, keep_hours=keep_hours)
    row = {"table": table, "version": version}
    output.emit(row) if json else output.table([row])
    return 0
