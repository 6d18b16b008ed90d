"""Tables and numbers of the page on speed and exactness.

Timings are those that the benchmarks record: ``records`` below is what ``timings`` returns, a
benchmark's JSON by its name. Its rows have a ``group``, a ``label``, ``sizes``, ``competitors``
(each with ``median`` seconds, ``memory`` in bytes or nothing, ``error``, ``extrapolated``),
``ratios`` (a competitor's time over ours: lower quartile, median, upper quartile) and ``facts``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

__all__ = [
    "NAMES",
    "area_numbers",
    "benchmark_rows",
    "compiled_rows",
    "costs",
    "count_numbers",
    "file_numbers",
    "gate_numbers",
    "gate_rows",
    "gemm_rows",
    "image_numbers",
    "image_rows",
    "law_rows",
    "lost_rows",
    "machine_numbers",
    "machine_shares",
    "memory_rows",
    "race_rows",
    "ratio_numbers",
    "ratio_rows",
    "share_numbers",
    "tangent_numbers",
    "timings",
]

NAMES = ("machine", "overlap", "ntk", "partition", "paths", "training", "images")
"""The benchmarks, in the order in which they are run."""

_KERNELS = ("overlap", "ntk")  # the benchmarks that vary the number of points
_NOT_COMPARED = ("width", "depth", "gates")  # groups that the table of all ratios leaves out
_ALLOWED_GATES_COST = 2.2  # times an epoch of a ReLU net
_RESULTS = Path("benchmarks", "results")
_REPOSITORY = Path(__file__).resolve().parents[4]

Records = Mapping[str, dict]


# --- Recorded timings ---


def timings() -> dict[str, dict]:
    """Read the recorded timings, by the benchmarks' names.

    They lie in ``benchmarks/results`` of the current folder, of its parent, or of the repository
    that holds this package.

    Raises:
        OSError: if a file cannot be read; the message names it.
    """
    homes = (Path.cwd(), Path.cwd().parent, _REPOSITORY)
    folders = [home / _RESULTS for home in homes]
    folder = next((folder for folder in folders if folder.exists()), folders[-1])
    records = {}
    for name in NAMES:
        path = folder / f"{name}.json"
        try:
            records[name] = json.loads(path.read_text(encoding="utf8"))
        except (OSError, ValueError) as error:
            raise OSError(
                f"The recorded timings {path} cannot be read ({error}); run this page in a clone, "
                "where git checkout -- benchmarks/results brings them back."
            ) from None
    return records


def benchmark_rows(records: Records) -> list[dict[str, object]]:
    """Return when and from which commit each benchmark was recorded, under which load."""
    rows = []
    for name, record in records.items():
        machine = record["machine"]
        rows.append(
            {
                "benchmark": name,
                "recorded": f"{machine['when'][:16].replace('T', ' ')} UTC",
                "commit": machine["commit"],
                "load": f"{machine['load']:.1f}",
                "seconds": round(machine["seconds"]),
            }
        )
    return rows


def machine_numbers(records: Records) -> dict[str, object]:
    """Return the processor, the number of threads, and the versions of ours and of the peers."""
    machine = records["ntk"]["machine"]
    versions = machine["versions"] | records["ntk"]["facts"]["peers"]
    return {
        "processor": machine["processor"],
        "threads": machine["threads"],
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }


def gemm_rows(records: Records) -> list[dict[str, object]]:
    """Return the rates of matrix products, 10⁹ operations per second."""
    return [
        {
            "type": fact["type"],
            "side": fact["side"],
            "median, 10⁹/s": fact["rate"] / 1e9,
            "best, 10⁹/s": fact["best"] / 1e9,
        }
        for fact in records["machine"]["facts"]["gemm"]
    ]


# --- Ratios ---


def ratio_rows(records: Records) -> list[dict[str, object]]:
    """Return each competitor's time over ours, with our seconds."""
    return [_ratio_row(*comparison) for comparison in _comparisons(records)]


def lost_rows(records: Records) -> list[dict[str, object]]:
    """Return the rows of ``ratio_rows`` in which ours is slower."""
    return [
        _ratio_row(row, own, other)
        for row, own, other in _comparisons(records)
        if row["ratios"][own][other]["median"] < 1
    ]


def _comparisons(records: Records) -> Iterator[tuple[dict, str, str]]:
    """Yield the rows that compare, with the names of one of ours and one competitor."""
    for name in NAMES:
        for row in records[name]["rows"]:
            if row["group"] not in _NOT_COMPARED:
                for own, others in row["ratios"].items():
                    for other in others:
                        yield row, own, other


