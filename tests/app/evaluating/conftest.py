import pytest

from tests.app.evaluating.builders import trained


@pytest.fixture(scope="package")
def home(tmp_path_factory):
    """A home with a planted market and a trained candidate."""
    return tmp_path_factory.mktemp("evaluating") / "home"


@pytest.fixture(scope="package")
def candidate(home):
    return trained(home)
