"""Change the address under which the book is published, in every file that git tracks.

The current address is the one in ``_config.yml``. Addresses made from its OWNER/NAME change, too:
the Colab link in README.md, and the cell of each chapter that installs the package.
"""

import re
import subprocess
import sys
from pathlib import Path

import yaml
from whole import write_whole

PATTERN = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")


def main() -> None:
    """Replace OWNER/NAME."""
    new = sys.argv[1].removesuffix("/").removesuffix(".git")
    if not PATTERN.fullmatch(new):
        sys.exit(f"URL must read https://github.com/OWNER/NAME; got {sys.argv[1]!r}")
    old = yaml.safe_load(Path("_config.yml").read_text(encoding="utf8"))["repository"]["url"]
    slugs = [url.removeprefix("https://github.com/").encode() for url in (old, new)]
    if not Path(".git").exists():  # git would list files of a repository in a parent folder
        sys.exit("This changes the files that git tracks, but this folder is not a git clone.")
    try:
        names = subprocess.check_output(["git", "ls-files", "-z"])
    except (OSError, subprocess.CalledProcessError):
        sys.exit("git cannot list the files to change: read its message, or install git.")
    for path in map(Path, filter(None, names.decode().split("\0"))):
        content = path.read_bytes() if path.is_file() else b""  # else deleted, or a broken link
        if slugs[0] in content and b"\0" not in content:
            write_whole(path, content.replace(*slugs))
            print(f"changed {path}")


if __name__ == "__main__":
    main()
