"""Files of the project that the book is made from, checked before anything is executed.

Otherwise the programs that read them would fail with a traceback, often without the file's name.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import parameter_sets
import yaml

__all__ = ["notebook_problem", "problems"]

PAGES = (".md", ".ipynb")


def problems(parameters: str) -> list[str]:
    """Return what is wrong with the project's files, a sentence each.

    Args:
        parameters: The name of the parameter set that is asked for.
    """
    checks = (_notebooks(), _configuration(), _contents(), _references(), _timings())
    found = [sentence for check in checks for sentence in check]
    try:
        parameter_sets.load(parameters)
    except ValueError as error:
        found.append(str(error))
    return found


def notebook_problem(path: Path) -> str | None:
    """Return what keeps a chapter's notebook from being executed, if anything."""
    import nbformat

    try:
        content = json.loads(path.read_text(encoding="utf8"))
        nbformat.validate(content, version=4)
    except (OSError, ValueError) as error:
        return f"{path} cannot be read as a notebook: {error}"
    except nbformat.ValidationError as error:
        return f"{path} is not a notebook of format 4: {error.message}"
    except (AttributeError, KeyError, TypeError):
        return f"{path} is not a notebook of format 4"
    return None


def _notebooks() -> Iterator[str]:
    for name in parameter_sets.chapter_names():
        if problem := notebook_problem(Path(f"chapters/{name}.ipynb")):
            yield problem


def _configuration() -> Iterator[str]:
    try:
        content = _mapping(Path("_config.yml"))
        address = content["repository"]["url"]
    except ValueError as error:
        yield str(error)
    except (KeyError, TypeError):
        yield "_config.yml has no address of the repository (repository: url:)"
    else:
        if not isinstance(address, str):
            yield f"_config.yml: the repository's url must be a text; got {address!r}"


def _contents() -> Iterator[str]:
    """Check that the table of contents matches the existing pages and chapters."""
    from sphinx_external_toc.parsing import MalformedError, parse_toc_data

    try:
        pages = list(parse_toc_data(_mapping(Path("_toc.yml"))))
    except ValueError as error:
        yield str(error)
        return
    except (MalformedError, TypeError) as error:
        yield f"_toc.yml is no table of contents: {error}"
        return
    for page in pages:
        if not any(Path(f"{page.removesuffix(kind)}{kind}").is_file() for kind in PAGES):
            yield f"_toc.yml names the page {page}, and there is no such file"
    named = {page.removesuffix(".ipynb") for page in pages}
    for name in parameter_sets.chapter_names():
        if f"chapters/{name}" not in named:
            yield f"chapters/{name}.ipynb is not in _toc.yml: add it there, or move it away"


def _references() -> Iterator[str]:
    from pybtex.database import BibliographyDataError, parse_file
    from pybtex.exceptions import PybtexError

    try:
        parse_file("references.bib", encoding="utf8")
    except (BibliographyDataError, OSError, PybtexError, UnicodeDecodeError) as error:
        yield f"references.bib cannot be read: {' '.join(str(error).split())}"


def _timings() -> Iterator[str]:
    for path in sorted(Path("benchmarks/results").glob("[!.]*.json")):
        try:
            json.loads(path.read_text(encoding="utf8"))
        except (OSError, ValueError) as error:
            yield (
                f"{path} is damaged ({error}); restore it with git checkout -- {path}, "
                f"or measure again with make bench NAME={path.stem}"
            )


def _mapping(path: Path) -> dict:
    """Return the mapping that a YAML file holds; a ValueError names the file."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a mapping; restore it with git checkout -- {path}")
    return content
