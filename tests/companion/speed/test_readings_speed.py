"""Tables and numbers of the page on speed, from small records whose answers are known."""

import json
import math
import shutil
from pathlib import Path

import pytest
from halfspace.companion.speed import readings

ROOT = Path(__file__).parents[3]


def timed(median, memory=None, error=0.0, extrapolated=False, share=None):
    entry = dict(median=median, memory=memory, error=error, extrapolated=extrapolated)
    return entry | ({"gemm_share": share} if share else {})


def quartiles(low, median, high):
    return dict(low=low, median=median, high=high)


def row(group, label, sizes, competitors, ratios=None, **facts):
    return dict(
        group=group,
        label=label,
        sizes=sizes,
        competitors=competitors,
        ratios=ratios or {},
        facts=facts,
    )


def fit(group, along, competitor, slope, low, high, factor):
    return dict(
        group=group,
        along=along,
        competitor=competitor,
        slope=slope,
        low=low,
        high=high,
        factor=factor,
    )


@pytest.fixture
def records():
    machine = dict(
        when="2026-01-31T10:20:30+00:00",
        commit="abc",
        processor="a processor",
        threads=1,
        load=0.46,
        seconds=12.6,
        versions={"torch": "2.0"},
    )
    share = quartiles(0.2, 0.25, 0.3)
    overlap = [
        row(
            "points",
            "overlap, N = 20",
            {"points": 20},
            {
                "ours": timed(2.0, 4_000_000, 0.0, share=quartiles(0.4, 0.5, 0.6)),
                "peer": timed(1.0, None, 0.5),
            },
            {"ours": {"peer": quartiles(0.4, 0.5, 0.6)}, "ours, out=": {}},
        ),
        row(
            "points",
            "overlap, N = 10",
            {"points": 10},
            {"ours": timed(0.5, 1_000_000, share=share), "peer": timed(1.0)},
            {"ours": {"peer": quartiles(1.2345, 2.0, 3.0)}},
        ),
        row("width", "not compared", {"points": 10}, {}, {"ours": {"peer": quartiles(0, 0, 0)}}),
    ]
    ntk = [
        row("points", "NTK", {"points": 5}, {"ours": timed(0.1, share=share)}),
    ]
    partition = [
        row("ReLU", "small", dict(width=4, depth=2), {"ours": timed(0.1)}, cells=10),
        row("DLGN", "large", dict(width=8, depth=3), {"ours": timed(0.7)}, cells=90),
    ]
    programmes = {"ours": timed(0.25), "programmes": timed(5000.0, extrapolated=True)}
    paths = [
        row(
            "paths",
            "path regions",
            dict(width=4, depth=3, paths=64),
            programmes,
            {"ours": {"programmes": quartiles(18_000.0, 20_000.0, 22_222.0)}},
            sampled=10,
            not_empty=33,
        )
    ]
    profiles = dict(ReLU=dict(gates=0.1, rest=0.2), DLGN=dict(gates=0.3, rest=0.2))
    loops = {"ours": timed(0.5), "plain PyTorch, float32": timed(1.0)}
    nets = {"ours, ReLU": timed(0.4), "DLGN": timed(1.0)}
    images = [
        row(
            "images",
            "training on images, CPU",
            dict(images=200, batch=32),
            loops,
            {"ours": {"plain PyTorch, float32": quartiles(1.9, 2.0, 2.1)}},
            device="CPU",
        ),
        row(
            "gates",
            "gates",
            dict(images=500),
            nets,
            {"ours, ReLU": {"DLGN": quartiles(2.1, 2.3, 2.5)}},
            device="CPU",
            profile=profiles,
        ),
        row(
            "compiled",
            "training on images, a DLGN, CPU",
            dict(images=200),
            {"ours": timed(1.0), "compiled": timed(0.9)},
            {"ours": {"compiled": quartiles(0.8, 0.9, 1.0)}},
        ),
        row(
            "race",
            "race",
            {},
            {"ours": timed(60.0), "airbench": timed(3.0)},
            {"ours": {"airbench": quartiles(0.04, 0.05, 0.06)}},
            device="GPU",
            right={"ours": [0.95, 0.96], "airbench": [0.94]},
        ),
    ]
    file = dict(points=300, seconds=1.5, file=720_000, memory=2_500_000, wrong=0)
    gemm = [dict(type="float32", side=16, rate=5e9, best=8e9)]
    laws = {
        "overlap": [
            fit("points", "points", "ours", 1.9, 1.8, 2.0, 1e-6),
            fit("width", "width", "ours", -0.1, -0.25, 0.05, 1e-3),
        ],
        "ntk": [fit("depth", "depth", "ours", 1.0, 0.9, 1.1, 1e-2)],
    }
    facts = {"machine": {"gemm": gemm}, "overlap": {"file": file}, "ntk": {"peers": {"jax": "1"}}}
    rows = dict(overlap=overlap, ntk=ntk, partition=partition, paths=paths, images=images)
    return {
        name: dict(
            machine=machine,
            rows=rows.get(name, []),
            fits=laws.get(name, []),
            facts=facts.get(name, {}),
        )
        for name in readings.NAMES
    }


