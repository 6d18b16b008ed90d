"""Files of the project that are damaged: a sentence that names the file, before anything runs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from halfspace.companion import rules
from nbformat import v4

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import parameter_sets  # noqa: E402
import project_files  # noqa: E402

TOC = "format: jb-book\nroot: index\nchapters: [{file: chapters/a}]\n"
NOTEBOOK = json.dumps(v4.new_notebook(cells=[v4.new_code_cell("1", id="a")]))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("chapters/parameters", "benchmarks/results"):
        Path(folder).mkdir(parents=True)
    for name, text in {
        "_config.yml": "repository: {url: https://github.com/a/b}\n",
        "_toc.yml": TOC,
        "index.md": "# Index\n",
        "references.bib": "@misc{a,\n  title = {A},\n}\n",
        "chapters/a.ipynb": NOTEBOOK,
        "chapters/parameters/default.yaml": "a: {seed: 1, rate: 1.0e-4, names: [x, y]}\n",
        "benchmarks/results/ntk.json": "{}\n",
    }.items():
        Path(name).write_text(text)
    return tmp_path


def test_a_whole_project_has_no_problem(project):
    assert project_files.problems("default") == []


def test_this_project_has_no_problem(monkeypatch):
    monkeypatch.chdir(ROOT)
    for name in ("default", "quick", "paper"):
        assert project_files.problems(name) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("_config.yml", b"a: [\n"),
        ("_config.yml", b""),
        ("_config.yml", b"- a\n"),
        ("_config.yml", b"title: x\n"),
        ("_config.yml", b"repository: {url: 3}\n"),
        ("_config.yml", b"\xff\xfe"),
        ("_toc.yml", b"a: [\n"),
        ("_toc.yml", b"\troot: index\n"),
        ("_toc.yml", b""),
        ("_toc.yml", b"format: jb-book\n"),
        ("_toc.yml", b"format: other\nroot: index\n"),
        ("_toc.yml", b"format: jb-book\nroot: index\nchapters: 3\n"),
        ("references.bib", b"@misc{a,\n  title = {A},\n"),
        ("references.bib", b"@misc{a, title = {A}}\n@misc{b, tit"),
        ("references.bib", b"@misc{a, title = {A}}\n@misc{a, title = {A}}\n"),
        ("references.bib", b"\xff\xfe"),
        ("chapters/a.ipynb", NOTEBOOK[:60].encode()),
        ("chapters/a.ipynb", b""),
        ("chapters/a.ipynb", b'{"a": 1}'),
        ("chapters/a.ipynb", b"[]"),
        ("chapters/a.ipynb", b"null"),
        ("chapters/a.ipynb", b"\xff\xfe"),
        ("chapters/a.ipynb", NOTEBOOK.replace('"code"', '"cod"').encode()),
        ("benchmarks/results/ntk.json", b'{"a": 1'),
        ("benchmarks/results/ntk.json", b"\xff\xfe"),
        ("chapters/parameters/default.yaml", b"a: [\n"),
        ("chapters/parameters/default.yaml", b"a:\n\t- 1\n"),
        ("chapters/parameters/default.yaml", b"3\n"),
        ("chapters/parameters/default.yaml", b"a: 3\n"),
        ("chapters/parameters/default.yaml", b"a: [1]\n"),
        ("chapters/parameters/default.yaml", b"1: {seed: 1}\n"),
        ("chapters/parameters/default.yaml", b"a: {1: 1}\n"),
        ("chapters/parameters/default.yaml", b"a: {seed: 2024-01-01}\n"),
        ("chapters/parameters/default.yaml", b"a: {seed: !!binary aGk=}\n"),
        ("chapters/parameters/default.yaml", b"a: {seed: !!python/name:os.system }\n"),
        ("chapters/parameters/default.yaml", b'a: {"import os; x": 1}\n'),
        ("chapters/parameters/default.yaml", b"a: {class: 1}\n"),
        ("chapters/parameters/default.yaml", b"a: {rate: 1e-4}\n"),
        ("chapters/parameters/default.yaml", b"\xff\xfe"),
    ],
)
def test_a_damaged_file_is_one_sentence_that_names_it(name, content, project):
    Path(name).write_bytes(content)
    (said,) = project_files.problems("default")
    assert said.startswith(name), said
    assert "\n" not in said.strip()


@pytest.mark.parametrize("name", ["_config.yml", "_toc.yml", "references.bib"])
def test_a_missing_file_is_one_sentence(name, project):
    Path(name).unlink()
    (said,) = project_files.problems("default")
    assert said.startswith(f"{name} cannot be read: ")


def test_the_contents_and_the_chapters_must_agree(project):
    shutil.copy("chapters/a.ipynb", "chapters/b.ipynb")
    (said,) = project_files.problems("default")
    assert said == "chapters/b.ipynb is not in _toc.yml: add it there, or move it away"
    os.unlink("chapters/b.ipynb")
    Path("_toc.yml").write_text(TOC.replace("}]", "}, {file: chapters/gone}]"))
    (said,) = project_files.problems("default")
    assert said == "_toc.yml names the page chapters/gone, and there is no such file"


@pytest.mark.parametrize(
    ("text", "better"),
    [("1e-4", "1.0e-4"), ("2E5", "2.0e+5"), ("1.5e3", "1.5e+3"), ("-1e-4", "-1.0e-4")],
)
def test_a_number_that_yaml_reads_as_a_text_is_told_with_its_mending(text, better, project):
    path = Path("chapters/parameters/default.yaml")
    for value in (text, f"[1, {text}]"):
        path.write_text(f"a: {{rate: {value}}}\n")
        with pytest.raises(ValueError, match="YAML reads rate") as refused:
            parameter_sets.load("default")
        assert str(refused.value) == f"{path}: a: YAML reads rate: {text} as a text; write {better}"
    path.write_text(f"a: {{rate: {better}}}\n")
    assert parameter_sets.load("default") == {"a": {"rate": float(text)}}


def test_a_folder_in_a_sets_place_and_a_set_named_by_a_number(project):
    Path("chapters/parameters/x.yaml").mkdir()
    (said,) = project_files.problems("x")
    assert said.startswith("chapters/parameters/x.yaml cannot be read: ")
    shutil.copy("chapters/parameters/default.yaml", "chapters/parameters/1.yaml")
    assert project_files.problems("1") == []


def test_all_that_is_wrong_is_told_before_snakemake_starts(project):
    Path("_toc.yml").write_text("")
    Path("chapters/a.ipynb").write_text("")
    done = subprocess.run([sys.executable, ROOT / "book/build.py"], capture_output=True, text=True)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 2
    assert not Path(".snakemake").exists() and not Path("_build").exists()


@pytest.mark.parametrize("content", ['{"a": "x', "", "[]"])
def test_damaged_rules_are_one_sentence(content, tmp_path):
    path = tmp_path / "rules.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="restore it with git checkout") as refused:
        rules.write_rules(path)
    assert str(refused.value).startswith(f"{path} is damaged (")
    assert path.read_text() == content
