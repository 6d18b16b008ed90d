"""Tables and numbers of the page on speed and exactness.

Timings are those that the benchmarks record: ``records`` below is what ``timings`` returns, a
benchmark's JSON by its name. Its rows have a ``group``, a ``label``, ``sizes``, ``competitors``
(each with ``median`` seconds, ``memory`` in bytes or nothing, ``error``, ``extrapolated``),
``ratios`` (a competitor's time over ours: lower quartile, median, upper quartile) and ``facts``.
In the records the package is called "ours", on the page "halfspace".
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from halfspace.companion.text import scientific, thousands

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
    "ratio_dots",
    "ratio_rows",
    "share_numbers",
    "tangent_numbers",
    "timings",
    "with_powers",
]

NAMES = (
    "machine",
    "overlap",
    "ntk",
    "path_kernels",
    "partition",
    "slices",
    "paths",
    "training",
    "images",
    "overhead",
    "jobs",
)
"""The benchmarks, in the order in which they are run."""

_KERNELS = {
    "overlap": "overlap kernel",
    "ntk": "tangent kernel",
}  # the benchmarks that vary the number of points
_NOT_COMPARED = ("width", "depth", "gates")  # groups that the table of all ratios leaves out
_KINDS = {
    "overlap": "overlap kernel",
    "NTK": "tangent kernel",
    "NTK, convolutional": "tangent kernel, convolutional net",
    "path kernel": "path kernel of convolutions",
    "residual kernel": "kernel of a residual net",
    "partition": "regions in a window",
    "slice": "regions on a plane of inputs",
    "path regions": "regions of all paths",
    "training": "training many nets",
}  # how the page names the work that a label begins with
_ALLOWED_GATES_COST = 2.2  # times an epoch of a ReLU net
_PRECISIONS = {"float32": "single precision", "float64": "double precision"}
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
    """Return the processor, the number of threads, and the versions of all packages."""
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
            "numbers": _PRECISIONS[fact["type"]],
            "side of the matrices": fact["side"],
            "median, 10⁹ operations per second": f"{fact['rate'] / 1e9:.0f}",
            "best": f"{fact['best'] / 1e9:.0f}",
        }
        for fact in records["machine"]["facts"]["gemm"]
    ]


# --- Ratios ---


def ratio_rows(records: Records) -> list[dict[str, object]]:
    """Return each competitor's time over the package's, the smallest ratio first."""
    return [_ratio_row(*comparison) for comparison in sorted(_comparisons(records), key=_median)]


def lost_rows(records: Records) -> list[dict[str, object]]:
    """Return the rows of ``ratio_rows`` in which the package is slower."""
    lost = [comparison for comparison in _comparisons(records) if _median(comparison) < 1]
    return [_ratio_row(*comparison) for comparison in sorted(lost, key=_median)]


def ratio_dots(records: Records) -> dict[str, list[float]]:
    """Return the median ratios of ``ratio_rows`` by kind of work and competitor."""
    dots = {}
    for row, own, other in _comparisons(records):
        begin, *_ = row["label"].split(", ")
        kind = f"{begin}, convolutional" if row["group"] == "convolutional" else begin
        name = f"{_KINDS.get(kind, kind)}: {_shown(other)}"
        dots.setdefault(name, []).append(_median((row, own, other)))
    return dots


def _comparisons(records: Records) -> Iterator[tuple[dict, str, str]]:
    """Yield the rows that compare, with the names of one of ours and one competitor."""
    for name in NAMES:
        for row in records[name]["rows"]:
            if row["group"] not in _NOT_COMPARED:
                for own, others in row["ratios"].items():
                    for other in others:
                        yield row, own, other


def _median(comparison: tuple[dict, str, str]) -> float:
    row, own, other = comparison
    return row["ratios"][own][other]["median"]


def _ratio_row(row: dict, own: str, other: str) -> dict[str, object]:
    timed = row["competitors"]
    ratio = {name: _three_digits(value) for name, value in row["ratios"][own][other].items()}
    extrapolated = " (extrapolated)" if timed[other]["extrapolated"] else ""
    return {
        "ratio (quartiles)": f"{ratio['median']} ({ratio['low']} to {ratio['high']})",
        "work: other method": _shown(
            f"{row['label']}{own.removeprefix('ours')}: {other}{extrapolated}"
        ),
        "seconds of halfspace": timed[own]["median"],
    }


def _shown(name: str) -> str:
    """Write a competitor's name or a label as the page does."""
    name = name.replace("ours", "halfspace").replace(", out=", ", into a given array")
    return re.sub(r"(?<=\d),(?=\d{3})", "\u202f", name)