def test_when_benchmarks_were_recorded(records):
    rows = readings.benchmark_rows(records)
    assert [entry["benchmark"] for entry in rows] == list(readings.NAMES)
    assert rows[0] == {
        "benchmark": "machine",
        "recorded": "2026-01-31 10:20 UTC",
        "commit": "abc",
        "load": "0.5",
        "seconds": 13,
    }
    assert readings.machine_numbers(records) == {
        "processor": "a processor",
        "threads": 1,
        "versions": "torch 2.0, jax 1",
    }
    assert readings.gemm_rows(records) == [
        {
            "numbers": "single precision",
            "side of the matrices": 16,
            "median, 10⁹ operations per second": "5",
            "best": "8",
        }
    ]


def test_all_ratios_the_smallest_first_and_those_lost(records):
    rows = readings.ratio_rows(records)
    assert [(entry["work: other method"], entry["ratio (quartiles)"]) for entry in rows] == [
        ("race: airbench", "0.05 (0.04 to 0.06)"),
        ("overlap, N = 20: peer", "0.5 (0.4 to 0.6)"),
        ("training on images, a DLGN, CPU: compiled", "0.9 (0.8 to 1)"),
        ("overlap, N = 10: peer", "2 (1.23 to 3)"),
        ("training on images, CPU: plain PyTorch, float32", "2 (1.9 to 2.1)"),
        ("path regions: programmes (extrapolated)", "20\u202f000 (18\u202f000 to 22\u202f200)"),
    ]
    assert rows[3]["seconds of halfspace"] == 0.5
    assert readings.lost_rows(records) == rows[:3]


def test_a_second_form_of_the_package_is_named(records):
    (first, *_) = records["overlap"]["rows"]
    first["label"] = "overlap, N = 2,000"
    first["competitors"]["ours, out="] = timed(0.1)
    first["ratios"]["ours, out="] = {"peer": quartiles(9, 10, 11)}
    entry = readings.ratio_rows(records)[-2]
    assert entry["work: other method"] == "overlap, N = 2\u202f000, into a given array: peer"
    assert (entry["ratio (quartiles)"], entry["seconds of halfspace"]) == ("10 (9 to 11)", 0.1)


def test_dots_are_grouped_by_work_and_method(records):
    records["ntk"]["rows"].append(
        row(
            "convolutional",
            "NTK, N = 5, convolutional",
            {"points": 5},
            {"ours": timed(1.0), "peer": timed(0.7)},
            {"ours": {"peer": quartiles(0.6, 0.7, 0.8)}},
        )
    )
    assert readings.ratio_dots(records) == {
        "overlap kernel: peer": [0.5, 2.0],
        "tangent kernel, convolutional net: peer": [0.7],
        "regions of all paths: programmes": [20_000.0],
        "training on images: plain PyTorch, float32": [2.0],
        "training on images: compiled": [0.9],
        "race: airbench": [0.05],
    }


