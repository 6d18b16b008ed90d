"""Experiments on oblique trees without training by descent: the construction, and rivals."""

import numpy as np
import torch
from pydantic import Field
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from halfspace.companion.label_jumps.data import (
    draw_tree,
    enumerated_influences,
    influences,
    mirrored,
    sphere,
    tree_problem,
)
from halfspace.companion.label_jumps.measures import tree_as_dlgn
from halfspace.companion.seeds import SeedStudy
from halfspace.companion.spec import Integer

__all__ = ["TreeBaselines", "TreeConstruction", "TreeForest"]


class TreeConstruction(SeedStudy):
    """Compare a tree with the DLGNs that are said to compute it, and influences with their formula.

    Attributes:
        d_in: d.
        depth: D.
        points: on the sphere.

    The result's arrays (S,): shallow, deep: points at which the DLGN's output is not the label;
    mirrored: largest difference of a node's influence at these points and the formula;
    enumerated: of the influence counted over all sides of all nodes and the formula; initial: sum
    of the normals.
    """

    d_in: Integer = Field(20, ge=1)
    depth: Integer = Field(4, ge=1)
    points: Integer = Field(20_000, ge=1)

    def _measure(self, seed: int) -> dict[str, float]:
        rng = np.random.default_rng(seed)
        tree = draw_tree(self.d_in, self.depth, rng)
        x = sphere(self.points, self.d_in, rng)
        label, inputs = tree.labels(x), torch.from_numpy(x)
        row = {"initial": tree.normals.sum()}
        for name in ("shallow", "deep"):
            with torch.no_grad():
                output = tree_as_dlgn(tree, shallow=name == "shallow")(inputs)[:, 0].numpy()
            row[name] = (output != label).sum()
        expected = influences(self.depth)
        images = (mirrored(x, normal) for normal in tree.normals)
        seen = np.array([(tree.labels(image) != label).mean() for image in images])
        row["mirrored"] = np.abs(seen - expected).max()
        row["enumerated"] = np.abs(enumerated_influences(self.depth) - expected).max()
        return row


class TreeBaselines(SeedStudy):
    """Measure on trees' labels what does not learn oblique half-spaces.

    Attributes:
        d_in: d.
        depth: D.
        points: training points.
        test: test points.
        svm_points: the first training points, for the support vector machine.

    The result's arrays (S,), test accuracies: logistic (a linear model), cart (a tree of the same
    depth whose nodes ask for one input), cart_10 (of depth 10), svm (Gaussian kernel); initial: sum
    of the normals.
    """

    d_in: Integer = Field(20, ge=1)
    depth: Integer = Field(4, ge=1)
    points: Integer = Field(20_000, ge=2)
    test: Integer = Field(5000, ge=1)
    svm_points: Integer = Field(8000, ge=2)

    def _measure(self, seed: int) -> dict[str, float]:
        sizes = dict(d_in=self.d_in, depth=self.depth, points=self.points, test=self.test)
        problem = tree_problem(seed, **sizes)
        tree, x = problem.tree, problem.x
        y, test_y = tree.labels(x), tree.labels(problem.test_x)
        models = {
            "logistic": LogisticRegression(fit_intercept=False),
            "cart": DecisionTreeClassifier(max_depth=self.depth, random_state=seed),
            "cart_10": DecisionTreeClassifier(max_depth=10, random_state=seed),
            "svm": SVC(),
        }
        row = {"initial": tree.normals.sum()}
        for name, model in models.items():
            count = self.svm_points if name == "svm" else self.points
            row[name] = model.fit(x[:count], y[:count]).score(problem.test_x, test_y)
        return row


class TreeForest(SeedStudy):
    """Measure on trees' labels a random forest: a hundred full trees whose nodes ask for one input.

    Attributes: those of ``TreeBaselines`` without ``svm_points``.

    The result's arrays (S,): forest (test accuracy); initial: sum of the normals.
    """

    d_in: Integer = Field(20, ge=1)
    depth: Integer = Field(4, ge=1)
    points: Integer = Field(20_000, ge=2)
    test: Integer = Field(5000, ge=1)

    def _measure(self, seed: int) -> dict[str, float]:
        sizes = dict(d_in=self.d_in, depth=self.depth, points=self.points, test=self.test)
        problem = tree_problem(seed, **sizes)
        labels = problem.tree.labels
        forest = RandomForestClassifier(random_state=seed).fit(problem.x, labels(problem.x))
        accuracy = forest.score(problem.test_x, labels(problem.test_x))
        return {"initial": problem.tree.normals.sum(), "forest": accuracy}
