"""``alphaloop registry``: which models there are, what is known of them, and which is in charge."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphaloop.app.cli import context, output

if TYPE_CHECKING:
    from alphaloop.registry.chain import Entry
    from alphaloop.registry.journal import Page
    from alphaloop.registry.promotion import Slot

app = typer.Typer(help="Judge, promote and roll back models.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Name = Annotated[str, typer.Argument(help="Id of a candidate, or the beginning of it.")]
SomeName = Annotated[str | None, typer.Argument(help="Id of a candidate, or the beginning of it.")]
InSlot = Annotated[str, typer.Option("--slot", help="SYMBOL/HORIZON/KIND, e.g. BTCUSDT/1h/gbm, or its beginning.")]
Why = Annotated[str, typer.Option("--reason", help="Kept with the move.")]
Who = Annotated[str | None, typer.Option("--author", help="Kept with the move. [default: you]")]

LONGEST = 120  # letters of a value for people; --json has all of it
UNSAID = "no reason given"
TIMES = {"at", "registered_at", "recorded_at", "since", "until"}
LINE = ("id", "symbol", "horizon", "kind", "model", "stage", "verdict", "registered_at", "author")


@app.command("list")
def list_(
    slot: InSlot = "",
    trials: Annotated[bool, typer.Option("--trials", help="Studies and their trials instead.")] = False,
    json: Json = False,
) -> int:
    """Every candidate with its stage and newest verdict."""
    from alphaloop.registry import catalogue
    from alphaloop.registry.trials import count_trials, studies

    with context.ledger() as ledger, ledger.journal.reading() as page:
        if trials:
            rows = [count_trials(page, name).as_dict() for name in studies(page)]
        else:
            rows = [_readable(one) for one in catalogue.candidates(page) if _fits(one, slot)]
    output.emit(rows) if json else output.table(rows, None if trials else LINE)
    return 0


@app.command()
def show(
    candidate: SomeName = None,
    order: Annotated[str | None, typer.Option(help="Which model, data, code and schema decided this order.")] = None,
    run: Annotated[str, typer.Option(help="With --order: the trace hash of one run, or its beginning.")] = "",
    slot: InSlot = "",
    at: Annotated[str | None, typer.Option(help="Who was in charge of the slot then, ISO, UTC.")] = None,
    json: Json = False,
) -> int:
    """One candidate; or what decided an order; or who is in charge of a slot, and who was when."""
    from alphaloop.registry import catalogue
    from alphaloop.registry.runs import who_decided

    with context.ledger() as ledger, ledger.journal.reading() as page:
        found: Any
        if order is not None:
            found = who_decided(page, order, run)
        elif candidate is not None:
            found = catalogue.dossier(page, candidate)
        else:
            found = _slot(page, _slot_named(page, slot), context.instant(at))
    found = _readable(found)
    output.emit(found) if json else _tell(found)
    return 0


@app.command()
def promote(
    candidate: Name,
    reason: Why = UNSAID,
    to: Annotated[str | None, typer.Option(help="paper, active or retired. [default: the next stage]")] = None,
    author: Who = None,
    enforce: Annotated[
        bool, typer.Option("--enforce/--no-enforce", help="Without a passed verdict, or past a stage; recorded.")
    ] = True,
    json: Json = False,
) -> int:
    """Move a candidate one stage on; whoever was active retires in the same step. Exit 1 if it may not."""
    from alphaloop.registry.ledger import candidate_entry
    from alphaloop.registry.promotion import MOVE, standing

    with context.ledger() as ledger:
        with ledger.journal.reading() as page:
            held = candidate_entry(page, candidate)
            seen = standing(page.find(MOVE, scope=held.scope))
        meant = to or seen.next_of(held.subject)  # what is seen now: somebody may move it meanwhile
        entry = ledger.promote(
            held.subject,
            reason=reason,
            author=author or context.author(),
            to=meant,
            enforce=enforce,
            expected=... if enforce else seen.active,
        )
    return _moved(entry, json)


@app.command()
def rollback(
    candidate: SomeName = None,
    slot: InSlot = "",
    reason: Why = UNSAID,
    author: Who = None,
    json: Json = False,
) -> int:
    """Put the model that was active before back in charge of a slot, or of a candidate's slot."""
    from alphaloop.registry.ledger import candidate_entry
    from alphaloop.registry.promotion import Slot

    with context.ledger() as ledger:
        with ledger.journal.reading() as page:
            if candidate is not None:
                meant = Slot.parse(candidate_entry(page, candidate).scope)
            else:
                meant = _slot_named(page, slot)
        seen = ledger.active(*meant)
        entry = ledger.rollback(meant, reason=reason, author=author or context.author(), expected=seen)
    return _moved(entry, json)


