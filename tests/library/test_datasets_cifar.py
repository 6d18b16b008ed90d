import hashlib
import types
import zipfile
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from halfspace import datasets
from halfspace.datasets import _cifar, _folders, cifar, cifar_checksums, subset_by_class

N = {"train": 60, "test": 30}
CLASSES = {name: ["cat", "dog", "eel"] for name in ("cifar10", "cifar100")}


def published(seed):
    """A small stand-in for CIFAR in no order, as torchvision holds it, by the file's keys."""
    draw = np.random.default_rng(seed)
    arrays = {}
    for part, n in N.items():
        images = draw.integers(0, 256, (n, 32, 32, 3), np.uint8)
        images[1] = images[0]  # duplicates with one label, and with two
        images[3] = images[2]
        labels = draw.permutation(np.arange(n) % 3)
        labels[:4] = 1, 1, 0, 2
        arrays |= {f"{part}_images": images, f"{part}_labels": labels}
    return arrays | {"classes": CLASSES["cifar10"]}


def in_order(arrays, part):
    """The canonical order, spelled out; pixels channel first."""
    images, labels = arrays[f"{part}_images"].transpose(0, 3, 1, 2), arrays[f"{part}_labels"]
    rows = sorted(
        zip(labels, images, strict=True),
        key=lambda row: (row[0], hashlib.sha256(row[1].tobytes()).digest()),
    )
    return np.stack([image for _, image in rows]), np.array([label for label, _ in rows])


def checksum(images, labels):
    content = images.tobytes() + b"".join(int(k).to_bytes(8, "little") for k in labels)
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Small data sets in place of CIFAR, and no file and no network to have them from."""
    sets = {"cifar10": published(0), "cifar100": published(1)}
    sums = {k: {part: checksum(*in_order(v, part)) for part in N} for k, v in sets.items()}
    monkeypatch.setattr(_cifar, "_SIZES", N)
    monkeypatch.setattr(_cifar, "CIFAR_CLASSES", {name: tuple(of) for name, of in CLASSES.items()})
    monkeypatch.setattr(_cifar, "_SHA256", sums)
    package = tmp_path / "repository" / "lib" / "halfspace" / "datasets"
    monkeypatch.setattr(_folders, "__file__", str(package / "_folders.py"))
    monkeypatch.delenv("HALFSPACE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    serve(monkeypatch, NO_NETWORK)
    cifar.cache_clear()
    yield sets
    cifar.cache_clear()


NO_NETWORK = URLError("Name or service not known")


def serve(monkeypatch, sets):
    """Let torchvision serve these data sets, or fail with an error; return its calls."""
    calls = []

    def dataset(name):
        def load(root, *, train, download):
            calls.append((name, root, train, download))
            if isinstance(sets, Exception):
                raise sets
            arrays, part = sets[name], "train" if train else "test"
            return types.SimpleNamespace(
                data=arrays[f"{part}_images"],
                targets=arrays[f"{part}_labels"].tolist(),
                classes=arrays["classes"],
            )

        return load

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", dataset("cifar10"))
    monkeypatch.setattr(torchvision.datasets, "CIFAR100", dataset("cifar100"))
    return calls


def save(arrays, folder, name="cifar10", **changes):
    """Write a user's own file; a change to ``None`` leaves a key out."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in (arrays | changes).items() if value is not None}
    np.savez(folder / f"{name}.npz", **kept)
    return folder / f"{name}.npz"


def shuffled(arrays, seed=7):
    draw, mixed = np.random.default_rng(seed), dict(arrays)
    for part, n in N.items():
        order = draw.permutation(n)
        for key in (f"{part}_images", f"{part}_labels"):
            mixed[key] = arrays[key][order]
    return mixed


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_both_sources_give_the_canonical_order(name, small, tmp_path, monkeypatch):
    calls = serve(monkeypatch, small)
    downloaded = cifar(name)
    folder = str(tmp_path / "cache" / "halfspace")
    assert calls == [(name, folder, True, True), (name, folder, False, True)]
    cifar.cache_clear()
    mixed = shuffled(small[name])
    save(mixed, tmp_path / "data", name, train_labels=mixed["train_labels"].astype(np.uint8))
    read = cifar(name)
    assert len(calls) == 2  # the file comes first
    for part in N:
        images, labels = (torch.from_numpy(array) for array in in_order(small[name], part))
        for data in (downloaded, read):
            found, of = getattr(data, f"{part}_images"), getattr(data, f"{part}_labels")
            assert found.dtype == torch.uint8 and found.is_contiguous()
            assert of.dtype == torch.int64
            assert torch.equal(found, images) and torch.equal(of, labels)
    assert downloaded.classes == read.classes == ("cat", "dog", "eel")
    assert subset_by_class(read.train_labels, 2).shape == (6,)


