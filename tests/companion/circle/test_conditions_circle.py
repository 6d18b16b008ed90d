"""The circle's conditions: what is recorded, and what a reader's choices change."""

import pytest
from halfspace.companion.circle import conditions
from halfspace.companion.circle.target import Circle

BOTH = tuple(dict.fromkeys(conditions.WHAT_ONE_SEES + conditions.IS_IT_ESSENTIAL))


def test_chapters_4_and_5_show_recorded_conditions_by_default():
    every = conditions.circle_conditions()
    chosen = conditions.chapter_conditions(BOTH, Circle(), beta=4.0, seeds=100)
    assert tuple(chosen) == BOTH
    assert {name: spec.key() for name, spec in chosen.items()} == {
        name: every[name].key() for name in chosen
    }


def test_a_readers_choices_enter_the_conditions():
    target = Circle(frequencies=(1.0, 9.0))
    chosen = conditions.chapter_conditions(BOTH, target, beta=2.0, seeds=3)
    assert {spec.training.seeds for spec in chosen.values()} == {3}
    assert chosen["relu: halves swapped"].target.frequencies == (9, 1)
    assert chosen["dlgn: equal frequencies 4"].target.frequencies == (3, 3)
    assert chosen["frozen: hard"].target == target
    assert chosen["frozen: beta 4"].training.beta == chosen["dlgn: base"].training.beta == 2
    assert chosen["dlgn: beta 10"].training.beta == 10


def test_runs_that_are_missing_are_left_out(monkeypatch):
    class Spec:
        def __init__(self, run):
            self.recorded = lambda: run

    monkeypatch.setattr(conditions, "circle_conditions", lambda: {"a": Spec("x"), "b": Spec(None)})
    assert conditions.recorded_conditions() == {"a": "x"}
    monkeypatch.setattr(conditions, "circle_conditions", lambda: {"b": Spec(None)})
    with pytest.raises(FileNotFoundError, match="run it in a clone"):
        conditions.recorded_conditions()


def test_nets_with_frozen_gates_are_forty():
    every = conditions.circle_conditions()
    seeds = {name: spec.training.seeds for name, spec in every.items()}
    assert {count for name, count in seeds.items() if name.startswith("frozen")} == {40}
    assert {count for name, count in seeds.items() if not name.startswith("frozen")} == {100}
    assert {spec.training.first_seed for spec in every.values()} == {3000}
    assert all(spec.training.own_order for spec in every.values())


def test_designs_are_run_with_harder_gates_and_with_biases():
    every = conditions.circle_conditions()
    spec = every["dlgn: straight-through, biases, constant low half"].training
    assert (spec.gate, spec.bias) == ("straight-through", True)
    assert spec.target == every["dlgn: constant low half"].target
    spec = every["dlgn: beta 30, gating gain 0.6, amplitude of low half 0.3"].training
    assert (spec.beta, spec.gating_gain, spec.bias) == (30, 0.6, False)
    assert every["relu: biases, amplitude of low half 0.0"].training.bias
    assert len({spec.key() for spec in every.values()}) == len(every)
