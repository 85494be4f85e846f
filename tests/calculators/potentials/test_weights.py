"""Weight files are found and hashed without loading anything."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from amalgamics.calculators.potentials import loading, names, weights
from amalgamics.calculators.potentials.cards import MODEL_CARDS
from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.potentials.weights import (
    DamagedWeightsError,
    WeightsNotFoundError,
    checked_weights,
    file_sha256,
    weights_path,
)

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


@pytest.mark.parametrize("model", WITH_WEIGHTS)
def test_the_weights_of_every_model_are_those_of_its_card(model):
    card = MODEL_CARDS[model]
    assert checked_weights(card.package, card.weights, card.sha256) == weights_path(card.package, card.weights)
    assert len(card.sha256) == 64


@pytest.mark.parametrize("bit", [0, 4_001, 79_999])
def test_one_changed_bit_is_refused(tmp_path, monkeypatch, bit):
    folder = tmp_path / f"made_up_{bit}"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    content = bytearray(b"0123456789" * 1000)
    right = hashlib.sha256(content).hexdigest()
    (folder / "weights.pth").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    assert checked_weights(folder.name, "weights.pth", right).name == "weights.pth"
    content[bit // 8] ^= 1 << bit % 8
    (folder / "weights.pth").write_bytes(content)
    os.utime(folder / "weights.pth", ns=(1, 1))
    with pytest.raises(DamagedWeightsError, match=r"are not those that are expected.*--force-reinstall"):
        checked_weights(folder.name, "weights.pth", right)


@pytest.mark.parametrize("model", WITH_WEIGHTS)
def test_a_bundled_model_with_one_changed_bit_is_not_loaded(model, tmp_path, monkeypatch):
    card = MODEL_CARDS[model]
    content = bytearray(weights_path(card.package, card.weights).read_bytes())
    content[len(content) // 2] ^= 1
    damaged = tmp_path / Path(card.weights).name
    damaged.write_bytes(content)
    monkeypatch.setattr(weights, "weights_path", lambda *_: damaged)
    assert names.checked_weights is loading.checked_weights is weights.checked_weights  # one place that finds them
    for use in (get_potential(model).check_available, lambda: loading._load_model.__wrapped__(model, "cpu")):
        with pytest.raises(DamagedWeightsError, match="not those that are expected"):
            use()
