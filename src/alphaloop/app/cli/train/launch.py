"""``alphaloop train launch -- COMMAND``: look at the machine, start as many processes as it has GPUs, keep a record."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphaloop.app.cli import context, output

if TYPE_CHECKING:
    from alphaloop.training.launch.plan import Plan, Seen, Wish

NOT_READY = 1


def run_launch(
    words: Annotated[list[str], typer.Argument(help="After --: liquid, backbones, vc or multimodal, and its options.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and what is in the way.")] = False,
    nproc: Annotated[int | None, typer.Option(help="Processes. [default: one for each GPU]")] = None,
    port: Annotated[int | None, typer.Option(help="Where they meet. [default: a free one]")] = None,
    min_free_gb: Annotated[float, typer.Option(help="Disk that must be free.")] = 2.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Train with every GPU there is: a look at the machine, a plan, a record. After a kill the same command goes on."""
    from alphaloop.training.launch.machine import machine_here
    from alphaloop.training.launch.plan import Wish, plan_of, words_of
    from alphaloop.training.launch.record import folder_of

    home = context.home().absolute()
    wish = Wish(words=words_of(words, json=json), home=str(home), nproc=nproc, port=port, min_free_gb=min_free_gb)
    folder, machine = folder_of(home, wish.words), machine_here(home)
    seen = seen_here(folder)
    plan = plan_of(wish, machine, seen, str(folder))
    told = {
        **plan.as_dict(),
        "machine": machine.as_dict(),
        "tables": dict(seen.tables),
        "run": folder.name,
        "dry_run": dry_run,
    }
    if dry_run or not plan.ready:
        output.emit(told) if json else _show(told)
        return 0 if dry_run else NOT_READY
    if not json:
        _show(told)
    code = _run(wish, plan, machine.as_dict(), folder, quiet=json)
    if json:
        output.emit({**told, "exit_code": code, "result": _printed(folder)})
    else:
        typer.echo((folder / "out.txt").read_text(encoding="utf-8"), nl=False)
    return code


def seen_here(folder: Path) -> "Seen":
    """Tables of the lake, GPUs that torch sees, who works on this run, and which ports are taken."""
    from alphaloop.training.launch.plan import Seen
    from alphaloop.training.launch.record import Lock

    try:
        import torch

        devices: int | None = torch.cuda.device_count()
    except ImportError:
        devices = None
    return Seen(
        tables=context.lake().versions(), devices=devices, running=Lock(folder).holder(), taken=_taken,
        chosen=frozenset(os.environ),
    )  # fmt: skip


def _taken(port: int) -> bool:
    import socket

    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _run(wish: "Wish", plan: "Plan", machine: Mapping[str, Any], folder: Path, *, quiet: bool) -> int:
    """Start the plan, wait for it, and write down how it ended."""
    from alphaloop.core.time import iso
    from alphaloop.training.launch.plan import told
    from alphaloop.training.launch.process import run
    from alphaloop.training.launch.record import LOG, OUT, Record

    record = Record(folder)
    environ = {**os.environ, **plan.env, context.HOME_VARIABLE: wish.home}
    record.begin(plan.as_dict(), machine, told(environ), iso(context.now_us()))
    tell = None if quiet else output.errors().print
    code = -1
    try:
        ended = run(plan.command, environ, log=folder / LOG, out=folder / OUT, tell=tell)
        code = record.code(otherwise=ended) if ended == 0 else ended
    finally:
        record.end(code, iso(context.now_us()))
    return code if code >= 0 else 128 - code


def _printed(folder: Path) -> Any:
    """What the command printed, as JSON; its end as text where it is none."""
    import json

    text = (folder / "out.txt").read_text(encoding="utf-8")
    try:
        return json.loads(text)
    except ValueError:
        return text[-2000:] or None


def _show(told: Mapping[str, Any]) -> None:
    """The plan for people."""
    lines, machine = output.console(), told["machine"]
    gpus = [f"{one['name']} {(one['memory'] or 0) / 1024:.0f} GiB" for one in machine["gpus"]]
    lines.print(f"[bold]{told['run']}[/bold]")
    lines.print(f"  machine   {', '.join(gpus) or 'no GPU'}; NVLink {output.cell(machine['nvlink'])}; ", end="")
    free = machine["memory_free"] / 1024**3, machine["disk_free"] / 1024**3
    lines.print(f"{machine['cores']} cores, {free[0]:.0f} GiB memory and {free[1]:.0f} GiB disk free")
    lines.print(f"  processes {told['nproc']} ({told['backend']}, port {output.cell(told['port'])})")
    lines.print(f"  command   {output.cell(' '.join(told['command']))}")
    lines.print(f"  env       {' '.join(f'{name}={value}' for name, value in told['env'].items())}")
    for note in told["notes"]:
        lines.print(f"  [dim]note[/dim]      {output.cell(note)}")
    for reason in told["reasons"]:
        lines.print(f"  [red]not ready[/red] {output.cell(reason)}")
