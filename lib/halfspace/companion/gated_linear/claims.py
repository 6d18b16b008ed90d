"""Claims on gated linear nets, with rules that were committed before the runs that they judge."""

from functools import partial

from halfspace.companion.claims import Claim, all_nets, cases
from halfspace.companion.gated_linear import readings
from halfspace.companion.gated_linear.conditions import BESIDE, REFRESHED, SCALES, XOR_SCALES
from halfspace.companion.gated_linear.data import PATHWAYS

__all__ = ["CLAIMS"]

_PAPER = "Related: Jarvis, Klein, Rosman and Saxe 2025, abstract"
_OURS = "Related: Jarvis, Klein, Rosman and Saxe 2025; the statement is ours"
_SEEN = (
    "numbers of a prototype on seeds 0 to 4, 100 to 109 (held-out pairs: 0 to 9); "
    "these seeds are new"
)
_STD = "1e-03"


def _relu(contexts: int | str, std: str = _STD) -> str:
    return f"gated-contexts: relu: {contexts} contexts: {std}"


def _relus(*contexts: int) -> dict[str, str]:
    return {f"{number} contexts": _relu(number) for number in contexts}


def _set(pathways: str, std: str = _STD, contexts: int = 3) -> str:
    return f"gated-contexts: {pathways}: {contexts} contexts: {std}"


def _scaled(pathways: str) -> tuple[str, ...]:
    gated = tuple(_set(pathways, std) for std in SCALES[1:])
    return gated + tuple(_relu(3, std) for std in SCALES[1:])


def _at(std: str) -> str:
    return f"std {float(std):g}"


_EXACT_RUNS = {
    f"{pathways}, {contexts} contexts": f"gated-exact: {pathways}: {contexts} contexts"
    for contexts in (3, 4)
    for pathways in PATHWAYS[:3]
}
_CONTEXTS = _relus(3, 4)
_OTHER_TASKS = {
    "std 0.03": _relu(3, "3e-02"),
    "std 0.01": _relu(3, "1e-02"),
    "blocks permuted": _relu("3 contexts, permuted").replace(" contexts: ", ": "),
    "no common block": _relu("3 contexts, no common").replace(" contexts: ", ": "),
}
_LAZY = {"std 0.1": _relu(3, "1e-01")}
_HELD_OUT = "gated-held-out: {}"
_BESIDE_RUNS = tuple(f"gated-xor: beside the crossing: {std}" for std in XOR_SCALES)


