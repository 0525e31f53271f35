"""Write the controls' part of ``docs/honesty.md`` from a finished campaign, and its picture.

Usage: python scripts/honesty.py PATH/TO/reports/controls
The folder is what ``alphaloop evaluate controls`` wrote: ``controls.json`` and ``power.svg``. Numbers in the
page come from there and from nowhere else.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE, PICTURE = ROOT / "docs" / "honesty.md", ROOT / "docs" / "images" / "power.svg"
BEGIN, END = "<!-- controls: written by scripts/honesty.py -->", "<!-- end of controls -->"

Json = dict[str, Any]


def main(folder: Path) -> None:
    """Replace what stands between the two marks."""
    found = json.loads((folder / "controls.json").read_text(encoding="utf-8"))
    shutil.copyfile(folder / "power.svg", PICTURE)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{PAGE}: no lines '{BEGIN}' and '{END}'")
    PAGE.write_text(f"{before}{BEGIN}\n{section(found)}{END}{after}", encoding="utf-8")


def section(found: Json) -> str:
    """The figures as Markdown."""
    command = found["command"].replace(" --json", "")
    lines = [
        "<!-- not run: half an hour on two processors -->",
        "```console",
        f"$ {command}",
        "```",
        "",
        f"Seed {found['seed']}, {found['seconds']:,.0f} seconds of processor time.",
        "",
        "| target | measured | required | |",
        "|---|---|---|---|",
        *(_target(one) for one in found["targets"]),
        "",
        "![Share of markets in which the candidate is promoted, by planted strength](images/power.svg)",
        "",
        "| no edge | markets | promoted | share | 95 % interval | refused | insufficient evidence | failed alone |",
        "|---|---|---|---|---|---|---|---|",
        *(_null(kind, one) for kind, one in {"all": found["null"], **found["null"]["by_kind"]}.items()),
        "",
        "| planted edge | days | markets | promoted | share | 95 % interval | informed | achieved | failed alone |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_planted(one) for one in found["planted"]),
        "",
        f"Shuffled K-fold claims an IC of {found['shuffled_kfold_ic']:+.3f} on {found['demonstrations']} of the "
        f"markets without edge, with {found['shuffled_overlaps']:,} training rows that overlap their test; purged "
        f"folds say {found['purged_kfold_ic']:+.3f}, with {found['purged_overlaps']}.",
        "",
    ]
    return "\n".join(lines)


def _target(row: Json) -> str:
    return f"| {row['name']} | {row['measured']:.1%} | {row['required']} | {'met' if row['met'] else 'not met'} |"


def _null(kind: str, row: Json) -> str:
    ends = f"{row['refused']} | {row['insufficient']} | {_alone(row)}"
    return f"| {kind} | {row['markets']} | {row['promoted']} | {row['rate']:.1%} | {_interval(row)} | {ends} |"


def _planted(row: Json) -> str:
    earned = " | ".join("–" if row[name] is None else f"{row[name]:.1f}" for name in ("informed", "achieved"))
    counted = f"{row['markets']} | {row['promoted']} | {row['rate']:.1%} | {_interval(row)}"
    return f"| {row['strength']:g} | {row['days']} | {counted} | {earned} | {_alone(row)} |"


def _alone(row: Json) -> str:
    return ", ".join(f"{gate} {count}" for gate, count in row["failed_alone"].items()) or "–"


def _interval(row: Json) -> str:
    return f"{row['interval'][0]:.1%} to {row['interval'][1]:.1%}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
