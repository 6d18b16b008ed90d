import math
import time
from dataclasses import FrozenInstanceError, asdict, replace

import numpy as np
import pytest
import torch
from halfspace import files, image_training
from halfspace.conv import ConvDLGN, ConvReLUNet
from halfspace.gates import SoftGate
from halfspace.image_training import OutOfTime, Recipe, standardise, train
from halfspace.resnet import ReLUResNet
from torch import nn

ADAM = Recipe(epochs=3, learning_rate=1e-2, batch_size=8)
SGD = Recipe(
    epochs=3,
    optimizer="sgd",
    learning_rate=0.1,
    batch_size=8,
    schedule="one-cycle",
    weight_decay=1e-3,
    label_smoothing=0.1,
    augment=True,
)


def test_a_recipe_is_a_plain_frozen_value():
    assert Recipe(epochs=3, learning_rate=1e-2, batch_size=8) == ADAM != SGD
    assert hash(Recipe(epochs=3, learning_rate=1e-2, batch_size=8)) == hash(ADAM)
    with pytest.raises(FrozenInstanceError):
        ADAM.epochs = 4
    with pytest.raises(TypeError):
        Recipe(3)
    with pytest.raises(TypeError, match="epoch_number"):
        Recipe(epochs=3, epoch_number=4)


