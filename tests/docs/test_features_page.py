"""docs/features.md is what the declarations say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date():
    done = subprocess.run([sys.executable, ROOT / "scripts" / "features_page.py", "--check"], check=False)

    assert done.returncode == 0, "run: python scripts/features_page.py"
