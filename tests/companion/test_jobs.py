"""Jobs of runs: which runs share one, what it needs, and what it does in its process."""

import json
import time

import pytest
import torch
from halfspace.companion import jobs, records
from toy import ToyStudy

COMMIT = "0123456789ab"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(jobs, "code_version", lambda: COMMIT)
    jobs._usual_seconds.cache_clear()
    threads = torch.get_num_threads()
    yield tmp_path
    torch.set_num_threads(threads)


def toys(number):
    return {f"toy: {width}": ToyStudy(width=width) for width in range(1, number + 1)}


def timed(monkeypatch, **seconds):
    """Let runs of a width take as long as told, and others a second."""
    monkeypatch.setattr(
        jobs, "expected_seconds", lambda spec: seconds.get(f"width_{spec.width}", 1.0)
    )


def names(plan):
    return [[run["name"] for run in job["runs"]] for job in plan["jobs"].values()]


def test_short_runs_share_a_job_and_long_ones_have_their_own_and_come_first(monkeypatch):
    timed(monkeypatch, width_2=500.0, width_3=30.0)
    planned = names(jobs.plan(toys(7), workers=2, device="cpu"))
    assert planned == [
        ["toy: 2"],
        ["toy: 3"],
        ["toy: 1", "toy: 4", "toy: 5", "toy: 6", "toy: 7"],
    ]
    assert len(jobs.plan(toys(7), workers=1, device="cpu")["jobs"]) == 2
    assert jobs.plan({}, workers=2, device="cpu")["jobs"] == {}


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_each_run_is_in_one_job_and_jobs_of_short_runs_take_three_minutes(monkeypatch, workers):
    timed(monkeypatch, **{f"width_{w}": float(w % 50) for w in range(200)})
    planned = jobs.plan(toys(199), workers=workers, device="cpu")
    listed = [name for job in names(planned) for name in job]
    assert sorted(listed) == sorted(toys(199)) and len(planned["jobs"]) % workers == 0
    for job in planned["jobs"].values():
        work = sum(run["fields"]["width"] % 50 for run in job["runs"])
        assert 150 < work < 200


def test_one_run_with_two_names_is_made_once():
    planned = jobs.plan({"a": ToyStudy(), "b": ToyStudy()}, workers=2, device="cpu")
    assert names(planned) == [["a"]]


def test_a_job_needs_what_its_runs_need(monkeypatch):
    monkeypatch.setattr(ToyStudy, "memory", 5000)
    timed(monkeypatch, width_2=6000.0)
    options = dict(workers=2, device="auto", need_gpu=("toy: 2",))
    long, short = jobs.plan(toys(2), cluster=True, **options)["jobs"].values()
    assert (short["memory"], short["threads"], short["gpus"]) == (5000, 1, 0)
    assert (short["minutes"], long["minutes"]) == (6, 305)
    assert (short["retries"], long["retries"]) == (2, 2)
    assert [job["runs"][0]["need_gpu"] for job in (short, long)] == [False, True]
    monkeypatch.setattr(ToyStudy, "resumes", True)
    assert [j["retries"] for j in jobs.plan(toys(1), cluster=True, **options)["jobs"].values()] == [
        20
    ]
    assert [j["retries"] for j in jobs.plan(toys(2), **options)["jobs"].values()] == [0, 0]


def test_the_expected_time_is_the_recorded_one_or_the_class_median_or_the_specs():
    spec = ToyStudy()
    assert jobs.expected_seconds(spec) == 600
    for width, seconds in ((1, 2.0), (2, 4.0), (3, 60.0)):
        records.keep(ToyStudy(width=width), {}, {"seconds": seconds})
    jobs._usual_seconds.cache_clear()
    assert jobs.expected_seconds(spec) == 4.0
    assert jobs.expected_seconds(ToyStudy(width=3)) == 60.0


def written(folder, specs, **options):
    planned = jobs.plan(specs, workers=1, device="cpu", **options)
    (folder / "plan.json").write_text(json.dumps(planned))
    return list(planned["jobs"])


