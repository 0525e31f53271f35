"""``alphaloop demo``: the whole loop on a simulated market, offline, in under a minute."""

from typing import Annotated

import typer

from alphaloop.app.cli import context, output


def run_demo(
    days: Annotated[int, typer.Option(help="Length of the simulated history.")] = 90,
    seed: Annotated[int, typer.Option(help="Same seed, same market.")] = 11,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Simulate, audit, compute features, backtest, cut risk, replay on paper, report."""
    from time import perf_counter

    from alphaloop.app.demo import Demo
    from alphaloop.lake.sources.simulated import SimulatedMarket

    demo = Demo(context.home(), context.now_us(), SimulatedMarket(days=days, seed=seed))
    results = {}
    for number, (title, act) in enumerate(demo.steps(), start=1):
        started = perf_counter()
        with output.spinner(title, quiet=json):
            results[title] = act()
        if not json:
            spent = perf_counter() - started
            text = output.cell(results[title]["text"])
            output.console().print(f"[bold]{number} {title:<10}[/bold] {text}  [dim]{spent:.1f} s[/dim]")
            output.table(results[title].get("figures") or [], quiet=True)
    if json:
        output.emit(results)
    else:
        output.console().print("next: alphaloop data import FILE...  ·  alphaloop backtest --help")
    return 0 if results["paper"]["equal"] else 1
