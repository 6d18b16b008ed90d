"""Sphinx extension: executed chapters, also as files, the page about the build, a local MathJax.

Sphinx reads ``chapters/X.ipynb``, so that links to the source point at what is in git; on reading,
its text is replaced by that of ``_build/executed/chapters/X.ipynb``.
"""

import ast
import base64
import contextlib
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import distribution, version
from pathlib import Path

import executed_copies
import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from weight import light_png
from whole import write_whole

__all__ = ["BuildReport", "parameters_of", "setup", "shown", "swap"]

MATHJAX = ("startup.js", "core.js", "input/tex.js", "input/tex/extensions", "output/chtml.js")
MATHJAX += ("output/chtml/fonts", "a11y/assistive-mml.js")
LIGHT = "_build/cache/light"  # images of executed notebooks

logger = logging.getLogger(__name__)


def parameters_of(source: str) -> dict[str, ast.AnnAssign | ast.Assign]:
    """Return the assignments of a ``parameters`` cell by name."""
    found = {}
    for node in ast.parse(source).body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign):
            target = node.targets[0]
        if isinstance(target, ast.Name):
            found[target.id] = node
    return found


def shown(source: str, values: dict) -> str:
    """Return a ``parameters`` cell with the run's values in place of the defaults."""
    lines = [line.encode() for line in source.splitlines()]  # ast counts bytes
    for name, node in reversed(parameters_of(source).items()):
        if name not in values:
            continue
        start, end = node.value.lineno - 1, node.value.end_lineno - 1
        head = lines[start][: node.value.col_offset]
        tail = lines[end][node.value.end_col_offset :]
        lines[start : end + 1] = [head + repr(values[name]).encode() + tail]
    return b"\n".join(lines).decode()


