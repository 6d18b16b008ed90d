"""Each benchmark runs, checks its competitors and writes a whole record; no timing is asserted."""

import functools
import json
import math
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from halfspace import polygons, regions  # noqa: E402
from halfspace.companion import commit as code  # noqa: E402
from halfspace.companion.seeds import random_net  # noqa: E402
from halfspace.companion.speed import readings  # noqa: E402
from halfspace.conv import ConvDLGN, ConvReLUNet  # noqa: E402
from halfspace.datasets import CIFAR  # noqa: E402
from halfspace.image_training import Recipe  # noqa: E402
from halfspace.nets import ReLUNet  # noqa: E402
from halfspace.path_kernels import conv_path_kernel  # noqa: E402

from benchmarks import (  # noqa: E402
    NAMES,
    RESULTS,
    harness,
    images,
    memory,
    path_kernels,
    paths,
    peers,
    slices,
)
from benchmarks.harness import Competitor, WrongResult, compare  # noqa: E402
from benchmarks.memory import anonymous_peak, peak  # noqa: E402

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Quartiles(Strict):
    low: float = Field(ge=0)
    median: float = Field(ge=0)
    high: float = Field(ge=0)


class Timed(Strict):
    first: float = Field(gt=0)
    seconds: list[float] = Field(min_length=2)
    median: float = Field(gt=0)
    memory: int | None
    error: float = Field(ge=0)
    gemm_share: Quartiles | None = None
    extrapolated: bool


class Row(Strict):
    group: str
    label: str
    sizes: dict[str, int]
    competitors: dict[str, Timed]
    ratios: dict[str, dict[str, Quartiles]]
    gemm: float = Field(gt=0)
    facts: dict


class Law(Strict):
    group: str
    along: str
    competitor: str
    slope: float
    low: float
    high: float
    factor: float = Field(gt=0)


class Machine(Strict):
    when: str
    commit: str
    processor: str
    cores: int
    threads: int
    load: float
    load_after: float
    seconds: float
    versions: dict[str, str]


