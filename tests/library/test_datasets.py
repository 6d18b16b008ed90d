import gzip
import math
import shutil

import pytest
import torch
from halfspace.companion.circle.target import Circle
from halfspace.companion.fashion import data as fashion_data
from halfspace.companion.fashion.data import modified_labels, normalise
from halfspace.datasets import (
    CLASSES,
    _fashion,
    _folders,
    circle_grid,
    fashion_mnist,
    subset_by_class,
)
from hypothesis import given
from hypothesis import strategies as st

FILE = "t10k-labels-idx1-ubyte.gz"
N_TRAIN = 6000


@pytest.fixture(scope="module")
def data():
    return fashion_mnist(N_TRAIN)


# Circle


def test_circle_default_is_the_even_grid():
    circle = Circle()
    angles, points = circle_grid(256)
    assert torch.allclose(circle.angles(), angles)
    assert torch.allclose(circle.points(), points)
    assert circle.top().sum() == 128


@given(
    n=st.integers(2, 300),
    top_share=st.floats(0.05, 0.95),
    frequencies=st.tuples(st.floats(0, 20), st.floats(0, 20)),
    amplitudes=st.tuples(st.floats(0, 3), st.floats(0, 3)),
    phases=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
)
def test_circle_fields_do_what_they_say(n, top_share, frequencies, amplitudes, phases):
    if not 0 < round(n * top_share) < n:
        return
    waves = dict(frequencies=frequencies, amplitudes=amplitudes, phases=phases)
    circle = Circle(n=n, top_share=top_share, **waves)
    angles, points = circle.angles(torch.float64), circle.points(torch.float64)
    top = circle.top()
    assert points.shape == (n, 2) and circle.values().shape == (n, 1)
    assert top.sum() == round(n * top_share)
    assert torch.equal(points[:, 1] > 0, top)
    assert (angles.diff() > 0).all()
    for half, f, a, phase in zip((top, ~top), *waves.values(), strict=True):
        steps = angles[half].diff()
        assert torch.allclose(
            steps, torch.full_like(steps, math.pi / half.sum().item()), rtol=1e-10
        )
        expected = [a * math.sin(f * angle + phase) for angle in angles[half].tolist()]
        values = circle.values(torch.float64)[half, 0]
        assert torch.allclose(values, torch.tensor(expected, dtype=torch.float64), atol=1e-10)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"n": 1}, "n\n.*greater than or equal to 2"),
        ({"frequencies": (-1, 8)}, r"frequencies\.0\n.*greater than or equal to 0"),
        ({"amplitudes": (1, -1)}, r"amplitudes\.1\n.*greater than or equal to 0"),
        ({"top_share": 1.0}, "top_share\n.*less than 1"),
        ({"n": 3, "top_share": 0.1}, "top_share must leave a point on each half; got 0.1 of 3"),
        ({"points": 3}, "points\n.*not permitted"),
    ],
)
def test_circle_refuses(fields, message):
    with pytest.raises(ValueError, match=message):
        Circle(**fields)


# Fashion-MNIST


def test_fashion_mnist_full():
    full = fashion_mnist()
    assert full.train_images.shape == (60_000, 784) and full.train_images.dtype == torch.uint8
    assert full.test_images.shape == (10_000, 784)
    assert full.train_labels.bincount().tolist() == [6000] * 10
    assert full.test_labels.bincount().tolist() == [1000] * 10
    # Published: the first training image is an ankle boot, the first test image too.
    assert CLASSES[full.train_labels[0]] == CLASSES[full.test_labels[0]]
    assert CLASSES[full.train_labels[0]] == "Ankle boot"


