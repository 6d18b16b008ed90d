"""Claims: verdicts follow the results, rules come before the runs."""

import functools
import itertools
import json
import math
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from halfspace.companion import registry, rules
from halfspace.companion.circle.claims import CLAIMS as CIRCLE_CLAIMS
from halfspace.companion.circle.conditions import circle_conditions
from halfspace.companion.claims import VERDICTS, Case, Claim, cases
from halfspace.companion.fashion.conditions import fashion_conditions
from halfspace.companion.regions.conditions import region_conditions
from halfspace.companion.registry import CLAIMS, CLAIMS_OF, STUDIES, condition, judge
from halfspace.companion.report import (
    direction,
    finding_text,
    markdown_report,
    report,
    summary,
    summary_by_kind,
    survivors,
    verdict_rows,
)
from halfspace.companion.spec import Result
from halfspace.companion.theory.conditions import theory_conditions

ROOT = Path(__file__).parents[2]
# The other subjects' claims are tested with their own recorded runs.
FAKED = ("theory", "regions", "circle", "fashion", "conjectures", "reallocation")
# The other subjects' claims are tested with their own recorded runs.
FAKED = ("theory", "regions", "circle", "fashion", "conjectures", "reallocation")
SPREAD = np.linspace(-1, 1, 20)  # its mean's 95 % interval is ±0.291


def case(test="above", level=0.5, name="case", needs=("circle: dlgn: base",)):
    return Case(name=name, needs=needs, value=lambda r: r.values, test=test, level=level)


def result(values):
    return Result(None, {"values": np.asarray(values)}, {}, "recorded")


def holds(values, **options):
    return case(**options).judge({"circle: dlgn: base": result(values)}).holds


def test_a_mean_is_above_a_level_or_below_or_too_wide_to_say():
    assert holds(1 + SPREAD) is True
    assert holds(0.6 + SPREAD) is None  # the interval holds the level
    assert holds(0.1 + SPREAD) is False
    assert holds(0.4 + SPREAD, level=0.0) is True  # the sign alone, whatever the size
    assert holds([1, 1, np.nan]) is None
    finding = case().judge({"circle: dlgn: base": result(1 + SPREAD)})
    assert finding.effect == finding.median == pytest.approx(1) and finding.seeds == 20
    assert finding.low == pytest.approx(1 - 0.2915, abs=1e-3) and finding.interval == "t"


def test_a_correlation_is_of_two_values_a_seed():
    pairs = np.stack([SPREAD, SPREAD + np.tile([0.5, -0.5], 10)])
    finding = case(test="correlation", level=0).judge({"circle: dlgn: base": result(pairs)})
    assert finding.holds is True and finding.seeds == 20 and finding.interval == "Fisher"
    assert holds(pairs * [[1], [-1]], test="correlation", level=0) is False
    assert holds(pairs, test="rank correlation", level=0) is True
    assert holds([[1, 2, np.nan, 4], [1, 2, 3, 4]], test="correlation", level=0) is None


def test_equality_is_an_interval_within_the_level():
    assert holds(0.1 + SPREAD, test="equal") is True
    assert holds(0.3 + SPREAD, test="equal") is None
    assert holds(1 + SPREAD, test="equal") is False
    assert holds(-1 + SPREAD, test="equal") is False


def test_a_share_uses_wilsons_interval():
    assert holds([True] * 20, test="share") is True
    assert holds([True] * 12 + [False] * 8, test="share") is None
    assert holds([False] * 20, test="share") is False
    finding = case(test="share").judge({"circle: dlgn: base": result([True] * 20)})
    assert (finding.effect, finding.high) == (1, 1) and finding.low == pytest.approx(
        0.839, abs=1e-3
    )


