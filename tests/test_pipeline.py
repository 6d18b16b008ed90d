"""The pipeline on a project of two tiny chapters: what runs again, what a failure leaves."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

ROOT = Path(__file__).parents[1]
SNAKEFILE = (ROOT / "Snakefile").read_text(encoding="utf8")
PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}


def write_chapter(folder, name, *codes):
    cells = [v4.new_code_cell("seed: int = 0", id="p", metadata={"tags": ["parameters"]})]
    cells += [v4.new_code_cell(code, id=f"c{i}") for i, code in enumerate(codes)]
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": PYTHON})
    nbformat.write(notebook, folder / f"chapters/{name}.ipynb")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "chapters/parameters").mkdir(parents=True)
    (tmp_path / "lib").mkdir()
    shutil.copy(ROOT / "Snakefile", tmp_path)
    shutil.copytree(ROOT / "book", tmp_path / "book")
    (tmp_path / "lib/module.py").write_text("x = 1\n")
    (tmp_path / "requirements.lock").write_text("")
    for name, text in {"default": "a: {}", "other": "a: {seed: 4}"}.items():
        (tmp_path / f"chapters/parameters/{name}.yaml").write_text(text + "\n")
    write_chapter(tmp_path, "a", "print(seed)")
    write_chapter(tmp_path, "b", "print(seed)")
    return tmp_path


def command(parameters="default", names="ab"):
    targets = [f"_build/executed/chapters/{name}.ipynb" for name in names]
    options = ["--cores", "1", "--scheduler", "greedy", "--rerun-incomplete", "--nolock"]
    options += ["--quiet", "all", "--keep-going", "--config", f"parameters={parameters}"]
    return [sys.executable, "-m", "snakemake", *targets, *options]


def run(folder, parameters="default", names="ab"):
    """Return the exit status and the names of the chapters that were executed."""
    done = subprocess.run(command(parameters, names), cwd=folder, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if ": executed in" in line]
    return done.returncode, sorted(line.split(":")[0] for line in lines), done.stderr


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

    (project / "lib/module.py").write_text("x = 2\n")
    assert run(project, "other")[:2] == (0, ["a", "b"])


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("how_fast_how_exact", "benchmarks/results/x.json"),
        ("circle_conditions", "data/results/Study/key.npz"),
    ],
)
def test_a_page_that_reads_records_is_executed_again_when_they_change(name, record, project):
    write_chapter(project, name, "print(seed)")
    path = project / record
    path.parent.mkdir(parents=True)
    path.write_text("1")
    assert run(project, names=["a", name])[:2] == (0, ["a", name])
    path.write_text("2")
    assert run(project, names=["a", name])[:2] == (0, [name])


def test_the_chapters_that_read_recorded_runs_are_named():
    named = set(re.findall(r'"(\w+)"', SNAKEFILE.split("READERS")[1].split("}")[0]))
    readers = {
        path.stem
        for path in (ROOT / "chapters").glob("*.ipynb")
        if re.search(r"(studies|_conditions\(|verdict_rows)", path.read_text(encoding="utf8"))
    }
    assert readers == named


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
        ["bash", "-c", 'HALFSPACE_BUILD_PID=$$ "$@"; true', "bash", *command()],
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
    build = [sys.executable, "book/build.py", "--parameters", "qick"]
    done = subprocess.run(build, cwd=project, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == ("PARAMETERS=qick: no such parameter set; there are default, other\n")


def test_one_build_at_a_time(project):
    import fcntl

    (project / "_build").mkdir()
    with open(project / "_build/.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build = [sys.executable, "book/build.py"]
        done = subprocess.run(build, cwd=project, capture_output=True, text=True)
    assert done.returncode == 1 and "Another make book is running" in done.stderr
