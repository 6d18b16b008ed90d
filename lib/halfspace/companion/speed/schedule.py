"""Simulation of a schedule: when jobs of known duration end on a number of cores.

A scheduler starts jobs in the order of its list, the next one as soon as its cores are free and
what it needs has ended. It starts one job at a time, which takes it some time itself.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Job", "Schedule", "critical_path", "simulate"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job.

    Attributes:
        name: differs from job to job.
        seconds: how long it takes on its cores.
        cores: how many it takes.
        after: names of jobs that must have ended before.
    """

    name: str
    seconds: float
    cores: int = 1
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schedule:
    """A simulated schedule.

    Attributes:
        makespan: seconds until the last job has ended.
        starts: each job's start, seconds, by its name.
        busy: seconds of cores that jobs took.
        cores: how many there were.
    """

    makespan: float
    starts: dict[str, float]
    busy: float
    cores: int

    @property
    def use(self) -> float:
        """Share of the cores' time that jobs took, from 0 to 1."""
        return self.busy / (self.cores * self.makespan) if self.makespan else 1.0


def simulate(
    jobs: Sequence[Job], cores: int, *, overhead: float = 0.0, interval: float = 0.0
) -> Schedule:
    """Simulate a schedule in the order of a list.

    Args:
        jobs: in the order in which the scheduler prefers them.
        cores: c, how many there are.
        overhead: seconds that each job takes besides its own, on its cores.
        interval: seconds that the scheduler takes to start a job; jobs start one after the other.

    Raises:
        ValueError: if a job takes more cores than there are, needs a job that is not listed, or
            needs itself in the end.

    Example:
        >>> jobs = [Job(name=name, seconds=2.0) for name in "abc"]
        >>> simulate(jobs, 2).makespan, simulate(jobs, 3, overhead=1.0).makespan
        (4.0, 3.0)
    """
    waiting_for, followers = _graph(jobs)
    for job in jobs:
        if job.cores > cores:
            raise ValueError(f"{job.name} takes {job.cores} cores, and there are {cores}")
    place = {job.name: number for number, job in enumerate(jobs)}
    ready = [number for number, job in enumerate(jobs) if not waiting_for[job.name]]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []  # the time of the end, and the job's place
    starts, now, free, scheduler = {}, 0.0, cores, 0.0
    while ready or running:
        passed_over = []
        while ready and free:
            number = heapq.heappop(ready)
            job = jobs[number]
            if job.cores > free:
                passed_over.append(number)
                continue
            scheduler = max(scheduler, now) + interval
            starts[job.name] = scheduler
            heapq.heappush(running, (scheduler + overhead + job.seconds, number))
            free -= job.cores
        for number in passed_over:
            heapq.heappush(ready, number)
        now, ended = heapq.heappop(running)
        free += jobs[ended].cores
        for follower in followers[jobs[ended].name]:
            waiting_for[follower] -= 1
            if not waiting_for[follower]:
                heapq.heappush(ready, place[follower])
    if len(starts) < len(jobs):
        raise ValueError(f"{next(j.name for j in jobs if j.name not in starts)} needs itself")
    busy = sum(job.cores * (overhead + job.seconds) for job in jobs)
    return Schedule(makespan=now, starts=starts, busy=busy, cores=cores)


def critical_path(jobs: Sequence[Job], *, overhead: float = 0.0) -> float:
    """Return the seconds of the longest chain of jobs: no number of cores makes it shorter.

    Args: as for ``simulate``.

    Example:
        >>> chain = [Job(name="a", seconds=1.0), Job(name="b", seconds=2.0, after=("a",))]
        >>> critical_path(chain)
        3.0
    """
    if not jobs:
        return 0.0
    return simulate(jobs, sum(job.cores for job in jobs), overhead=overhead).makespan


def _graph(jobs: Sequence[Job]) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Return how many jobs each one waits for, and which jobs wait for it."""
    followers: dict[str, list[str]] = {job.name: [] for job in jobs}
    if len(followers) < len(jobs):
        raise ValueError("two jobs have the same name")
    for job in jobs:
        for name in set(job.after):
            if name not in followers:
                raise ValueError(f"{job.name} needs {name}, which is not listed")
            followers[name].append(job.name)
    return {job.name: len(set(job.after)) for job in jobs}, followers
