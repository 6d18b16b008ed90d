"""The simulated scheduler agrees with schedules by hand."""

import numpy as np
import pytest
from halfspace.companion.speed.schedule import Job, critical_path, simulate


def job(name, seconds, **fields):
    return Job(name=name, seconds=seconds, **fields)


def test_jobs_start_in_order_when_a_core_is_free():
    jobs = [job("a", 3.0), job("b", 1.0), job("c", 2.0), job("d", 1.0)]
    found = simulate(jobs, 2)
    assert found.starts == {"a": 0, "b": 0, "c": 1, "d": 3}
    assert found.makespan == 4 and found.busy == 7
    assert found.use == pytest.approx(7 / 8)


def test_the_scheduler_starts_one_job_after_the_other():
    found = simulate([job(name, 1.0) for name in "abcd"], 4, interval=0.5)
    assert found.starts == {"a": 0.5, "b": 1.0, "c": 1.5, "d": 2.0}
    assert found.makespan == 3
    # With many cores and short jobs the scheduler is the limit.
    many = [job(str(number), 0.01) for number in range(100)]
    assert simulate(many, 1000, interval=0.1).makespan == pytest.approx(10.01)


def test_each_job_takes_its_overhead_on_its_cores():
    found = simulate([job("a", 2.0, cores=2), job("b", 1.0)], 2, overhead=0.5)
    assert found.starts == {"a": 0, "b": 2.5} and found.makespan == 4
    assert found.busy == 2 * 2.5 + 1.5


def test_a_job_waits_for_those_that_it_needs():
    jobs = [job("last", 1.0, after=("a", "b")), job("a", 2.0), job("b", 5.0), job("c", 1.0)]
    found = simulate(jobs, 2)
    assert found.starts == {"a": 0, "b": 0, "c": 2, "last": 5}
    assert critical_path(jobs) == 6


def test_a_small_job_passes_a_large_one_for_which_there_is_no_room():
    jobs = [job("a", 2.0), job("wide", 1.0, cores=2), job("b", 1.0)]
    found = simulate(jobs, 2)
    assert found.starts == {"a": 0, "b": 0, "wide": 2}


def test_all_cores_of_a_wide_job_become_free():
    found = simulate([job("wide", 1.0, cores=2), job("a", 1.0), job("b", 1.0)], 2)
    assert found.starts == {"wide": 0, "a": 1, "b": 1}


def test_the_bounds_of_a_list_schedule():
    """Graham: longer than neither bound allows, and at most their sum."""
    seconds = np.random.default_rng(0).exponential(size=200)
    jobs = [job(str(k), float(each)) for k, each in enumerate(seconds)]
    for cores in (1, 3, 16, 200):
        bound = max(seconds.sum() / cores, seconds.max())
        makespan = simulate(jobs, cores).makespan
        assert bound - 1e-9 <= makespan <= seconds.sum() / cores + seconds.max()
    assert simulate(jobs, 1).makespan == pytest.approx(seconds.sum())
    assert simulate(jobs, 200).makespan == pytest.approx(seconds.max()) == critical_path(jobs)


def test_no_jobs():
    assert simulate([], 4).makespan == 0 == critical_path([]) and simulate([], 4).use == 1


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ([job("a", 1.0, cores=3)], "a takes 3 cores, and there are 2"),
        ([job("a", 1.0, after=("b",))], "a needs b, which is not listed"),
        ([job("a", 1.0), job("a", 2.0)], "two jobs have the same name"),
        ([job("a", 1.0, after=("b",)), job("b", 1.0, after=("a",))], "a needs itself"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(jobs, message):
    with pytest.raises(ValueError, match=message):
        simulate(jobs, 2)