CLAIMS = (
    Claim(
        id="gated-copies",
        kind="proved",
        text="A ReLU net is a gated linear net whose gates are copied from its own weights.",
        where=_PAPER,
        statistic="share of nets whose loss differs by less than 1e-10 of it, at all of 1500 "
        "steps, from that of a linear net with gates taken from its own weights before each step",
        cases=all_nets({"3 contexts": "gated-exact: copied gates"}, readings.agrees),
        figure="one-net-two-ways-to-see-it",
        seen=_SEEN,
    ),
    Claim(
        id="gated-stale",
        kind="ours",
        text="A net that keeps its gates for several steps, or from the start on, has a small loss "
        "under these gates sooner than the ReLU net.",
        where=_OURS,
        statistic="ln of the time to a loss of 0.1: of the ReLU net over that of the net with "
        "older gates",
        cases=cases(
            {
                f"every {steps} steps" if steps < 1500 else "frozen from the start": (
                    _relu(3),
                    f"gated-contexts: relu, gates every {steps}: 3 contexts: {_STD}",
                )
                for steps in REFRESHED
            },
            readings.drops,
            "above",
            factor=True,
        ),
        figure="fig-gated-stale",
        seen=_SEEN,
    ),
    Claim(
        id="gated-reduction",
        kind="proved",
        text="With gates that depend on the context alone, gradient descent of a gated linear net "
        "is that of its modes.",
        where="Related: Saxe, Sodhani and Lewallen 2022; the reduction for contexts is ours",
        statistic="share of starts, aligned with the modes, for which the losses of net and modes "
        "differ by less than 1e-10 of them at all of 1000 steps",
        cases=all_nets(_EXACT_RUNS, readings.agrees),
        figure="modes-and-sigmoids",
        seen=_SEEN,
    ),
    Claim(
        id="gated-reduction-limits",
        kind="control",
        text="The reduction to modes is not exact where a gate depends on the item, or a context "
        "lacks an item.",
        where="Related: Saxe, Sodhani and Lewallen 2022; the reduction for contexts is ours",
        statistic="share of starts for which the losses of net and modes differ by more than 1e-10 "
        "of them at some step",
        cases=all_nets(
            {"a gate of an item": _EXACT_RUNS["leave-one-out, 3 contexts"]},
            partial(readings.breaks, gap="gap_items"),
        )
        + all_nets(
            {"an item missing": _EXACT_RUNS["leave-one-out, 3 contexts"]},
            partial(readings.breaks, gap="gap_missing"),
        ),
        figure="modes-and-sigmoids",
        seen=_SEEN,
    ),
    Claim(
        id="gated-sigmoid",
        kind="proved",
        text="Along one pathway a mode is learned as a sigmoid.",
        where="Related: Saxe, McClelland and Ganguli 2014",
        statistic="share of random strengths, powers and starts for which the sigmoid and the "
        "integrated gradient flow differ by less than 1e-10 of the final value",
        cases=all_nets({"one pathway": "gated-exact: sigmoid"}, readings.agrees),
        figure="modes-and-sigmoids",
        seen=_SEEN,
    ),
    Claim(
        id="gated-prediction",
        kind="ours",
        text="The modes predict a gated linear net's times from random weights better with the "
        "derived amplitude than with half or twice of it.",
        where=_OURS,
        statistic="mean over six losses of the distance of the logarithms of simulated and "
        "predicted time: with half or twice the derived amplitude, whichever is better, minus with "
        "the derived one",
        cases=cases(
            {
                f"{pathways}, {contexts} contexts": _set(pathways, contexts=contexts)
                for contexts in (3, 4)
                for pathways in PATHWAYS[:3]
            },
            readings.prediction_gain,
            "above",
        ),
        controls=cases(
            {
                f"{pathways}, {_at(std)}": _set(pathways, std)
                for std in ("1e-02", "1e-04")
                for pathways in PATHWAYS[1:3]
            },
            readings.prediction_gain,
            "above",
        ),
        figure="fig-gated-losses",
        seen=_SEEN,
    ),
    Claim(
        id="gated-not-modular",
        kind="related",
        text="The units of a ReLU net are reused between contexts rather than modular.",
        where=_PAPER,
        quote="latent representations which are not strictly modular or disentangled but are still "
        "highly structured and reusable between contexts",
        statistic="share of the hidden units' energy in units that are on in two or more "
        "contexts, minus the share in units that are on in one",
        cases=cases(_relus(3, 4, 5, 6), readings.mixed_excess, "above"),
        controls=cases(
            {"2 contexts": _relu(2)} | _LAZY | _OTHER_TASKS, readings.mixed_excess, "above"
        )
        + cases(
            {f"{name}, change since the start": run for name, run in _relus(3, 4, 5, 6).items()},
            readings.mixed_gain,
            "above",
        ),
        figure="fig-gated-census",
        seen=_SEEN,
    ),
    Claim(
        id="gated-all-but-one",
        kind="ours",
        text="Started small, most of a ReLU net is in units that are on in all contexts but one.",
        where=_OURS,
        statistic="share of the hidden units' energy in units that are on in all contexts but one, "
        "minus the majority's one half",
        cases=cases(_CONTEXTS, readings.majority_excess, "above"),
        controls=cases(
            _relus(2, 5, 6) | _LAZY | _OTHER_TASKS,
            readings.majority_excess,
            "above",
        ),
        figure="fig-gated-census",
        seen=_SEEN,
    ),
    Claim(
        id="gated-all-but-one-learned",
        kind="ours",
        text="The share of a ReLU net in units that are on in all contexts but one grows in "
        "training.",
        where=_OURS,
        statistic="change, over training, of the share of energy in units that are on in all "
        "contexts but one",
        cases=cases(_CONTEXTS, readings.on_gain, "above"),
        controls=cases(
            _relus(2, 5, 6) | _LAZY | _OTHER_TASKS,
            readings.on_gain,
            "above",
        ),
        figure="fig-gated-census",
        seen=_SEEN,
    ),
    Claim(
        id="gated-always-on-first",
        kind="ours",
        text="The units that grow first are on in every context.",
        where=_OURS,
        statistic="at time 10, share of the hidden units' energy in units that are on in every "
        "context, minus one half",
        cases=cases(_CONTEXTS, readings.always_on_early, "above"),
        controls=cases(
            _relus(2, 5, 6) | _OTHER_TASKS,
            readings.always_on_early,
            "above",
        ),
        figure="fig-gated-census",
        seen=_SEEN,
    ),
    Claim(
        id="gated-by-context-alone",
        kind="ours",
        text="Most of a ReLU net is in units whose gate depends on the context alone.",
        where=_OURS,
        statistic="share of the hidden units' energy in units that are on for all items or for "
        "none in each context, minus one half",
        cases=cases(_CONTEXTS, readings.alone_share, "above"),
        figure="fig-gated-gates",
        seen=_SEEN,
    ),
    Claim(
        id="gated-reuse-contexts",
        kind="related",
        text="Reuse grows with the number of contexts.",
        where=_PAPER,
        quote="This effect is amplified with the addition of more contexts and hidden layers.",
        statistic="effective number of contexts of a hidden unit, weighted by energy, minus that "
        "at the start: with one context more minus with one fewer",
        cases=cases(
            {f"{c + 1} over {c} contexts": (_relu(c + 1), _relu(c)) for c in (2, 3, 4, 5)},
            readings.reuse_gain,
            "above",
        ),
        controls=cases(
            {"5 over 3 contexts, std 0.1": (_relu(5, "1e-01"), _relu(3, "1e-01"))},
            readings.reuse_gain,
            "above",
        ),
        figure="fig-gated-reuse",
        seen=_SEEN,
    ),
    Claim(
        id="gated-reuse-depth",
        kind="related",
        text="Reuse grows with the number of hidden layers.",
        where=_PAPER,
        quote="This effect is amplified with the addition of more contexts and hidden layers.",
        statistic="effective number of contexts of a first-layer unit, weighted by energy, minus "
        "that at the start: with more hidden layers minus with one",
        cases=cases(
            {
                f"{depth} layers, {c} contexts": (
                    f"gated-depth: {depth}: {c} contexts: {std}",
                    f"gated-depth: 1: {c} contexts: 0.001",
                )
                for depth, std in ((2, "0.015"), (3, "0.05"))
                for c in (3, 5)
            },
            readings.reuse_gain,
            "above",
        ),
        controls=cases(
            {
                f"share of points, {depth} layers, {c} contexts": (
                    f"gated-depth: {depth}: {c} contexts: {std}",
                    f"gated-depth: 1: {c} contexts: 0.001",
                )
                for depth, std in ((2, "0.015"), (3, "0.05"))
                for c in (3, 5)
            },
            partial(readings.reuse_gain, name="data_on"),
            "above",
        ),
        figure="fig-gated-reuse",
        seen=_SEEN,
    ),
    Claim(
        id="gated-reuse-is-fast",
        kind="related",
        text="Pathways that contexts share learn sooner than one pathway for each context.",
        where=_PAPER,
        quote="due to a bias for node-reuse and learning speed",
        statistic="ln of the time to a loss of 0.1: of the other set of pathways over that of the "
        "leave-one-out set",
        cases=cases(
            {
                f"modular, {_at(std)}": (_set("modular", std), _set("leave-one-out", std))
                for std in SCALES[1:4]
            },
            readings.drops,
            "above",
            factor=True,
        ),
        controls=cases(
            {
                f"all six, {_at(std)}": (_set("all six", std), _set("leave-one-out", std))
                for std in SCALES[1:4]
            }
            | {"modular, std 0.1": (_set("modular", "1e-01"), _set("leave-one-out", "1e-01"))},
            readings.drops,
            "above",
            factor=True,
        ),
        figure="fig-gated-losses",
        seen=_SEEN,
    ),
    Claim(
        id="gated-same-trajectory",
        kind="ours",
        text="As starts shrink, the time of a gated linear net with leave-one-out pathways grows "
        "as the ReLU net's does.",
        where="ours: after Jarvis, Klein, Rosman and Saxe 2025, where an equivalent gated net has "
        "the ReLU net's losses; the sets of pathways are ours",
        statistic="slope of the time to a loss of 0.1 in ln(1/std), std 0.01 to 0.000001: gated "
        "net minus ReLU net, in standard deviations between ReLU nets",
        cases=cases(
            {"leave-one-out": _scaled("leave-one-out")},
            partial(readings.slope_excess, spread=True),
            "equal",
            2.0,
        ),
        controls=cases(
            {pathways: _scaled(pathways) for pathways in ("modular", "all six")},
            partial(readings.slope_excess, spread=True),
            "equal",
            2.0,
        ),
        figure="fig-gated-scaling",
        seen=_SEEN,
    ),
    Claim(
        id="gated-slower-from-small",
        kind="ours",
        text="As starts shrink, the time of gated linear nets grows faster than the ReLU net's.",
        where=_OURS,
        statistic="slope of the time to a loss of 0.1 in ln(1/std), std 0.01 to 0.000001: gated "
        "net minus ReLU net",
        cases=cases(
            {pathways: _scaled(pathways) for pathways in PATHWAYS[1:]},
            readings.slope_excess,
            "above",
        ),
        figure="fig-gated-scaling",
        seen=_SEEN,
    ),
    Claim(
        id="gated-frozen-faster",
        kind="ours",
        text="Frozen random gates train faster than learned ones.",
        where=_OURS,
        statistic="ln of the time to a training loss of 0.1: of the ReLU net over that of the net "
        "with frozen random gates",
        cases=cases({_at(_STD): _HELD_OUT.format(_STD)}, readings.train_gain, "above", factor=True),
        controls=cases(
            {_at(std): _HELD_OUT.format(std) for std in ("1e-02", "1e-01")},
            readings.train_gain,
            "above",
            factor=True,
        )
        + cases(
            {f"all pairs, {_at(std)}": (_relu(3, std), _set("frozen", std)) for std in SCALES[:4]},
            readings.drops,
            "above",
            factor=True,
        ),
        figure="fig-gated-held-out",
        seen=_SEEN,
    ),
    Claim(
        id="gated-frozen-worse",
        kind="ours",
        text="Frozen random gates generalise worse than learned ones.",
        where=_OURS,
        statistic="loss on held-out pairs of item and context: with frozen random gates minus that "
        "of the ReLU net",
        cases=cases(
            {_at(_STD): _HELD_OUT.format(_STD)},
            partial(readings.test_cost, worse="frozen"),
            "above",
        ),
        controls=cases(
            {_at(std): _HELD_OUT.format(std) for std in ("1e-02", "1e-01")},
            partial(readings.test_cost, worse="frozen"),
            "above",
        ),
        figure="fig-gated-held-out",
        seen=_SEEN,
    ),
    Claim(
        id="gated-gain-in-path",
        kind="ours",
        text="A net that is given the ReLU net's final gates from the start generalises worse than "
        "the ReLU net.",
        where=_OURS,
        statistic="loss on held-out pairs: trained along the ReLU net's final gates minus that of "
        "the ReLU net",
        cases=sum(
            (
                cases(
                    {name: _HELD_OUT.format(_STD)},
                    partial(readings.test_cost, worse=f"final gates, {name}"),
                    "above",
                )
                for name in ("new weights", "same start")
            ),
            (),
        ),
        controls=sum(
            (
                cases(
                    {name: _HELD_OUT.format(_STD)},
                    partial(readings.test_cost, worse=f"final gates, {name}"),
                    "above",
                )
                for name in ("large units", "repeated")
            ),
            (),
        ),
        figure="fig-gated-held-out",
        seen=_SEEN,
    ),
    Claim(
        id="gated-sharing-generalises",
        kind="ours",
        text="Pathways that contexts share generalise better than one pathway for each context.",
        where=_OURS,
        statistic="loss on held-out pairs: of modular pathways minus that of leave-one-out ones",
        cases=cases(
            {_at(_STD): _HELD_OUT.format(_STD)},
            partial(readings.test_cost, worse="modular", better="leave-one-out"),
            "above",
        ),
        controls=cases(
            {_at(std): _HELD_OUT.format(std) for std in ("1e-02", "1e-01")},
            partial(readings.test_cost, worse="modular", better="leave-one-out"),
            "above",
        ),
        figure="fig-gated-held-out",
        seen=_SEEN,
    ),
    Claim(
        id="gated-xor-sides",
        kind="ours",
        text="In XOR with a linear shortcut, single points win at 0.7 and class pairs at 1, below "
        "and above √(2/3).",
        where=_OURS,
        statistic="share of the net in units of the expected kind minus that in units of the other",
        cases=cases(
            {"single points at 0.7": "gated-xor: 1e-08"},
            partial(readings.lead, delta=0.7),
            "above",
        )
        + cases(
            {"class pairs at 1": "gated-xor: 1e-08"},
            lambda result: -readings.lead(result, 1.0),
            "above",
        ),
        controls=cases(
            {"single points at 0.7, std 0.01": "gated-xor: 1e-02"},
            partial(readings.lead, delta=0.7),
            "above",
        )
        + cases(
            {"class pairs at 1, std 0.01": "gated-xor: 1e-02"},
            lambda result: -readings.lead(result, 1.0),
            "above",
        ),
        figure="fig-gated-xor",
        seen=_SEEN,
    ),
    Claim(
        id="gated-xor-crossing",
        kind="ours",
        text="In the limit of small starts the two kinds are level at a shortcut of √(2/3).",
        where=_OURS,
        statistic="shortcut at which both kinds have equal shares, extrapolated in 1/ln(1/std) "
        "from all six starts, minus √(2/3); the margin is the distance of neighbouring shortcuts",
        cases=cases(
            {"XOR": tuple(f"gated-xor: {std}" for std in XOR_SCALES)},
            lambda *results: readings.crossing_limit(*results) - readings.CROSSING,
            "equal",
            0.02,
        ),
        figure="fig-gated-xor-limit",
        seen=_SEEN,
    ),
    Claim(
        id="gated-xor-turns",
        kind="ours",
        text="As starts shrink, single points gain just below a shortcut of √(2/3), and class "
        "pairs just above.",
        where=_OURS,
        statistic="slope in ln(1/std) of the share of the net in units of the expected kind minus "
        "that in units of the other, over all six starts",
        cases=cases(
            {f"single points at {BESIDE[0]}": _BESIDE_RUNS},
            partial(readings.lead_slope, delta=BESIDE[0]),
            "above",
        )
        + cases(
            {f"class pairs at {BESIDE[1]}": _BESIDE_RUNS},
            lambda *results: -readings.lead_slope(*results, delta=BESIDE[1]),
            "above",
        ),
        figure="fig-gated-xor",
        seen="the same at seeds 3000 to 3019, which suggested it; these seeds are new",
    ),
    Claim(
        id="gated-xor-rates",
        kind="ours",
        text="XOR with a shortcut of 0.2 or 1.6 is learned at the faster set's rate.",
        where=_OURS,
        statistic="slope of the time to learn in ln(1/std), minus what the faster set's rate gives "
        "for gradient descent; the margin is the difference to what it gives for gradient flow",
        cases=sum(
            (
                cases(
                    {name: tuple(f"gated-xor: rates: {std}" for std in XOR_SCALES)},
                    partial(readings.rate_gap, row=row),
                    "equal",
                    1.0,
                )
                for row, name in enumerate(("shortcut 0.2", "shortcut 1.6"))
            ),
            (),
        ),
        figure="fig-gated-xor-limit",
        seen=_SEEN,
    ),
)
