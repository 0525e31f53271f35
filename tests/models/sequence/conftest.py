"""Without torch nothing here can run; the extra is part of what a developer installs."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]
