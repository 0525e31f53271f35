"""Print pip's own settings as the shell exports that uv understands.

uv does not read pip's configuration. Where packages are reached only through it (a
mirror, a folder of wheels, a private certificate), this translation keeps uv usable.
What the user set for uv himself stays. Nothing is printed but quoted ``export`` lines.

Knows the standard library only: it runs before anything is installed.
"""

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

UV_NAMES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "no-index": ("UV_NO_INDEX", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "proxy": ("ALL_PROXY", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
}
PRECEDENCE = ("global", "install", ":env:")  # later wins, as in pip


def pip_settings() -> dict[str, str]:
    """Option name to value, merged the way pip merges its files and environment."""
    call = [sys.executable, "-m", "pip", "config", "list"]
    answer = subprocess.run(call, capture_output=True, text=True, check=False)
    lines = answer.stdout.splitlines()
    if answer.returncode:  # this Python carries no pip: the environment is all there is
        lines = [
            f":env:.{key[4:].lower().replace('_', '-')}={value!r}"
            for key, value in os.environ.items()
            if key.startswith("PIP_")
        ]
    found: dict[str, str] = {}
    for section in PRECEDENCE:
        for line in lines:
            name, _, value = line.partition("=")
            if name.startswith(f"{section}."):
                found[name[len(section) + 1 :]] = str(ast.literal_eval(value))
    return found


def exists(place: str) -> bool:
    """False for a local folder that is not there: pip passes over it, uv stops."""
    address = urlsplit(place)
    if address.scheme == "file":
        return Path(url2pathname(address.path)).exists()
    return bool(address.scheme) or Path(place).expanduser().exists()


def exports(settings: dict[str, str]) -> dict[str, str]:
    """The environment for uv variables, without those the user has set."""
    wanted: dict[str, str] = {}
    for option, (variable, separator) in UV_NAMES.items():
        places = settings.get(option, "").split()
        if option.endswith(("-url", "-links")):
            places = [place for place in places if exists(place)]
        if places and variable not in os.environ:
            wanted[variable] = separator.join(places)
    if "UV_INDEX" in wanted:  # pip takes the best version of all indexes, uv the first index that answers
        wanted.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return wanted


if __name__ == "__main__":
    for variable, value in exports(pip_settings()).items():
        sys.stdout.write(f"export {variable}={shlex.quote(value)}\n")
