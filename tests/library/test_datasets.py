import gzip
import shutil

import pytest
import torch
from halfspace.datasets import (
    CLASSES,
    _fashion,
    _folders,
    fashion_mnist,
    subset_by_class,
)

FILE = "t10k-labels-idx1-ubyte.gz"
N_TRAIN = 6000


@pytest.fixture(scope="module")
def data():
    return fashion_mnist(N_TRAIN)


# Circle


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
