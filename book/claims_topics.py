"""The report's topics: a title for each subject, and one sentence that sums its claims up.

A sentence names the verdicts that it rests on; a test holds them to the claims. Its numbers are
taken from findings when the pages are built.
"""

import math
import re
from dataclasses import dataclass

from halfspace.companion.report import finding_text

__all__ = ["TOPICS", "Topic", "sentence"]


@dataclass(frozen=True)
class Topic:
    """A subject of the report.

    Attributes:
        title: its heading.
        text: what its claims come to. ``{CLAIM/CASE}`` stands for a finding's number,
            ``{CLAIM/CASE|inverse}`` for one over a factor, ``{CLAIM/CASE|percent}`` for a part in
            percent.
        rests_on: the verdicts that the text states, by claim.
    """

    title: str
    text: str
    rests_on: dict[str, str]


TOPICS = {
    "theory": Topic(
        "Sums over paths, and their kernels",
        "The identities that the paper proves hold in every random network that we checked. "
        "Lakshminarayanan and Singh's formula for the tangent kernel needs fixed gates: a ReLU "
        "net's mean kernel is {ntk-mean-relu/ReLU net|percent} larger than it.",
        {
            "theorem-1": "reproduced",
            "theorem-2": "reproduced",
            "overlap-product": "reproduced",
            "constant-experts": "reproduced",
            "ntk-mean": "reproduced",
            "ntk-mean-relu": "not reproduced",
        },
    ),
    "regions": Topic(
        "Regions of paths",
        "A ReLU path's region can fall apart, and it can jump when a weight changes a little; a "
        "DLGN's is convex. But only shallow networks have fewer path regions than pattern regions: "
        "a DLGN with five layers of 16 units has "
        "{fewer-path-regions-2/DLGN, 5 layers of 16|inverse} times more.",
        {
            "relu-disconnected-2": "reproduced",
            "relu-jump-2": "reproduced",
            "convex-paths": "reproduced",
            "fewer-path-regions-2": "reproduced under conditions",
        },
    ),
    "circle": Topic(
        "Features on the circle",
        "With the paper's recipe, paths move to the low-frequency half early and stay there: by "
        "the end its number of paths has grown, relative to the other half's, by "
        "{paths-stay-2/DLGN} in DLGNs and by {paths-stay-2/ReLU net} in ReLU nets. With other "
        "initial weights or with biases the gain shrinks, vanishes or is reversed. Networks with "
        "frozen gates train worse at every sharpness.",
        {
            "paths-early-2": "reproduced under conditions",
            "paths-stay-2": "reproduced under conditions",
            "frozen-hurts-2": "reproduced",
        },
    ),
    "fashion": Topic(
        "Modified Fashion-MNIST",
        "The simple half of the classes is learned first, and at first its labels draw paths to "
        "it. But it does not have more paths throughout training: "
        "{fashion-simple-ahead-2/ReLU net, raw images} ReLU nets and "
        "{fashion-simple-ahead-2/DLGN, raw images} of the DLGNs on raw images have.",
        {
            "fashion-simple-first": "reproduced",
            "fashion-label-effect-early-2": "reproduced",
            "fashion-simple-ahead-2": "not reproduced",
        },
    ),
    "conjectures": Topic(
        "Is feature learning essential?",
        "At equal sharpness, a new value network errs less on a DLGN's trained gates than on "
        "random ones (by {features-learned-2/DLGN}), but not on a ReLU net's. Most of that gain "
        "does not come early. And the trained gates alone do not bring the tangent kernel closer "
        "to the trained one than the trained value weights do.",
        {
            "features-learned-2": "reproduced under conditions",
            "gates-early-3": "not reproduced",
            "paths-change-ntk-2": "not reproduced",
        },
    ),
    "reallocation": Topic(
        "Working around the allocation of paths",
        "Weighting points by their loss does not help. Weighting them against their number of "
        "paths makes a DLGN's error smaller, by {reallocate-equal-paths-2/DLGN}, but it helps "
        "under conditions only. Reinitialised units even the paths out; whether they help is "
        "undecided.",
        {
            "reallocate-rebalanced-loss-2": "not reproduced",
            "reallocate-equal-paths-2": "reproduced under conditions",
            "reallocation-evens-paths": "reproduced",
            "reallocate-new-half-spaces-2": "undecided",
        },
    ),
    "cifar": Topic(
        "CIFAR",
        "After eight epochs all three networks are ahead of the deep linear one, and the DLGN is "
        "{cifar-short-faster/DLGN above ReLU net} percentage points ahead of the ReLU net. The "
        "best linear model of the same shape stays below the paper's deep linear network.",
        {
            "cifar-short-linear-2": "reproduced",
            "cifar-short-faster": "reproduced",
            "dln-ceiling": "not reproduced",
        },
    ),
    "gated_linear": Topic(
        "Gated linear networks",
        "A ReLU net is a gated linear net with gates copied from its own weights, and with gates "
        "of contexts its learning follows from its modes without a fit. Started small, most of a "
        "ReLU net is in units that are on in all contexts but one, for up to four contexts. No "
        "set of context gates has its times at all scales. Frozen random gates learn sooner (by "
        "{gated-frozen-faster/std 0.001}), and their loss on held-out pairs is larger by "
        "{gated-frozen-worse/std 0.001}.",
        {
            "gated-copies": "reproduced",
            "gated-reduction": "reproduced",
            "gated-prediction": "reproduced",
            "gated-all-but-one": "reproduced under conditions",
            "gated-same-trajectory": "not reproduced",
            "gated-frozen-faster": "reproduced",
            "gated-frozen-worse": "reproduced",
        },
    ),
    "globally_gated": Topic(
        "Globally gated networks and coding schemes",
        "With fixed gates that all units share, a finite width reshapes the kernel, and theory, "
        "exact posterior and sampled networks agree on how. With ten units, a task with few "
        "examples then gains {width-carries-knowledge/ρ = 0.95} from a similar one. Networks that "
        "plain gradient descent trains agree with the theory only in part: wider ones are nearer "
        "to infinite width. With a readout scaled by one over the width, a few ReLU units "
        "carry the classes however many there are.",
        {
            "renormalised-kernel": "reproduced",
            "renormalised-sampled-nets": "reproduced",
            "width-carries-knowledge": "reproduced",
            "gated-gradient-descent-wider": "reproduced under conditions",
            "coding-carriers": "reproduced",
            "coding-carriers-wider": "reproduced",
        },
    ),
    "duality": Topic(
        "The dual view: fixed gates and their kernels",
        "With fixed gates, a net's mean tangent kernel is a neural path kernel: a mean over pixels "
        "makes it pair all shifts, and skips make it a sum over sub-networks. Most of what "
        "training adds to a ReLU net is in its gates: new weights behind them keep "
        "{dual-gates-hold/tree|percent} of its lead over random gates on a tree. Whether a "
        "constant input costs next to nothing then is undecided. A DLGN keeps "
        "{dual-dlgn-keeps/Fashion-MNIST|percent} of a ReLU net's accuracy on Fashion-MNIST, but "
        "there a linear model keeps nearly as much, as it does beside small convolutional nets.",
        {
            "dual-dense-mean": "reproduced",
            "dual-conv-mean": "reproduced",
            "dual-skip-ensemble": "reproduced",
            "dual-gates-hold": "reproduced",
            "dual-constant-and-order": "undecided",
            "dual-dlgn-keeps": "reproduced under conditions",
            "dual-conv-dlgn-keeps": "reproduced under conditions",
        },
    ),
    "label_jumps": Topic(
        "Label jumps, clusters and ranks",
        "On the labels of a decision tree, gates move to the tree's nodes, the root first, and the "
        "tree read off the net beats one fitted to the data at {tree-read-off/DLGN-SF|percent} of "
        "the test points. Labels need not jump for this. In sparse nets half the inputs are in "
        "clusters of activation patterns without any weights, and the decision is in the gates; "
        "where there are weights, they name the deciding input. A chain of gating matrices makes "
        "the last layer ask few questions.",
        {
            "tree-gates-move": "reproduced under conditions",
            "tree-order": "reproduced",
            "labels-must-jump": "not reproduced",
            "tree-read-off": "reproduced",
            "cluster-weights": "undecided",
            "cluster-weights-where-any": "reproduced",
            "cluster-gates": "reproduced",
            "rank-chain": "reproduced",
        },
    ),
    "catapults": Topic(
        "Catapults: steps beyond the limit of stability",
        "Between two and four times the inverse of the kernel's largest eigenvalue, the loss flies "
        "over a barrier and lands where the kernel is smaller, in the smallest model and in "
        "DLGNs. In {cata-turns/ReLU net over DLGN|percent} of the seeds the flight turns a ReLU "
        "net's half-spaces more than a DLGN's. Far beyond, a ReLU net of two layers lives on with "
        "fewer paths, and a DLGN diverges, even where biases let it close some. The sparse "
        "activation map needs data on one side.",
        {
            "cata-window": "reproduced",
            "cata-flatter": "reproduced",
            "cata-turns": "reproduced",
            "cata-sparse": "reproduced under conditions",
            "cata-survive": "reproduced under conditions",
            "cata-one-sided": "reproduced under conditions",
        },
    ),
    "early_linear": Topic(
        "Early training as a linear model",
        "In high dimension a net with one hidden layer first does what a linear model does, "
        "ReLU net and DLGN alike; which features the model has differs, and wrong ones are "
        "farther by {early-follows/ReLU net, rival}. The dimension decides: images start "
        "linearly, the circle does not. When nets leave the linear model, they are still nearer "
        "to their own first kernel. In the book's recipe a DLGN's paths move, by "
        "{early-paths/DLGN-PWC, allocation}, while its function is still mostly linear.",
        {
            "early-kernel": "reproduced",
            "early-follows": "reproduced",
            "early-dimension": "reproduced",
            "early-images": "reproduced under conditions",
            "early-leaves": "reproduced",
            "early-paths": "reproduced",
        },
    ),
    "interpolation": Topic(
        "Good and bad global minima",
        "A training loss of zero says nothing: any net becomes a global minimum by a narrow bump "
        "at each point, or, in a DLGN, by one path a point. Some of these minima learn at the "
        "optimal rate, others not at all. On noisy labels, the risk of the minimum that Adam finds "
        "is larger by {interp-adam-worse/ReLU net} than that of one built of the same ReLU net, "
        "stopped earlier. Trained nets memorise with paths that their points share.",
        {
            "interp-explicit": "reproduced",
            "interp-one-path": "reproduced",
            "interp-good-rate": "reproduced",
            "interp-bad-rate": "reproduced",
            "interp-adam-worse": "reproduced",
            "interp-paths-shared": "reproduced",
        },
    ),
    "intrinsic_dimension": Topic(
        "Intrinsic dimension",
        "Trained nets notice that a target depends on two of its input's dimensions. The others "
        "are not free: where there are more of them, the risk of a ReLU net or a DLGN is larger. "
        "But it grows less than that of kernel ridge regression; for a DLGN and nearest "
        "neighbours this is undecided. A DLGN's half-spaces turn towards the two dimensions, later "
        "layers further. Its risk is {intr-direction/trained over in the plane} that with random "
        "half-spaces which are put into their plane and never trained. Close to a manifold nothing "
        "need be turned, and kernel ridge regression is ahead.",
        {
            "intr-ambient": "reproduced",
            "intr-adapts": "undecided",
            "intr-not-free": "reproduced",
            "intr-direction": "reproduced",
            "intr-turn": "reproduced",
            "intr-tube": "reproduced",
        },
    ),
    "short_views": Topic(
        "Short views: directions, the hinge loss, edges",
        "A convolutional DLGN prefers the directions of images that a ReLU net prefers, so the "
        "preference does not depend on who sets the gates. Under the hinge loss a DLGN's "
        "half-spaces stand still at first, move later, and do not turn to the label's direction. "
        "Where all layers are joined by edges, these enter the mean kernel squared; learned edges "
        "lead through {view-edges-depth/from 0.5} layers more than fixed ones, but through "
        "{view-edges-depth/from 1} more from another start.",
        {
            "view-directions": "reproduced",
            "view-directions-gates": "reproduced",
            "view-hinge-early": "reproduced",
            "view-hinge-direction": "reproduced",
            "view-edges-kernel": "reproduced",
            "view-edges-depth": "reproduced",
        },
    ),
    "hardness": Topic(
        "Hard gates and where paths go",
        "How hard a DLGN's gates are before training, one number, orders its allocation on the "
        "base target, and matters more than the sharpness and the initial scale that make it. "
        "With hard gates it allocates about as much as a ReLU net, and fits the target all the "
        "same; where one half is constant, hard gates allocate as much as soft ones. Nets that "
        "were soft at first keep part of their allocation, and it does not serve: fresh value "
        "networks do best on gates that were hard from the start. Under hard gates an annealed "
        "net's error is {hard-annealed/error|inverse} times that of a soft net under its own. On "
        "Fashion-MNIST, nets with sharper gates lose less when these become hard. Under hard ones, "
        "straight-through nets differ from soft ones under their own by "
        "{hard-images-no-loss/straight-through} points of accuracy, annealed ones by "
        "{hard-images-no-loss/annealed}.",
        {
            "hard-orders": "reproduced",
            "hard-not-scale": "reproduced",
            "hard-below-relu": "undecided",
            "hard-fits": "reproduced",
            "hard-history": "reproduced",
            "hard-annealed": "reproduced under conditions",
            "hard-images-cost": "reproduced",
            "hard-images-no-loss": "not reproduced",
        },
    ),
}
"""The topics by subject, in the order of the report."""

_NUMBER = re.compile(r"\{([^}/]+)/([^}|]+)(?:\|(\w+))?\}")


def sentence(topic: Topic, entries: list[dict]) -> str:
    """Return a topic's text with its numbers.

    Raises:
        KeyError: if it names a claim or a case that is not there.
    """
    findings = {(e["id"], f["case"]): f for e in entries for f in e["findings"]}

    def number(match: re.Match) -> str:
        claim, case, form = match.groups()
        finding = findings[claim, case]
        if form == "inverse":
            return f"{math.exp(-finding['effect']):.0f}"
        if form == "percent":
            return f"{100 * finding['effect']:.0f} %"
        return finding_text(finding)

    return _NUMBER.sub(number, topic.text)
