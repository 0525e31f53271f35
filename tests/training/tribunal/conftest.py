"""One scene for all tests of the tribunal; nothing changes it."""

import pytest

from alphaloop.training.tribunal.futures import Futures, make_futures
from alphaloop.training.tribunal.scene import Scene, make_scene


@pytest.fixture(scope="session")
def scene() -> Scene:
    return make_scene()


@pytest.fixture(scope="session")
def futures(scene: Scene) -> Futures:
    return make_futures(scene, 7)


@pytest.fixture(scope="session")
def small() -> Futures:
    """Four days: enough for windows of a few bars."""
    return make_futures(make_scene(days=4), 7)
