"""What a claim is, how a rule decides it, and the five verdicts.

A claim has *cases* that must all hold, and *controls*: conditions that its words do not mention but
that it would survive if it were as general as it sounds. Each case turns recorded runs into one
number per seed and compares their mean, or the share of seeds for which something is so, with a
level that was fixed before the runs were made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from halfspace.companion.intervals import mean_interval
from halfspace.companion.spec import Result

__all__ = [
    "EXACT",
    "VERDICTS",
    "Case",
    "Claim",
    "Finding",
    "Verdict",
    "all_nets",
    "cases",
    "runs_named",
]

EXACT = 1e-10
"""Relative difference below which float64 results agree: some thousand roundings."""

Kind = Literal["mean", "share", "equal"]
Verdict = Literal[
    "reproduced", "reproduced under conditions", "not reproduced", "undecided", "pending"
]
VERDICTS: tuple[Verdict, ...] = (
    "reproduced",
    "reproduced under conditions",
    "not reproduced",
    "undecided",
    "pending",
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one case's recorded runs say.

    Attributes:
        case: the case's name.
        effect: mean over seeds, or share of seeds.
        low: lower end of the 95 % interval.
        high: upper end.
        seeds: number of seeds.
        holds: ``True``, ``False``, or ``None`` where the interval is too wide to say.
    """

    case: str
    effect: float
    low: float
    high: float
    seeds: int
    holds: bool | None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One comparison.

    Attributes:
        name: the condition's name, as a reader reads it.
        needs: the recorded runs, ``"study: condition"``.
        value: maps their results to one value per seed, shape (S,); boolean for a share.
        kind: ``"mean"``: the mean over seeds is above zero (Student's 95 % interval) and at least
            ``level``. ``"share"``: the share of seeds is above ``level`` (Wilson's 95 % interval).
            ``"equal"``: the mean's interval lies within ``±level``.
        level: see ``kind``.
    """

    name: str
    needs: tuple[str, ...]
    value: Callable[..., np.ndarray]
    kind: Kind
    level: float

    @property
    def rule(self) -> str:
        """The decision rule in words."""
        runs = " and ".join(self.needs)
        if self.kind == "mean":
            return f"{runs}: 95 % interval of the mean above 0, mean at least {self.level:.3g}"
        if self.kind == "share":
            return f"{runs}: 95 % interval of the share of seeds above {self.level:.3g}"
        return f"{runs}: 95 % interval of the mean within ±{self.level:.3g}"

    def judge(self, results: Mapping[str, Result]) -> Finding:
        """Decide from results by name.

        A seed without a finite value counts as one for which a share's statement is false; a mean
        of such seeds is undecided.
        """
        values = np.asarray(self.value(*(results[name] for name in self.needs)))
        common = dict(case=self.name, seeds=len(values))
        if self.kind == "share":
            test = stats.binomtest(int(values.sum()), len(values)).proportion_ci(method="wilson")
            holds = True if test.low > self.level else False if test.high < self.level else None
            share = float(values.mean())
            return Finding(effect=share, low=test.low, high=test.high, holds=holds, **common)
        if not np.isfinite(values).all():
            nothing = float("nan")
            return Finding(effect=nothing, low=nothing, high=nothing, holds=None, **common)
        mean, low, high = mean_interval(values)
        if self.kind == "mean":
            holds = True if low > 0 and mean >= self.level else None
            if high < max(self.level, 0):
                holds = False
        else:
            holds = True if -self.level < low and high < self.level else None
            if low > self.level or high < -self.level:
                holds = False
        return Finding(effect=mean, low=low, high=high, holds=holds, **common)


def cases(
    needs: Mapping[str, str | tuple[str, ...]],
    value: Callable[..., np.ndarray],
    kind: Kind,
    level: float,
) -> tuple[Case, ...]:
    """Return one case for each name and the recorded run, or runs, that it needs."""
    return tuple(
        Case(
            name=name,
            needs=(runs,) if isinstance(runs, str) else runs,
            value=value,
            kind=kind,
            level=level,
        )
        for name, runs in needs.items()
    )


def runs_named(nets: Mapping[str, str], run: str, label: str = "") -> dict[str, str]:
    """Return each net's run, ``run.format(net)``, by the name that a reader sees."""
    return {f"{name}{label}": run.format(net) for name, net in nets.items()}


def all_nets(
    needs: Mapping[str, str | tuple[str, ...]], value: Callable[..., np.ndarray]
) -> tuple[Case, ...]:
    """Return cases that hold if the value is true of every random net.

    A share of 50 nets has its 95 % interval above 0.9 only if it is all of them.
    """
    return cases(needs, value, "share", 0.9)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim of the paper, or one of ours that tells explanations apart.

    Attributes:
        id: short name.
        text: the claim in our words.
        where: where the paper makes it.
        statistic: what the numbers measure, with its unit.
        cases: all must hold.
        controls: where it should hold too if it is as general as it sounds.
        paper: the paper's number or finding, for the report; empty if it gives none.
        figure: where the book shows it, ``chapters/NAME.html#FIGURE``; empty while it is pending.
    """

    id: str
    text: str
    where: str
    statistic: str
    cases: tuple[Case, ...]
    controls: tuple[Case, ...] = ()
    paper: str = ""
    figure: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """All recorded runs that decide it."""
        return tuple(dict.fromkeys(n for case in self.cases + self.controls for n in case.needs))

    @property
    def rule(self) -> str:
        """The decision rule in words; changing a threshold changes it."""
        parts = [f"{self.statistic}."]
        parts += [f"Case {case.name}: {case.rule}." for case in self.cases]
        parts += [f"Control {case.name}: {case.rule}." for case in self.controls]
        return " ".join(parts)

    def verdict(self, findings: list[Finding] | None) -> Verdict:
        """Return the verdict that the findings of cases and controls, in order, give.

        Reproduced: all cases and controls hold. Under conditions: some case holds, and some case
        or control does not. Not reproduced: no case holds and some fails. Undecided: else. Pending:
        a run is missing.
        """
        if findings is None:
            return "pending"
        cases = [finding.holds for finding in findings[: len(self.cases)]]
        controls = [finding.holds for finding in findings[len(self.cases) :]]
        if all(cases) and all(controls):
            return "reproduced"
        if True in cases and (False in cases + controls or all(cases)):
            return "reproduced under conditions"
        if False in cases and True not in cases:
            return "not reproduced"
        return "undecided"
