"""The pipeline on a project of two tiny chapters: what runs again, what a failure leaves."""

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import build as build_book  # noqa: E402
import executed_copies  # noqa: E402
import pages  # noqa: E402
from halfspace.companion.sources import notebook_sources  # noqa: E402
from whole import write_whole  # noqa: E402

EXECUTED = "_build/executed/chapters"
SNAKEFILE = (ROOT / "Snakefile").read_text(encoding="utf8")
PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}


TOC = """\
format: jb-book
root: index
chapters: [{file: chapters/a}, {file: chapters/b}]
"""


def write_chapter(folder, name, *codes):
    cells = [v4.new_code_cell("seed: int = 0", id="p", metadata={"tags": ["parameters"]})]
    cells += [v4.new_code_cell(code, id=f"c{i}") for i, code in enumerate(codes)]
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": PYTHON})
    nbformat.write(notebook, folder / f"chapters/{name}.ipynb")


FAKE_JUPYTER_BOOK = """
import sys
from pathlib import Path


def main(arguments, standalone_mode):
    print("Sphinx said this")
    output = arguments[arguments.index("--path-output") + 1]
    html = Path(output, "_build/html/chapters")
    html.mkdir(parents=True, exist_ok=True)
    (html.parent / "index.html").write_text("index")
    for path in Path("_build/executed/chapters").glob("*.ipynb"):
        (html / f"{path.stem}.html").write_text(path.stem)
    exec(Path("fail.py").read_text() if Path("fail.py").exists() else "")
"""


@pytest.fixture
def project(tmp_path):
    """Two tiny chapters, a Jupyter Book that writes a line for each, and no PyTorch to load.

    They lie in a folder that no shell must read as it stands.
    """
    tmp_path = tmp_path / "a b (1) & c's $x {y} Ü"
    tmp_path.mkdir()
    (tmp_path / "chapters/parameters").mkdir(parents=True)
    (tmp_path / "_config.yml").write_text("repository: {url: https://github.com/a/b}\n")
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "index.md").write_text("# Index\n")
    (tmp_path / "references.bib").write_text("@misc{a, title = {A}}\n")
    package = tmp_path / "lib/halfspace"
    (package / "companion").mkdir(parents=True)
    shutil.copy(ROOT / "lib/halfspace/companion/sources.py", package / "companion")
    (package / "__init__.py").touch()
    shutil.copy(ROOT / "Snakefile", tmp_path)
    shutil.copytree(ROOT / "book", tmp_path / "book")
    (tmp_path / "book/jupyter_book/cli").mkdir(parents=True)
    (tmp_path / "book/jupyter_book/__init__.py").touch()
    (tmp_path / "book/jupyter_book/cli/main.py").write_text(FAKE_JUPYTER_BOOK)
    (tmp_path / "book/torch.py").write_text("class cuda: is_available = lambda: False\n")
    (package / "below.py").write_text("x = 1\n")
    (package / "above.py").write_text("from halfspace.below import x\n")
    (package / "other.py").write_text("y = 1\n")
    (tmp_path / "requirements.lock").write_text("")
    for name, text in {"default": "a: {}", "other": "a: {seed: 4}"}.items():
        (tmp_path / f"chapters/parameters/{name}.yaml").write_text(text + "\n")
    write_chapter(tmp_path, "a", "print(seed)")
    write_chapter(tmp_path, "b", "print(seed)")
    return tmp_path


def command(parameters="default", names="ab"):
    targets = [f"_build/executed/chapters/{name}.ipynb" for name in names]
    options = ["--cores", "1", "--scheduler", "greedy", "--ignore-incomplete", "--nolock"]
    options += ["--quiet", "all", "--keep-going"]
    setting = f"HALFSPACE_PARAMETERS={parameters}"
    return ["env", setting, sys.executable, "-m", "snakemake", *targets, *options]


def run(folder, parameters="default", names="ab"):
    """Return the exit status and the names of the chapters that were executed."""
    done = subprocess.run(
        command(parameters, names),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stdout.splitlines() if ": executed in" in line]
    return done.returncode, sorted(line.split(":")[0] for line in lines), done.stderr


