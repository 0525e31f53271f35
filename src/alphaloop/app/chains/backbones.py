"""``alphaloop train backbones``, wired: the chain, its suite as a document, and the leaderboard as a page."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from alphaloop.app.chains.training import Session, train
from alphaloop.app.report.write import asset, escaped_text, fill_template, put_text
from alphaloop.training.backbones.chain import backbones
from alphaloop.training.backbones.report import SUITE, Details, suite
from alphaloop.training.backbones.settings import Settings
from alphaloop.training.chain.settings import settings_of

Json = dict[str, Any]


def train_backbones(session: Session) -> Json:
    """The chain's result, with ``suite`` (file, hash in the artifact store) and ``page`` among it.

    Raises
    ------
    MissingExtra
        If nothing that was asked for can run without torch.
    DataError
        If no symbol has what it takes.
    """
    asked, home = session.source.asked, session.source.home
    details = Details(settings_of(Settings, asked.settings), asked.effort.epochs, asked.seed)
    found = train(session, backbones, details)
    document = suite(found, asdict(asked))
    text = json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"
    file = home / "artifacts" / "experiments" / SUITE
    file.parent.mkdir(parents=True, exist_ok=True)
    put_text(file, text)
    page = write_page(document, home / "reports" / "backbones")
    kept = {"file": str(file), "sha256": session.ledger.artifacts.put(text.encode()), "name": SUITE, "symbol": ""}
    return {**found, "artifacts": [*found["artifacts"], kept], "suite": document, "page": str(page)}


def write_page(document: Json, folder: Path) -> Path:
    """Write ``index.html``: the leaderboard, the quantiles, the budget; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = document["asked"]
    symbols = ", ".join(asked["symbols"])
    parts = {
        "TITLE": f"Backbones on {escaped_text(symbols)}",
        "STYLE": asset("report.css"),
        "SUBTITLE": escaped_text(
            f"{asked['timeframe']} bars, horizons {', '.join(asked['horizons'])}, {asked['mode']}"
        ),
        "BOARD": "".join(_row(one, document["chosen"]) for one in document["leaderboard"]),
        "QUANTILES": "".join(_honesty(*one) for one in _quantiles(document)),
        "BUDGET": "".join(
            f"<dt>{escaped_text(name.replace('_', ' '))}</dt><dd>{escaped_text(str(value))}</dd>"
            for name, value in document["budget"].items()
        ),
        "SCRIPT": asset("theme.js"),
    }
    put_text(folder / "index.html", fill_template("backbones.html", parts))
    return folder / "index.html"


def _row(one: Json, chosen: Json) -> str:
    """One backbone on one horizon; the candidate's name stands out, one that could not run says why."""
    name = escaped_text(one["backbone"])
    name = f"<b>{name}</b> (candidate)" if chosen.get(one["symbol"]) == one["backbone"] else name
    head = f'<tr><th scope="row" class="text">{name}</th><td class="text">{escaped_text(one["symbol"])}</td>'
    head += f'<td class="text">{escaped_text(one["horizon"])}</td>'
    if one["state"] != "ready":
        return f'{head}<td class="text" colspan="8">{escaped_text(one["state"])}</td></tr>'
    span = one["interval"] or [None, None]
    cells = [
        _number(one["net_pnl"], "+.2%"), _number(one["sharpe"], ".2f"), _number(one["max_drawdown"], ".2%"),
        _number(one["turnover"], ",.0f"), _number(one["ic"], ".4f"),
        f"{_number(span[0], '.4f')} to {_number(span[1], '.4f')}", _number(one["hit_rate"], ".3f"),
        _number(one["trades"], ",d"),
    ]  # fmt: skip
    return head + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _quantiles(document: Json) -> list[tuple[str, str, str, Json]]:
    return [
        (symbol, horizon, backbone, one)
        for symbol, horizons in document["calibration"].items()
        for horizon, backbones_ in horizons.items()
        for backbone, one in backbones_.items()
    ]


def _honesty(symbol: str, horizon: str, backbone: str, one: Json) -> str:
    head = f'<tr><th scope="row" class="text">{escaped_text(backbone)}</th><td class="text">{escaped_text(symbol)}</td>'
    head += f'<td class="text">{escaped_text(horizon)}</td>'
    if not one["rows"]:
        return f'{head}<td class="text" colspan="5">{escaped_text(one["reason"])}</td></tr>'
    shares = [" ".join(f"{share:.3f}" for share in one[word]) for word in ("before", "after")]
    errors = [f"{one[f'error_{word}']:.4f}" for word in ("before", "after")]
    cells = [f"{one['rows']:,}", shares[0], errors[0], shares[1], errors[1]]
    return head + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
