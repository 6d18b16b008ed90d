"""Tables and numbers of the page "Running at scale": overheads, unit costs, simulated schedules.

``record`` below is the record of the benchmark ``overhead``, ``costs`` what ``recorded_costs``
returns.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from scipy import stats

from halfspace.companion.speed.costs import (
    Cost,
    by_experiment,
    fit_errors,
    is_gpu,
    predicted,
    words,
)
from halfspace.companion.speed.schedule import Job, Schedule, critical_path, simulate
from halfspace.companion.text import rounded, significant, thousands

__all__ = [
    "CORES",
    "Line",
    "Overheads",
    "PLANS",
    "Plan",
    "cost_numbers",
    "cost_rows",
    "duration",
    "fitted_line",
    "job_lists",
    "jobs_for",
    "kept_busy",
    "limit_numbers",
    "makespans",
    "overhead_numbers",
    "overhead_rows",
    "overheads",
    "plan_numbers",
    "plan_rows",
    "run_schedule",
    "shares",
    "sweep_rows",
    "sweep_unit",
    "workloads",
]

CORES = (1, 16, 256)
PLANS = (
    "the recorded runs",
    "ten times the seeds, in more jobs",
    "ten times the seeds, in longer jobs",
)
_SHORT = ("recorded", "more", "longer")  # the plans' names in glued numbers
_TIMES = 10  # the larger plan, over the runs that are recorded
_CURVE = tuple(2**power for power in range(11))
_CONFIDENCE = 0.95
_LABELS = {
    "Python": "start Python",
    "torch": "start Python, load PyTorch",
    "halfspace": "start Python, load the package",
    "recorded runs": "start Python, load all experiments",
}


# --- Overheads ---


@dataclass(frozen=True)
class Line:
    """A fitted line, seconds = start + each × size, with half-widths of 95 % intervals."""

    start: float
    each: float
    start_error: float
    each_error: float


@dataclass(frozen=True)
class Overheads:
    """Measured overheads, seconds.

    Attributes:
        load: of a process that loads all experiments.
        snakemake: of a workflow against its number of jobs.
        notebook: of a notebook against its number of cells.
    """

    load: float
    snakemake: Line
    notebook: Line


def fitted_line(measured: Sequence[Mapping]) -> Line:
    """Fit a line to all rounds of a measurement by least squares.

    Args:
        measured: for each size its ``size`` and ``seconds``; three measurements at least.
    """
    sizes = [entry["size"] for entry in measured for _ in entry["seconds"]]
    seconds = [second for entry in measured for second in entry["seconds"]]
    line = stats.linregress(sizes, seconds)
    width = stats.t.ppf((1 + _CONFIDENCE) / 2, len(sizes) - 2)
    return Line(
        float(line.intercept),
        float(line.slope),
        float(width * line.intercept_stderr),
        float(width * line.stderr),
    )


def overheads(record: Mapping) -> Overheads:
    """Return the overheads that the benchmark recorded."""
    facts = record["facts"]
    return Overheads(
        load=median(facts["loading"]["recorded runs"]),
        snakemake=fitted_line(facts["snakemake"]),
        notebook=fitted_line(facts["notebook"]),
    )


def overhead_rows(record: Mapping) -> list[dict[str, object]]:
    """Return the overheads as a table: median and range, or a line's part with its interval."""
    facts, found = record["facts"], overheads(record)
    rows = [
        {
            "overhead": _LABELS[name],
            "seconds": significant(median(seconds), 2),
            "range or interval": _range(seconds),
        }
        for name, seconds in facts["loading"].items()
    ]
    for name, start, each in (
        ("snakemake", "start Snakemake", "each job of Snakemake"),
        ("notebook", "start papermill and a kernel, load PyTorch", "each cell of a notebook"),
    ):
        line = getattr(found, name)
        for label, value, error in (
            (start, line.start, line.start_error),
            (each, line.each, line.each_error),
        ):
            rows.append(
                {
                    "overhead": label,
                    "seconds": significant(value, 2),
                    "range or interval": f"±{significant(error, 1)}",
                }
            )
    return rows


def overhead_numbers(record: Mapping) -> dict[str, object]:
    """Return the numbers of the text on overheads."""
    found, machine = overheads(record), record["machine"]
    return {
        "load-seconds": significant(found.load, 2),
        "job-milliseconds": f"{1000 * found.snakemake.each:.0f}",
        "jobs-per-second": significant(1 / found.snakemake.each, 2),
        "snakemake-seconds": significant(found.snakemake.start, 2),
        "notebook-seconds": significant(found.notebook.start, 2),
        "cell-milliseconds": f"{1000 * found.notebook.each:.0f}",
        "overhead-rounds": len(record["facts"]["loading"]["recorded runs"]),
        "overhead-processor": machine["processor"],
        "overhead-when": machine["when"][:10],
        "overhead-load": f"{machine['load']:.1f}",
    }


def _range(values: Sequence[float]) -> str:
    return f"{significant(min(values), 2)} to {significant(max(values), 2)}"


# --- What runs cost ---