@pytest.mark.parametrize(
    ("cases", "controls", "verdict"),
    [
        ([True, True], [], "reproduced"),
        ([True], [True], "reproduced"),
        ([True], [True, False], "reproduced under conditions"),
        ([True], [None], "reproduced under conditions"),
        ([True, False], [], "reproduced under conditions"),
        ([True, None], [], "undecided"),
        ([None], [True], "undecided"),
        ([False], [True], "not reproduced"),
        ([False, None], [], "not reproduced"),
    ],
)
def test_verdicts(cases, controls, verdict):
    values = {True: 1 + SPREAD, False: -1 + SPREAD, None: 0.4 + SPREAD}  # the level is 0.5
    claim = Claim(
        id="x", kind="ours", text="", where="", statistic="",
        cases=tuple(case() for _ in cases), controls=tuple(case() for _ in controls),
    )  # fmt: skip
    findings = [case().judge({"circle: dlgn: base": result(values[v])}) for v in cases + controls]
    assert claim.verdict(findings) == verdict
    assert claim.verdict(None) == "pending"


def test_a_verdict_changes_with_the_recorded_result(monkeypatch):
    values = {"now": 1 + SPREAD}
    spec = type("Spec", (), {"recorded": lambda self: result(values["now"])})()
    monkeypatch.setitem(STUDIES, "toy", lambda: {"one": spec})
    built = cases({"a": "toy: one"}, lambda r: r.values, "above", 0.5)
    claim = Claim(id="x", kind="ours", text="", where="", statistic="", cases=built)
    assert judge(claim)[0] == "reproduced"
    values["now"] = -1 + SPREAD
    assert judge(claim)[0] == "not reproduced"
    spec.__class__.recorded = lambda self: None
    assert judge(claim) == ("pending", None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(kind="mine"), "kind must be one of paper, .*; got 'mine'"),
        (dict(kind="paper"), "the paper's claims quote it; x does not"),
        (dict(quote="so"), "only claims of a paper quote it; x is ours"),
        (dict(replaces=("y",)), "a claim that replaces others gives a reason"),
        (dict(why="wrong"), "a claim that replaces others gives a reason"),
    ],
)
def test_a_claim_says_whose_it_is_and_what_it_replaces(changes, message):
    fields = dict(id="x", kind="ours", text="", where="", statistic="", cases=(case(),))
    with pytest.raises(ValueError, match=message):
        Claim(**(fields | changes))


def test_the_register_is_complete_and_every_claim_is_judged():
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    for claim in CLAIMS:
        assert claim.text.endswith(".") and claim.where and claim.statistic and claim.cases
        assert judge(claim)[0] in VERDICTS


def test_cases_are_built_by_name_and_decided_alike():
    one, two = cases({"a": "s: c", "b": ("s: c", "s: d")}, len, "share", 0.8)
    assert (one.name, one.needs) == ("a", ("s: c",))
    assert (two.name, two.needs) == ("b", ("s: c", "s: d"))
    assert all((c.value, c.test, c.level) == (len, "share", 0.8) for c in (one, two))


HALVES = ("top", "bottom")


def fake(spec, seed=0):
    """Return a result with the arrays that the study of this net has, drawn at random."""
    rng, training = np.random.default_rng(seed), spec.training
    shape = (len(getattr(spec, "at", range(5))), training.seeds)
    names = "loss hard_loss log_paths paths zero ntk artefacts overtones".split()
    shapes = {f"{name}_{half}": shape for name in names for half in HALVES}
    kernels = "ntk_start ntk_overlap overlap_start own start first".split()
    kernels += ["changes_own", "changes_others"]
    shapes |= dict.fromkeys(kernels, shape) | {"ntk_others": shape[1:]}
    layers = ["prefer_top", "prefer_bottom"]
    if training.model != "relu" and not training.bias:
        layers += ["resultant", "facing_top", "facing_bottom"]
    shapes |= dict.fromkeys(layers, (2, training.seeds, training.depth))
    arrays = {name: rng.random(shape).astype(np.float32) for name, shape in shapes.items()}
    at = np.array(getattr(spec, "at", range(5)))
    return Result(spec, {"at": at} | arrays, {}, "recorded")