@app.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="A head noted earlier, NUMBER:HASH, that must still be there.")
    ] = None,
    json: Json = False,
) -> int:
    """Look for tampering: entries, artifacts, runs, the end of the chain. Exit 1 names the first bad entry."""
    from alphaloop.registry import verification

    with context.ledger() as ledger, output.progress("entries", quiet=json) as tick:
        found = verification.verify(ledger.journal, ledger.artifacts, _head(head), tick).as_dict()
    if json:
        output.emit(found)
        return 0 if found["ok"] else 1
    seen = found["head"]
    kept = None if seen is None else f"{seen['seq']}:{seen['hash'][:16]}"
    output.table(
        [{**{name: found[name] for name in ("ok", "entries", "artifacts", "runs", "witnessed")}, "head": kept}]
    )
    output.table(found["faults"], title="faults, the first where it begins", quiet=True)
    if found["ok"] and found["witnessed"] is None and found["entries"]:
        output.console().print("[dim]no witness: whether entries are missing at the end cannot be known[/dim]")
    return 0 if found["ok"] else 1


@app.command()
def export(
    to: Annotated[str, typer.Option(help="jsonl or mlflow.")] = "jsonl",
    out: Annotated[Path | None, typer.Option(help="The file. [default: candidate_registry.jsonl in the home]")] = None,
    uri: Annotated[str | None, typer.Option(help="Tracking URI, e.g. sqlite:///mlflow.db. With mlflow.")] = None,
    json: Json = False,
) -> int:
    """Write the registry for other programs: a line a candidate, or models with aliases in MLflow."""
    from alphaloop.core.errors import InvalidOption
    from alphaloop.registry.export import jsonl, tracking

    if to not in ("jsonl", "mlflow") or (to == "mlflow") != (uri is not None):
        raise InvalidOption(f"--to {to} --uri {uri}", "jsonl, or mlflow with --uri", "e.g. --uri sqlite:///mlflow.db")
    with context.ledger() as ledger, ledger.journal.reading() as page:
        if uri is None:
            path = out or context.home() / "artifacts" / "models" / jsonl.FILE
            told: dict[str, Any] = {"format": to, "path": str(path), "candidates": jsonl.export_jsonl(page, path)}
        else:
            told = {"format": to, "uri": uri, **tracking.export_mlflow(page, ledger.artifacts, uri)}
    output.emit(told) if json else output.table([told])
    return 0


def _moved(entry: "Entry", json: bool) -> int:
    told = _readable({"entry": entry.seq, "at": entry.at, "author": entry.author, "slot": entry.scope, **entry.data})
    output.emit(told) if json else output.table([told])
    return 0


def _slot(page: "Page", slot: "Slot", at: int | None) -> dict[str, Any]:
    """Who is in charge of a slot, now or at an instant, and who was when."""
    from alphaloop.registry.catalogue import history
    from alphaloop.registry.promotion import active_at

    lines = [one._asdict() for one in history(page, slot)]
    return {**slot._asdict(), "active": active_at(page, slot, at), "history": lines}


def _slot_named(page: "Page", text: str) -> "Slot":
    """The one slot that is meant; its beginning will do where only one begins like that."""
    from alphaloop.core.errors import UnknownName
    from alphaloop.registry.catalogue import slots

    held = slots(page)
    found = [slot for slot in held if _fits(slot._asdict(), text)]
    if len(found) != 1:
        known = ", ".join("/".join(slot) for slot in held) or "none yet"
        raise UnknownName(f"{len(found)} slots for '{text}'", f"one of: {known}", "name a candidate, or --slot")
    return found[0]


def _fits(row: Mapping[str, Any], text: str) -> bool:
    wanted = text.split("/") if text else []
    parts = [row[name] for name in ("symbol", "horizon", "kind")]
    return parts[: len(wanted)] == wanted


def _head(text: str | None) -> tuple[int, str] | None:
    from alphaloop.core.errors import InvalidOption

    if text is None:
        return None
    number, colon, digest = text.partition(":")
    if not (number.isdecimal() and colon and digest):
        raise InvalidOption(f"--head {text}", "NUMBER:HASH", "as registry verify prints it")
    return int(number), digest


def _readable(value: Any) -> Any:
    """Times as ISO text, wherever they stand."""
    from alphaloop.core.time import iso

    if isinstance(value, Mapping):
        return {
            key: iso(one) if key in TIMES and isinstance(one, int) else _readable(one) for key, one in value.items()
        }
    return [_readable(one) for one in value] if isinstance(value, list | tuple) else value


def _tell(found: Any) -> None:
    """Nested facts as tables: plain values first, then each list of records under its name."""
    for one in found if isinstance(found, list) else [found]:
        flat = {key: value for key, value in _flat(one) if not _is_table(value)}
        output.table([{"what": key, "is": output.cell(value)[:LONGEST]} for key, value in flat.items()])
        for key, value in _flat(one):
            if _is_table(value):
                output.table([dict(_flat(row)) for row in value], title=key)


def _flat(record: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)