def test_a_recipes_numbers_have_their_types_afterwards():
    values = asdict(
        Recipe(
            epochs=np.int64(2),
            batch_size=np.uint8(4),
            learning_rate=1,
            momentum=0,
            weight_decay=np.float32(0.5),
            augment=np.True_,
        )
    )
    defaults = asdict(Recipe(epochs=2, batch_size=4))
    changed = dict(learning_rate=1.0, momentum=0.0, weight_decay=0.5, augment=True)
    assert values == defaults | changed
    assert {name: type(value) for name, value in values.items()} == {
        name: type(value) for name, value in defaults.items()
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(epochs=0), "epochs must be a positive integer; got 0"),
        (dict(epochs=2.0), "epochs must be a positive integer; got 2.0"),
        (dict(batch_size=True), "batch_size must be a positive integer; got True"),
        (dict(learning_rate=0), "learning_rate must be a positive number; got 0"),
        (dict(learning_rate=math.nan), "learning_rate must be a positive number; got nan"),
        (dict(learning_rate="1"), "learning_rate must be a positive number; got '1'"),
        (dict(learning_rate=True), "learning_rate must be a positive number; got True"),
        (dict(warm_up=0.0), "warm_up must be a number above 0 and below 1; got 0.0"),
        (dict(warm_up=1), "warm_up must be a number above 0 and below 1; got 1"),
        (dict(momentum=1.0), "momentum must be a number from 0 to below 1; got 1.0"),
        (dict(momentum=-0.1), "momentum must be a number from 0 to below 1; got -0.1"),
        (dict(weight_decay=-1), "weight_decay must be a number of at least 0; got -1"),
        (dict(label_smoothing=1), "label_smoothing must be a number from 0 to below 1; got 1"),
        (dict(optimizer="lion"), r"optimizer must be one of \('adam', 'sgd'\); got 'lion'"),
        (dict(schedule=None), r"schedule must be one of \('constant', 'one-cycle'\); got None"),
        (dict(augment=1), "augment must be True or False; got 1"),
    ],
)
def test_a_recipe_names_what_it_cannot_take(changes, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        Recipe(**(dict(epochs=1) | changes))


def small(kind="conv", seed=0):
    generator = torch.Generator().manual_seed(seed)
    if kind == "resnet":
        return ReLUResNet(8, generator=generator)
    return ConvReLUNet(filters=4, depth=2, units=8, generator=generator)


def data(n=20):
    generator = torch.Generator().manual_seed(5)
    return torch.randn(n, 3, 8, 8, generator=generator), torch.arange(n) % 2


def weights(net):
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_standardise_by_the_references_channels():
    reference = torch.randint(256, (50, 3, 4, 4), dtype=torch.uint8)
    x = standardise(reference, reference)
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)
    shifted = standardise(reference // 2, reference)
    expected = ((reference // 2).float() - reference.float().mean((0, 2, 3))[:, None, None]) / (
        reference.float().std((0, 2, 3), correction=0)[:, None, None]
    )
    torch.testing.assert_close(shifted, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("recipe", "kind"), [(ADAM, "conv"), (SGD, "conv"), (SGD, "resnet")], ids=str
)
def test_an_interrupted_run_continues_with_the_same_result(tmp_path, monkeypatch, recipe, kind):
    x, y = data()
    whole = small(kind)
    curves = train(whole, x, y, recipe, seed=3)

    checkpoint = tmp_path / "run.pt"
    calls = []

    def epoch_then_stop(*arguments):
        calls.append(arguments[5])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    real = image_training._epoch
    monkeypatch.setattr(image_training, "_epoch", epoch_then_stop)
    with pytest.raises(KeyboardInterrupt):
        train(small(kind), x, y, recipe, seed=3, checkpoint=checkpoint, metadata={"call": 1})
    resumed = small(kind, seed=99)  # its weights are the checkpoint's
    again = train(resumed, x, y, recipe, seed=3, checkpoint=checkpoint, metadata={"call": 2})
    assert calls == [0, 1, 1, 2]
    assert same(weights(whole), weights(resumed))
    assert again.loss == curves.loss and again.accuracy == curves.accuracy
    assert again.pieces == [{"call": 1, "epochs": 1}, {"call": 2, "epochs": 2}]


def test_a_finished_run_is_read_from_its_checkpoint(tmp_path):
    x, y = data()
    net = small()
    curves = train(net, x, y, ADAM, seed=3, checkpoint=tmp_path / "run.pt")
    other = small(seed=1)
    again = train(other, x, y, ADAM, seed=3, checkpoint=tmp_path / "run.pt")
    assert same(weights(net), weights(other))
    assert asdict(again)["loss"] == curves.loss
    assert list(tmp_path.iterdir()) == [tmp_path / "run.pt"]


def test_a_deadline_leaves_a_checkpoint(tmp_path, monkeypatch):
    x, y = data()
    with pytest.raises(OutOfTime, match="conv: 0 of 3 epochs are done"):
        train(small(), x, y, ADAM, seed=3, deadline=time.monotonic() - 1, description="conv")
    clock = iter([0.0, 10.0, 20.0, 30.0])
    monkeypatch.setattr(image_training.time, "monotonic", lambda: next(clock))
    path = tmp_path / "run.pt"
    with pytest.raises(OutOfTime, match="2 of 3"):
        train(small(), x, y, ADAM, seed=3, deadline=15.0, checkpoint=path)
    monkeypatch.undo()
    again = train(small(), x, y, ADAM, seed=3, checkpoint=path)
    assert [piece["epochs"] for piece in again.pieces] == [2, 1]


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """A run that was stopped after two of three epochs."""
    clock = iter([0.0, 10.0, 20.0, 30.0])
    path = tmp_path / "run.pt"
    with monkeypatch.context() as patch, pytest.raises(OutOfTime):
        patch.setattr(image_training.time, "monotonic", lambda: next(clock))
        train(small(), *data(), ADAM, seed=3, deadline=15.0, checkpoint=path)
    return path


def test_any_flipped_bit_of_a_checkpoint_is_seen(checkpoint):
    whole = checkpoint.read_bytes()
    for place in np.random.default_rng(0).integers(len(whole), size=60):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(place % 8)
        checkpoint.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"checkpoint .*run\.pt is damaged; delete it"):
            train(small(), *data(), ADAM, seed=3, checkpoint=checkpoint)


@pytest.mark.parametrize("content", [b"", b"nothing", None])
def test_a_damaged_checkpoint_is_named(checkpoint, content):
    checkpoint.write_bytes(checkpoint.read_bytes()[:-9] if content is None else content)
    with pytest.raises(ValueError, match=r"checkpoint .*run\.pt is damaged; delete it"):
        train(small(), *data(), ADAM, seed=3, checkpoint=checkpoint)


def test_another_runs_checkpoint_is_refused(checkpoint):
    message = r"checkpoint .*run\.pt belongs to a run with a different "
    with pytest.raises(ValueError, match=message + "seed; delete it"):
        train(small(), *data(), ADAM, seed=4, checkpoint=checkpoint)
    with pytest.raises(ValueError, match=message + "images; delete it"):
        train(small(), *data(16), ADAM, seed=3, checkpoint=checkpoint)
    faster = replace(ADAM, learning_rate=0.1)
    with pytest.raises(ValueError, match=message + "recipe; delete it"):
        train(small(), *data(), faster, seed=3, checkpoint=checkpoint)
    with pytest.raises(ValueError, match=message + "weights; delete it"):
        train(small("resnet"), *data(), ADAM, seed=3, checkpoint=checkpoint)
    longer = replace(ADAM, epochs=4)
    assert len(train(small(), *data(), longer, seed=3, checkpoint=checkpoint).loss) == 4
    checkpoint.unlink()
    train(small(), *data(), SGD, seed=3, checkpoint=checkpoint)
    with pytest.raises(ValueError, match=message + "recipe; delete it"):
        longer = replace(SGD, epochs=4)
        train(small(), *data(), longer, seed=3, checkpoint=checkpoint)


def test_one_process_at_a_time_works_on_a_checkpoint(checkpoint):
    with files.locked(checkpoint.with_name(".run.pt.lock"), ""):
        with pytest.raises(
            BlockingIOError, match=r"another process uses the checkpoint .*run\.pt; wait"
        ):
            train(small(), *data(), ADAM, seed=3, checkpoint=checkpoint)
    train(small(), *data(), ADAM, seed=3, checkpoint=checkpoint)
    assert [path.name for path in checkpoint.parent.iterdir()] == ["run.pt"]


def test_the_seed_decides_the_order_and_every_image_counts(monkeypatch):
    seen = []

    def spy(net, images, labels, recipe, optimizer):
        seen.append(images[:, 0, 0, 0].tolist())
        optimizer.step()
        return torch.zeros(()), torch.zeros(len(images), 2)

    monkeypatch.setattr(image_training, "_step", spy)
    x, y = data(16)
    orders = []
    for seed in (1, 1, 2):
        seen.clear()
        train(small(), x, y, ADAM, seed=seed)
        orders.append([sum(seen[2 * epoch : 2 * epoch + 2], []) for epoch in range(3)])
    assert orders[0] == orders[1] != orders[2]
    assert orders[0][0] != orders[0][1] != orders[0][2]
    assert all(sorted(epoch) == sorted(x[:, 0, 0, 0].tolist()) for epoch in orders[0])


def test_augmentation_shifts_and_flips_whole_images():
    image = torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(1))
    batch = image.expand(400, 3, 8, 8)
    augmented = image_training._augmented(batch, torch.Generator().manual_seed(0))
    padded = nn.functional.pad(image[None], (4,) * 4, mode="reflect")[0]
    variants = {}
    for down in range(9):
        for right in range(9):
            window = padded[:, down : down + 8, right : right + 8]
            variants[window.numpy().tobytes()] = (down, right, False)
            variants[window.flip(2).contiguous().numpy().tobytes()] = (down, right, True)
    draws = [variants[one.contiguous().numpy().tobytes()] for one in augmented]
    # Reflected, the outer two shifts on either side are each other's mirror images.
    assert {draw[0] for draw in draws} == set(range(9))
    inner = [draw for draw in draws if 2 <= draw[1] <= 6]
    assert {draw[1:] for draw in inner} == {
        (right, flip) for right in range(2, 7) for flip in (0, 1)
    }
    share = sum(draw[2] for draw in inner) / len(inner)
    assert abs(share - 0.5) < 4 * math.sqrt(0.25 / len(inner))  # four standard errors