def fake_fashion(spec, seed=0):
    rng, epochs = np.random.default_rng(seed), np.array([0.0, 0.5, 1.0, 5.0, 50.0])
    names = ("accuracy", "hard_accuracy", "log_paths", "paths", "zero")
    arrays = {name: rng.random((len(epochs), spec.seeds, 10)) for name in names}
    arrays |= {f"test_{name}": rng.random((spec.seeds, 10)) for name in names[:2]}
    arrays |= {f"{name}_within": rng.random((2, spec.seeds, 10)) for name in ("overlap", "ntk")}
    kernels = [f"{name}_{other}" for name in ("overlap", "ntk") for other in ("labels", "pixels")]
    arrays |= {name: rng.random((2, spec.seeds)) for name in kernels}
    arrays["predicted"] = rng.integers(0, 10, (spec.seeds, 1000))
    chosen = [spec.complex_classes(spec.first_seed + i) for i in range(spec.seeds)]
    arrays["complex"] = np.array([[c in classes for c in range(10)] for classes in chosen])
    small = {name: values.astype(np.float32) for name, values in arrays.items()}
    return Result(spec, {"epochs": epochs} | small, {}, "recorded")


def fake_middle(spec, seed=0):
    """Return a result with the arrays of ``FashionMiddle`` and ``FashionAccuracy``."""
    rng, seeds = np.random.default_rng(seed), spec.seeds
    names = ("accuracy", "paths", "zero", "overlap_within", "ntk_within")
    arrays = {name: rng.random((3, seeds, 10)) for name in names}
    for kernel in ("overlap", "ntk"):
        arrays |= {f"{kernel}_start": rng.random((3, seeds)), f"{kernel}_twin": rng.random(seeds)}
    arrays |= {"middle_epoch": rng.random(seeds), "test_accuracy": rng.random((seeds, 10))}
    arrays["complex"] = np.tile(np.arange(10) >= 5, (seeds, 1))
    return Result(spec, arrays, {}, "recorded")


def fake_theory(spec, seed=0):
    """Return a result with all arrays that any of the studies of Sections 2 and 3 has."""
    rng, seeds = np.random.default_rng(seed), seeds_of(spec)
    names = "sum soft overlap count descent ridge union clip".split()
    names = [f"{name}_gap" for name in names] + "apart several faces path pattern jump".split()
    shapes = dict.fromkeys([*names, "union_patterns", "paths"], (seeds,))
    looks = (len(spec.at), seeds) if hasattr(spec, "at") else (seeds,)
    shapes |= dict(patterns=looks, disconnected=looks)
    shapes |= dict.fromkeys(("errors", "ratios"), (seeds, len(getattr(spec, "widths", ()))))
    return Result(spec, {name: rng.random(shape) for name, shape in shapes.items()}, {}, "recorded")


def seeds_of(spec):
    return getattr(spec, "training", getattr(spec, "relu", spec)).seeds


KINDS_OF_VALUES = ("fresh", "continued", "kernel")
ALONG_GATES = [f"{kind}{gates}" for kind in KINDS_OF_VALUES for gates in ("", "_matched")]
OTHER_GATES = ("random", "softened", "hard_random", "hard_trained")
BY_STUDY = {
    "CircleFreezing": ["loss", *ALONG_GATES],
    "FashionFreezing": ["accuracy", *ALONG_GATES],
    "CircleSurrogate": [
        f"{name}_{who}"
        for name in ("function", "overlap", "ntk")
        for who in ("own", "others", "relu")
    ]
    + [f"paths_{half}_{net}" for half in HALVES for net in ("relu", "dlgn")],
    "CircleSwap": ["ntk_start", "ntk_end_gates", "ntk_end_values"],
    "CircleReallocation": [
        f"{name}_{half}" for name in ("loss", "between", "paths", "zero") for half in HALVES
    ],
    "FashionReallocation": ["accuracy", "paths"],
}


