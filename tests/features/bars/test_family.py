"""What numba keeps on disk belongs to all files a kernel was made from."""

from alphaloop.features import family
from alphaloop.features.bars import averages, distance, moments, multiply_add, volatility
from alphaloop.features.family import compiled, sources


def made(name, text, folder, **names):
    """The compiled function of a module of its own."""
    path = folder / f"{name}.py"
    path.write_text(text)
    space = {"compiled": compiled, "__name__": name, **names}
    exec(compile(text, str(path), "exec"), space)
    return space[name]


def files(*modules):
    return {module.__file__ for module in modules}


def test_rules_from_other_files_are_sources():
    found = {str(path) for path in sources(volatility.deviation_kernel.py_func)}

    assert files(volatility, averages, moments, multiply_add) <= found
    assert not files(distance) & found


def test_the_stamp_of_a_kernel_changes_with_what_it_uses(tmp_path):
    outer = "@compiled\ndef outer(x):\n    return rule(x)\n"

    def stamp(rule):
        inner = made("rule", rule, tmp_path)
        family._digest.cache_clear()
        return made("outer", outer, tmp_path, rule=inner)._cache._cache_file._source_stamp

    before = stamp("@compiled\ndef rule(x):\n    return x\n")
    assert before[1:] == stamp("@compiled\ndef rule(x):\n    return x\n")[1:]
    assert before[1:] != stamp("@compiled\ndef rule(x):\n    return x + 1\n")[1:]