def test_one_cycle_rises_and_falls():
    recipe = replace(SGD, warm_up=0.25)
    optimizer = image_training._optimizer(small(), recipe)
    schedule = image_training._schedule(optimizer, recipe, batches=8)
    rates = []
    for _ in range(24):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates.index(max(rates)) == 5 and max(rates) == pytest.approx(0.1)
    assert rates[0] < 5e-3 and rates[-1] < 1e-4
    assert sorted(rates[:6]) == rates[:6] and sorted(rates[5:], reverse=True) == rates[5:]


def test_training_learns_and_a_batch_must_fit():
    x, y = data(64)
    x[y == 1] += 1
    recipe = Recipe(epochs=10, learning_rate=1e-2, batch_size=8)
    curves = train(small(), x, y, recipe, seed=0)
    assert curves.accuracy[-1] > 0.9 > curves.accuracy[0]
    assert len(curves.seconds) == 10
    with pytest.raises(ValueError, match="batch_size must be at most the 20 images; got 32"):
        train(small(), *data(), Recipe(epochs=1, batch_size=32), seed=0)


def test_something_happens_before_and_after_each_epoch(tmp_path):
    x, y = data()
    seen = []

    def prepare(net, epoch):
        seen.append(epoch)

    def measure(net):
        assert not net.training
        return len(seen)

    hooks = dict(prepare=prepare, measure=measure, checkpoint=tmp_path / "run.pt", seed=1)
    train(small(), x, y, replace(ADAM, epochs=2), **hooks)
    curves = train(small(), x, y, replace(ADAM, epochs=3), **hooks)
    assert seen == [0, 1, 2] and curves.measured == [1, 2, 3]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("hardens", [False, True])