def test_fashion_mnist_part_is_balanced_and_in_order(data):
    full = fashion_mnist()
    assert data.train_labels.bincount().tolist() == [N_TRAIN // 10] * 10
    for number in (0, 9):
        expected = full.train_images[full.train_labels == number][: N_TRAIN // 10]
        assert torch.equal(data.train_images[data.train_labels == number], expected)


@pytest.mark.parametrize("n_train", [0, 15, 60_010])
def test_fashion_mnist_refuses_sizes(n_train):
    with pytest.raises(ValueError, match=f"multiple of 10 from 10 to 60000; got {n_train}"):
        fashion_mnist(n_train)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the data folder that the package is told to use."""
    source = _fashion._fashion_folder()
    shutil.copytree(source, tmp_path / "fashion-mnist")
    monkeypatch.setenv("HALFSPACE_DATA", str(tmp_path))
    fashion_mnist.cache_clear()
    yield tmp_path / "fashion-mnist"
    fashion_mnist.cache_clear()


def damage_cut(path):
    path.write_bytes(path.read_bytes()[:1000])


def damage_text(path):
    path.write_text("version https://git-lfs.github.com/spec/v1\n")


def damage_bit(path):
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[5000] ^= 1
    path.write_bytes(gzip.compress(bytes(content), mtime=0))


@pytest.mark.parametrize("damage", [damage_cut, damage_text, damage_bit])
def test_damaged_file_is_named(copy, damage):
    assert fashion_mnist(10).train_images.shape == (10, 784)  # another gzip, the same content
    fashion_mnist.cache_clear()
    damage(copy / FILE)
    with pytest.raises(
        ValueError, match=f"{FILE} is damaged .*git checkout -- data/fashion-mnist/{FILE}"
    ):
        fashion_mnist()


def test_missing_file_is_named(copy):
    (copy / FILE).unlink()
    with pytest.raises(
        FileNotFoundError, match=f"{FILE} is missing; .*git checkout -- data/fashion-mnist/{FILE}"
    ):
        fashion_mnist()


def test_folder_is_found_from_inside_a_clone(copy, tmp_path, monkeypatch):
    monkeypatch.delenv("HALFSPACE_DATA")
    shutil.move(copy, tmp_path / "clone" / "data" / "fashion-mnist")
    (tmp_path / "clone" / "chapters").mkdir()
    monkeypatch.chdir(tmp_path / "clone" / "chapters")
    assert _fashion._fashion_folder() == tmp_path / "clone" / "data" / "fashion-mnist"


def test_wrong_data_variable_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=f"HALFSPACE_DATA must name a .* got {tmp_path}"):
        _fashion._fashion_folder()


def test_download_is_the_last_resort(tmp_path, monkeypatch):
    """Without the folder the files come through torchvision; a failure says what to do."""
    from torchvision.datasets import FashionMNIST as Torchvision

    source = _fashion._fashion_folder()
    monkeypatch.delenv("HALFSPACE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_folders, "__file__", str(tmp_path / "a" / "b" / "c" / "d.py"))

    def no_network(self, root, download):
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")

    monkeypatch.setattr(Torchvision, "__init__", no_network)
    with pytest.raises(FileNotFoundError, match="download failed .*set HALFSPACE_DATA to the data"):
        _fashion._fashion_folder()

    def fetch(self, root, download):
        shutil.copytree(source, tmp_path / "cache" / "halfspace" / "FashionMNIST" / "raw")

    monkeypatch.setattr(Torchvision, "__init__", fetch)
    folder = _fashion._fashion_folder()
    monkeypatch.setattr(Torchvision, "__init__", no_network)  # the second time needs no network
    assert _fashion._fashion_folder() == folder
    assert (folder / FILE).is_file()


def no_home():
    raise RuntimeError("Could not determine home directory.")


def test_downloads_go_to_the_cache_that_is_named_even_without_a_home(tmp_path, monkeypatch):
    monkeypatch.setattr(_folders.Path, "home", no_home)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert _folders.download_folder() == tmp_path / "halfspace"


def test_downloads_go_to_the_temporary_files_where_there_is_no_home(tmp_path, monkeypatch):
    monkeypatch.setattr(_folders.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    home = _folders.Path.home()
    assert _folders.download_folder() == home / ".cache" / "halfspace"
    monkeypatch.setattr(_folders.Path, "home", no_home)
    assert _folders.download_folder() == tmp_path / "halfspace"


def test_an_empty_data_variable_counts_as_unset(copy, tmp_path, monkeypatch):
    monkeypatch.setenv("HALFSPACE_DATA", "")
    (tmp_path / "here").mkdir()
    shutil.move(copy, tmp_path / "here" / "data" / "fashion-mnist")
    monkeypatch.chdir(tmp_path / "here")
    assert _fashion._fashion_folder() == tmp_path / "here" / "data" / "fashion-mnist"


# Images and labels


def test_subset_by_class_takes_the_first_of_each():
    labels = torch.tensor([1, 0, 1, 2, 0, 2, 2])
    assert subset_by_class(labels, 2).tolist() == [1, 4, 0, 2, 3, 5]
    with pytest.raises(ValueError, match="per_class must be at most 2; got 3"):
        subset_by_class(labels, 3)


def test_normalise_uses_the_references_mean():
    images = torch.rand(5, 7, dtype=torch.float64)
    reference = torch.rand(9, 7, dtype=torch.float64)
    scaled = normalise(images, reference)
    assert torch.allclose(scaled.norm(dim=1), torch.ones(5, dtype=torch.float64), rtol=1e-10)
    shift = images - reference.mean(0)
    cosine = (scaled * shift).sum(1) / shift.norm(dim=1)
    assert torch.allclose(cosine, torch.ones(5, dtype=torch.float64), rtol=1e-10)


@pytest.mark.parametrize("complex_classes", [(5, 6, 7, 8, 9), (0, 1, 2, 3, 4)])
def test_modified_labels_follow_the_rule(data, complex_classes):
    new_train, new_test = modified_labels(data, seed=3, complex_classes=complex_classes)
    given_to = torch.zeros(10, dtype=torch.int64)
    for number in range(10):
        train, test = data.train_labels == number, data.test_labels == number
        if number not in complex_classes:
            assert (new_train[train] == number).all() and (new_test[test] == number).all()
            continue
        train_clusters, test_clusters = fashion_data._clusters(data, number)
        images = data.train_images[train].double()
        centroids = torch.stack([images[train_clusters == k].mean(0) for k in range(5)])
        for labels, clusters, pixels in (
            (new_train[train], train_clusters, images),
            (new_test[test], test_clusters, data.test_images[test].double()),
        ):
            nearest = torch.cdist(pixels, centroids).argmin(1)
            # k-means stops by tolerance, so a few points may still sit between two centroids.
            assert (nearest == clusters).double().mean() > 0.99
            of_clusters = [labels[clusters == k].unique().tolist() for k in range(5)]
            assert all(len(found) <= 1 for found in of_clusters)
        for k in range(5):
            label = new_train[train][train_clusters == k][0]
            assert (new_test[test][test_clusters == k] == label).all()
            given_to[label] += 1
    assert given_to[list(complex_classes)].tolist() == [5] * 5


def test_modified_labels_are_drawn_by_seed(data):
    first, again = (modified_labels(data, seed=0)[0] for _ in range(2))
    assert torch.equal(first, again)
    fashion_data._clusters.cache_clear()
    assert torch.equal(first, modified_labels(data, seed=0)[0])
    other = modified_labels(data, seed=1)[0]
    assert (first != other).double().mean() > 0.2
