"""Start a subject: folder, test, chapter, and its lines in the registry and ``_toc.yml``."""

import json
import re
import sys
from pathlib import Path

from whole import write_whole

TEMPLATES = Path(__file__).with_name("subject")
COMPANION = Path("lib/halfspace/companion")
REGISTRY, CONTENTS = COMPANION / "registry.py", Path("_toc.yml")
MODEL = Path("chapters/06_circle_conditions.ipynb")  # has the cells that all chapters share


def main(name: str) -> None:
    """Write a subject's first files, which pass the tests and build a page."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        sys.exit(
            f"NAME must be lower-case letters and underscores, such as convex_gates; got {name!r}"
        )
    chapter = Path(f"chapters/{name}.ipynb")
    if (COMPANION / name).exists() or chapter.exists():
        sys.exit(f"there is already a subject {name}; choose another NAME")
    words = {"NAME": name, "CLASS": name.title().replace("_", "")}
    words["SUBJECT"] = name.replace("_", " ").capitalize()

    def filled(template: str) -> str:
        text = (TEMPLATES / f"{template}.txt").read_text(encoding="utf8")
        return re.sub("NAME|CLASS|SUBJECT", lambda match: words[match[0]], text)

    modules = ("__init__", "specs", "conditions", "readings", "claims")
    files = {COMPANION / name / f"{module}.py": filled(module) for module in modules}
    files[Path(f"tests/companion/{name}/test_{name}.py")] = filled("test")
    notebook = json.loads(MODEL.read_text(encoding="utf8"))
    (bootstrap,) = (cell for cell in notebook["cells"] if "bootstrap" in tags(cell))
    notebook["cells"] = json.loads(filled("chapter"))
    notebook["cells"][1]["source"] = bootstrap["source"]
    files[chapter] = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    registry = REGISTRY.read_text(encoding="utf8")
    files[REGISTRY] = registry.replace('    "speed": ', f'    "{name}": set(),\n    "speed": ')
    contents = CONTENTS.read_text(encoding="utf8")
    last = "      - file: chapters/09_cifar\n"
    files[CONTENTS] = contents.replace(last, f"{last}      - file: chapters/{name}\n")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
        print(path)
    print("CONTRIBUTING.md says what comes next.")


def tags(cell: dict) -> list[str]:
    """Return the tags of a notebook's cell."""
    return cell["metadata"].get("tags", [])


if __name__ == "__main__":
    main(*sys.argv[1:])