def cost_rows(costs: Sequence[Cost]) -> list[dict[str, object]]:
    """Return the cost of each experiment, the dearest first: seconds of a run and of a unit."""
    rows = []
    for (experiment, device), group in by_experiment(costs).items():
        seconds = [cost.seconds for cost in group]
        # A unit in microseconds: small ones then have few digits.
        each = [1e6 * cost.seconds / cost.units for cost in group]
        rows.append(
            {
                "experiment": words(experiment),
                "on": "GPU" if device != "CPU" else device,
                "runs": len(group),
                "a run, s": _middle_and_range(seconds),
                "unit": " × ".join(group[0].factors) or "run",
                "a unit, µs": _middle_and_range(each),
            }
        )
    return rows


def _middle_and_range(values: Sequence[float]) -> str:
    """Write the median and the range of positive numbers."""
    middle = rounded(median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({rounded(min(values))} to {rounded(max(values))})"


def cost_numbers(costs: Sequence[Cost]) -> dict[str, object]:
    """Return how many runs there are, what they took, and how far the model's predictions miss."""
    pairs = predicted(costs)
    errors = sorted(fit_errors(pairs))
    gpu = [cost for cost in costs if is_gpu(cost)]
    alike = sum(guess for _, guess in pairs) / sum(cost.seconds for cost, _ in pairs)
    return {
        "n-runs": len(costs),
        "n-gpu-runs": len(gpu),
        "first-day": min(cost.day for cost in costs),
        "last-day": max(cost.day for cost in costs),
        "gpu-names": ", ".join(sorted({cost.device for cost in gpu})) or "none",
        "run-hours": f"{sum(cost.seconds for cost in costs) / 3600:.1f}",
        "gpu-minutes": f"{sum(cost.seconds for cost in gpu) / 60:.0f}",
        "n-predicted": len(pairs),
        "miss-median": f"{median(errors):.2f}",
        "miss-tenth": f"{errors[int(0.9 * len(errors))]:.1f}",
        "miss-largest": f"{errors[-1]:.0f}",
        "predicted-sum": f"{100 * alike:.0f} %",
    }


# --- A sweep ---

_SWEEPS = {
    "10 networks, 60 epochs": (10, 60),
    "100 networks, 300 epochs": (100, 300),
    "1\u202f000 networks, 300 epochs": (1000, 300),
}  # a small sweep, one of the paper's size, and one of ten times that
_SWEEP_POINTS = 256
_SWEEP_EXPERIMENT, _SWEEP_KIND = "CircleStudy", ("dlgn",)


def sweep_unit(costs: Sequence[Cost]) -> float:
    """Return the median seconds per network, epoch and point of DLGNs on the circle."""
    return median(
        cost.seconds / cost.units
        for cost in costs
        if cost.experiment == _SWEEP_EXPERIMENT and cost.kind == _SWEEP_KIND
    )


def sweep_rows(costs: Sequence[Cost], found: Overheads, runs: int) -> list[dict[str, object]]:
    """Return what sweeps of three sizes take, by the model, on each number in ``CORES``.

    A run is a job: it starts papermill and a kernel, then trains the networks of one point.

    Args:
        costs: of recorded runs.
        found: the overheads.
        runs: points of the sweep's grid.
    """
    unit, rows = sweep_unit(costs), []
    for name, (nets, epochs) in _SWEEPS.items():
        seconds = found.notebook.start + unit * nets * epochs * _SWEEP_POINTS
        jobs = [Job(name=str(number), seconds=seconds) for number in range(runs)]
        times = {
            f"{cores} cores" if cores > 1 else "1 core": duration(
                run_schedule(jobs, cores, found)[0]
            )
            for cores in CORES
        }
        overhead = f"{100 * found.notebook.start / seconds:.0f} %"
        rows.append({"a run": name, "one run": duration(seconds), "overhead": overhead} | times)
    return rows


# --- Plans ---


Plan = Mapping[int, Sequence[Job]]
"""The jobs of a plan, by the number of cores for which they are made; see ``jobs_for``."""


def job_lists(record: Mapping) -> dict[int, list[list[str]]]:
    """Return the workflow's jobs by number of cores, each the names of its runs.

    Args:
        record: of the benchmark ``jobs``.
    """
    return {
        plan["cores"]: [job.split() for job in plan["jobs"]] for plan in record["facts"]["plans"]
    }


def workloads(
    costs: Sequence[Cost], lists: Mapping[int, Sequence[Sequence[str]]], load: float
) -> dict[str, Plan]:
    """Return the jobs of recorded runs, and those of plans that are ten times as large.

    Args:
        costs: of the runs that count.
        lists: the workflow's jobs by number of cores; those without a run that counts are left out.
        load: seconds that each job takes to load the code.

    Returns:
        By the plan's name: its jobs, with the time to load the code. Ten times as many seeds are
        either ten jobs for each, or ten times as long in the same job.
    """
    seconds = {cost.name: cost.seconds for cost in costs}
    plans: dict[str, dict[int, list[Job]]] = {name: {} for name in PLANS}
    once, more, longer = plans.values()
    for cores, groups in lists.items():
        works = [[seconds[name] for name in group if name in seconds] for group in groups]
        sums = [sum(work) for work in works if work]
        once[cores] = [Job(name=f"{k}", seconds=load + work) for k, work in enumerate(sums)]
        longer[cores] = [
            Job(name=f"{k}", seconds=load + _TIMES * work) for k, work in enumerate(sums)
        ]
        more[cores] = [
            Job(name=f"{k} {copy}", seconds=load + work)
            for k, work in enumerate(sums)
            for copy in range(_TIMES)
        ]
    return plans


def jobs_for(plan: Plan, cores: int) -> Sequence[Job]:
    """Return the jobs that were made for the largest number of cores that is there."""
    return plan[max(number for number in plan if number <= cores)]


def run_schedule(jobs: Sequence[Job], cores: int, found: Overheads) -> tuple[float, Schedule]:
    """Return the seconds of the whole command, Snakemake's start included, and its schedule."""
    schedule = simulate(jobs, cores, interval=found.snakemake.each)
    return found.snakemake.start + schedule.makespan, schedule


def plan_rows(
    plans: Mapping[str, Plan], found: Overheads, what: str = "cores"
) -> list[dict[str, object]]:
    """Return for each plan and number of cores: jobs, time, speed-up, share of the cores used."""
    rows = []
    for name, plan in plans.items():
        alone, _ = run_schedule(jobs_for(plan, 1), 1, found)
        for cores in CORES:
            jobs = jobs_for(plan, cores)
            seconds, schedule = run_schedule(jobs, cores, found)
            rows.append(
                {
                    "plan": name,
                    what: cores,
                    "jobs": thousands(len(jobs)),
                    "time": duration(seconds),
                    "times faster": significant(alone / seconds, 3),
                    f"{what} in use": f"{100 * schedule.use:.0f} %",
                }
            )
    return rows


def makespans(
    plans: Mapping[str, Plan], found: Overheads
) -> dict[str, tuple[list[int], list[float], list[float]]]:
    """Return numbers of cores, hours, and hours if all cores were always busy, by plan."""
    curves = {}
    for name, plan in plans.items():
        hours = [run_schedule(jobs_for(plan, cores), cores, found)[0] / 3600 for cores in _CURVE]
        total = sum(job.seconds for job in jobs_for(plan, 1)) / 3600
        curves[name] = (list(_CURVE), hours, [total / cores for cores in _CURVE])
    return curves


def shares(plans: Mapping[str, Plan], found: Overheads) -> dict[str, dict[str, list[float]]]:
    """Return where the time of the cores goes, in shares that add up to 1.

    Returns:
        By plan, by part (runs, loading code, waiting): a share for each number in ``CORES``.
    """
    parts: dict[str, dict[str, list[float]]] = {}
    for name, plan in plans.items():
        rows = []
        for cores in CORES:
            jobs = jobs_for(plan, cores)
            seconds, schedule = run_schedule(jobs, cores, found)
            whole, loading = cores * seconds, len(jobs) * found.load
            rows.append(np.array([schedule.busy - loading, loading, whole - schedule.busy]) / whole)
        runs, loading, waiting = np.transpose(rows).tolist()
        parts[name] = {"runs": runs, "loading code": loading, "waiting": waiting}
    return parts


def kept_busy(jobs: Sequence[Job], found: Overheads) -> float:
    """Return how many cores the scheduler keeps busy: a job's mean time over the time to start one.

    Beyond them cores wait for Snakemake, however many jobs there are.
    """
    return float(np.mean([job.seconds for job in jobs])) / found.snakemake.each


def plan_numbers(plans: Mapping[str, Plan], found: Overheads) -> dict[str, str]:
    """Return each plan's time on each number of cores, such as ``more-16``."""
    return {
        f"{short}-{cores}": duration(run_schedule(jobs_for(plan, cores), cores, found)[0])
        for short, plan in zip(_SHORT, plans.values(), strict=True)
        for cores in CORES
    }


def limit_numbers(plans: Mapping[str, Plan], found: Overheads) -> dict[str, str]:
    """Return the limits of each plan: longest job, largest speed-up, cores that are kept busy."""
    numbers = {}
    for short, plan in zip(_SHORT, plans.values(), strict=True):
        jobs = jobs_for(plan, max(CORES))
        path, total = critical_path(jobs), sum(job.seconds for job in jobs)
        numbers |= {
            f"{short}-path": duration(path),
            f"{short}-speedup": f"{total / path:.0f}",
            f"{short}-busy": thousands(kept_busy(jobs, found), 2),
            f"{short}-dispatch": duration(len(jobs) * found.snakemake.each),
            f"{short}-jobs": thousands(len(jobs)),
        }
    return numbers


def duration(seconds: float) -> str:
    """Write a duration in the largest unit of which there are two, at least.

    Example:
        >>> duration(50), duration(150), duration(7300), duration(3 * 86_400)
        ('50 s', '2.5 min', '2.0 h', '3.0 days')
    """
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            value = seconds / size
            return f"{value:.1f} {unit}" if value < 10 else f"{math.floor(value + 0.5)} {unit}"
    return f"{seconds:.0f} s"