def test_numbers_beside_the_ratios(records):
    assert readings.ratio_numbers(records) == {
        "n-compared": 6,
        "n-lost": 3,
        "ratio-least": "0.05",
        "ratio-middle": "1.45",
        "all-paths": "64",
        "all-paths-seconds": 0.25,
        "linear-sampled": "10",
        "paths-not-empty": "33",
        "cells-width": 8,
        "cells-depth": 3,
        "cells": "90",
        "cells-seconds": 0.7,
    }


def test_networks_on_images(records):
    assert readings.image_rows(records) == [
        {
            "loop": "halfspace",
            "images per second": 400,
            "its time over halfspace's (quartiles)": "–",
        },
        {
            "loop": "plain PyTorch, float32",
            "images per second": 200,
            "its time over halfspace's (quartiles)": "2.00 (1.90 to 2.10)",
        },
    ]
    assert readings.image_numbers(records) == {"image-batch": 32}
    gates, rest, whole = readings.gate_rows(records)
    assert (gates["part"], whole["part"]) == ("gates", "all of an epoch")
    ours = [gates[name] for name in ("ReLU net, seconds", "DLGN, seconds", "DLGN over ReLU net")]
    assert ours == pytest.approx([0.2, 0.6, 3.0])
    assert rest["DLGN over ReLU net"] == pytest.approx(1)
    assert whole["DLGN over ReLU net"] == pytest.approx(2.5)
    assert whole["DLGN, seconds"] == pytest.approx(2.0)
    assert readings.compiled_rows(records) == [
        {
            "an epoch of": "a DLGN, CPU",
            "compiled over not compiled": "0.90",
            "quartiles": "0.80 to 1.00",
        }
    ]
    ours, peer = readings.race_rows(records)
    assert ours == {
        "trained": "halfspace",
        "seconds": 60.0,
        "test images right": "95.50 %",
        "runs": 2,
    }
    assert (peer["trained"], peer["runs"], peer["seconds"]) == ("airbench", 1, 3.0)


def test_devices_are_told_where_there_are_several(records):
    first = next(row for row in records["images"]["rows"] if row["group"] == "images")
    records["images"]["rows"].append({**first, "facts": {**first["facts"], "device": "GPU"}})
    assert [row["on"] for row in readings.image_rows(records)] == ["CPU", "CPU", "GPU", "GPU"]


@pytest.mark.parametrize(("median", "verdict"), [(2.2, "within"), (2.21, "over")])
def test_what_gates_may_cost(records, median, verdict):
    records["images"]["rows"][1]["ratios"]["ours, ReLU"]["DLGN"]["median"] = median
    assert readings.gate_numbers(records) == {
        "gates-device": "CPU",
        "gates-cost": f"{median:.2f}",
        "gates-quartiles": "2.10 to 2.50",
        "gates-verdict": verdict,
    }


def test_memory_at_the_largest_number_of_points(records):
    ours, peer, ntk = readings.memory_rows(records)
    assert ours == {
        "kernel": "overlap kernel",
        "method": "halfspace",
        "peak, MB": 4,
        "error": 0.0,
        "points": 20,
    }
    assert (peer["peak, MB"], peer["error"]) == ("not measured", 0.5)
    assert (ntk["kernel"], ntk["points"]) == ("tangent kernel", 5)


def test_the_kernel_in_a_file(records):
    numbers = readings.file_numbers(records)
    assert numbers == {
        "file-points": "300",
        "file-seconds": 1.5,
        "file-megabytes": 0.72,
        "file-memory": 2.5,
        "file-wrong": 0,
    }
    records["overlap"]["facts"]["file"]["memory"] = None
    assert math.isnan(readings.file_numbers(records)["file-memory"])


