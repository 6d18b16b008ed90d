"""Claims, the rules that decide them, and the five verdicts.

A claim has *cases* that must all hold, and *controls*: conditions that its words do not mention but
that it would survive if it were as general as it sounds. Each case turns recorded runs into one
number per seed. The sign decides: on which side of a level the 95 % interval of these numbers lies.
The level is 0 unless the paper gives another one. The size is shown beside the verdict.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from halfspace.companion.inference import Estimate, correlation, mean_or_skewed, share
from halfspace.companion.spec import Result

__all__ = [
    "EXACT",
    "KINDS",
    "SIGNS",
    "VERDICTS",
    "Case",
    "Claim",
    "Finding",
    "Kind",
    "Verdict",
    "all_nets",
    "cases",
    "relabelled",
    "runs_named",
]

EXACT = 1e-10
"""Relative difference below which float64 results agree: some thousand roundings."""

Test = Literal["above", "share", "equal", "correlation", "rank correlation"]
Kind = Literal["proved", "paper", "reading", "control", "related", "ours"]
KINDS: dict[Kind, str] = {
    "paper": "the paper's",
    "reading": "our reading of the paper",
    "control": "a control",
    "related": "another paper's",
    "ours": "ours",
    "proved": "proved, checked numerically",
}
"""The kinds of claims, and their names for readers. Proved claims do not count as evidence."""

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

SIGNS: dict[Verdict, str] = dict(zip(VERDICTS, "✓◐✗?…", strict=True))
"""What stands before a verdict in whatever words."""

_HOLDS = ("holds", "holds under conditions", "does not hold")
_HELPS = ("helps", "helps under conditions", "does not help")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one case, from its recorded runs.

    Attributes:
        case: the case's name.
        effect: mean over seeds, share of seeds, or correlation.
        low: lower end of the 95 % interval.
        high: upper end.
        median: median over seeds; for a share or a correlation, the effect.
        p: two-sided p-value against the level; for an equality, the larger of the two one-sided
            ones.
        interval: ``"t"``, ``"bootstrap"``, ``"Wilson"`` or ``"Fisher"``.
        seeds: number of seeds, or of other items that are correlated.
        holds: ``True``, ``False``, or ``None`` where the interval is too wide to say.
    """

    case: str
    effect: float
    low: float
    high: float
    median: float
    p: float
    interval: str
    seeds: int
    holds: bool | None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One comparison.

    Attributes:
        name: the condition's name for readers.
        needs: the recorded runs, ``"study: condition"``.
        value: maps their results to one value per seed, shape (S,); boolean for a share; for a
            correlation the two values of each seed, or of each condition, shape (2, S).
        test: ``"above"``: the interval of the mean over seeds lies above ``level``. ``"share"``:
            the interval of the share of seeds does. ``"equal"``: the interval of the mean lies
            within ``±level``. ``"correlation"``, ``"rank correlation"``: its interval lies above
            ``level``.
        level: 0 unless the paper gives a size; for a share, the majority; for an equality, a
            yardstick that the statistic names.
        label: the name that a reader sees, if the rule's name is too short; display only.
        factor: whether a reader sees the values, natural logarithms, as factors; display only.
    """

    name: str
    needs: tuple[str, ...]
    value: Callable[..., np.ndarray]
    test: Test
    level: float = 0.0
    label: str = ""
    factor: bool = False

    @property
    def rule(self) -> str:
        """The decision rule in words."""
        runs = " and ".join(self.needs)
        interval = {
            "share": "the share of seeds",
            "correlation": "the correlation",
            "rank correlation": "the rank correlation",
        }.get(self.test, "the mean")
        where = "within ±" if self.test == "equal" else "above "
        return f"{runs}: 95 % interval of {interval} {where}{self.level:.3g}"

    def judge(self, results: Mapping[str, Result]) -> Finding:
        """Decide from results by name.

        A seed without a finite value counts as one for which a share's statement is false; a mean
        or correlation of such seeds is undecided.
        """
        values = np.asarray(self.value(*(results[name] for name in self.needs)))
        if self.test == "share":
            estimate = share(values, self.level)
        elif not np.isfinite(values).all():
            estimate = Estimate.unknown()
        elif self.test == "correlation":
            estimate = correlation(*values, self.level)
        elif self.test == "rank correlation":
            estimate = correlation(*values, self.level, ranks=True)
        else:
            estimate = mean_or_skewed(values, self.level, equal=self.test == "equal")
        return Finding(
            case=self.name,
            seeds=values.shape[-1],
            holds=self._holds(estimate.low, estimate.high),
            **vars(estimate),
        )

    def _holds(self, low: float, high: float) -> bool | None:
        below = -self.level if self.test == "equal" else self.level
        above = self.level if self.test == "equal" else np.inf
        if below < low and high < above:
            return True
        if high < below or low > above:
            return False
        return None


def cases(
    needs: Mapping[str, str | tuple[str, ...]],
    value: Callable[..., np.ndarray],
    test: Test,
    level: float = 0.0,
    *,
    factor: bool = False,
) -> tuple[Case, ...]:
    """Return one case for each name and the recorded run, or runs, that it needs."""
    return tuple(
        Case(
            name=name,
            needs=(runs,) if isinstance(runs, str) else runs,
            value=value,
            test=test,
            level=level,
            factor=factor,
        )
        for name, runs in needs.items()
    )


def relabelled(claims: Iterable["Claim"], label: Callable[[Case], str]) -> tuple["Claim", ...]:
    """Return claims whose cases and controls a reader sees under other names."""

    def renamed(parts: tuple[Case, ...]) -> tuple[Case, ...]:
        return tuple(replace(part, label=label(part)) for part in parts)

    return tuple(
        replace(claim, cases=renamed(claim.cases), controls=renamed(claim.controls))
        for claim in claims
    )


def runs_named(nets: Mapping[str, str], run: str, label: str = "") -> dict[str, str]:
    """Return each net's run, ``run.format(net)``, by the name that a reader sees."""
    return {f"{name}{label}": run.format(net) for name, net in nets.items()}


