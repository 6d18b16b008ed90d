"""Parameter sets: one YAML file per set, one mapping of parameters per chapter."""

import json
import keyword
import re
from pathlib import Path

import yaml

__all__ = ["chapter_names", "check", "load"]

_POWER = re.compile(r"([-+]?\d+)(\.\d+)?[eE]([-+]?)(\d+)")  # YAML 1.1 wants a dot and a sign


def load(name: str, chapters: Path = Path("chapters")) -> dict[str, dict]:
    """Return the set's parameters by chapter.

    Args:
        name: The set's name, that of its file without ``.yaml``.
        chapters: Folder of the notebooks; the sets lie in its folder ``parameters``.

    Raises:
        ValueError: If there is no such set, or if its file cannot be read, names a chapter that
            does not exist, or holds a value that cannot be a parameter; the message names the file.
    """
    folder = chapters / "parameters"
    names = sorted(path.stem for path in folder.glob("[!.]*.yaml"))
    if name not in names:
        raise ValueError(f"PARAMETERS={name}: no such parameter set; there are {', '.join(names)}")
    path = folder / f"{name}.yaml"
    try:
        values = yaml.safe_load(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise ValueError(f"{path} must map chapters to their parameters; got {values!r}")
    stems = chapter_names(chapters)
    unknown = [str(chapter) for chapter in values if chapter not in stems]
    if unknown:
        raise ValueError(f"{path}: no chapter {', '.join(unknown)}; there are {stems}")
    for chapter, parameters in values.items():
        try:
            check(parameters)
        except ValueError as error:
            raise ValueError(f"{path}: {chapter}: {error}") from error
    return {stem: values.get(stem) or {} for stem in stems}


def chapter_names(chapters: Path = Path("chapters")) -> list[str]:
    """Return the chapters' names, those of their notebooks without ``.ipynb``, sorted."""
    return sorted(path.stem for path in chapters.glob("[!.]*.ipynb"))


def check(parameters: object) -> None:
    """Check that papermill can put a chapter's parameters into a cell.

    Raises:
        ValueError: If it cannot; the message names the parameter.
    """
    if not isinstance(parameters, dict | None):
        raise ValueError(f"the parameters must be a mapping; got {parameters!r}")
    for name, value in (parameters or {}).items():
        # papermill writes names into a code cell unchanged.
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            raise ValueError(f"{name!r} cannot be the name of a parameter")
        try:
            json.dumps(value)
        except (TypeError, ValueError):
            raise ValueError(
                f"{name} takes numbers, texts, truth values and lists of them; got {value!r}"
            ) from None
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and (number := _POWER.fullmatch(text)):
                whole, part, sign, power = number.groups()
                better = f"{whole}{part or '.0'}e{sign or '+'}{power}"
                raise ValueError(f"YAML reads {name}: {text} as a text; write {better}")
