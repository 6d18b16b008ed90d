"""Path sums and kernel regression, seed by seed: each array says what its name says."""

import itertools

import numpy as np
import pytest
import torch
from halfspace.companion import records
from halfspace.companion.seeds import random_net, weight_sum
from halfspace.companion.theory import specs as limits
from halfspace.companion.theory import study as theory_study
from halfspace.companion.theory.study import FreeExperts, PathSums

CPU = torch.device("cpu")
TINY = dict(width=3, depth=2, d_in=2, points=10, seeds=2, first_seed=11)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("model", ["relu", "dlgn", "dlgn-pwc"])
def test_fast_forms_equal_sums_over_paths(model, bias):
    found = PathSums(model=model, bias=bias, **TINY)._run(CPU)
    assert (found["sum_gap"] < 1e-14).all() and (found["sum_gap"] >= 0).all()
    assert (found["overlap_gap"] == 0).all() and (found["count_gap"] == 0).all()
    assert ("soft_gap" in found) == (model != "relu")
    assert (found.get("soft_gap", np.zeros(2)) < 1e-14).all()
    net = random_net(model.removesuffix("-pwc"), 12, width=3, depth=2, d_in=2, bias=bias)
    assert found["initial"][1] == weight_sum(net) == sum(p.sum() for p in net.parameters())


def test_active_paths_are_counted_at_the_inputs():
    found = PathSums(model="relu", **TINY)._run(CPU)
    x = torch.from_numpy(np.random.default_rng(11).normal(size=(10, 2)))
    gates = random_net("relu", 11, width=3, depth=2, bias=False).gates(x)
    pairs = itertools.product(range(3), repeat=2)
    counts = [gates[:, 0, i] * gates[:, 1, j] for i, j in pairs]
    assert found["active"][0] == pytest.approx(torch.stack(counts).sum(0).mean().item())


def test_a_wrong_sum_is_seen(monkeypatch):
    right = theory_study.mixture_of_experts
    monkeypatch.setattr(theory_study, "mixture_of_experts", lambda net, x: 1.01 * right(net, x))
    found = PathSums(model="dlgn", **TINY)._run(CPU)
    np.testing.assert_allclose(found["sum_gap"], 0.01 / 1.01, rtol=1e-6)
    np.testing.assert_allclose(found["soft_gap"], 0.01 / 1.01, rtol=1e-6)


@pytest.mark.parametrize("model", ["dlgn", "dlgn-pwc"])
def test_sums_are_taken_of_the_model_asked_for(monkeypatch, model):
    right, seen = theory_study.mixture_of_experts, []

    def spy(net, x):
        seen.append((net.constant_input, type(net.gate).__name__))
        return right(net, x)

    monkeypatch.setattr(theory_study, "mixture_of_experts", spy)
    PathSums(model=model, **TINY | dict(seeds=1))._run(CPU)
    constant = model == "dlgn-pwc"
    assert seen == [(constant, "SoftGate"), (constant, "HardGate")]


def test_a_wrong_kernel_is_seen(monkeypatch):
    right = theory_study.overlap_kernel
    monkeypatch.setattr(theory_study, "overlap_kernel", lambda g, bias: 1 + right(g, bias=bias))
    assert (PathSums(model="dlgn", **TINY)._run(CPU)["overlap_gap"] == 1).all()


def test_a_net_without_an_active_path_has_no_gap():
    zero = torch.zeros(3, dtype=torch.float64)
    assert theory_study._gap(zero, zero) == 0
    assert theory_study._gap(zero + 1e-300, zero) > 1e-10


def test_free_experts_follow_the_kernel_and_stop_at_the_floor():
    spec = FreeExperts(width=3, depth=2, steps=(1, 30), seeds=2, first_seed=4)
    found = spec._run(CPU)
    assert (found["descent_gap"] < 1e-12).all() and (found["ridge_gap"] < 1e-12).all()
    assert (found["floor"] > 0.01).all() and found["floor"][0] != found["floor"][1]


def test_free_experts_with_another_step_are_seen(monkeypatch):
    from halfspace.companion.theory import specs as theory_specs

    right = theory_specs._descend
    monkeypatch.setattr(limits, "_descend", lambda f, y, step, kept: right(f, y, step / 2, kept))
    found = FreeExperts(width=3, depth=2, steps=(1, 30), seeds=1)._run(CPU)
    assert found["descent_gap"][0] > 0.01 > found["ridge_gap"][0]


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