def _three_digits(value: float) -> str:
    """Write three significant digits, without exponent and with spaces between thousands."""
    return f"{float(f'{value:.3g}'):,.6g}".replace(",", "\u202f")


def ratio_numbers(records: Records) -> dict[str, object]:
    """Return the number of comparisons and of those lost, and sizes and times of the largest tasks.

    ``ratio-least`` and ``ratio-middle``: the smallest ratio and the median. ``all-paths`` and
    after: the regions of all paths of a DLGN; ``cells``: the largest partition.
    """
    (every_path,) = records["paths"]["rows"]
    largest = max(records["partition"]["rows"], key=lambda row: row["facts"]["cells"])
    return {
        "n-compared": len(ratio_rows(records)),
        "n-lost": len(lost_rows(records)),
        "ratio-least": _three_digits(min(map(_median, _comparisons(records)))),
        "ratio-middle": _three_digits(median(map(_median, _comparisons(records)))),
        "all-paths": thousands(every_path["sizes"]["paths"]),
        "all-paths-seconds": every_path["competitors"]["ours"]["median"],
        "linear-sampled": thousands(every_path["facts"]["sampled"]),
        "paths-not-empty": thousands(every_path["facts"]["not_empty"]),
        "cells-width": largest["sizes"]["width"],
        "cells-depth": largest["sizes"]["depth"],
        "cells": thousands(largest["facts"]["cells"]),
        "cells-seconds": largest["competitors"]["ours"]["median"],
    }


# --- Networks on images ---


def image_rows(records: Records) -> list[dict[str, object]]:
    """Return images per second of the package's loop and of plain PyTorch, and their ratios."""
    rows = []
    for row in _of_group(records["images"], "images"):
        for name, timed in row["competitors"].items():
            ratio = row["ratios"]["ours"].get(name)
            written = ratio and f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"
            rows.append(
                {
                    "loop": _shown(name),
                    "images per second": round(row["sizes"]["images"] / timed["median"]),
                    "its time over halfspace's (quartiles)": written or "–",
                    "on": row["facts"]["device"],
                }
            )
    return _of_devices(rows)


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
                    "part": part,
                    "DLGN over ReLU net": of_dlgn / of_relu,
                    "ReLU net, seconds": of_relu,
                    "DLGN, seconds": of_dlgn,
                    "on": row["facts"]["device"],
                }
            )
    return _of_devices(rows)


def gate_numbers(records: Records) -> dict[str, str]:
    """Return how much longer an epoch of a DLGN takes than one of a ReLU net, on the first device.

    ``gates-verdict`` says whether that is within our limit.
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
                "quartiles": f"{ratio['low']:.2f} to {ratio['high']:.2f}",
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
                    "trained": _shown(name),
                    "seconds": timed["median"],
                    "test images right": f"{100 * sum(right) / len(right):.2f} %",
                    "runs": len(right),
                }
            )
    return _of_devices(rows)


def _of_devices(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Leave out the device of rows that all have the same."""
    if len({row["on"] for row in rows}) > 1:
        return rows
    return [{name: value for name, value in row.items() if name != "on"} for row in rows]


# --- Memory, and cost against size ---