def fake_conjecture(spec, seed=0):
    """Return a result with the arrays of the spec's own study, drawn at random."""
    rng, study = np.random.default_rng(seed), type(spec).__name__
    at, classes = getattr(spec, "at", (0, 1)), (10,) if study.startswith("Fashion") else ()
    shape = (len(at), seeds_of(spec), *classes)
    arrays = {name: rng.random(shape) for name in BY_STUDY[study]} | {"at": np.array(at)}
    if study.endswith("Freezing"):
        names = [f"{kind}_{gates}" for kind in ("fresh", "kernel") for gates in OTHER_GATES]
        arrays |= {name: rng.random(shape[1:]) for name in names}
        arrays["sample_loss"] = rng.random(shape[:2])
    if study == "CircleSwap":
        arrays |= {name: rng.random(shape[1]) for name in BY_STUDY[study]}
    if study == "FashionReallocation":
        arrays["test_accuracy"] = rng.random(shape[1:])
    if study == "CircleReallocation":
        arrays["fit_epoch"] = rng.choice([20.0, 50.0, np.nan], shape[1])
    return Result(spec, arrays, {}, "recorded")


def test_every_case_gives_one_value_per_seed():
    found = {}
    for study in ("circle", "circle kernels", "linearised"):
        found |= {
            f"{study}: {name}": fake(spec, seed)
            for seed, (name, spec) in enumerate(STUDIES[study]().items())
        }
    found |= {
        f"fashion: {name}": fake_fashion(spec, seed)
        for seed, (name, spec) in enumerate(fashion_conditions().items())
    }
    found |= {f"theory: {name}": fake_theory(spec) for name, spec in theory_conditions().items()}
    found |= {f"regions: {name}": fake_theory(spec) for name, spec in region_conditions().items()}
    for study in ("fashion-middle", "fashion-between"):
        found |= {f"{study}: {n}": fake_middle(s) for n, s in STUDIES[study]().items()}
    for study in ("freezing", "surrogate", "swap", "reallocation"):
        found |= {f"{study}: {n}": fake_conjecture(s) for n, s in STUDIES[study]().items()}
    for claim in itertools.chain(*(CLAIMS_OF[subject] for subject in FAKED)):
        for part in claim.cases + claim.controls:
            finding = part.judge(found)
            units = min(seeds_of(found[name].spec) for name in part.needs)  # frozen nets are fewer
            if claim.id == "surrogate-tasks":  # its units are conditions
                units = len(part.needs) / 2
            assert finding.seeds == units, (claim.id, part.name)
            assert finding.low <= finding.effect <= finding.high


def test_fashion_gaps_are_simple_minus_complex():
    result = fake_fashion(fashion_conditions()["relu: raw: modified"])
    assert result.complex[0].tolist() == [0] * 5 + [1] * 5
    gain = next(c for c in CLAIMS if c.id == "fashion-simple-gains-2").cases[0].value(result)
    paths = result.paths.astype(np.float64)
    gap = np.log(paths[..., :5].mean(-1) / paths[..., 5:].mean(-1))
    np.testing.assert_allclose(gain, gap[-1] - gap[0])
    effect = next(c for c in CLAIMS if c.id == "fashion-label-effect-early-2").cases[0].value
    row = result.epochs.tolist().index(1.0)
    np.testing.assert_allclose(effect(result, result), 0)
    shifted = fake_fashion(result.spec)
    shifted.arrays["paths"][..., :5] *= math.e
    np.testing.assert_allclose(effect(shifted, result), 0.5, atol=1e-6)
    assert np.isfinite(gap[row]).all()


def test_statistics_read_the_half_that_the_target_says():
    specs = circle_conditions()
    by_id = {claim.id: claim for claim in CIRCLE_CLAIMS}
    for own, sign in (("dlgn: base", 1), ("dlgn: halves swapped", -1)):
        result = fake(specs[own])
        ratio = np.log((result.paths_top + 1 / 128) / (result.paths_bottom + 1 / 128))
        gap = ratio[-1] - ratio[0]
        (part,) = [case for case in by_id["paths-stay-2"].cases if case.name == "DLGN"]
        np.testing.assert_allclose(part.value(result), sign * gap, atol=1e-6)
        np.testing.assert_allclose(
            part.judge({"circle: dlgn: base": result}).effect, sign * gap.mean(), atol=1e-6
        )