@pytest.mark.parametrize("place", ["named", "here", "above", "repository"])
def test_file_is_found(place, small, tmp_path, monkeypatch):
    folder = tmp_path / ("named" if place == "named" else "data")
    if place == "named":
        monkeypatch.setenv("HALFSPACE_DATA", str(folder))
    elif place == "above":
        (tmp_path / "chapters").mkdir()
        monkeypatch.chdir(tmp_path / "chapters")
    elif place == "repository":
        folder = tmp_path / "repository" / "data"
    with pytest.raises(FileNotFoundError):
        cifar("cifar10")
    save(small["cifar10"], folder)
    assert len(cifar("cifar10").train_images) == N["train"]


def test_named_folder_is_the_only_one_but_no_duty(small, tmp_path, monkeypatch):
    """``HALFSPACE_DATA`` hides other folders; without the file there, it is downloaded."""
    save(small["cifar10"], tmp_path / "data")
    monkeypatch.setenv("HALFSPACE_DATA", str(tmp_path / "repository"))
    calls = serve(monkeypatch, small)
    assert len(cifar("cifar10").test_images) == N["test"] and len(calls) == 2


def test_last_data_set_stays_in_memory(small, tmp_path):
    path = save(small["cifar10"], tmp_path / "data")
    first = cifar("cifar10")
    path.unlink()
    assert cifar("cifar10") is first


@pytest.mark.parametrize("error", [NO_NETWORK, RuntimeError("File not found or corrupted.")])
@pytest.mark.parametrize(("name", "title"), [("cifar10", "CIFAR-10"), ("cifar100", "CIFAR-100")])
def test_without_file_and_network_one_sentence_helps(name, title, error, small, monkeypatch):
    serve(monkeypatch, error)
    with pytest.raises(FileNotFoundError) as caught:
        cifar(name)
    assert str(caught.value) == (
        f"{name}.npz is in no data folder and the download of {title} failed ({error}); try again "
        f"with a network, or put {name}.npz (data/README.md describes its format) into data/ or "
        "the folder that HALFSPACE_DATA names"
    )


@pytest.mark.parametrize("name", ["cifar", "CIFAR10", "cifar20"])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match=f"name must be 'cifar10' or 'cifar100'; got '{name}'"):
        cifar(name)
    with pytest.raises(ValueError, match=f"name must be 'cifar10' or 'cifar100'; got '{name}'"):
        cifar_checksums(name)


def one_bit(arrays):
    images = arrays["test_images"].copy()
    images[7, 31, 31, 2] ^= 1
    return {"test_images": images}


def swapped_labels(arrays):
    labels = arrays["train_labels"].copy()
    labels[[2, 3]] = labels[[3, 2]] + 1
    return {"train_labels": labels}


def wrapped_label(arrays):  # the same label only if it were cut to a byte
    labels = arrays["train_labels"].copy()
    labels[labels == 2] += 256
    return {"train_labels": labels}


FOREIGN = {
    "keys": (
        lambda arrays: {"train_labels": None, "classes": None},
        "it lacks train_labels, classes",
    ),
    "shape": (
        lambda arrays: {"test_images": arrays["test_images"][:-1]},
        "test_images must be uint8 of shape (30, 32, 32, 3); got uint8 of shape (29, 32, 32, 3)",
    ),
    "layout": (
        lambda arrays: {"train_images": arrays["train_images"].transpose(0, 3, 1, 2)},
        "train_images must be uint8 of shape (60, 32, 32, 3); got uint8 of shape (60, 3, 32, 32)",
    ),
    "dtype": (
        lambda arrays: {"train_images": arrays["train_images"] / np.float32(255)},
        "train_images must be uint8 of shape (60, 32, 32, 3); got float32 of shape (60, 32, 32, 3)",
    ),
    "label shape": (
        lambda arrays: {"train_labels": arrays["train_labels"][:, None]},
        "train_labels must be integers of shape (60,); got int64 of shape (60, 1)",
    ),
    "label dtype": (
        lambda arrays: {"test_labels": arrays["test_labels"].astype(np.float64)},
        "test_labels must be integers of shape (30,); got float64 of shape (30,)",
    ),
    "class names": (
        lambda arrays: {"classes": ["dog", "cat", "eel"]},
        "classes must be cat, ..., eel, in alphabetical order",
    ),
    "objects": (
        lambda arrays: {"classes": np.array(["cat", "dog", "eel"], object)},
        "Object arrays cannot be loaded when allow_pickle=False",
    ),
    "a bit": (one_bit, "the content of its test set has a different SHA-256"),
    "labels": (swapped_labels, "the content of its train set has a different SHA-256"),
    "large labels": (wrapped_label, "the content of its train set has a different SHA-256"),
    "parts": (
        lambda arrays: published(5) | {"test_labels": arrays["test_labels"]},
        "the content of its train set has a different SHA-256",
    ),
}