def environment(**settings):
    """Return the surroundings of a build, free of what make may have set for these tests."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PARAMETERS", "CORES", "MAKELEVEL")}
    return kept | settings


def build(project, **settings):
    return subprocess.run(
        [sys.executable, "book/build.py"],
        cwd=project,
        env=environment(**settings),
        capture_output=True,
        text=True,
    )


def output(folder, name, where="executed"):
    notebook = nbformat.read(folder / f"_build/{where}/chapters/{name}.ipynb", 4)
    return notebook.cells[-1].outputs[0].text.strip()


def test_only_what_changed_is_executed_again(project):
    assert run(project)[:2] == (0, ["a", "b"])
    assert run(project)[:2] == (0, [])

    os.utime(project / "chapters/a.ipynb")
    assert run(project)[:2] == (0, []), "a touch alone changes nothing"

    write_chapter(project, "b", "print(seed + 1)")
    assert run(project)[:2] == (0, ["b"])

    assert run(project, "other")[:2] == (0, ["a"])
    assert (output(project, "a"), output(project, "b")) == ("4", "1")


def test_a_change_of_text_or_of_a_caption_executes_nothing(project):
    assert run(project)[:2] == (0, ["a", "b"])
    path = project / "chapters/a.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells.insert(0, v4.new_markdown_cell("New words", id="t"))
    notebook.cells[-1].metadata["mystnb"] = {"image": {"alt": "New words"}}
    nbformat.write(notebook, path)
    assert run(project)[:2] == (0, [])
    notebook.cells[1].metadata["tags"] = []  # no parameters any longer
    nbformat.write(notebook, path)
    assert run(project)[:2] == (0, ["a"])


def test_a_chapter_is_executed_again_when_what_it_imports_changes(project):
    write_chapter(project, "a", "if False:\n    from halfspace.above import x\nprint(seed)")
    write_chapter(project, "b", "if False:\n    %pip list\n    from halfspace import other")
    assert run(project)[:2] == (0, ["a", "b"])
    (project / "lib/halfspace/below.py").write_text("x = 2\n")
    assert run(project)[:2] == (0, ["a"])
    (project / "lib/halfspace/other.py").write_text("y = 2\n")
    assert run(project)[:2] == (0, ["b"])
    (project / "lib/halfspace/new.py").write_text("z = 1\n")
    assert run(project)[:2] == (0, [])


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("how_fast_how_exact", "benchmarks/results/x.json"),
        ("reader", "data/results/Study/key.npz"),
    ],
)
def test_a_page_that_reads_records_is_executed_again_when_they_change(name, record, project):
    (project / "lib/halfspace/conditions.py").touch()
    reads = "if False:\n    from halfspace import conditions\n" if name == "reader" else ""
    write_chapter(project, name, f"{reads}print(seed)")
    path = project / record
    path.parent.mkdir(parents=True)
    path.write_text("1")
    assert run(project, names=["a", name])[:2] == (0, ["a", name])
    path.write_text("2")
    assert run(project, names=["a", name])[:2] == (0, [name])


def test_a_reader_of_recorded_runs_is_seen_by_its_imports():
    for path in (ROOT / "chapters").glob("*.ipynb"):
        code = path.read_text(encoding="utf8")
        reads = (
            re.search(r"(_conditions\b|_CONDITIONS|verdict_rows|\bcondition\()", code) is not None
        )
        files = {source.name for source in notebook_sources(path)}
        assert ("conditions.py" in files) == reads, path.name


def test_a_failure_keeps_the_log_and_the_other_chapter_and_can_be_mended(project):
    write_chapter(project, "a", "print('so far')\nraise RuntimeError('no')")
    status, executed, said = run(project)
    assert status != 0 and executed == ["b"]
    assert "chapters/a.ipynb: RuntimeError: no" in said
    assert output(project, "a", "logs") == "so far"
    assert not (project / "_build/executed/chapters/a.ipynb").exists()

    write_chapter(project, "a", "print(seed)")
    assert run(project)[:2] == (0, ["a"])


def test_a_killed_run_leaves_no_kernel_and_resumes(project):
    write_chapter(project, "b", "import os, time\nprint(os.getpid())", "time.sleep(100)")
    building = subprocess.Popen(
        ["bash", "-c", 'HALFSPACE_BUILD=1 "$@"; true', "bash", *command()],
        cwd=project,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    log = project / "_build/logs/chapters/b.ipynb"
    kernel = wait_for(lambda: log.exists() and kernel_of(log))
    building.send_signal(signal.SIGKILL)  # the shell that stands for `make book`
    building.wait()
    wait_for(lambda: not Path(f"/proc/{kernel}").exists())
    assert not (project / "_build/executed/chapters/b.ipynb").exists()

    write_chapter(project, "b", "print(seed)")
    status, executed, _ = run(project)
    assert status == 0 and "b" in executed and executed in (["b"], ["a", "b"])


def kernel_of(log):
    try:
        outputs = nbformat.read(log, 4).cells[-2].outputs
    except ValueError:  # read while it was written
        return None
    return int(outputs[0].text) if outputs else None


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s")


def test_an_unknown_parameter_set_is_one_sentence(project):
    done = build(project, PARAMETERS="qick")
    assert done.returncode == 1
    assert done.stderr == ("PARAMETERS=qick: no such parameter set; there are default, other\n")


def test_one_build_at_a_time(project):
    import fcntl

    (project / "_build").mkdir()
    with open(project / "_build/.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = build(project)
    assert done.returncode == 1 and "Another make book is running" in done.stderr


def executed_of(done):
    return sorted(line.split(":")[0] for line in done.stdout.splitlines() if ": executed" in line)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def forge(path):
    path.write_text(path.read_text().replace('"0\\n"', '"FORGED-NUMBER 123\\n"'))


@pytest.fixture
def built(project):
    done = build(project)
    assert done.returncode == 0, done.stderr
    assert "The book is at _build/html/index.html" in done.stdout
    assert "Sphinx said" not in done.stdout + done.stderr
    return project


def test_a_build_makes_again_what_was_deleted_cut_or_changed(built):
    html, executed = built / "_build/html", built / "_build/executed/chapters"
    shutil.rmtree(html)
    forge(executed / "a.ipynb")
    done = build(built)
    assert (done.returncode, executed_of(done)) == (0, ["a"]), done.stderr
    assert {path.name for path in html.rglob("*.html")} == {"index.html", "a.html", "b.html"}
    assert output(built, "a") == "0" and "run make" not in done.stdout + done.stderr
    assert f"{EXECUTED}/a.ipynb was changed after it was written: the chapter is" in done.stdout

    (executed / "b.ipynb").unlink()
    cut(html / "chapters/a.html")
    done = build(built)
    assert (done.returncode, executed_of(done)) == (0, ["b"]), done.stderr
    assert (html / "chapters/a.html").read_text() == "a"
    assert "chapters/a.html is missing or was changed: the pages are made again." in done.stdout


@pytest.fixture
def whole_build(tmp_path, monkeypatch):
    """The files that a build of two chapters leaves, made without building."""
    monkeypatch.chdir(tmp_path)
    for folder in ("chapters/parameters", EXECUTED, "_build/html/chapters"):
        Path(folder).mkdir(parents=True)
    Path("chapters/parameters/default.yaml").touch()
    Path("chapters/parameters/other.yaml").write_text("b: {seed: 1}\n")
    for name in "ab":
        write_chapter(tmp_path, name, "print(seed)")
        cell = v4.new_code_cell("print(seed)", outputs=[v4.new_output("stream", text="0\n")])
        metadata = {"kernelspec": PYTHON, "papermill": {"parameters": {}}}
        copy = v4.new_notebook(cells=[cell], metadata=metadata)
        Path(EXECUTED, f"{name}.ipynb").write_text(executed_copies.sealed(copy))
        Path(f"_build/html/chapters/{name}.html").write_text(name * 50)
    Path("_build/html/index.html").write_text("index")
    pages.write_list()
    return tmp_path


def test_what_is_whole_is_kept(whole_build, capsys):
    before = {path: path.read_bytes() for path in whole_build.rglob("*") if path.is_file()}
    build_book.clean()
    build_book.discard_damaged("default")
    assert {path: path.read_bytes() for path in whole_build.rglob("*") if path.is_file()} == before
    assert capsys.readouterr().out == ""


def test_pages_that_no_build_makes_any_more_go(whole_build):
    made = Path("_build/draft/_build/html")
    made.mkdir(parents=True)
    (made / "index.html").write_text("new")
    pages.put_in_place()
    assert [path.name for path in pages.HTML.rglob("*")] == ["index.html"]
    assert (pages.HTML / "index.html").read_text() == "new"
    assert "old" not in os.listdir("_build")


def test_a_build_that_fails_keeps_the_pages(built):
    before = {path: path.read_bytes() for path in (built / "_build/html").rglob("*.html")}
    (built / "fail.py").write_text("sys.exit(3)")
    (built / "index.md").write_text("# Another\n")
    assert build(built).returncode != 0
    after = {path: path.read_bytes() for path in (built / "_build/html").rglob("*.html")}
    assert before == after


def test_a_copy_of_other_parameters_goes(whole_build):
    build_book.discard_damaged("other")
    assert os.listdir(EXECUTED) == ["a.ipynb"] and not pages.LIST.exists()


@pytest.mark.parametrize("damage", [flip, cut, forge, lambda path: path.write_text("{}")])
def test_a_damaged_copy_goes_and_so_does_the_list_of_pages(damage, whole_build, capsys):
    damage(Path(EXECUTED, "b.ipynb"))
    build_book.discard_damaged("default")
    assert os.listdir(EXECUTED) == ["a.ipynb"] and not pages.LIST.exists()
    said = capsys.readouterr().out
    assert said.startswith(f"{EXECUTED}/b.ipynb ") and "executed again" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda html: shutil.rmtree(html),
        lambda html: (html / "chapters/b.html").unlink(),
        lambda html: flip(html / "chapters/b.html"),
        lambda html: cut(html / "chapters/b.html"),
        lambda html: pages.LIST.write_text(""),
        lambda html: pages.LIST.write_text("[1]"),
        lambda html: pages.LIST.write_text("{}"),
        lambda html: Path(EXECUTED, "b.ipynb").unlink(),
    ],
)
def test_damaged_pages_are_made_again(damage, whole_build):
    damage(pages.HTML)
    build_book.discard_damaged("default")
    assert not pages.LIST.exists()
    assert "a.ipynb" in os.listdir(EXECUTED)


def test_drafts_of_a_killed_run_go_and_start_no_work(built):
    drafts = [built / f"_build/executed/chapters/.{name}.ipynb.part" for name in "ab"]
    drafts += [built / "_build/html/.report.md.part", built / "_build/.book.done.part"]
    drafts += [built / "_build/cache/light/.a.png.part"]
    drafts += [built / "_build/draft/_build/html/index.html", built / "_build/old/index.html"]
    drafts += [built / ".snakemake/incomplete/eDE=", built / ".snakemake/incomplete/a/eDI="]
    drafts += [
        built / f"_build/tmp/{socket.gethostname()}.999999999/a.json",
        built / "_build/cache/Study/tmp1.partial",
    ]
    for path in drafts:
        path.parent.mkdir(parents=True, exist_ok=True)
    for path in drafts:
        path.write_text("half")
    os.utime(drafts[-1], (0, 0))
    others = [built / "data/results/Study/.x.json", built / "data/results/Study/tmp1/y.npz"]
    others += [built / "lib/.module.py", built / "book/.build.py.part"]
    others[1].parent.mkdir(parents=True)
    for path in others:
        path.write_text("half")
    done = build(built)
    assert (done.returncode, executed_of(done)) == (0, [])
    assert not any(path.exists() for path in drafts)


def test_pages_that_cannot_be_made_are_told_with_jupyter_books_own_words(project):
    (project / "fail.py").write_text("print('WARNING: index.md: no such thing'); sys.exit(3)")
    done = build(project)
    assert done.returncode != 0 and "WARNING: index.md: no such thing" in done.stderr
    assert "Jupyter Book ended with status 3" in done.stderr
    (project / "fail.py").write_text("raise RuntimeError('box') from OSError(28, 'No space left')")
    done = build(project)
    assert done.returncode != 0 and "Sphinx said" not in done.stderr
    assert "The pages cannot be written to _build/html (No space left)" in done.stderr
    (project / "fail.py").unlink()
    done = build(project)
    assert done.returncode == 0 and executed_of(done) == [], "the executed chapters were kept"


# --- one chapter ---


def execute(project, *, name="a", **settings):
    paths = [f"{folder}/{name}.ipynb" for folder in ("chapters", "_build/logs/chapters", EXECUTED)]
    return subprocess.run(
        [sys.executable, "book/execute.py", *paths],
        cwd=project,
        env=environment(**settings),
        capture_output=True,
        text=True,
    )


def write_figure(project, *codes):
    write_chapter(project, "a", *codes)
    notebook = nbformat.read(project / "chapters/a.ipynb", 4)
    notebook.cells[-1].metadata["mystnb"] = {"figure": {"name": "fig-x", "caption": "X."}}
    nbformat.write(notebook, project / "chapters/a.ipynb")


def test_a_figure_is_there_whatever_the_readers_settings_are(project, tmp_path):
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('a')"
    write_figure(project, "import builtins\nassert not hasattr(builtins, 'of_the_reader')", code)
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\n")
    startup = tmp_path / "ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "x.py").write_text("import builtins\nbuiltins.of_the_reader = True\n")
    reader = dict(
        MPLBACKEND="Agg", MATPLOTLIBRC=str(tmp_path), IPYTHONDIR=str(tmp_path / "ipython")
    )
    done = execute(project, **reader)
    assert done.returncode == 0, done.stderr
    notebook = executed_copies.read(project / EXECUTED / "a.ipynb")
    assert executed_copies.figures_without_image(notebook) == []


def test_a_chapter_whose_figure_has_no_image_fails(project):
    write_figure(project, "print('no picture')")
    done = execute(project)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("chapters/a.ipynb: no image of fig-x; ")
    assert not (project / EXECUTED / "a.ipynb").exists()


def test_a_killed_kernel_is_one_sentence(project):
    write_chapter(project, "a", "import os\nos.kill(os.getpid(), 9)")
    done = execute(project)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    said = done.stderr.splitlines()[-1]
    assert said.startswith("chapters/a.ipynb: its kernel was killed, probably because memory ran")


@pytest.mark.parametrize("metadata", [{}, {"kernelspec": PYTHON | {"name": "my-env"}}])
def test_a_chapter_runs_whatever_kernel_it_was_saved_with(metadata, project):
    notebook = v4.new_notebook(cells=[v4.new_code_cell("print(0)", id="c")], metadata=metadata)
    nbformat.write(notebook, project / "chapters/a.ipynb")
    done = execute(project)
    assert done.returncode == 0 and output(project, "a") == "0", done.stderr


def test_a_full_disk_is_one_sentence(project, monkeypatch, capsys):
    import execute as script

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "_build/logs/chapters/a.ipynb")

    monkeypatch.chdir(project)
    monkeypatch.setattr(script, "settle_environment", lambda threads: None)
    monkeypatch.setattr(script, "run", full)
    paths = [Path(f"{folder}/a.ipynb") for folder in ("chapters", "_build/logs/chapters", EXECUTED)]
    before = tempfile.gettempdir()
    with pytest.raises(SystemExit) as ended:
        script.execute(*paths, threads=1, parameters={})
    assert tempfile.gettempdir() == before
    assert str(ended.value).startswith(
        "chapters/a.ipynb: _build/logs/chapters cannot be written (No space left on device); "
    )


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_whole(path, "old")
    path.chmod(0o755)

    def full(self, content):
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError) as failed:
            write_whole(path, "new")
    assert failed.value.filename == str(path)
    assert os.listdir(tmp_path) == ["x"] and path.read_text() == "old"
    write_whole(path, b"new")
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o755


# --- kills ---


def of_the_project(project):
    """Return the processes that work in the project, by id, and what each was started with."""
    found = {}
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.resolve(strict=True).is_relative_to(project):
                words = (link.parent / "cmdline").read_bytes().split(b"\0")
                found[int(link.parent.name)] = b" ".join(words).decode()
        except OSError:
            continue
    return found


def start(project, *command, **settings):
    return subprocess.Popen(
        command,
        cwd=project,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(("ignored", "status"), [(False, 130), (True, 1)])
def test_an_interrupt_ends_a_process_even_if_it_ignores_ctrl_c(ignored, status):
    lines = ["import signal, sys, threading, time", "sys.path.insert(0, 'book')"]
    lines += ["import processes"]
    lines += ["signal.signal(signal.SIGINT, signal.SIG_IGN)"] * ignored
    lines += ["ending = threading.Thread(target=processes.interrupt, args=(2,), daemon=True)"]
    lines += ["try:", "    ending.start(); time.sleep(300)"]
    lines += ["except KeyboardInterrupt: sys.exit(130)"]
    assert subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=ROOT).returncode == status


def test_a_process_ends_if_its_parent_has_ended_before_it_looks(tmp_path):
    lines = ["import sys, time", "sys.path.insert(0, 'book')", "import processes"]
    late = [*lines, "time.sleep(1)", "processes.end_with_parent()", "time.sleep(3)"]
    late += [f"open({str(tmp_path / 'lived')!r}, 'w')"]
    child = f"[sys.executable, '-c', {chr(10).join(late)!r}], env=processes.environment()"
    early = [*lines, "import subprocess", f"subprocess.Popen({child})"]
    # The pipe is open until the last of the two processes has ended.
    subprocess.run([sys.executable, "-c", "\n".join(early)], cwd=ROOT, stdout=subprocess.PIPE)
    assert not (tmp_path / "lived").exists()


LINUX = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="reads Linux's /proc")


@LINUX
@pytest.mark.parametrize("victim", ["bash", "book/build.py", "snakemake", "execute", "kernel"])
def test_what_is_killed_alone_leaves_nothing_behind(victim, project):
    write_chapter(project, "a", "import time\nprint(1)", "time.sleep(1000)")
    (project / "chapters/b.ipynb").unlink()
    (project / "_toc.yml").write_text(TOC.replace(", {file: chapters/b}", ""))
    shell = ["bash", "-c", '"$@"; true', "bash", sys.executable, "book/build.py"]
    building = start(project, *shell, MAKELEVEL="1")  # bash stands for make
    log = project / "_build/logs/chapters/a.ipynb"
    wait_for(lambda: log.exists() and '"1\\n"' in log.read_text())
    (pid,) = (
        pid
        for pid, words in of_the_project(project).items()
        if victim in words and (victim == "bash") == words.startswith("bash")
    )
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not of_the_project(project), 30)
    said = building.communicate()
    assert "Traceback" not in "".join(said)


@LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_keeps_the_chapters_that_have_ended(number, project):
    write_chapter(project, "b", "import time\ntime.sleep(1000)")
    building = start(project, sys.executable, "book/build.py", CORES="2")
    assert building.stdout.readline().startswith("a: executed in")
    building.send_signal(number)
    said = building.communicate()
    assert building.returncode == 130 and "Traceback" not in "".join(said)
    assert "Stopped. Finished chapters are kept" in said[0]
    wait_for(lambda: not of_the_project(project), 30)
    write_chapter(project, "b", "print(seed)")
    assert executed_of(build(project)) == ["b"]


@LINUX
def test_a_stop_in_the_first_moments_shows_no_traceback(project):
    for wait in (0.2, 0.5, 1, 2):
        building = start(project, sys.executable, "book/build.py")
        time.sleep(wait)
        building.send_signal(signal.SIGINT)
        assert "Traceback" not in "".join(building.communicate()), wait


# --- folders, settings, the port ---


@pytest.mark.parametrize("cores", ["0", "-1", "abc", "1.5", "²", ""])
def test_cores_must_be_a_whole_number(cores, project):
    done = build(project, CORES=cores)
    assert done.returncode == 1
    assert done.stderr == f"CORES must be a whole number from 1; got {cores!r}\n"


@pytest.mark.parametrize("name", ["_build", "_build/logs", ".snakemake"])
def test_a_file_in_a_folders_place_is_one_sentence(name, project):
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).touch()
    done = build(project)
    assert done.returncode == 1
    assert done.stderr == (
        f"{name} is a file, and a folder is needed there: move it away or delete it\n"
    )


@pytest.mark.parametrize("name", ["_build", "_build/html", ".snakemake"])
def test_a_folder_that_cannot_be_written_is_one_sentence(name, project, monkeypatch):
    real = tempfile.TemporaryFile

    def refuse(dir):
        if dir == name:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(dir=dir)

    monkeypatch.chdir(project)
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    said = build_book.build("default", "1")
    assert said.startswith(f"The folder {name} cannot be written (Read-only file system); ")
    assert "\n" not in said


def make(project, target, *settings, **environ):
    """Run make in the project, in an environment that has this one's packages."""
    shutil.copy(ROOT / "Makefile", project)
    (project / "pyproject.toml").touch()
    if not (project / ".venv").exists():
        (project / ".venv/bin").mkdir(parents=True)
        (project / ".venv/bin/python").symlink_to(os.path.realpath(sys.executable))
        for name in ("pyvenv.cfg", "lib", "share"):
            (project / ".venv" / name).symlink_to(Path(sys.prefix, name))
    (project / ".venv/.stamp").touch()
    return subprocess.run(
        ["make", target, *settings],
        cwd=project,
        env={k: v for k, v in environment(**environ).items() if k != "MAKEFLAGS"},
        capture_output=True,
        text=True,
    )