def test_a_job_records_its_runs_and_leaves_those_that_are_recorded(folder, monkeypatch):
    timed(monkeypatch)
    (job,) = written(folder, toys(3))
    path = records.record(ToyStudy(width=2), torch.device("cpu")).with_suffix(".json")
    before = path.stat().st_mtime_ns
    assert jobs.run(folder, job, COMMIT) == 0
    assert records.missing(toys(3)) == {} and path.stat().st_mtime_ns == before
    assert jobs.failures(folder) == {} and jobs.unfinished(folder) == []


def test_a_failed_run_is_noted_and_not_tried_again(folder, monkeypatch):
    timed(monkeypatch)
    (job,) = written(folder, toys(3))
    calls, real = [], ToyStudy._run

    def some(self, device):
        calls.append(self.width)
        if self.width == 2:
            raise ValueError("no")
        return real(self, device)

    monkeypatch.setattr(ToyStudy, "_run", some)
    assert [jobs.run(folder, job, COMMIT) for _ in range(2)] == [1, 1]
    assert calls == [1, 2, 3] and jobs.failures(folder) == {"toy: 2": "no"}
    assert list(records.missing(toys(3))) == ["toy: 2"] and jobs.unfinished(folder) == []


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't allocate memory: ...")])
def test_too_little_memory_is_one_sentence(folder, monkeypatch, error):
    def full(self, device):
        raise error

    (job,) = written(folder, toys(1))
    monkeypatch.setattr(ToyStudy, "_run", full)
    assert jobs.run(folder, job, COMMIT) == 1
    assert jobs.failures(folder) == {"toy: 1": "there is not enough memory; try CORES=1"}


def test_a_run_that_is_killed_is_named(folder, monkeypatch):
    def killed(self, device):
        raise KeyboardInterrupt

    (job,) = written(folder, toys(1))
    monkeypatch.setattr(ToyStudy, "_run", killed)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(folder, job, COMMIT)
    assert jobs.unfinished(folder) == ["toy: 1"]


@pytest.mark.parametrize(
    ("commit", "told"),
    [
        ("unknown", "git finds none here"),
        ("0123456789ab-dirty", "needs committed code"),
        ("ba9876543210", "the code changed while it was loaded"),
    ],
)
def test_code_without_its_commit_records_nothing(folder, commit, told):
    (job,) = written(folder, toys(1))
    assert jobs.run(folder, job, commit) == 1
    assert told in jobs.failures(folder)["toy: 1"] and list(records.missing(toys(1)))


def test_code_that_changed_after_the_plan_records_nothing(folder):
    (job,) = written(folder, toys(1))
    text = (folder / "plan.json").read_text().replace(ToyStudy(width=1).key()[:16], "f" * 16)
    (folder / "plan.json").write_text(text)
    assert jobs.run(folder, job, COMMIT) == 1
    assert "the code changed" in jobs.failures(folder)["toy: 1"]


def test_a_run_that_needs_a_gpu_does_not_start_without_one(folder, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    planned = jobs.plan(toys(1), workers=1, device="auto", need_gpu=("toy",), cluster=True)
    (folder / "plan.json").write_text(json.dumps(planned))
    assert jobs.run(folder, *planned["jobs"], COMMIT) == 1
    assert "needs a GPU" in jobs.failures(folder)["toy: 1"]


def test_after_the_time_no_run_starts_and_the_status_says_so(folder, monkeypatch):
    timed(monkeypatch)
    (job,) = written(folder, toys(2), until=time.time() - 1)
    assert jobs.run(folder, job, COMMIT) == jobs.CUT == 75
    (job,) = written(folder, toys(2))
    began = time.time() - 60
    assert jobs.main(folder, job, COMMIT, began, minutes=1) == jobs.CUT
    assert len(records.missing(toys(2))) == 2 and jobs.failures(folder) == {}
    assert jobs.main(folder, job, COMMIT, began, minutes=30) == 0
