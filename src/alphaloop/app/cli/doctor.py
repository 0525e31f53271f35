"""``alphaloop doctor``: what is installed, reachable, degraded."""

from typing import Annotated

import typer

from alphaloop.app.cli import context, output

REQUIRED = ("numpy", "polars", "pyarrow", "deltalake", "duckdb", "numba", "rich", "sqlalchemy", "alembic", "typer")
EXTRAS = {
    "torch": ("torch",),
    "llm": ("transformers", "trl", "peft", "datasets", "accelerate"),
    "ray": ("ray",),
    "s3": ("s3fs",),
    "postgres": ("psycopg",),
    "mlflow": ("mlflow",),
    "brokers": ("ccxt", "alpaca-py", "hyperliquid-python-sdk"),
}


def run_doctor(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> int:
    """Check the installation, the home folder and the compiled kernel; exit 1 if something is degraded."""
    checks = [_python(), *_packages(), _kernel(), _home(), *_extras()]
    degraded = any(check["state"] == "degraded" for check in checks)
    if json:
        output.emit({"ok": not degraded, "checks": checks})
    else:
        output.table(checks)
    return 1 if degraded else 0


def _check(name: str, state: str, detail: str) -> dict[str, str]:
    return {"check": name, "state": state, "detail": detail}


def _python() -> dict[str, str]:
    import platform

    return _check("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _installed(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _packages() -> list[dict[str, str]]:
    found = {name: _installed(name) for name in REQUIRED}
    missing = [name for name, version in found.items() if version is None]
    detail = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    rows = [_check("packages", "degraded" if missing else "ok", detail)]
    if missing:
        rows.append(_check("missing", "degraded", ", ".join(missing)))
    return rows


def _kernel() -> dict[str, str]:
    """Fill one order on three bars whose outcome is known: 2 units bought at 100, worth 101 at the end."""
    import numpy as np

    from alphaloop.core.market import Instrument, Market
    from alphaloop.core.time import Timeframe
    from alphaloop.execution.simulator.batch import simulate, targets

    prices = np.array([100.0, 100.0, 101.0])
    values = np.stack([prices] * 4 + [np.ones(3), np.zeros(3)], axis=1)[:, None, :].copy()
    values[:, 0, 1] += 0.5  # a bar without a range and a volume would be a halt
    market = Market(np.arange(3) * 60_000_000, ("X",), values, Timeframe.parse("1m"))
    free = Instrument("X", taker_fee=0.0, slippage=0.0)
    plan = targets(np.array([[2.0], [np.nan], [np.nan]]), units=True)
    equity = simulate(market, plan, [free], 1000.0).equity[-1]
    return _check("simulator", "ok" if equity == 1002.0 else "degraded", "kernel compiled and correct")


def _home() -> dict[str, str]:
    import shutil

    folder = context.home()
    whole = folder.absolute()
    place = next(one for one in (whole, *whole.parents) if one.exists())  # where the folder would be made
    free = shutil.disk_usage(place).free / 1e9
    versions = context.lake().versions() if folder.exists() else {}
    detail = f"{folder}, {len(versions)} tables, {free:.0f} GB free"
    return _check("home", "ok" if free > 1.0 else "degraded", detail)


def _extras() -> list[dict[str, str]]:
    rows = []
    for extra, packages in EXTRAS.items():
        missing = [name for name in packages if _installed(name) is None]
        hint = f"not installed: {', '.join(missing)}; pip install 'alphaloop[{extra}]'"
        rows.append(_check(f"[{extra}]", "absent" if missing else "ok", hint if missing else ", ".join(packages)))
    return rows
