"""``evaluate controls``, wired: a campaign in the home folder, its summary, and its page."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alphaloop.app.report.controls import write_controls
from alphaloop.engine.executor import executor
from alphaloop.training.controls.campaign import Campaign, run
from alphaloop.training.controls.summary import summarise

FOLDER = "controls"


def control(
    campaign: Campaign, home: Path, processes: int, command: str, progress: Callable[[int], None]
) -> dict[str, Any]:
    """Run what is missing of a campaign; returns its summary, which is also written beside its page.

    Parameters
    ----------
    campaign : Campaign
    home : Path
        Units are kept below ``home/controls``, so that a stopped campaign goes on.
    processes : int
    command : str
        What the user typed, for the page.
    progress : callable
        Takes the number of units done.
    """
    means = executor("process", processes) if processes > 1 else executor("serial")
    findings = run(campaign, home / FOLDER, executor=means, clock=time.process_time, progress=progress)
    found = {**summarise(campaign, findings), "command": command}
    page = write_controls(found, home / "reports" / FOLDER)
    return {**found, "report_file": str(page)}