def all_nets(
    needs: Mapping[str, str | tuple[str, ...]], value: Callable[..., np.ndarray]
) -> tuple[Case, ...]:
    """Return cases that hold if the value is true of every random net.

    A share of 50 nets has its 95 % interval above 0.9 only if all nets count.
    """
    return cases(needs, value, "share", 0.9)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim of a paper, or one of ours that tells explanations apart.

    Attributes:
        id: short name.
        kind: a key of ``KINDS``.
        text: the claim in our words.
        where: where the paper makes it.
        quote: the sentence of the paper, or of the related one, or the part of it that is claimed.
        statistic: what the numbers measure, with its unit.
        cases: all must hold.
        controls: where it should hold too if it is as general as it sounds.
        paper: the paper's number or finding, for the report; empty if it gives none.
        figure: the name of the figure that shows it, or the id of the section; may be empty while
            no run is recorded.
        seen: which of its runs' results were known when the rule was written; empty for none.
        replaces: ids of the first edition's claims that it replaces.
        why: why they were replaced.
        idea: whether it is a change of the method, which helps or does not.
    """

    id: str
    kind: Kind
    text: str
    where: str
    statistic: str
    cases: tuple[Case, ...]
    controls: tuple[Case, ...] = ()
    quote: str = ""
    paper: str = ""
    figure: str = ""
    seen: str = ""
    replaces: tuple[str, ...] = ()
    why: str = ""
    idea: bool = False

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {self.kind!r}")
        if self.kind == "paper" and not self.quote:
            raise ValueError(f"the paper's claims quote it; {self.id} does not")
        if self.quote and self.kind not in ("paper", "related"):
            raise ValueError(f"only claims of a paper quote it; {self.id} is {KINDS[self.kind]}")
        if bool(self.replaces) != bool(self.why):
            raise ValueError(
                f"only a claim that replaces others gives a reason, and each does; {self.id}"
            )

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

    def worded(self, verdict: Verdict) -> str:
        """Return a verdict in the words that a reader sees.

        A paper is reproduced or not; what is ours, proved or a control holds or not; an idea helps
        or does not.
        """
        if self.kind in ("paper", "reading", "related") or verdict not in VERDICTS[:3]:
            return verdict
        return (_HELPS if self.idea else _HOLDS)[VERDICTS.index(verdict)]

    def verdict(self, findings: list[Finding] | None) -> Verdict:
        """Return the verdict from the findings of cases and controls, in order.

        Reproduced: all cases and controls hold. Under conditions: some case holds, and some case
        or control does not. Not reproduced: no case holds and some fails. Undecided: otherwise.
        Pending: a run is missing.
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
