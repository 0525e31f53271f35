"""A process of a small run, as torchrun starts it: the first fits a TSMixer, the others take part.

Each leaves the hash of the weights it ended with; the leader kills itself where ``DIE_AFTER`` says.
"""

import os
import signal
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from alphaloop.models.sequence.fitting import Recipe
from alphaloop.models.sequence.forecaster import SequenceForecaster, Training
from alphaloop.models.sequence.processes import follow, together

TRAINING = Training(
    settings={"dropout": 0.0, "hidden": 8}, recipe=Recipe(epochs=4, batch=32, device="cpu", learning_rate=1e-2)
)


def data():
    """Windows whose newest row tells the target."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(320, 4, 3))
    return x, x[:, -1, :2] + 0.3 * rng.normal(size=(320, 2))


def weights(network):
    """Their hash."""
    state = sha256()
    for name, value in network.state_dict().items():
        state.update(name.encode() + value.cpu().numpy().tobytes())
    return state.hexdigest()


def fitted(folder, die_after=0):
    """The model, its checkpoint in ``folder``; dead by its own hand after an epoch where one is named."""

    def tell(epoch):
        if epoch.number == die_after:
            os.kill(os.getpid(), signal.SIGKILL)

    return SequenceForecaster(TRAINING, seed=1, folder=folder, progress=tell).fit(*data())


def main(folder):
    """Lead or follow."""
    torch.set_num_threads(1)
    with together(os.environ) as role:
        if role.leads:
            model = fitted(folder / "fit", int(os.environ.get("DIE_AFTER", "0")))
            model.save(folder / "model.pt")
            (folder / "rank-0").write_text(weights(model._network))
        else:
            count = follow(lambda job: (folder / f"rank-{role.rank}").write_text(weights(job.network)))
            (folder / "followed").write_text(str(count))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