def _ratio_row(row: dict, own: str, other: str) -> dict[str, object]:
    timed = row["competitors"]
    ratio = {name: _three_digits(value) for name, value in row["ratios"][own][other].items()}
    return {
        "work": row["label"] + own.removeprefix("ours"),
        "ratio": ratio["median"],
        "against": other + (" (extrapolated)" if timed[other]["extrapolated"] else ""),
        "quartiles": f"{ratio['low']} – {ratio['high']}",
        "seconds": timed[own]["median"],
    }


def _three_digits(value: float) -> str:
    """Write three significant digits, without exponent and with commas between thousands."""
    return f"{float(f'{value:.3g}'):,.6g}"


def ratio_numbers(records: Records) -> dict[str, object]:
    """Return the number of comparisons and of those lost, and the largest works' sizes and times.

    ``all-paths`` and after: the regions of all paths of a DLGN; ``cells``: the largest partition.
    """
    (every_path,) = records["paths"]["rows"]
    largest = max(records["partition"]["rows"], key=lambda row: row["facts"]["cells"])
    return {
        "n-compared": len(ratio_rows(records)),
        "n-lost": len(lost_rows(records)),
        "all-paths": every_path["sizes"]["paths"],
        "all-paths-seconds": every_path["competitors"]["ours"]["median"],
        "linear-sampled": every_path["facts"]["sampled"],
        "paths-not-empty": every_path["facts"]["not_empty"],
        "cells-width": largest["sizes"]["width"],
        "cells-depth": largest["sizes"]["depth"],
        "cells": largest["facts"]["cells"],
        "cells-seconds": largest["competitors"]["ours"]["median"],
    }


# --- Networks on images ---


def image_rows(records: Records) -> list[dict[str, object]]:
    """Return images per second of our loop and of plain PyTorch, and the ratios of times."""
    rows = []
    for row in _of_group(records["images"], "images"):
        images = row["sizes"]["images"]
        entry = {"images per second on": row["facts"]["device"], "images": images}
        for name, timed in row["competitors"].items():
            entry[name] = round(images / timed["median"])
        for name, ratio in row["ratios"]["ours"].items():
            quartiles = f"{ratio['median']:.2f} ({ratio['low']:.2f} – {ratio['high']:.2f})"
            entry["ours against " + name.removeprefix("plain PyTorch, ")] = quartiles
        rows.append(entry)
    return rows


def image_numbers(records: Records) -> dict[str, object]:
    """Return the number of images in a batch."""
    return {"image-batch": _of_group(records["images"], "images")[-1]["sizes"]["batch"]}


def gate_rows(records: Records) -> list[dict[str, object]]:
    """Return how long the parts of an epoch take, seconds for each 1,000 images."""
    rows = []
    for row in _of_group(records["images"], "gates"):
        relu, dlgn = (row["facts"]["profile"][name] for name in ("ReLU", "DLGN"))
        spent = {part: (relu[part], dlgn[part]) for part in relu}
        timed = row["competitors"]
        spent["all of an epoch"] = timed["ours, ReLU"]["median"], timed["DLGN"]["median"]
        for part, seconds in spent.items():
            of_relu, of_dlgn = (1e3 * each / row["sizes"]["images"] for each in seconds)
            rows.append(
                {
                    "seconds per 1,000 images on": row["facts"]["device"],
                    "part": part,
                    "ReLU net": of_relu,
                    "DLGN": of_dlgn,
                    "DLGN over ReLU net": of_dlgn / of_relu,
                }
            )
    return rows


def gate_numbers(records: Records) -> dict[str, str]:
    """Return how much longer an epoch of a DLGN takes than one of a ReLU net, on the first device.

    ``gates-verdict`` says whether that is within what we allow.
    """
    row = _of_group(records["images"], "gates")[0]
    ratio = row["ratios"]["ours, ReLU"]["DLGN"]
    return {
        "gates-device": row["facts"]["device"],
        "gates-cost": f"{ratio['median']:.2f}",
        "gates-quartiles": f"{ratio['low']:.2f} to {ratio['high']:.2f}",
        "gates-verdict": "within" if ratio["median"] <= _ALLOWED_GATES_COST else "over",
    }


def compiled_rows(records: Records) -> list[dict[str, object]]:
    """Return the time of compiled networks over that of the same ones not compiled."""
    rows = []
    for row in _of_group(records["images"], "compiled"):
        ratio = row["ratios"]["ours"]["compiled"]
        rows.append(
            {
                "an epoch of": row["label"].removeprefix("training on images, "),
                "compiled over not compiled": f"{ratio['median']:.2f}",
                "quartiles": f"{ratio['low']:.2f} – {ratio['high']:.2f}",
            }
        )
    return rows


