"""Put every rule that ships through the gates on real bars, and write what came of it into ``docs/honesty.md``.

Usage: ALPHALOOP_HOME=HOME python scripts/real_verdicts.py
The home holds imported bars and funding and what ``alphaloop evaluate leaks`` found. Each rule is run and registered
first, then all are judged, since what is tried beside a rule counts against it.
"""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "honesty.md"
BEGIN, END = "<!-- rules: written by scripts/real_verdicts.py -->", "<!-- end of rules -->"
BASELINES = ("buy-and-hold", "flat", "random", "ma-cross", "rsi-reversal", "donchian")
EXPERTS = ("momentum", "band-reversion", "volume-breakout", "carry", "volatility-target", "order-flow")
SETTINGS = {
    "BTC, 5 minutes": ("--symbols", "BTCUSDT"),
    "BTC, ETH and SOL, 5 minutes": (
        "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--start", "2024-03-20", "--end", "2025-04-13",
    ),
    "BTC, ETH and SOL, 30 minutes": ("--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--timeframe", "30m"),
}  # fmt: skip

Json = dict[str, Any]


def main() -> None:
    """Run, judge, write."""
    parts = [_section(title, options) for title, options in SETTINGS.items()]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{PAGE}: no lines '{BEGIN}' and '{END}'")
    PAGE.write_text(f"{before}{BEGIN}\n{''.join(parts)}{END}{after}", encoding="utf-8")


def _section(title: str, options: tuple[str, ...]) -> str:
    run: dict[str, Json] = {}
    lacking: dict[str, str] = {}
    for policy in (*BASELINES, *EXPERTS):
        found = _call("backtest", *options, "--policy", policy, "--register")
        if "candidate" in found:
            run[policy] = found
        else:
            lacking[policy] = str(found.get("found", found.get("error")))
    rows = {policy: _judged(found["candidate"]) for policy, found in run.items()}
    first = next(iter(rows.values()))["evidence"]
    start, end = (date.fromisoformat(_iso(first["protocol"][side])) for side in ("start", "end"))
    without = "".join(f" `{name}` could not run: {why}." for name, why in lacking.items())
    head = [
        f"\n### {title}: {start} to {end}, {(end - start).days} days\n",
        f"{first['trials']} trials; the smallest annual Sharpe ratio such a sample could verify is "
        f"{first['smallest_sharpe']:.1f}.{without}\n",
        "| rule | verdict | decided by | net | Sharpe | drawdown | trades | DSR | SPA p | failed besides |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(_row(policy, found) for policy, found in rows.items()), ""])


def _judged(candidate: str) -> Json:
    verdict = _call("registry", "gate", candidate)
    evidence = _call("registry", "show", candidate)["evidence"][-1]
    return {"verdict": verdict, "evidence": evidence}


def _row(policy: str, found: Json) -> str:
    verdict, evidence = found["verdict"], found["evidence"]
    decided = [f"`{name}`" for name in verdict["decided_by"]]
    besides = [f"`{one['name']}`" for one in verdict["checks"] if not one["passed"]]
    sharpe = evidence["sharpe"]
    annual = None if sharpe is None else sharpe * evidence["periods_per_year"] ** 0.5
    cells = [
        policy, verdict["verdict"], ", ".join(decided), _number(evidence["net_pnl"], "+.0%"), _number(annual, ".2f"),
        _number(evidence["max_drawdown"], ".0%"), _number(evidence["trades"], ",d"), _number(evidence["dsr"], ".3f"),
        _number(evidence["spa_p"], ".3f"), ", ".join(one for one in besides if one not in decided),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _iso(instant: int) -> str:
    return date.fromordinal(719_163 + instant // 86_400_000_000).isoformat()


def _call(*words: str) -> Json:
    """One command's JSON; a refusal is an answer as well."""
    command = Path(sys.executable).with_name("alphaloop")
    done = subprocess.run([command, *words, "--json"], capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"alphaloop {' '.join(words)}: {done.stderr}")
    answer: Json = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main()
