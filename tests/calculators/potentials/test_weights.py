"""Weight files are found and hashed without loading anything."""

from __future__ import annotations

import hashlib
import os

import pytest

from amalgamics.calculators.potentials.cards import MODEL_CARDS
from amalgamics.calculators.potentials.weights import WeightsNotFoundError, file_sha256, weights_path

WITH_WEIGHTS = [name for name, card in MODEL_CARDS.items() if card.weights]


@pytest.mark.parametrize("model", WITH_WEIGHTS)
def test_every_model_has_its_weights(model):
    card = MODEL_CARDS[model]
    path = weights_path(card.package, card.weights)
    assert path.stat().st_size > 100_000
    assert file_sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_models_do_not_share_weights():
    paths = [weights_path(MODEL_CARDS[name].package, MODEL_CARDS[name].weights) for name in WITH_WEIGHTS]
    assert len({file_sha256(path) for path in paths}) == len(WITH_WEIGHTS)


def test_hash_follows_the_file(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"first")
    first = file_sha256(path)
    path.write_bytes(b"other")
    os.utime(path, ns=(1, 1))
    assert file_sha256(path) == hashlib.sha256(b"other").hexdigest() != first


def test_missing_package_and_missing_file_are_told():
    with pytest.raises(WeightsNotFoundError, match=r"'not_there_at_all'.*not installed"):
        weights_path("not_there_at_all", "weights.pth")
    with pytest.raises(WeightsNotFoundError, match=r"'chgnet' has no weights 'none\.pth'"):
        weights_path("chgnet", "pretrained/none.pth")
