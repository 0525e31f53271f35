"""One leader and one follower, really started: equal weights on both, and the same again after a kill."""

import os
import socket
import sys

import numpy as np
import pytest

from alphaloop.models.sequence.forecaster import SequenceForecaster
from alphaloop.models.sequence.processes import Role, share, together
from alphaloop.training.launch.process import run

LOOK = np.random.default_rng(1).normal(size=(50, 4, 3))


def launch(folder, **env):
    """Two processes of :mod:`tests.models.sequence.one_of_two`; their exit code."""
    folder.mkdir(exist_ok=True)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", f"--master_port={port}"]
    environ = {**os.environ, "OMP_NUM_THREADS": "1", **env}
    words = [*command, "-m", "tests.models.sequence.one_of_two", str(folder)]
    return run(words, environ, log=folder / "log", out=folder / "out")


def found(folder):
    """Weights of both, and what the saved model predicts."""
    ranks = [(folder / f"rank-{rank}").read_text() for rank in range(2)]
    return ranks, SequenceForecaster.load(folder / "model.pt", device="cpu").predict(LOOK).mean


@pytest.mark.slow
def test_two_processes_end_with_one_model_also_after_a_kill(tmp_path):
    whole = launch(tmp_path / "whole")
    killed = launch(tmp_path / "killed", DIE_AFTER="3")
    left = sorted(one.name for one in (tmp_path / "killed").iterdir())
    again = launch(tmp_path / "killed")
    (ranks, predicted), (ranks_again, predicted_again) = found(tmp_path / "whole"), found(tmp_path / "killed")

    assert (whole, killed != 0, again) == (0, True, 0)
    assert left == ["fit", "log", "out"]
    assert ranks[0] == ranks[1] == ranks_again[0] == ranks_again[1]
    assert predicted.tobytes() == predicted_again.tobytes()
    assert (tmp_path / "whole" / "followed").read_text() == "1"


def test_alone_nobody_is_called():
    with together({}) as role:
        share(None)

    assert (role, role.leads, Role(1, 2).leads) == (Role(0, 1), True, False)
