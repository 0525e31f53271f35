"""Two processes that share every batch train as one does."""

import multiprocessing

import numpy as np
import pytest
import torch

from alphaloop.models.sequence.fitting import Recipe, fit
from alphaloop.models.sequence.network import Network, Plan
from alphaloop.models.windows import ArrayWindows


def trained(backbone, average=0.9):
    plan = Plan(backbone=backbone, lookback=4, channels=2, horizons=1, dropout=0.0, settings={"dropout": 0.0})
    rng = np.random.default_rng(0)
    x = rng.normal(size=(96, 4, 2))
    y = x[:, -1, :1] + 0.1 * rng.normal(size=(96, 1))
    torch.manual_seed(0)
    network = Network(plan)
    recipe = Recipe(epochs=2, batch=16, device="cpu", average=average)
    history = fit(network, ArrayWindows(x[:64], y[:64]), ArrayWindows(x[64:], y[64:]), recipe=recipe, seed=1)
    slopes = [part.grad for name, part in network.named_parameters() if name != "fill.fill"]  # nothing is missing here
    gradients = torch.cat([one.flatten() for one in slopes])
    return torch.cat([part.flatten() for part in network.state_dict().values()]), gradients, history


def one_of_two(rank, meeting, answers, backbone):
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    weights, gradients, history = trained(backbone)
    answers.put((rank, weights.detach().numpy(), gradients.numpy(), history[-1].train_loss))
    torch.distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["itransformer", "tsmixer"])
def test_two_processes_train_as_one(tmp_path, backbone):
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    both = [
        context.Process(target=one_of_two, args=(rank, tmp_path / "meeting", answers, backbone)) for rank in range(2)
    ]
    for process in both:
        process.start()
    found = sorted(answers.get(timeout=100) for _ in both)
    for process in both:
        process.join(timeout=60)
    weights, gradients, history = trained(backbone)

    for _, theirs, slopes, loss in found:
        assert np.abs(slopes - gradients.numpy()).max() < 1e-6
        assert loss == pytest.approx(history[-1].train_loss, abs=1e-6)
        # AdamW divides by the size of a gradient, so where one is near zero its rounding counts as a whole step
        assert np.quantile(np.abs(theirs - weights.detach().numpy()), 0.99) < 1e-6
