import inspect
import re

import pytest

from alphaloop.core import errors
from alphaloop.core.errors import AlphaloopError, InvalidOption, MissingExtra


def drawn() -> dict[str, str]:
    """Each class in the docstring's drawing, with the class it hangs from."""
    parents, path = {}, ["Exception"]
    for line in errors.__doc__.splitlines():
        match = re.match(r"^    ([│├└─ ]*)([A-Z][A-Za-z]+)(\s{2,}|$)", line)
        if match:
            depth = len(match[1]) // 4
            path = [*path[: depth + 1], match[2]]
            parents[match[2]] = path[-2]
    return parents


def test_the_drawn_tree_is_the_real_one():
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, AlphaloopError)]

    assert drawn() == {one.__name__: one.__base__.__name__ for one in classes}


def test_every_error_says_what_it_is():
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass)]

    assert [one.__name__ for one in classes if not one.__doc__] == []


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("a", "b", "do c"), "found a; expected b; do c"),
        (("a", "b"), "found a; expected b"),
        (("a", "", "do c"), "found a; do c"),
        (("a",), "found a"),
    ],
)
def test_the_message_leaves_out_what_is_empty(parts, text):
    assert str(AlphaloopError(*parts)) == text


def test_as_fields():
    assert InvalidOption("a", "b", "c").as_dict() == {
        "error": "InvalidOption",
        "found": "a",
        "expected": "b",
        "fix": "c",
    }


def test_a_missing_extra_names_the_way_to_get_it():
    error = MissingExtra("torch", "torch")

    assert str(error) == (
        "found no package 'torch'; expected the extra [torch]; install it with: pip install 'alphaloop[torch]'"
    )
