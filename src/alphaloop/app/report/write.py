"""Writing: the files of one run's report, each complete or not there.

``index.html`` carries its charts, styles and numbers inside itself. Data enters the page
only as JSON whose ``<``, ``>`` and ``&`` are escaped, and leaves it only as text nodes, so no symbol
or reason can become markup.
"""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from alphaloop.app.report.inputs import ReportInput
from alphaloop.app.report.payload import build
from alphaloop.hindsight.drawdowns import underwater
from alphaloop.hindsight.excursions import excursions
from alphaloop.hindsight.metrics import Metrics, MetricsInput, exposures, summary

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class ReportFiles(NamedTuple):
    """Where everything is, and the metrics themselves."""

    page: Path
    numbers: Path
    equity: Path
    trades: Path
    trades_csv: Path
    metrics: Metrics


def write_report(report: ReportInput, folder: Path) -> ReportFiles:
    """Judge a run and write its report.

    Parameters
    ----------
    report : ReportInput
    folder : Path
        Made if missing; files of an older report in it are replaced.

    Returns
    -------
    ReportFiles
        ``page`` (index.html), ``numbers`` (report.json), ``equity`` (equity.parquet),
        ``trades`` (trades.parquet), ``trades_csv`` (trades.csv), ``metrics``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = report.metrics_input()
    trades, metrics = excursions(run.trades(), report.bars), summary(run)
    payload = build(report, run, metrics, trades)
    curve = equity_frame(run)
    found = ReportFiles(
        page=folder / "index.html",
        numbers=folder / "report.json",
        equity=folder / "equity.parquet",
        trades=folder / "trades.parquet",
        trades_csv=folder / "trades.csv",
        metrics=metrics,
    )
    _put(found.equity, curve.write_parquet)
    _put(found.trades, trades.write_parquet)
    _put(found.trades_csv, trades.write_csv)
    put_text(found.numbers, json.dumps(payload, allow_nan=False, separators=(",", ":")) + "\n")
    put_text(found.page, page(payload))
    return found


def equity_frame(run: MetricsInput) -> pl.DataFrame:
    """One row per bar: time, equity, benchmark, drawdown, exposures and each position."""
    weights = exposures(run.quantity, run.marks, run.equity)
    held = run.equity * np.nan if run.benchmark is None else run.benchmark / run.benchmark[0] * run.equity[0]
    columns = {
        "now": run.now,
        "equity": run.equity,
        "buy_and_hold": held,
        "drawdown": underwater(run.equity),
        "gross_exposure": np.abs(weights).sum(axis=1),
        "net_exposure": weights.sum(axis=1),
    }
    positions = {f"quantity_{symbol}": run.quantity[:, i] for i, symbol in enumerate(run.symbols)}
    return pl.DataFrame({**columns, **positions}).with_columns(pl.col("now").cast(pl.Datetime("us", "UTC")))


def page(payload: dict[str, object]) -> str:
    """The HTML page that shows ``payload``, whole."""
    parts = {
        "TITLE": escaped_text(str(payload["title"])),
        "STYLE": asset("report.css"),
        "DATA": escaped_json(payload),
        "ECHARTS": asset("echarts.min.js"),
        "SCRIPT": asset("theme.js") + asset("charts.js") + asset("report.js"),
    }
    return fill_template("report.html", parts)


def fill_template(name: str, parts: dict[str, str]) -> str:
    """The frame all pages share, then this page, each part at its ``{{NAME}}``; braces in parts are left alone."""
    pieces = (asset("frame.html") + asset(name)).split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        key, rest = piece.split("}}", 1)
        filled += [parts[key], rest]
    return "".join(filled)


def escaped_json(payload: object) -> str:
    r"""JSON that can stand inside a script element, whatever its strings hold.

    Examples
    --------
    >>> escaped_json(["</script>"])
    '["\\u003c/script\\u003e"]'
    """
    text = json.dumps(payload, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def escaped_text(text: str) -> str:
    """Text that can stand in an element or a quoted attribute."""
    import html

    return html.escape(text, quote=True)


def asset(name: str) -> str:
    """A file of this room's ``assets``."""
    return (files("alphaloop.app.report") / "assets" / name).read_text(encoding="utf-8")


def put_text(path: Path, text: str) -> None:
    """Write the whole file or none of it."""
    _put(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def _put(path: Path, write: Callable[[Path], object]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