def test_a_threshold_is_part_of_the_rule():
    first, second = (
        Claim(id="x", kind="ours", text="", where="", statistic="s", cases=(case(level=level),))
        for level in (0.5, 0.6)
    )
    assert first.rule != second.rule


def test_the_rules_file_is_up_to_date():
    kept = json.loads(rules.RULES.read_text(encoding="utf8"))
    assert kept == {claim.id: claim.rule for claim in CLAIMS}, "write them anew"


def test_a_rule_whose_runs_are_recorded_cannot_change(tmp_path, monkeypatch):
    path = tmp_path / "rules.json"
    rules.write_rules(path)
    assert json.loads(path.read_text(encoding="utf8"))[CLAIMS[0].id] == CLAIMS[0].rule
    path.write_text(json.dumps({CLAIMS[0].id: "another rule"}))
    monkeypatch.setattr(rules, "judge", lambda claim: ("undecided", []))
    with pytest.raises(ValueError, match=f"the rule of {CLAIMS[0].id} is fixed"):
        rules.write_rules(path)
    monkeypatch.setattr(rules, "judge", lambda claim: ("pending", None))
    rules.write_rules(path)
    assert json.loads(path.read_text(encoding="utf8"))[CLAIMS[0].id] == CLAIMS[0].rule


def git(*command, root=ROOT):
    return subprocess.run(["git", "-C", str(root), *command], capture_output=True, text=True)


def why_history_is_missing(root):
    """Say why commits cannot be looked up, in a folder; nothing where they can."""
    try:
        shallow = git("rev-parse", "--is-shallow-repository", root=root).stdout.strip()
    except FileNotFoundError:
        return "git is not installed"
    return {"false": "", "true": "this is a shallow clone"}.get(shallow, "this is no clone")


def test_rules_are_older_than_the_runs_they_judge():
    if why := why_history_is_missing(ROOT):
        pytest.skip(f"{why}: the rules' history is not here")
    rules_at = functools.cache(lambda commit: git("show", f"{commit}:data/rules.json"))
    for claim in CLAIMS:
        for name in claim.needs:
            recorded = condition(name).recorded()
            if recorded is None or claim.seen:
                continue
            shown = rules_at(recorded.provenance["commit"])
            assert shown.returncode == 0, f"{name} was recorded before any rule was committed"
            assert json.loads(shown.stdout).get(claim.id) == claim.rule, (claim.id, name)


def test_where_history_is_missing(tmp_path, monkeypatch):
    whole, shallow = tmp_path / "whole", tmp_path / "shallow"
    git("init", "-q", str(whole))
    for text in ("one", "two"):
        author = ("-c", "user.name=a", "-c", "user.email=a@b")
        git(*author, "commit", "-q", "--allow-empty", "-m", text, root=whole)
    git("clone", "-q", "--depth", "1", f"file://{whole}", str(shallow))
    assert why_history_is_missing(whole) == ""
    assert why_history_is_missing(shallow) == "this is a shallow clone"
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()
    assert why_history_is_missing(tmp_path / "plain") == "this is no clone"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert why_history_is_missing(whole) == "git is not installed"


