from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.addresses import (
    has_password,
    redacted,
    refuse_password,
    with_password,
    with_password_of,
    without_password,
)
from amalgamics.errors import InputError

WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=12)
# What a person may paste, escaped or not; white space ends an address.
PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@given(WORDS, PASSWORDS, st.sampled_from(["mongodb", "postgresql", "mongodb+srv"]))
def test_no_password_is_left_in_what_is_shown_or_stored(user: str, password: str, scheme: str) -> None:
    secret = f"{password}q7Zk"
    address = f"{scheme}://{user}:{secret}@host.example:1234/name"
    assert redacted(f"cannot reach {address} (refused)") == (
        f"cannot reach {scheme}://{user}:…@host.example:1234/name (refused)"
    )
    assert without_password(address) == f"{scheme}://{user}@host.example:1234/name"
    assert has_password(address)
    assert not has_password(without_password(address))


@pytest.mark.parametrize(
    "address",
    [
        "mongodb://host:27017/name",
        "mongodb://me@host:27017/name",
        "mongodb://one:27017,two:27018/name?replicaSet=a%40b",
        "sqlite:///folder/a:b@c",
        "results/structures.db",
        "postgresql://host/structures?host=/run/postgresql",
    ],
)
def test_an_address_without_a_password_stays_as_it_is(address: str) -> None:
    assert redacted(address) == without_password(address) == address
    refuse_password(address, "--launchpad", "")


def test_secrets_among_the_options_are_hidden() -> None:
    address = "postgresql://host/name?user=me&password=hunter2&sslmode=require"
    assert redacted(address) == "postgresql://host/name?user=me&password=…&sslmode=require"
    assert "hunter2" not in without_password(address)


@given(WORDS, st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()))
def test_a_password_comes_back_to_the_address_that_it_belongs_to(user: str, password: str) -> None:
    stored = without_password(with_password(f"mongodb://{user}@host/name", password))
    known = with_password(f"mongodb://{user}@host/name", password)
    assert with_password_of(stored, known) == known
    assert with_password_of("mongodb://other@host/name", known) == "mongodb://other@host/name"
    assert with_password_of(stored, None) == stored


def test_a_password_in_an_argument_is_refused_without_being_shown() -> None:
    with pytest.raises(InputError, match=r"--launchpad: mongodb://me:…@host/x holds a password.*; put it in a file"):
        refuse_password("mongodb://me:hunter2@host/x", "--launchpad", "put it in a file")
