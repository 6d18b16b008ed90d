"""Path sums and kernel regression, seed by seed: each array says what its name says."""

import itertools

import numpy as np
import pytest
import torch
from halfspace.companion import records
from halfspace.companion.seeds import random_net, weight_sum
from halfspace.companion.theory import measures as theory_measures
from halfspace.companion.theory import specs as theory_specs
from halfspace.companion.theory.study import FreeExperts, PathSums

CPU = torch.device("cpu")
TINY = dict(width=3, depth=2, d_in=2, points=10, seeds=2, first_seed=11)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("model", ["relu", "dlgn", "dlgn-pwc"])
def test_fast_forms_equal_sums_over_paths(model, bias):
    arrays, _ = PathSums(model=model, bias=bias, **TINY).run(CPU)
    assert (arrays["sum_gap"] < 1e-14).all() and (arrays["sum_gap"] >= 0).all()
    assert (arrays["overlap_gap"] == 0).all() and (arrays["count_gap"] == 0).all()
    assert ("soft_gap" in arrays) == (model != "relu")
    assert (arrays.get("soft_gap", np.zeros(2)) < 1e-14).all()
    net = random_net(model.removesuffix("-pwc"), 12, width=3, depth=2, d_in=2, bias=bias)
    assert arrays["initial"][1] == weight_sum(net) == sum(p.sum() for p in net.parameters())


def test_active_paths_are_counted_at_the_inputs():
    arrays, _ = PathSums(model="relu", **TINY).run(CPU)
    x = torch.from_numpy(np.random.default_rng(11).normal(size=(10, 2)))
    gates = random_net("relu", 11, width=3, depth=2, bias=False).gates(x)
    pairs = itertools.product(range(3), repeat=2)
    counts = [gates[:, 0, i] * gates[:, 1, j] for i, j in pairs]
    assert arrays["active"][0] == pytest.approx(torch.stack(counts).sum(0).mean().item())


def test_a_wrong_sum_is_seen(monkeypatch):
    right = theory_measures.mixture_of_experts
    monkeypatch.setattr(theory_measures, "mixture_of_experts", lambda net, x: 1.01 * right(net, x))
    arrays, _ = PathSums(model="dlgn", **TINY).run(CPU)
    np.testing.assert_allclose(arrays["sum_gap"], 0.01 / 1.01, rtol=1e-6)
    np.testing.assert_allclose(arrays["soft_gap"], 0.01 / 1.01, rtol=1e-6)


@pytest.mark.parametrize("model", ["dlgn", "dlgn-pwc"])
def test_sums_are_taken_of_the_model_asked_for(monkeypatch, model):
    right, seen = theory_measures.mixture_of_experts, []

    def spy(net, x):
        seen.append((net.constant_input, type(net.gate).__name__))
        return right(net, x)

    monkeypatch.setattr(theory_measures, "mixture_of_experts", spy)
    PathSums(model=model, **TINY | dict(seeds=1)).run(CPU)
    constant = model == "dlgn-pwc"
    assert seen == [(constant, "HardGate"), (constant, "SoftGate")]


def test_a_wrong_kernel_is_seen(monkeypatch):
    right = theory_measures.overlap_kernel
    monkeypatch.setattr(theory_measures, "overlap_kernel", lambda g, bias: 1 + right(g, bias=bias))
    arrays, _ = PathSums(model="dlgn", **TINY).run(CPU)
    assert (arrays["overlap_gap"] == 1).all()


def test_free_experts_follow_the_kernel_and_stop_at_the_floor():
    spec = FreeExperts(width=3, depth=2, steps=(1, 30), seeds=2, first_seed=4)
    arrays, _ = spec.run(CPU)
    assert (arrays["descent_gap"] < 1e-12).all() and (arrays["ridge_gap"] < 1e-12).all()
    assert (arrays["floor"] > 0.01).all() and arrays["floor"][0] != arrays["floor"][1]


def test_free_experts_with_another_step_are_seen(monkeypatch):
    right = theory_specs._descend
    monkeypatch.setattr(
        theory_specs, "_descend", lambda f, y, rate, steps: right(f, y, rate / 2, steps)
    )
    arrays, _ = FreeExperts(width=3, depth=2, steps=(1, 30), seeds=1).run(CPU)
    assert arrays["descent_gap"][0] > 0.01 > arrays["ridge_gap"][0]


def test_one_seed_is_verified_against_the_recorded_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_RESULTS", str(tmp_path))
    spec = PathSums(model="relu", **TINY)
    records.record(spec, CPU)
    checks = records.verify(spec, 1)
    assert {check.name for check in checks} == set(spec.recorded().arrays)
    assert all(check.passed and check.recorded == check.recomputed for check in checks)


@pytest.mark.parametrize(
    ("spec", "changes"),
    [
        (PathSums(model="relu"), TINY | dict(model="dlgn", bias=True)),
        (FreeExperts(), dict(width=3, depth=2, steps=(1,), seeds=2, first_seed=1)),
    ],
)
def test_each_field_changes_the_key(spec, changes):
    assert set(changes) == set(type(spec).model_fields)
    keys = {spec.replace(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {spec.key()}) == len(changes) + 1