@pytest.fixture
def toy_report(monkeypatch, tmp_path):
    provenance = {"when": "2026-01-02T03:04:05", "commit": "abc", "device": "CPU"}
    found = Result(None, {"values": 1 + SPREAD}, provenance, "recorded")
    toy = {"recorded": lambda self: found, "record_path": lambda self: tmp_path / "Toy" / "key"}
    missing = toy | {"recorded": lambda self: None}
    listed = {name: type("Spec", (), made)() for name, made in dict(one=toy, two=missing).items()}
    monkeypatch.setitem(STUDIES, "toy", lambda: listed)
    parts = dict(kind="ours", where="Section 4", statistic="s", paper="3 of 4", figure="fig-b")
    wide = case(name="wide", needs=("toy: one",), level=9.0)
    held = case(name="held", needs=("toy: one",))
    claims = (
        Claim(id="a", text="One.", cases=(held,), controls=(wide,), **parts),
        Claim(id="b", text="Two.", cases=(case(name="other", needs=("toy: two",)),), **parts),
    )
    monkeypatch.setattr(registry, "CLAIMS_OF", {"toy": claims})
    return report()


def test_the_report_tells_claims_numbers_rules_and_runs(toy_report):
    first, second = json.loads(json.dumps(toy_report, allow_nan=False))
    assert first["verdict"] == "reproduced under conditions" and second["verdict"] == "pending"
    assert [finding["control"] for finding in first["findings"]] == [False, True]
    assert first["findings"][0]["effect"] == pytest.approx(1)
    assert first["figure"] == "fig-b" and first["worded"] == "holds under conditions"
    (run,) = first["runs"]
    assert run == {
        "name": "toy: one", "file": "data/results/Toy/key.npz", "when": "2026-01-02T03:04:05",
        "commit": "abc", "device": "CPU",
    }  # fmt: skip
    held, wide = first["findings"]
    assert (held["holm"], wide["holm"]) == (
        held["p"],
        2 * wide["p"],
    )  # the smaller one counts twice
    assert survivors(toy_report) == {"toy": (2, 2)}
    assert summary_by_kind(toy_report) == {"ours": summary(toy_report)}
    assert second["findings"] == second["runs"] == [] and "level" not in second["rule"]
    assert summary(toy_report) == {
        "reproduced": 0, "reproduced under conditions": 1, "not reproduced": 0, "undecided": 0,
        "pending": 1,
    }  # fmt: skip


def test_a_chapter_gets_the_rows_of_some_claims(toy_report):
    first, second = verdict_rows(registry.CLAIMS_OF["toy"], "a", "b")
    assert first["claim"] == "One." and first["verdict"] == "◐ holds under conditions"
    assert first["claim"].address == "../reproduction.html#claim-a"
    assert first["claim"].name == "verdict-a"
    assert first["ours"] == "held: 1.00 (0.71 to 1.29), above 0.5"  # cases alone, no controls
    assert second["ours"] == "no run yet" and second["verdict"] == "… pending"
    assert first["measured"] == "s"
    claim = registry.CLAIMS_OF["toy"][0]
    claim = replace(claim, cases=(replace(claim.cases[0], factor=True),))
    assert verdict_rows([claim])[0]["measured"] == "s; logarithms are shown as factors"
    with pytest.raises(ValueError, match="id must be one of a, b; got 'c'"):
        verdict_rows(registry.CLAIMS_OF["toy"], "c")
    assert verdict_rows(registry.CLAIMS_OF["toy"]) == [first, second]


def test_the_markdown_has_every_claim_and_rule(toy_report):
    text = markdown_report(toy_report)
    held = "held: 1.00 (0.71 to 1.29), above 0.5; wide: 1.00 (0.71 to 1.29), below 9"
    assert f"| One. | ours | Section 4 | 3 of 4 | {held} | holds under conditions |" in text
    assert "| Two. | ours | Section 4 | 3 of 4 | no run yet | pending |" in text
    assert all(f"- **{entry['id']}**: {entry['rule']}" in text for entry in toy_report)


def finding(effect, low, high, **changes):
    """Return a finding of an entry of the report, tested on being above 0."""
    told = {"effect": effect, "low": low, "high": high, "level": 0.0, "test": "above"}
    return told | {"factor": False, "holds": None, "seeds": 50} | changes