ATTACKS = ["default; touch X", "$(shell touch X)", "$$(touch X)", "`touch X`", '"; touch X; "']


@pytest.mark.parametrize("value", ATTACKS)
def test_no_shell_reads_a_setting_as_code(value, project):
    for target, name in [("book", "PARAMETERS"), ("book", "CORES"), ("serve", "PORT")]:
        done = make(project, target, f"{name}={value}")
        said = done.stderr.splitlines()
        assert done.returncode == 2 and said[0].startswith(name) and len(said) == 2, done.stderr
    for target, name in [
        ("repository-url", "URL"),
        ("results", "EXPERIMENT"),
        ("verify", "MINUTES"),
    ]:
        assert make(project, "--dry-run", target, f"{name}={value}").returncode == 0
    done = make(project, "repository-url", f"URL={value}")
    assert done.stderr.startswith("URL must read https://github.com/OWNER/NAME")
    assert not (project / "X").exists()


def test_make_in_a_folder_of_any_name_builds_the_book(project):
    odd = dict(MPLBACKEND="Agg", PYTHONSAFEPATH="1", LC_ALL="C")
    done = make(project, "book", "PARAMETERS=other", **odd)
    assert done.returncode == 0, done.stderr
    assert output(project, "a") == "4"


@pytest.mark.parametrize("port", ["abc", "0", "-1", "65536", "8000x", ""])
def test_a_port_must_be_a_number(port, project):
    done = subprocess.run(
        [sys.executable, "book/serve.py"],
        cwd=project,
        env=environment(PORT=port),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == f"PORT must be a whole number from 1 to 65535; got {port!r}\n"


def test_the_book_is_served_to_this_machine_alone_and_a_taken_port_is_one_sentence(project):
    (project / "_build/html").mkdir(parents=True)
    (project / "_build/html/index.html").write_text("the book")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.listen()
        serving = start(project, sys.executable, "book/serve.py", PORT=str(port))
        said = serving.communicate()
        assert serving.returncode == 1 and said[0] == ""
        assert said[1].startswith(f"PORT={port} cannot be used (") and said[1].count("\n") == 1
    serving = start(project, sys.executable, "book/serve.py", PORT=str(port))
    assert serving.stdout.readline() == f"The book is on http://localhost:{port} until Ctrl-C.\n"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/index.html") as answer:
        assert answer.read() == b"the book"
    serving.send_signal(signal.SIGINT)
    assert "Traceback" not in serving.communicate()[1] and serving.returncode == 130
