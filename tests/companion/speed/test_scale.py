"""Tables and numbers of "Running at scale", from measurements whose answers are known."""

import pytest
from halfspace.companion.speed import scale
from halfspace.companion.speed.costs import Cost
from halfspace.companion.speed.scale import Line, Overheads
from halfspace.companion.speed.schedule import Job

EXACT = Overheads(load=3.0, snakemake=Line(2.0, 0.5, 0, 0), notebook=Line(6.0, 0.1, 0, 0))


def measured(start, each, sizes, errors=(0.0, 0.0)):
    return [{"size": n, "seconds": [start + each * n + e for e in errors]} for n in sizes]


@pytest.fixture
def record():
    loading = {"Python": [0.02, 0.03, 0.04], "recorded runs": [2.0, 3.0, 7.0]}
    facts = {
        "loading": loading,
        "snakemake": measured(2.0, 0.05, (1, 50, 200)),
        "notebook": measured(6.0, 0.01, (1, 41)),
    }
    machine = {"processor": "a processor", "when": "2026-01-31T10:20:30+00:00", "load": 0.46}
    return {"facts": facts, "machine": machine}


def run(name, seconds, nets=1, experiment="A", device="CPU"):
    return Cost(experiment, f"{experiment}/{name}", seconds, device, {"net": nets, "epoch": 10})


def test_a_line_is_fitted_with_its_error():
    found = scale.fitted_line(measured(2.0, 0.5, (0, 10), errors=(-1.0, 1.0)))
    assert (found.start, found.each) == (pytest.approx(2.0), pytest.approx(0.5))
    # Residuals ±1 on four measurements: s² = 4 / 2; Σ(x − x̄)² = 100; t(0.975, 2) = 4.3027.
    assert found.each_error == pytest.approx(4.302653 * (2 / 100) ** 0.5)
    assert found.start_error == pytest.approx(4.302653 * (2 * (1 / 4 + 25 / 100)) ** 0.5)


def test_overheads_are_told_with_their_ranges(record):
    rows = scale.overhead_rows(record)
    assert rows[1] == {
        "overhead": "start Python, load all experiments",
        "seconds": "3",
        "range or interval": "2 to 7",
    }
    assert [row["overhead"] for row in rows[2:4]] == ["start Snakemake", "each job of Snakemake"]
    assert [row["seconds"] for row in rows[2:]] == ["2", "0.05", "6", "0.01"]
    numbers = scale.overhead_numbers(record)
    assert numbers["jobs-per-second"] == "20" and numbers["job-milliseconds"] == "50"
    assert numbers["load-seconds"] == "3" and numbers["overhead-when"] == "2026-01-31"


def test_costs_are_told_by_experiment():
    runs = [run("a", 2.0), run("b", 6.0, nets=3), run("c", 8.0), run("d", 60.0, device="H100")]
    rows = scale.cost_rows(runs)
    assert [row["on"] for row in rows] == ["GPU", "CPU"]
    assert rows[1]["runs"] == 3 and rows[1]["unit"] == "net × epoch"
    assert rows[1]["a run, s"] == "6 (2 to 8)"
    assert rows[1]["a unit, µs"].replace("\u202f", "") == "200000 (200000 to 800000)"
    numbers = scale.cost_numbers([*runs, run("e", 60.0, device="H100")])
    assert (numbers["n-runs"], numbers["n-gpu-runs"], numbers["gpu-minutes"]) == (5, 2, "2")
    assert numbers["n-predicted"] == 5 and numbers["gpu-names"] == "H100"


def test_the_jobs_of_a_plan_hold_the_runs_that_count():
    runs = [run("a", 2.0), run("b", 6.0), run("c", 8.0)]
    lists = {1: [["A/a", "A/b"], ["A/c", "A/unknown"]], 16: [["A/a"], ["A/unknown"], ["A/c"]]}
    plans = scale.workloads(runs, lists, load=3.0)
    assert list(plans) == list(scale.PLANS)
    once, more, longer = plans.values()
    assert [job.seconds for job in once[1]] == [11, 11]
    assert [job.seconds for job in once[16]] == [5, 11]
    assert [job.seconds for job in longer[1]] == [83, 83]
    assert [job.seconds for job in more[16]] == [5] * 10 + [11] * 10
    assert len({job.name for job in more[16]}) == 20
    assert scale.jobs_for(once, 15) is once[1] and scale.jobs_for(once, 300) is once[16]


