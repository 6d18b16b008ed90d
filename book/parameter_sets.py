"""Parameter sets: one YAML file per set, one mapping of parameters per chapter."""

from pathlib import Path

import yaml

__all__ = ["load"]


def load(name: str, chapters: Path = Path("chapters")) -> dict[str, dict]:
    """Return the set's parameters by chapter.

    Args:
        name: The set's name, that of its file without ``.yaml``.
        chapters: Folder of the notebooks; the sets lie in its folder ``parameters``.

    Raises:
        ValueError: If there is no such set, or if it names a chapter that does not exist.
    """
    folder = chapters / "parameters"
    names = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in names:
        raise ValueError(f"PARAMETERS={name}: no such parameter set; there are {', '.join(names)}")
    path = folder / f"{name}.yaml"
    values = yaml.safe_load(path.read_text(encoding="utf8")) or {}
    stems = {notebook.stem for notebook in chapters.glob("*.ipynb")}
    unknown = sorted(set(values) - stems)
    if unknown:
        raise ValueError(f"{path}: no chapter {', '.join(unknown)}; there are {sorted(stems)}")
    return {stem: values.get(stem) or {} for stem in sorted(stems)}