class Record(Strict):
    name: str
    smoke: bool
    machine: Machine
    rows: list[Row]
    fits: list[Law]
    facts: dict


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Run every benchmark at tiny sizes, in a separate process, since one thread needs that."""
    folder = tmp_path_factory.mktemp("results")
    command = [sys.executable, "-m", "benchmarks", "--smoke", "--output", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {path.stem: json.loads(path.read_text(encoding="utf8")) for path in folder.iterdir()}


def test_every_benchmark_writes_its_record(records):
    assert NAMES == readings.NAMES  # the page shows them all
    assert sorted(records) == sorted(NAMES)
    for name, values in records.items():
        record = Record(**values)
        assert record.name == name and record.smoke and record.machine.threads == 1
        check_rows(record)


def check_rows(record):
    for row in record.rows:
        timed = row.competitors
        assert set(row.ratios) == {name for name in timed if name.startswith("ours")} != set()
        assert len({len(competitor.seconds) for competitor in timed.values()}) == 1
        for own, ratios in row.ratios.items():
            assert set(ratios) == set(timed) - set(row.ratios)
            for other, quartiles in ratios.items():
                pairs = zip(timed[other].seconds, timed[own].seconds, strict=True)
                found = np.quantile([theirs / ours for theirs, ours in pairs], [0.25, 0.5, 0.75])
                kept = [quartiles.low, quartiles.median, quartiles.high]
                np.testing.assert_allclose(kept, found, rtol=1e-3)


def test_the_peers_take_part(records):
    names = {name for row in records["ntk"]["rows"] for name in row["competitors"]}
    assert {"torch.func, Jacobian contraction", "torch.func, vector products"} <= names
    overlap = {name for row in records["overlap"]["rows"] for name in row["competitors"]}
    assert {"product of Grams, float32", "product of Grams, float64"} <= overlap
    assert "loop over nets" in records["training"]["rows"][0]["competitors"]
    assert {"plain PyTorch, float32", "plain PyTorch, same recipe"} < set(
        records["images"]["rows"][0]["competitors"]
    )
    (found,) = records["paths"]["rows"]
    assert found["competitors"]["a linear programme per path"]["extrapolated"]


def test_neural_tangents_takes_part(records):
    if not peers.available():
        pytest.skip("neural-tangents has no environment here; make bench makes it")
    names = {name for row in records["ntk"]["rows"] for name in row["competitors"]}
    assert {
        "neural-tangents, structured derivatives",
        "neural-tangents, Jacobian contraction",
    } <= names
    assert records["ntk"]["facts"]["peers"]["neural-tangents"] == "0.6.5"


def test_neural_tangents_has_the_path_kernel_of_open_gates(records):
    if not peers.available():
        pytest.skip("neural-tangents has no environment here; make bench makes it")
    (row,) = [row for row in records["path_kernels"]["rows"] if row["group"] == "open"]
    errors = {name: timed["error"] for name, timed in row["competitors"].items()}
    assert errors["ours"] < 1e-13 and errors["neural-tangents, infinitely wide"] < 1e-5
    assert records["path_kernels"]["facts"]["peers"]["neural-tangents"] == "0.6.5"


def test_the_paths_of_an_open_net_are_listed_as_the_kernel_counts_them():
    x = torch.rand(3, 2, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    gates = [torch.ones(3, 5, 3, 4), torch.ones(3, 5, 3, 4), torch.ones(3, 7)]
    factor = 4 / (9**2 * 2 * 5**2 * 7)  # four layers, of variance 1 over a unit's inputs
    torch.testing.assert_close(
        path_kernels.wide_linear(x, 2), factor * conv_path_kernel(x, gates), rtol=1e-12, atol=0
    )


def test_a_dlgn_is_timed_over_a_relu_net_and_both_are_taken_apart(records):
    for row in [row for row in records["images"]["rows"] if row["group"] == "gates"]:
        assert list(row["ratios"]["ours, ReLU"]) == ["DLGN"]
        profile = row["facts"]["profile"]
        assert list(profile) == ["ReLU", "DLGN"]
        for parts in profile.values():
            assert list(parts) == ["convolutions", "gates", "rest"]
            assert all(seconds > 0 for seconds in parts.values())


def test_counts_are_exact_and_rounding_is_seen(records):
    for row in records["overlap"]["rows"]:
        assert row["competitors"]["ours"]["error"] == 0
    (largest,) = [row for row in records["overlap"]["rows"] if row["group"] == "largest counts"]
    assert largest["competitors"]["product of Grams, float32"]["error"] > 0.1
    assert records["overlap"]["facts"]["file"]["wrong"] == 0


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_the_records_in_the_repository(path):
    record = Record(**json.loads(path.read_text(encoding="utf8")))
    assert record.name == path.stem in NAMES and not record.smoke
    assert record.machine.threads == 1
    check_rows(record)


# --- the harness ---


def competitor(name, value, tolerance=1e-6, **fields):
    return Competitor(name=name, work=lambda: value, tolerance=tolerance, **fields)


def distance(value):
    return abs(value - 1.0)


def test_a_wrong_competitor_is_seen():
    pair = [competitor("ours", 1.0), competitor("theirs", 1.1)]
    with pytest.raises(WrongResult, match=r"n 3: theirs is off by 0\.1; at most 1e-06"):
        compare("numbers", "n 3", {"n": 3}, pair, distance, quick=True)
    with pytest.raises(WrongResult, match="ours is off by nan"):
        compare("numbers", "none", {}, [competitor("ours", math.nan)], distance, quick=True)


def test_rounds_alternate_and_an_extrapolated_time_is_scaled(monkeypatch):
    said = []
    whole = Competitor(name="ours", work=lambda: said.append("ours") or 1.0, tolerance=0, own=True)
    tenth = Competitor(name="part", work=lambda: said.append("part") or 1.0, tolerance=0, part=0.1)
    monkeypatch.setattr(Competitor, "time", lambda self: self.work() * 2.0)
    monkeypatch.setattr(harness, "_MOST_CALLS", 1)
    row = compare("numbers", "one", {"n": 1}, [whole, tenth], distance, facts={"a": 1}, quick=True)
    assert said[4:] == ["ours", "part", "part", "ours"]
    assert row["competitors"]["part"]["seconds"] == [20.0, 20.0]
    assert row["competitors"]["part"]["extrapolated"]
    assert not row["competitors"]["ours"]["extrapolated"]
    assert row["ratios"] == {"ours": {"part": {"low": 10.0, "median": 10.0, "high": 10.0}}}
    assert row["facts"] == {"a": 1}


def test_power_laws():
    sizes = np.array([10.0, 100.0, 1000.0])
    law = harness.power_law(sizes, 3 * sizes**1.5)
    assert law["slope"] == pytest.approx(1.5) and law["factor"] == pytest.approx(3)
    noisy = harness.power_law([1, np.e, np.e**2], [1, np.e**2, np.e**2])
    # Slope 1; residuals -1/3, 2/3, -1/3; t(0.975, 1 degree of freedom) = 12.706.
    assert noisy["slope"] == pytest.approx(1)
    assert noisy["high"] - noisy["slope"] == pytest.approx(12.7062 * math.sqrt(1 / 3), rel=1e-4)
    with pytest.raises(ValueError, match="three sizes; got 2"):
        harness.power_law([1, 2], [1, 2])


def test_a_record_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "results" / "x.json"
    harness.write(path, {"a": 1 / 3, "b": [1, {"c": 123456.789}]})
    assert json.loads(path.read_text()) == {"a": 0.33333, "b": [1, {"c": 123460.0}]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        harness.write(path, {"a": math.nan})
    assert json.loads(path.read_text())["a"] == 0.33333
    assert [file.name for file in path.parent.iterdir()] == ["x.json"]
    draft = path.with_name(f".x.json.{socket.gethostname()}.999999999.partial")
    draft.touch()  # as a killed run leaves it
    harness.write(path, {"a": 1})
    assert not draft.exists()


@linux
@pytest.mark.parametrize("measure", [peak, anonymous_peak])
def test_memory_is_the_peak_not_what_is_left(measure, monkeypatch):
    looked = threading.Event()

    def reading(field, read=memory._bytes):
        value = read(field)
        looked.set()
        return value

    monkeypatch.setattr(memory, "_bytes", reading)

    def work():
        held = torch.ones(8 << 20, dtype=torch.float64).mul_(2)
        if measure is anonymous_peak:
            for _ in range(2):  # the first look may have begun before the tensor was there
                looked.clear()
                assert looked.wait(60), "nobody looked"
        del held
        return torch.ones(1)

    result, found = measure(work)
    assert result == 1
    assert 60 << 20 < found < 80 << 20


def test_a_disc_in_half_planes():
    # |x| <= 1 and y >= 1, in the window of half side 2: a disc of radius 1/2 around (·, 1.5).
    normals, offsets = np.array([[2.0, 0], [-1, 0], [0, 3]]), np.array([2.0, 1, -3])
    assert paths.room(normals, offsets) == pytest.approx(0.5)
    assert paths.room(normals, np.array([2.0, 1, -9])) == -1


def test_lines_cut_a_square_into_faces():
    """Three lines in general position: seven faces; one misses the square."""
    square = np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
    normals = np.array([[1.0, 0], [0, 1], [1, 1], [1, 0]])
    offsets = np.array([0.125, 0.25, -0.5, 3.0])
    faces = slices.faces(square, normals, offsets)
    assert len(faces) == 7
    areas = [polygons.area(face) for face in faces]
    assert min(areas) > 0 and sum(areas) == pytest.approx(4.0)
    signs = {tuple(face.mean(0) @ normals.T + offsets > 0) for face in faces}
    assert len(signs) == 7
    assert slices.faces(square, normals[3:], offsets[3:])[0] is square
    parallel = slices.faces(square, normals[[0, 0]], np.array([0.0, 0.5]))
    assert sorted(polygons.area(face) for face in parallel) == pytest.approx([1.0, 1.0, 2.0])


@pytest.mark.parametrize("kind", ["relu", "dlgn"])
def test_programmes_find_all_regions_from_one(kind):
    net = random_net(kind, 3, width=3, depth=2)
    window = polygons.square(1.5)
    every = {pattern.tobytes() for pattern in regions.partition(net, window).patterns}
    assert len(every) > 5
    assert slices.enumerate_cells(net, window, 10**6) == every
    assert len(slices.enumerate_cells(net, window, 1)) < len(every)


def test_torch_forms_agree_with_a_jacobian_written_out():
    from benchmarks.ntk import jacobian_contraction, vector_products

    net = ReLUNet(3, width=4, depth=2, generator=torch.Generator().manual_seed(0)).double()
    x = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    rows = []
    for point in x:
        net.zero_grad()
        net(point[None]).sum().backward()
        rows.append(torch.cat([p.grad.flatten() for p in net.parameters()]))
    expected = torch.stack(rows) @ torch.stack(rows).T
    for form in (jacobian_contraction, vector_products):
        torch.testing.assert_close(form(net, x).detach(), expected, rtol=1e-10, atol=0)


# --- training on images ---


def test_operators_are_put_in_their_parts():
    layer, x = torch.nn.Conv2d(3, 8, 3), torch.randn(4, 3, 16, 16)
    found = images.seconds_by_part(lambda: layer(x).sum().backward(), "cpu")
    assert found["convolutions"] > 0 and found["rest"] > 0 and found["gates"] == 0
    for gate in (torch.sigmoid, torch.relu, torch.square, lambda x: x * x):
        found = images.seconds_by_part(lambda gate=gate: gate(x), "cpu")
        other = "rest" if gate is torch.square else "gates"
        assert [part for part, seconds in found.items() if seconds > 0] == [other]


def test_the_race_says_what_it_lacks(monkeypatch):
    def no_data(name):
        raise FileNotFoundError(name)

    for row in ("_loop_row", "_gates_row"):
        monkeypatch.setattr(images, row, lambda *args: args[2])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    found = images.run(True, images={"cpu": 1}, with_compiler=False, with_race=True)
    assert found["rows"] == ["cpu", "cpu"]
    assert found["facts"]["no_race"].startswith("The race to 94 % needs CUDA, which this machine")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(images, "airbench", lambda: None)
    assert "needs airbench, which make bench installs" in images.raced()[1]
    monkeypatch.setattr(images, "airbench", object)
    monkeypatch.setattr(images, "cifar", no_data)
    assert "needs CIFAR-10; data/README.md" in images.raced()[1]


def test_a_net_is_compiled_where_there_is_a_compiler(monkeypatch):
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda net: compiled.append(net) or net)
    monkeypatch.setattr(harness, "_MOST_CALLS", 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in ("ConvReLUNet", "ConvDLGN"):
        narrow = functools.partial(getattr(images, name), filters=4, units=8)
        monkeypatch.setattr(images, name, narrow)
    for group in ("loop", "gates"):  # the smoke run has them
        monkeypatch.setattr(images, f"_{group}_row", lambda *_, group=group: {"group": group})
    counts = dict(images={"cpu": 32}, with_race=False)
    for path, wanted in (("/bin/g++", True), (None, True), ("/bin/g++", False)):
        monkeypatch.setattr(images.shutil, "which", lambda name, path=path: path)
        rows = images.run(True, with_compiler=wanted, **counts)["rows"]
        more = ["compiled", "compiled"] if path and wanted else []
        assert [row["group"] for row in rows] == ["loop", "gates", *more]
    assert [type(net) for net in compiled] == [ConvReLUNet, ConvDLGN]


class FakeAirbench:
    """Reads what airbench reads; its net is right on three images of four."""

    lib_airbench94 = SimpleNamespace(
        hyp={"opt": {"batch_size": 1024}, "aug": {"flip": True, "translate": 2}}
    )

    class CifarLoader:
        def __init__(self, path, train=True, batch_size=500, aug=None, altflip=False):
            self.held = torch.load(f"{path}/{'train' if train else 'test'}.pt")
            self.settings = train, batch_size, aug, altflip

    def train94(self, loader, verbose):
        assert loader.settings == (True, 1024, {"flip": True, "translate": 2}, True)
        assert not verbose and Path("cifar10/test.pt").exists()
        return loader.held

    def evaluate(self, net, loader, tta_level):
        assert not loader.settings[0] and tta_level == 2
        assert net["images"].shape == (64, 32, 32, 3) and net["images"].dtype == torch.uint8
        assert loader.held["images"].shape == (32, 32, 32, 3)
        return 0.75


def test_the_race_trains_both_from_the_start_and_tests_each(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (96, 3, 32, 32), dtype=torch.uint8, generator=generator)
    labels = torch.arange(96) % 10
    classes = tuple("abcdefghij")
    data = CIFAR(
        train_images=pixels[:64],
        train_labels=labels[:64],
        test_images=pixels[64:],
        test_labels=labels[64:],
        classes=classes,
    )
    seeds, train = [], images.train
    monkeypatch.setattr(images, "APPENDIX", Recipe(epochs=1, batch_size=64))
    monkeypatch.setattr(images, "_LAYERS", 8)
    monkeypatch.setattr(harness, "_MOST_CALLS", 1)
    monkeypatch.setattr(
        images, "train", lambda *args, seed: seeds.append(seed) or train(*args, seed=seed)
    )
    here = Path.cwd()
    with pytest.raises(WrongResult, match="ResNet-8 to 94 % on CIFAR-10, CPU: ours is off by"):
        images.race(FakeAirbench(), data, "cpu")
    assert Path.cwd() == here
    monkeypatch.setattr(images, "_RIGHT", 0.0)
    seeds.clear()
    row = Row(**images.race(FakeAirbench(), data, "cpu"))
    assert seeds == [0, 1, 2, 3]
    assert row.competitors["airbench"].error == 0.25
    assert row.facts["right"]["airbench"] == [0.75] * 4
    assert row.competitors["ours"].error == 1 - row.facts["right"]["ours"][0]


def test_airbench_is_found_with_the_peers(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "_ENVIRONMENT", tmp_path)
    monkeypatch.delitem(sys.modules, "airbench", raising=False)
    monkeypatch.setattr(sys, "path", [])
    assert peers.airbench() is None
    folder = tmp_path / "lib/python3.11/site-packages/airbench"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("from .part import value")
    (folder / "part.py").write_text("value = 94")
    assert peers.airbench().value == 94
    assert sys.path == []


def test_unknown_names_and_homeless_smoke_runs_are_refused(tmp_path):
    def say(*arguments):
        command = [sys.executable, "-m", "benchmarks", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stderr

    assert "no benchmark ntx; there are machine, overlap, ntk" in say("ntx")
    assert "--smoke needs --output FOLDER" in say("--smoke")


def test_a_stop_shows_no_traceback(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "--smoke", "--output", tmp_path, "overlap"]
    for wait, number in ((0.3, signal.SIGINT), (2, signal.SIGTERM)):
        running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        time.sleep(wait)
        running.send_signal(number)
        said = running.communicate()[1]
        assert "Traceback" not in said
        # 0 where the machine was faster; Python ends by SIGINT where a library was being loaded.
        assert running.returncode in (130, 0, -number, -signal.SIGINT)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "--smoke",
        "--output",
        tmp_path / "file",
        "machine",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("the benchmarks cannot go on: ")
    assert str(tmp_path / "file") in done.stderr and done.stderr.count("\n") == 1


def test_the_commit_is_marked_where_a_benchmark_was_changed(tmp_path, monkeypatch):
    for name in ("lib/halfspace/__init__.py", "benchmarks/ntk.py", "benchmarks/results/ntk.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    git = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.setattr(code, "_PACKAGE", tmp_path / "lib/halfspace")

    def commit():
        code.code_version.cache_clear()
        return harness.describe()["commit"]

    assert re.fullmatch("[0-9a-f]{12}", commit())
    (tmp_path / "benchmarks/results/ntk.json").write_text("{}")
    (tmp_path / "README.md").touch()
    assert re.fullmatch("[0-9a-f]{12}", commit())
    (tmp_path / "benchmarks/ntk.py").write_text("1")
    assert re.fullmatch("[0-9a-f]{12}-dirty", commit())
    code.code_version.cache_clear()