def test_job_lists_are_read():
    record = {"facts": {"plans": [{"cores": 16, "jobs": ["A/a A/b", "A/c"], "seconds": 1.0}]}}
    assert scale.job_lists(record) == {16: [["A/a", "A/b"], ["A/c"]]}


@pytest.fixture
def plans():
    jobs = [Job(name=str(k), seconds=13.0) for k in range(32)]
    return dict.fromkeys(scale.PLANS, {1: jobs})


def test_times_and_limits_of_a_plan(plans):
    rows = scale.plan_rows(plans, EXACT)
    one, sixteen, many = rows[:3]
    # One core: each job starts half a second after the one before has ended.
    assert one["time"] == scale.duration(2 + 32 * 13.5)
    # 16 cores: the 16th job starts after 8 s and ends after 21 s; the others follow by halves.
    assert sixteen["time"] == scale.duration(2 + 16 * 0.5 + 13 + 0.5 + 13)
    assert many["time"] == scale.duration(2 + 32 * 0.5 + 13)
    assert many["cores in use"] == f"{100 * 32 * 13 / (256 * 29):.0f} %"
    numbers = scale.limit_numbers(plans, EXACT) | scale.plan_numbers(plans, EXACT)
    assert numbers["recorded-path"] == "13 s" and numbers["more-speedup"] == "32"
    assert numbers["longer-busy"] == "26" and numbers["recorded-dispatch"] == "16 s"
    assert numbers["recorded-256"] == "31 s"


def test_shares_add_up_to_one(plans):
    for parts in scale.shares(plans, EXACT).values():
        for k, cores in enumerate(scale.CORES):
            whole = cores * scale.run_schedule(plans[scale.PLANS[0]][1], cores, EXACT)[0]
            found = [parts[name][k] for name in ("runs", "loading code", "waiting")]
            assert sum(found) == pytest.approx(1)
            assert found[:2] == [pytest.approx(320 / whole), pytest.approx(96 / whole)]


def test_curves_fall_and_stay_above_the_ideal(plans):
    for cores, hours, ideal in scale.makespans(plans, EXACT).values():
        assert cores[0] == 1 and len(cores) == len(hours) == len(ideal)
        assert all(a >= b for a, b in zip(hours, hours[1:], strict=False))
        assert all(a > b for a, b in zip(hours, ideal, strict=True))
        assert ideal[0] == pytest.approx(32 * 13 / 3600)


def test_a_sweep_takes_what_the_model_says():
    def circle(name, seconds, kind):
        factors = {"net": 10, "epoch": 10, "point": 10}
        return Cost("CircleStudy", name, seconds, "CPU", factors, (kind,))

    runs = [circle("a", 1.0, "dlgn"), circle("b", 3.0, "dlgn"), circle("c", 50.0, "relu")]
    assert scale.sweep_unit([*runs, run("d", 90.0)]) == pytest.approx(0.002)
    small, paper, large = scale.sweep_rows(runs, EXACT, 16)
    seconds = 6 + 0.002 * 10 * 60 * 256
    assert small["one run"] == scale.duration(seconds)
    assert small["overhead"] == f"{100 * 6 / seconds:.0f} %"
    assert small["1 core"] == scale.duration(2 + 16 * (0.5 + seconds))
    assert small["16 cores"] == small["256 cores"] == scale.duration(2 + 16 * 0.5 + seconds)
    assert paper["one run"] == scale.duration(6 + 0.002 * 100 * 300 * 256)
    assert large["one run"] == scale.duration(6 + 0.002 * 1000 * 300 * 256)
