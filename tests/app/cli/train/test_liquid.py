import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from alphaloop.app.cli.main import main

SMALL = ("blocks=1", "hidden=8", "rows=1024", "batch=128", "rounds=20", "device=cpu")
TRAIN = [
    *("train", "liquid", "--symbols", "BTCUSDT", "--mode", "fast", "--json"),
    *("--lookback", "8", "--horizons", "30m,1h", "--features", "ret_1,ret_12,vol_12,rsi_14,cvd_5m"),
    *(word for one in SMALL for word in ("--set", one)),
]


def alphaloop(home, *words):
    """The command line in a process of its own, as a user starts it."""
    environment = {**os.environ, "ALPHALOOP_HOME": str(home), "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    code = "import sys; from alphaloop.app.cli.main import main; sys.argv[0] = 'alphaloop'; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def done(process):
    out, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors
    return json.loads(out)


def market(home):
    done(alphaloop(home, "data", "simulate", "--symbols", "BTCUSDT", "--days", "12", "--json"))


def predictions(home):
    files = sorted((home / "runs").rglob("predictions.npz"))
    return {str(one.relative_to(home)): hashlib.sha256(one.read_bytes()).hexdigest() for one in files}


@pytest.mark.slow
def test_killed_in_the_middle_the_same_command_ends_with_the_same_bytes(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for home in (whole, killed):
        market(home)
    expected = done(alphaloop(whole, *TRAIN))
    dying = alphaloop(killed, *TRAIN)
    while not list((killed / "runs").rglob("student/fold-1/student/checkpoint.pt")):
        assert dying.poll() is None
        time.sleep(0.05)
    dying.send_signal(signal.SIGKILL)
    dying.communicate()

    found = done(alphaloop(killed, *TRAIN))

    assert predictions(killed) == predictions(whole)
    for name in ("candidates", "dropped", "run"):
        assert found[name] == expected[name]
    assert [one["verdict"] for one in found["verdicts"]] == [one["verdict"] for one in expected["verdicts"]]
    names = [one["name"] for one in found["artifacts"]]
    assert names == [one["name"] for one in expected["artifacts"]]
    for name in names:
        parts = [(home / "artifacts" / "models" / name).read_bytes() for home in (whole, killed)]
        assert parts[0] == parts[1]


def test_what_cannot_be_asked_is_refused(tmp_path, capsys):
    for words in (
        ["--symbols", "BTCUSDT,BTCUSDT"],
        ["--symbols", "BTCUSDT", "--horizons", "7m"],
        ["--symbols", "BTCUSDT", "--mode", "slow"],
        ["--symbols", "BTCUSDT", "--lookback-days", "3", "--start", "2025-01-01"],
        ["--symbols", "BTCUSDT", "--set", "nonsense=1"],
        ["--symbols", "BTCUSDT", "--features", "nonsense"],
    ):
        assert main(["--home", str(tmp_path), "train", "liquid", *words, "--json"]) == 2
        assert set(json.loads(capsys.readouterr().out)) == {"error", "found", "expected", "fix"}


def test_a_lake_without_bars_says_what_brings_them(tmp_path, capsys):
    assert main(["--home", str(tmp_path), "train", "liquid", "--symbols", "BTCUSDT", "--json"]) == 2
    assert "alphaloop data import" in json.loads(capsys.readouterr().out)["fix"]
