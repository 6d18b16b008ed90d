"""Change the address under which the book is published, in every file that git tracks.

The address in ``_config.yml`` is the one in force. Beside it, addresses made of its OWNER/NAME are
changed: Colab links in README.md, the cell of each chapter that installs the package.
"""

import re
import subprocess
import sys
from pathlib import Path

import yaml

PATTERN = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")


def main() -> None:
    """Replace OWNER/NAME."""
    new = sys.argv[1].removesuffix("/").removesuffix(".git")
    if not PATTERN.fullmatch(new):
        sys.exit(f"URL must read https://github.com/OWNER/NAME; got {sys.argv[1]!r}")
    old = yaml.safe_load(Path("_config.yml").read_text(encoding="utf8"))["repository"]["url"]
    slugs = [url.removeprefix("https://github.com/").encode() for url in (old, new)]
    names = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True)
    for path in map(Path, filter(None, names.stdout.split("\0"))):
        content = path.read_bytes()
        if slugs[0] in content and b"\0" not in content:
            path.write_bytes(content.replace(*slugs))
            print(f"changed {path}")


if __name__ == "__main__":
    main()