def race_rows(records: Records) -> list[dict[str, object]]:
    """Return seconds and test accuracy of the networks that race to 94 %."""
    rows = []
    for row in _of_group(records["images"], "race"):
        for name, timed in row["competitors"].items():
            right = row["facts"]["right"][name]
            rows.append(
                {
                    "on": row["facts"]["device"],
                    "trained": name,
                    "seconds": timed["median"],
                    "test images right": f"{sum(right) / len(right):.2%}",
                    "runs": len(right),
                }
            )
    return rows


# --- Memory, and cost against size ---


def memory_rows(records: Records) -> list[dict[str, object]]:
    """Return each competitor's peak memory and error at the largest number of points."""
    rows = []
    for name in _KERNELS:
        largest = max(_of_group(records[name], "points"), key=_points)
        for competitor, timed in largest["competitors"].items():
            rows.append(
                {
                    "kernel": name,
                    "points": _points(largest),
                    "competitor": competitor,
                    "peak, MB": timed["memory"] / 1e6 if timed["memory"] else "not measured",
                    "error": timed["error"],
                }
            )
    return rows


def file_numbers(records: Records) -> dict[str, object]:
    """Return size, time, memory (MB) and wrong entries of the kernel that was written to a file."""
    file = records["overlap"]["facts"]["file"]
    return {
        "file-points": file["points"],
        "file-seconds": file["seconds"],
        "file-megabytes": file["file"] / 1e6,
        "file-memory": file["memory"] / 1e6 if file["memory"] else float("nan"),
        "file-wrong": file["wrong"],
    }


def costs(
    records: Records, kernel: str
) -> tuple[dict[str, tuple[list, list]], dict[str, tuple[float, float]]]:
    """Return seconds against the number of points, and the power laws fitted to them.

    Args:
        records: as everywhere here.
        kernel: ``"overlap"`` or ``"ntk"``.

    Returns:
        By competitor: numbers of points and seconds; exponent and factor of the law, if there is
        one.
    """
    curves = {}
    for row in _of_group(records[kernel], "points"):
        for competitor, timed in row["competitors"].items():
            points, seconds = curves.setdefault(competitor, ([], []))
            points.append(_points(row))
            seconds.append(timed["median"])
    laws = {
        fit["competitor"]: (fit["slope"], fit["factor"])
        for fit in records[kernel]["fits"]
        if fit["group"] == "points"
    }
    return curves, laws


def law_rows(records: Records) -> list[dict[str, object]]:
    """Return the exponents of all fitted power laws with their intervals."""
    return [
        {
            "kernel": name,
            "against": fit["along"],
            "competitor": fit["competitor"],
            "exponent": f"{fit['slope']:.2f}",
            "95 % interval": f"{fit['low']:.2f} to {fit['high']:.2f}".replace("-", "−"),
        }
        for name in _KERNELS
        for fit in records[name]["fits"]
    ]


def machine_shares(
    records: Records,
) -> tuple[dict[str, list[int]], dict[str, list[tuple[float, float, float]]]]:
    """Return our share of the rate of matrix products against the number of points.

    Returns:
        By kernel: numbers of points; lower quartile, median and upper quartile at each.
    """
    sizes, shares = {}, {}
    for name in _KERNELS:
        rows = _of_group(records[name], "points")
        quartiles = [row["competitors"]["ours"]["gemm_share"] for row in rows]
        sizes[name] = [_points(row) for row in rows]
        shares[name] = [(each["low"], each["median"], each["high"]) for each in quartiles]
    return sizes, shares


def share_numbers(records: Records) -> dict[str, object]:
    """Return the median share at the largest number of points, and that number, by kernel."""
    sizes, shares = machine_shares(records)
    numbers = {}
    for name in _KERNELS:
        _, median, _ = shares[name][-1]
        numbers |= {f"{name}-share": f"{median:.0%}", f"{name}-largest": sizes[name][-1]}
    return numbers


def _of_group(record: dict, group: str) -> list[dict]:
    return [row for row in record["rows"] if row["group"] == group]


def _points(row: dict) -> int:
    return row["sizes"]["points"]


# --- Exactness: numbers of the rows that ``measures`` returns ---


def count_numbers(rows: Sequence[Mapping]) -> dict[str, str]:
    """Return the shares of wrong counts at the largest size, ours and single precision's."""
    return {"count-errors": rows[-1]["ours"], "float32-errors": rows[-1]["float32"]}


def tangent_numbers(rows: Sequence[Mapping]) -> dict[str, float]:
    """Return the largest error of a tangent kernel."""
    return {"ntk-error": max(row["largest error"] for row in rows)}


def area_numbers(rows: Sequence[Mapping]) -> dict[str, float]:
    """Return the largest relative error of a sum of areas."""
    errors = [row[name] for row in rows for name in ("their error", "error of theirs")]
    return {"area-error": float(max(errors))}