def test_a_finding_is_told_in_the_unit_that_a_reader_knows():
    assert finding_text(finding(None, None, None)).startswith("not finite")
    assert finding_text(finding(-1.0, -2.0, 0.5)) == "−1.00 (−2.00 to 0.50)"
    assert finding_text(finding(-0.001, -0.004, 0.5)) == "0.00 (0.00 to 0.50)"  # no minus zero
    assert finding_text(finding(0.004, 0.0001, 0.0079)) == "0.0040 (0.0001 to 0.0079)"
    assert finding_text(finding(1e-6, 9e-7, 1.1e-6)) == (
        "1.0 × 10⁻⁶ (9.0 × 10⁻⁷ to 1.1 × 10⁻⁶)".replace(" × ", "\u00a0×\u00a0")
    )
    ten = math.log(10)
    assert finding_text(finding(ten, 0.0, 4 * ten, factor=True)) == "×10 (1 to 10\u202f000)"
    assert finding_text(finding(-2 * ten, -3 * ten, 0, factor=True)) == "×0.01 (0.001 to 1.00)"
    assert finding_text(finding(0.5, 0.25, 0.75, test="share")) == "50 % (25 to 75)"
    assert finding_text(finding(1.0, 0.9, 1.0, test="share")) == "all 50"
    assert finding_text(finding(0.0, 0.0, 0.1, test="share")) == "none of 50"
    assert finding_text(finding(1.0, 0.0, 2.0), "effect") == "1.00"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (dict(holds=True), "above 0"),
        (dict(holds=False), "below 0"),
        (dict(holds=None), "includes 0"),
        (dict(holds=True, factor=True), "above ×1"),
        (dict(holds=False, test="share", level=0.5), "below 50 %"),
        (dict(holds=True, test="equal", level=3.0), "within ±3"),
        (dict(holds=False, test="equal", level=0.5), "above, beyond +0.5"),
        (dict(holds=False, test="equal", level=0.5, low=-3, high=-1), "below, beyond −0.5"),
        (dict(holds=None, test="equal", level=1.5), "includes +1.5"),
        (dict(holds=None, test="equal", level=1.5, low=-2, high=2), "includes −1.5 and +1.5"),
        (dict(holds=None, effect=None), "no number for some seeds"),
    ],
)
def test_the_direction_of_a_finding_is_named(changes, told):
    assert direction(finding(1.2, 1.0, 2.0) | changes) == told


def test_the_paper_is_reproduced_and_what_is_ours_holds_or_helps():
    def worded(verdict, **changes):
        parts = dict(kind="ours", text="", where="", statistic="", cases=()) | changes
        return Claim(id="x", **parts).worded(verdict)

    assert worded("reproduced", kind="paper", quote="so") == "reproduced"
    assert worded("not reproduced", kind="reading") == "not reproduced"
    assert worded("not reproduced", kind="related", quote="so") == "not reproduced"
    assert worded("not reproduced", kind="proved") == "does not hold"
    assert worded("reproduced under conditions") == "holds under conditions"
    assert worded("not reproduced", idea=True) == "does not help"
    assert worded("undecided", idea=True) == "undecided"
    ideas = {claim.id for claim in CLAIMS if claim.idea}
    assert ideas == {claim.id for claim in CLAIMS if claim.id.startswith("reallocate-")}


def test_the_cases_of_a_claim_have_different_names_that_tell_their_setting():
    for claim in CLAIMS:
        labels = [part.label or part.name for part in claim.cases + claim.controls]
        assert len(set(labels)) == len(labels), claim.id
        for label, part in zip(labels, claim.cases + claim.controls, strict=True):
            assert not re.search(r"\bbeta \d|gating gain|amplitude of", label), label
            of_images = [run for run in part.needs if re.match(r"fashion(-middle)?: .*: .*: ", run)]
            for setting in {run.split(": ")[3] for run in of_images}:
                assert "halves" in label or setting in label, (claim.id, label)


def test_what_is_shown_as_a_factor_is_a_logarithm():
    for claim in CLAIMS:
        if any(part.factor for part in claim.cases + claim.controls):
            assert re.search(r"\bln\b", claim.statistic), claim.id
