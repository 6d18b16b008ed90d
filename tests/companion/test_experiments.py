import numpy as np
import pytest
from halfspace.companion import experiments
from halfspace.companion.circle.specs import CircleTraining
from halfspace.companion.names import unknown
from halfspace.companion.spec import Result, Spec
from pydantic import BaseModel


def test_the_nearest_name_is_told():
    assert unknown("beast", "betta", ["beta", "gain"]) == (
        "there is no beast betta; the nearest is beta"
    )
    assert unknown("beast", "x", []) == "there is no beast x"


def test_specs_are_found_by_their_class_and_nothing_else_is():
    assert experiments.spec_class("CircleTraining") is CircleTraining
    for name in ("Circle", "CircleEvaluation", "NoSuchSpec"):  # a model, an abstract spec, nothing
        with pytest.raises(ValueError, match=f"there is no spec {name}; the nearest is "):
            experiments.spec_class(name)


def test_fields_inside_a_model_have_dotted_names():
    spec = experiments.build(CircleTraining, {"model": "dlgn", "target.amplitudes": [0.5, 1]})
    assert spec.target.amplitudes == (0.5, 1.0) and spec.target.frequencies == (2.0, 8.0)
    assert spec.key() == experiments.build(CircleTraining, {}, spec.model_dump()).key()
    changed = experiments.build(CircleTraining, {"target.n": 64}, spec.model_dump())
    assert changed.target.amplitudes == (0.5, 1.0) and changed.target.n == 64
    assert spec.target.n == 256


class Inner(BaseModel):
    a: int = 1
    b: int = 2


class Outer(Spec):
    inner: Inner = Inner(a=5)

    def _run(self, device):
        return {}


def test_what_is_not_said_of_a_model_inside_is_as_the_spec_has_it():
    assert experiments.build(Outer, {"inner.b": 7}).inner == Inner(a=5, b=7)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"model": "dlgn", "targt.n": 8}, "no parameter targt.n; the nearest is target.n"),
        ({"model": "dlgn", "target": 8}, "no parameter target; the nearest is target"),
        ({"model": "dlgn", "target.n": 0}, "target.n: input should be greater .*; got 0"),
        ({"model": "dlgn", "epochs": 5}, r"function_epochs must be from 0 to 5; got \[20, 100"),
        ({}, "model has no default and needs a value"),
    ],
)
def test_a_name_or_a_value_that_does_not_fit_is_one_sentence(values, said):
    with pytest.raises(ValueError, match=said) as caught:
        experiments.build(CircleTraining, values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["circle.readings.no", "circle.readings._row", "circle.readings.error_ratio", "x.y", ""]
)
def test_a_reading_is_a_public_function_of_one_result(name):
    with pytest.raises(ValueError, match="there is no reading"):
        experiments.reading(name)


def test_numbers_are_means_over_seeds_at_the_end():
    half = np.array([[8.0, 4.0], [0.0, 0.25], [0.5, 0.0]])
    arrays = {"loss_top": half, "loss_bottom": half, "epochs": np.array([0, 1, 2])}
    result = Result(CircleTraining(model="dlgn"), arrays, {}, "computed")
    found = experiments.numbers(
        result,
        {"over time": "circle.readings.total_loss", "each seed": "circle.readings.fitted"},
    )
    assert found == {"over time": 0.25, "each seed": 0.5}
    with pytest.raises(ValueError, match="halves_fitted is not a number for each seed, so x "):
        experiments.numbers(result, {"x": "circle.readings.halves_fitted"})