def refusal(source):
    return (
        f"{source} does not hold CIFAR-10: {{}}; delete it to download CIFAR-10, "
        "or make it again as data/README.md describes"
    )


@pytest.mark.parametrize(("changes", "told"), FOREIGN.values(), ids=FOREIGN)
def test_foreign_file_is_refused(changes, told, small, tmp_path):
    arrays = small["cifar10"]
    path = save(arrays, tmp_path / "data", **changes(arrays))
    with pytest.raises(ValueError) as caught:
        cifar("cifar10")
    assert str(caught.value) == refusal(path).format(told)


def test_the_other_data_set_is_refused(small, tmp_path):
    save(small["cifar100"], tmp_path / "data")
    with pytest.raises(ValueError, match="train set has a different SHA-256"):
        cifar("cifar10")


def cut(path):
    path.write_bytes(path.read_bytes()[:1000])


def no_archive(path):
    path.write_text("version https://git-lfs.github.com/spec/v1\n")


def flipped_byte(path):
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)


def flipped_in_compressed(path):
    with np.load(path) as stored:
        np.savez_compressed(path, **stored)
    content = bytearray(path.read_bytes())
    sizes = int.from_bytes(content[26:28], "little"), int.from_bytes(content[28:30], "little")
    content[30 + sum(sizes)] = 7  # what follows the first file's header tells the kind of block
    path.write_bytes(content)


def stray_member(path):
    with np.load(path) as stored:
        kept = {key: stored[key] for key in stored.files if key != "train_labels"}
    np.savez(path, **kept)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("train_labels", b"0 1 2")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (cut, "it is not a complete .npz file"),
        (no_archive, "it is not a complete .npz file"),
        (flipped_byte, "Bad CRC-32 for file 'train_images.npy'"),
        (
            flipped_in_compressed,
            "Error -3 while decompressing data: invalid block type",
        ),
        (stray_member, "train_labels must be integers of shape (60,); got |S5 of shape ()"),
    ],
)
def test_damaged_file_is_refused(damage, told, small, tmp_path):
    path = save(small["cifar10"], tmp_path / "data")
    damage(path)
    with pytest.raises(ValueError) as caught:
        cifar("cifar10")
    assert str(caught.value) == refusal(path).format(told)


def test_foreign_download_is_refused(small, tmp_path, monkeypatch):
    serve(monkeypatch, {"cifar10": small["cifar10"] | {"classes": ["dog", "cat", "eel"]}})
    with pytest.raises(ValueError) as caught:
        cifar("cifar10")
    told = "classes must be cat, ..., eel, in alphabetical order"
    assert str(caught.value) == refusal(tmp_path / "cache" / "halfspace").format(told)


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_class_names_are_in_alphabetical_order(name):
    names = datasets.CIFAR_CLASSES[name]
    assert list(names) == sorted(set(names)) and len(names) == int(name.removeprefix("cifar"))


def test_readme_tells_the_checksums():
    text = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf8")
    told = [*cifar_checksums("cifar10").values(), *cifar_checksums("cifar100").values()]
    assert [line.split("`")[1] for line in text.splitlines() if line.startswith("| CIFAR")] == told


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_real_data(name):
    if _folders.find(f"{name}.npz") is None:
        pytest.skip(f"needs data/{name}.npz, which is not kept in the repository")
    data = cifar(name)
    n_classes = int(name.removeprefix("cifar"))
    assert len(data.classes) == n_classes
    for part, n in (("train", 50_000), ("test", 10_000)):  # their content is checked by the load
        assert getattr(data, f"{part}_images").shape == (n, 3, 32, 32)
        counts = getattr(data, f"{part}_labels").bincount().tolist()
        assert counts == [n // n_classes] * n_classes
    # Published: the channels' means over the training images.
    means = {"cifar10": (0.4914, 0.4822, 0.4465), "cifar100": (0.5071, 0.4865, 0.4409)}[name]
    found = data.train_images.numpy().mean((0, 2, 3)) / 255
    assert found == pytest.approx(means, abs=6e-5)
    # The first of each class are no special images: they are as bright as all.
    first = subset_by_class(data.train_labels, 1000 // n_classes)
    assert data.train_images[first].numpy().mean((0, 2, 3)) / 255 == pytest.approx(means, abs=0.03)
    cifar.cache_clear()