def test_replayed_steps_train_as_single_ones_do(monkeypatch, hardens):
    """Rounding may differ; the steps, the gates' sharpness and the continued run may not."""

    def harden(net, epoch):
        net.gate = SoftGate(4.0 * 4**epoch)

    x, y = data(200)
    recipe = Recipe(epochs=3, learning_rate=1e-2, batch_size=16)
    options = dict(seed=1, prepare=harden if hardens else None)
    curves = []
    for eager in (3, 1000):
        monkeypatch.setattr(image_training, "_EAGER_STEPS", eager)
        generator = torch.Generator().manual_seed(0)
        net = ConvDLGN(gate=SoftGate(4.0), filters=8, depth=2, units=8, generator=generator)
        curves.append(train(net.cuda(), x.cuda(), y.cuda(), recipe, **options))
    assert curves[0].loss == pytest.approx(curves[1].loss, rel=1e-3)
    assert curves[0].loss[-1] < curves[0].loss[0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_a_run_goes_on_on_another_kind_of_device(tmp_path):
    x, y = data(200)
    recipe = Recipe(epochs=1, learning_rate=3e-3, batch_size=16)
    losses = {}
    for first, second in (("cpu", "cuda"), ("cuda", "cpu"), ("cpu", "cpu")):
        path = tmp_path / f"{first}-{second}.pt"
        for device, epochs in ((first, 1), (second, 3)):
            net = ConvReLUNet(filters=8, depth=2, units=8, generator=torch.Generator())
            arguments = (net.to(device), x.to(device), y.to(device), replace(recipe, epochs=epochs))
            curves = train(*arguments, seed=1, checkpoint=path)
        losses[first, second] = curves.loss
    for pair in (("cpu", "cuda"), ("cuda", "cpu")):
        assert losses[pair] == pytest.approx(losses["cpu", "cpu"], rel=0.02)  # bfloat16