def test_cost_against_size(records):
    curves, laws = readings.costs(records, "overlap")
    assert curves == {"halfspace": ([20, 10], [2.0, 0.5]), "peer": ([20, 10], [1.0, 1.0])}
    assert laws == {"halfspace": (1.9, 1e-6)}
    assert readings.costs(records, "ntk") == ({"halfspace": ([5], [0.1])}, {})
    rows = readings.law_rows(records)
    assert [(entry["kernel"], entry["against"]) for entry in rows] == [
        ("overlap kernel", "points"),
        ("overlap kernel", "width"),
        ("tangent kernel", "depth"),
    ]
    assert rows[1]["exponent (95 % interval)"] == "−0.10 (−0.25 to 0.05)"


def test_shares_of_the_machine(records):
    sizes, shares = readings.machine_shares(records)
    assert sizes == {"overlap kernel": [20, 10], "tangent kernel": [5]}
    assert shares["overlap kernel"] == [(0.4, 0.5, 0.6), (0.2, 0.25, 0.3)]
    assert readings.share_numbers(records) == {
        "overlap-share": "25 %",
        "overlap-largest": "10",
        "ntk-share": "25 %",
        "ntk-largest": "5",
    }


def test_numbers_of_exactness():
    counts = [
        {"paths": paths, "wrong, halfspace": wrong, "wrong, single precision": single}
        for paths, wrong, single in (("16", "1.0 %", "2.0 %"), ("1\u202f024", "0.0 %", "3.0 %"))
    ]
    assert readings.count_numbers(counts) == {
        "least-paths": "16",
        "least-wrong": "1.0 %",
        "least-wrong-single": "2.0 %",
        "most-paths": "1\u202f024",
        "most-wrong": "0.0 %",
        "most-wrong-single": "3.0 %",
    }
    assert readings.tangent_numbers([{"largest error": 2e-7}, {"largest error": 1e-7}]) == {
        "ntk-error": "2\u00a0×\u00a010⁻⁷"
    }
    areas = [{"cells": 9, "error of a": 1e-9, "error of b": error} for error in (2e-9, 4e-9)]
    assert readings.area_numbers(areas) == {"area-error": "4\u00a0×\u00a010⁻⁹"}


def test_small_numbers_of_a_table_become_powers_of_ten():
    rows = readings.with_powers([{"a": 2e-7, "b": 0.5, "c": 0.0, "d": "x"}])
    assert rows == [{"a": "2\u00a0×\u00a010⁻⁷", "b": 0.5, "c": 0.0, "d": "x"}]


# --- Reading the files ---


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of timings that differ from the repository's, below the current folder."""
    copied = tmp_path / "benchmarks/results"
    shutil.copytree(ROOT / "benchmarks/results", copied)
    record = json.loads((copied / "ntk.json").read_text(encoding="utf8"))
    (copied / "ntk.json").write_text(json.dumps(record | {"name": "a copy"}), encoding="utf8")
    monkeypatch.chdir(tmp_path)
    return copied


def test_timings_of_the_clone_around_the_page_come_first(folder, monkeypatch):
    assert list(readings.timings()) == list(readings.NAMES)
    assert readings.timings()["ntk"]["name"] == "a copy"
    (folder.parents[1] / "chapters").mkdir()
    monkeypatch.chdir(folder.parents[1] / "chapters")
    assert readings.timings()["ntk"]["name"] == "a copy"


def test_timings_are_those_of_the_repository_everywhere_else(folder, monkeypatch):
    (folder / "deep/down").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep/down")
    assert readings.timings()["ntk"]["name"] == "ntk"


@pytest.mark.parametrize("content", [b'{"rows": [', b"", b"\xff\xfe", None])
def test_damaged_timings_are_named(folder, content):
    (folder / "ntk.json").unlink()
    if content is not None:
        (folder / "ntk.json").write_bytes(content)
    with pytest.raises(OSError, match=r"^The recorded timings .*/ntk.json cannot be read \(.*"):
        readings.timings()
