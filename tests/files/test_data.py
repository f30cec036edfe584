"""Loaders: small files written here, and corrupt ones refused in one line."""

from __future__ import annotations

import gzip
import struct
import sys

import numpy as np
import pytest

from exactinj.errors import InputError, MissingExtraError
from exactinj.files.data_sets import Dataset, digits, iris, read_cifar10, read_mnist, scaled

IMAGES = struct.pack(">4I", 2051, 3, 2, 4) + bytes(range(24))
LABELS = struct.pack(">2I", 2049, 3) + bytes([7, 0, 255])
RECORD = bytes([9]) + bytes(k % 256 for k in range(3072))


def put(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def refused(call, *paths):
    with pytest.raises(InputError) as caught:
        call(*paths)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx(tmp_path, pack):
    images, labels = put(tmp_path, "images", pack(IMAGES)), put(tmp_path, "labels", pack(LABELS))
    data = read_mnist(images, str(labels))
    assert data.points.dtype == np.float64
    assert data.labels.dtype == np.int64
    assert data.points.tolist() == np.arange(24).reshape(3, 8).tolist()
    assert data.labels.tolist() == [7, 0, 255]
    assert read_mnist(images).labels.tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "truncated"),
        (IMAGES[:15], "truncated"),
        (IMAGES[:-1], "found 39 bytes, expected 40"),
        (IMAGES + b"\0", "found 41 bytes, expected 40"),
        (LABELS + bytes(20), "magic number 2049, expected 2051"),
        (struct.pack(">4I", 2051, 2**32 - 1, 2**32 - 1, 2**32 - 1), "corrupt"),
        (struct.pack(">4I", 2051, 0, 28, 28), "corrupt"),
        (struct.pack("<4I", 2051, 3, 2, 4) + bytes(24), "magic number"),
        (gzip.compress(IMAGES, mtime=0)[:-9], "cannot be read"),
        (gzip.compress(IMAGES, mtime=0)[:12] + b"\xff\xff\xff" + gzip.compress(IMAGES, mtime=0)[15:], "cannot be read"),
        (b"\x1f\x8bnothing", "cannot be read"),
        (gzip.compress(IMAGES[:-1], mtime=0), "expected 40"),
    ],
)
def test_corrupt_images(tmp_path, content, message):
    path = put(tmp_path, "images", content)
    text = refused(read_mnist, path)
    assert message in text
    assert text.startswith(str(path))


def test_images_and_labels_that_do_not_fit(tmp_path):
    images = put(tmp_path, "images", IMAGES)
    short = put(tmp_path, "labels", struct.pack(">2I", 2049, 2) + bytes(2))
    assert "2 labels for 3 images" in refused(read_mnist, images, short)
    assert "magic number 2051, expected 2049" in refused(read_mnist, images, images)
    assert "cannot be read" in refused(read_mnist, tmp_path / "missing")
    assert "cannot be read" in refused(read_mnist, tmp_path)


def test_cifar10(tmp_path):
    first = put(tmp_path, "data_batch_1.bin", RECORD * 2)
    second = put(tmp_path, "data_batch_2.bin.gz", gzip.compress(bytes([3]) + bytes(3072)))
    data = read_cifar10([first, second])
    assert data.points.shape == (3, 3072)
    assert data.points[0, :4].tolist() == [0, 1, 2, 3]
    assert not data.points[2].any()
    assert data.labels.tolist() == [9, 9, 3]
    assert read_cifar10(first).points.shape == read_cifar10(str(first)).points.shape == (2, 3072)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found 0 bytes"),
        (RECORD[:-1], "3072 bytes"),
        (RECORD + b"\0", "3074 bytes"),
        (RECORD + bytes([10]) + bytes(3072), "label 10"),
    ],
)
def test_corrupt_cifar10(tmp_path, content, message):
    assert message in refused(read_cifar10, put(tmp_path, "batch", content))


def test_no_cifar10_files(tmp_path):
    assert "no files" in refused(read_cifar10, [])
    assert "cannot be read" in refused(read_cifar10, tmp_path / "missing")


def test_scikit_learn():
    flowers, numbers = iris(), digits()
    assert (flowers.points.shape, numbers.points.shape) == ((150, 4), (1797, 64))
    assert np.bincount(flowers.labels).tolist() == [50, 50, 50]
    assert set(numbers.labels.tolist()) == set(range(10))
    assert (numbers.points.min(), numbers.points.max()) == (0, 16)


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingExtraError, match=r"exactinj\[data\]"):
        iris()


def test_scaled():
    data = Dataset("x", np.array([[1.0, 0.1, 5.0], [3.0, 0.1, 5.0], [5.0, 0.1, 8.0]]), np.arange(3))
    result = scaled(data)
    assert not result.points[:, 1].any()
    assert np.allclose(result.points[:, [0, 2]].mean(axis=0), 0)
    assert np.allclose(result.points[:, [0, 2]].std(axis=0), 1)
    assert result.labels is data.labels
    assert data.points[0, 0] == 1.0