def memory_rows(records: Records) -> list[dict[str, object]]:
    """Return each competitor's peak memory and error at the largest number of points."""
    rows = []
    for name in _KERNELS:
        largest = max(_of_group(records[name], "points"), key=_points)
        for competitor, timed in largest["competitors"].items():
            rows.append(
                {
                    "kernel": _KERNELS[name],
                    "method": _shown(competitor),
                    "peak, MB": round(timed["memory"] / 1e6) if timed["memory"] else "not measured",
                    "error": timed["error"],
                    "points": _points(largest),
                }
            )
    return rows


def file_numbers(records: Records) -> dict[str, object]:
    """Return size, time, memory (MB) and wrong entries of the kernel that was written to a file."""
    file = records["overlap"]["facts"]["file"]
    return {
        "file-points": thousands(file["points"]),
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
        records: see this module's documentation.
        kernel: ``"overlap"`` or ``"ntk"``.

    Returns:
        By competitor: numbers of points and seconds; exponent and factor of the law, if there is
        one.
    """
    curves = {}
    for row in _of_group(records[kernel], "points"):
        for competitor, timed in row["competitors"].items():
            points, seconds = curves.setdefault(_shown(competitor), ([], []))
            points.append(_points(row))
            seconds.append(timed["median"])
    laws = {
        _shown(fit["competitor"]): (fit["slope"], fit["factor"])
        for fit in records[kernel]["fits"]
        if fit["group"] == "points"
    }
    return curves, laws


def law_rows(records: Records) -> list[dict[str, object]]:
    """Return the exponents of all fitted power laws with their intervals."""
    return [
        {
            "kernel": kernel,
            "against": fit["along"],
            "method": _shown(fit["competitor"]),
            "exponent (95 % interval)": (
                f"{fit['slope']:.2f} ({fit['low']:.2f} to {fit['high']:.2f})".replace("-", "−")
            ),
        }
        for name, kernel in _KERNELS.items()
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
    for name, kernel in _KERNELS.items():
        rows = _of_group(records[name], "points")
        quartiles = [row["competitors"]["ours"]["gemm_share"] for row in rows]
        sizes[kernel] = [_points(row) for row in rows]
        shares[kernel] = [(each["low"], each["median"], each["high"]) for each in quartiles]
    return sizes, shares


def share_numbers(records: Records) -> dict[str, object]:
    """Return the median share at the largest number of points, and that number, by kernel."""
    sizes, shares = machine_shares(records)
    numbers = {}
    for name, kernel in _KERNELS.items():
        _, middle, _ = shares[kernel][-1]
        largest = thousands(sizes[kernel][-1])
        numbers |= {f"{name}-share": f"{100 * middle:.0f} %", f"{name}-largest": largest}
    return numbers


def _of_group(record: dict, group: str) -> list[dict]:
    return [row for row in record["rows"] if row["group"] == group]


def _points(row: dict) -> int:
    return row["sizes"]["points"]


# --- Exactness: numbers of the rows that ``measures`` returns ---


def with_powers(rows: Sequence[Mapping]) -> list[dict[str, object]]:
    """Return the rows of a table with small numbers written as powers of ten."""
    return [
        {
            name: scientific(value) if isinstance(value, float) and 0 < value < 1e-3 else value
            for name, value in row.items()
        }
        for row in rows
    ]


def count_numbers(rows: Sequence[Mapping]) -> dict[str, str]:
    """Return the shares of wrong counts, the package's and single precision's, and the paths.

    ``least``: at the smallest size; ``most``: at the largest.
    """
    numbers = {}
    for end, row in (("least", rows[0]), ("most", rows[-1])):
        numbers |= {
            f"{end}-paths": row["paths"],
            f"{end}-wrong": row["wrong, halfspace"],
            f"{end}-wrong-single": row["wrong, single precision"],
        }
    return numbers


def tangent_numbers(rows: Sequence[Mapping]) -> dict[str, str]:
    """Return the largest error of a tangent kernel."""
    return {"ntk-error": scientific(max(row["largest error"] for row in rows))}


def area_numbers(rows: Sequence[Mapping]) -> dict[str, str]:
    """Return the largest relative error of a sum of areas."""
    errors = [value for row in rows for name, value in row.items() if "error" in name]
    return {"area-error": scientific(max(errors))}