def swap(original: nbformat.NotebookNode, executed: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the page's content: the chapter, with the results and the parameters of its run.

    Text, captions and tags are the chapter's, which may have changed since.

    Raises:
        ValueError: If ``executed`` is not a run of the code of ``original``, or lacks a figure.
    """
    page = nbformat.from_dict(original | {"metadata": executed.metadata})
    ran = [c for c in executed.cells if c.cell_type == "code"]
    ran = [c for c in ran if "injected-parameters" not in c.metadata.get("tags", [])]
    code = [cell for cell in page.cells if cell.cell_type == "code"]
    if [cell.source for cell in code] != [cell.source for cell in ran]:
        raise ValueError("has different cells from the chapter")
    for cell, run in zip(code, ran, strict=True):
        cell.outputs, cell.execution_count = run.outputs, run.execution_count
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = shown(cell.source, page.metadata.papermill.parameters)
    if empty := executed_copies.figures_without_image(page):
        raise ValueError(f"has no image of {', '.join(empty)}")
    return page


def read_executed(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace a chapter's text by its executed copy; warn, which fails the build, if it cannot."""
    if not docname.startswith("chapters/"):
        return
    path = Path(app.srcdir) / executed_copies.EXECUTED / Path(f"{docname}.ipynb").name
    app.env.note_dependency(str(path))
    try:
        page = swap(nbformat.reads(source[0], 4), executed_copies.read(path))
    except ValueError as error:
        logger.warning("the executed copy %s", error, location=docname, type="halfspace")
        return
    source[0] = nbformat.writes(page)


def commit(folder: str) -> str:
    """Return the commit that is checked out, marked when files were changed since."""
    if not Path(folder, ".git").exists():  # git would describe a repository in a parent folder
        return "not known"
    command = ["git", "describe", "--always", "--dirty=, with changes", "--abbrev=12"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "not known"
    return done.stdout.strip()


def plain(text: str) -> str:
    """Return Markdown that shows a text unchanged, also in a cell of a table."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(str(text).split()))


def code(text: str) -> str:
    """Return Markdown that shows a text as code, also in a cell of a table."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    text = f" {text} " if longest else text
    return fence + text.replace("|", "\\|") + fence


class BuildReport(SphinxDirective):
    """Directive ``build-report``: versions, and each chapter's device, date, time, parameters."""

    def run(self) -> list[nodes.Node]:
        """Return the tables."""
        self.env.note_reread()
        folder = Path(self.env.srcdir)
        chapters = {}
        for path in sorted((folder / executed_copies.EXECUTED).glob("[!.]*.ipynb")):
            if (folder / "chapters" / path.name).exists():
                self.env.note_dependency(str(path))
                with contextlib.suppress(ValueError):  # the chapter's own page tells
                    chapters[path.stem] = executed_copies.read(path)
        lines = [*self._build(folder, chapters), *self._runs(chapters), *self._values(chapters)]
        return self.parse_text_to_nodes("\n".join(lines))

    def _build(self, folder: Path, chapters: dict) -> list[str]:
        machines = [notebook.metadata.get("halfspace", {}) for notebook in chapters.values()]
        versions = {
            ", ".join(f"{name} {number}" for name, number in machine.get("versions", {}).items())
            for machine in machines
        }
        rows = {
            "Pages built": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "with": f"Jupyter Book {version('jupyter-book')}, Sphinx {version('sphinx')}",
            "from commit": commit(str(folder)),
            "Parameter set": os.environ.get("HALFSPACE_PARAMETERS", "not known"),
            "Chapters executed with": "; or ".join(sorted(versions)),
        }
        return ["| Build | |", "|---|---|", *(f"| {k} | {plain(v)} |" for k, v in rows.items()), ""]

    def _runs(self, chapters: dict) -> list[str]:
        lines = ["| Chapter | Executed | Seconds | Device |", "|---|---|--:|---|"]
        for stem, notebook in chapters.items():
            run, machine = notebook.metadata.papermill, notebook.metadata.get("halfspace", {})
            when = datetime.fromisoformat(run.start_time).astimezone(UTC)
            lines.append(
                f"| {{doc}}`/chapters/{stem}` | {when:%Y-%m-%d %H:%M} UTC | {run.duration:.0f} "
                f"| {plain(machine.get('device', 'not known'))} |"
            )
        return [*lines, ""]

    def _values(self, chapters: dict) -> list[str]:
        lines = ["| Chapter | Parameter | Value | Default |", "|---|---|---|---|"]
        for stem, notebook in chapters.items():
            given = notebook.metadata.papermill.parameters
            cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
            title = f"{{doc}}`/chapters/{stem}`"
            for name, node in parameters_of("\n".join(c.source for c in cells)).items():
                default = ast.unparse(node.value)
                value = repr(given[name]) if name in given else default
                if value != default:
                    row = (title, code(name), code(value), code(default))
                    lines.append(f"| {' | '.join(row)} |")
                    title = ""
        if len(lines) == 2:
            return ["All chapters ran with their default parameters."]
        return ["These parameters are not the defaults:", "", *lines, ""]


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Put the MathJax that `sphinx-mathjax-offline` carries, and its fonts, beside the pages."""
    if error or app.builder.format != "html":
        return
    package = Path(distribution("sphinx-mathjax-offline").locate_file("sphinx-mathjax-offline"))
    for name in MATHJAX:
        source = package / "static/mathjax" / name
        target = Path(app.outdir, "_static/mathjax", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)


def offer_executed(app: Sphinx, page: str, template: str, context: dict, document: object) -> None:
    """Offer a chapter's executed notebook in the menu of downloads, before the bare one."""
    if not page.startswith("chapters/"):
        return
    app.written_chapters.append(page)
    labels = {button["label"]: button for button in context["header_buttons"]}
    buttons = labels["download-buttons"]["buttons"]
    buttons[0] |= {"text": "notebook without results"}
    executed = {
        "label": "download-notebook-button",
        "text": "notebook with results",
        "tooltip": "Download the executed notebook",
        "icon": "fas fa-file",
        "url": f"{Path(page).name}.ipynb",
    }
    buttons.insert(0, {"type": "link"} | executed)


def write_executed(app: Sphinx, error: Exception | None) -> None:
    """Put the executed notebook beside the page of each chapter that was written."""
    if error or app.builder.format != "html":
        return
    for docname in app.written_chapters:
        original = nbformat.read(Path(app.srcdir, f"{docname}.ipynb"), 4)
        name = Path(f"{docname}.ipynb").name
        page = swap(
            original, executed_copies.read(Path(app.srcdir) / executed_copies.EXECUTED / name)
        )
        for cell in page.cells:
            for output in cell.get("outputs", []):
                if image := output.get("data", {}).get("image/png"):
                    light = light_png(base64.b64decode(image), Path(app.srcdir, LIGHT))
                    output["data"]["image/png"] = base64.b64encode(light).decode()
        write_whole(Path(app.outdir, f"{docname}.ipynb"), nbformat.writes(page) + "\n")


def setup(app: Sphinx) -> dict:
    """Connect the extension."""
    app.written_chapters = []
    app.connect("source-read", read_executed)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", write_executed)
    app.connect("html-page-context", offer_executed, priority=600)  # after the theme's buttons
    app.add_directive("build-report", BuildReport)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
