"""Modified labels and inputs of Fashion-MNIST."""

import pytest
import torch
from halfspace.companion.fashion import data as fashion_data
from halfspace.companion.fashion.data import modified_labels, normalise
from halfspace.datasets import (
    fashion_mnist,
)
from threadpoolctl import threadpool_limits

N_TRAIN = 6000


@pytest.fixture(scope="module")
def data():
    return fashion_mnist(N_TRAIN)


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


def test_the_means_of_clusters_are_listed_by_their_new_label(data):
    labels, _ = modified_labels(data, seed=3)
    means = fashion_data.cluster_means(data, seed=3)
    assert [*means] == [5, 6, 7, 8, 9]
    for label, clusters in means.items():
        assert len(clusters) == 5
        number, cluster = next(iter(clusters))
        of_class = labels[data.train_labels == number]
        members = fashion_data._clusters(data, number)[0] == cluster
        assert (of_class[members] == label).all()
        images = data.train_images[data.train_labels == number][members]
        assert torch.allclose(clusters[number, cluster], images.float().mean(0))
    assert len({pair for clusters in means.values() for pair in clusters}) == 25


def test_the_clusters_do_not_depend_on_the_number_of_threads():
    shirts = fashion_mnist(), 6
    with threadpool_limits(2):
        two = fashion_data._clusters.__wrapped__(*shirts)
    with threadpool_limits(1):
        one = fashion_data._clusters.__wrapped__(*shirts)
    assert all(torch.equal(*labels) for labels in zip(one, two, strict=True))
    assert one[0].bincount().sort().values.tolist() == [629, 1158, 1236, 1338, 1639]
