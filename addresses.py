"""Addresses of servers, such as ``mongodb://host/name``, and the passwords in them: shown and stored nowhere."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from .errors import InputError

_SECRET = "…"
# The last @ ends a password, so that one with an @ or / that was not escaped is not shown either.
_PASSWORD = re.compile(r"(?P<before>[A-Za-z][A-Za-z0-9+.-]*://[^:/?#@\s]*):(?P<password>\S*)@")
_SECRET_OPTION = re.compile(
    r"(?P<before>[?&;](?:[^=&\s]*(?:password|passphrase|secret|token)[^=&\s]*|authMechanismProperties)=)[^&\s'\"]+",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """Return an address, or a text with addresses in it, with every password replaced by ``…``.

    Examples
    --------
    >>> from amalgamics.addresses import redacted
    >>> redacted("mongodb://me:hunter2@db.example.org/fireworks does not answer")
    'mongodb://me:…@db.example.org/fireworks does not answer'
    """
    return _SECRET_OPTION.sub(rf"\g<before>{_SECRET}", _PASSWORD.sub(rf"\g<before>:{_SECRET}@", text))


def has_password(address: str) -> bool:
    """Return whether an address holds a password, or another secret among its options."""
    return redacted(address) != address


def without_password(address: str) -> str:
    """Return an address without its password, as it may be stored: who uses it must know the password.

    Examples
    --------
    >>> from amalgamics.addresses import without_password
    >>> without_password("postgresql://me:hunter2@db.example.org/structures")
    'postgresql://me@db.example.org/structures'
    """
    return _SECRET_OPTION.sub(r"\g<before>", _PASSWORD.sub(r"\g<before>@", address))


def password_of(address: str) -> str | None:
    """Return the password between the user and the host of an address, None where there is none.

    Examples
    --------
    >>> from amalgamics.addresses import password_of
    >>> password_of("postgresql://me:hunter%402@db.example.org/structures")
    'hunter@2'
    """
    found = _PASSWORD.match(address)
    return unquote(found["password"]) if found else None


def with_password_of(address: str, known: str | None) -> str:
    """Return ``known``, an address with a password, if it is ``address`` but for that; else ``address``."""
    return known if known and without_password(known) == without_password(address) else address


def with_password(address: str, password: str) -> str:
    """Return an address with a user, such as ``mongodb://me@host/name``, with the password of that user."""
    scheme, _, rest = without_password(address).partition("://")
    user, _, host = rest.partition("@")
    return f"{scheme}://{quote(unquote(user), safe='')}:{quote(password, safe='')}@{host}"


def refuse_password(address: str, key: str, advice: str) -> None:
    """Refuse an address with a password where others could read it: an argument is in the list of processes.

    Parameters
    ----------
    address
        The address.
    key
        Where it was given, for the message.
    advice
        Where the password belongs.

    Raises
    ------
    InputError
        It holds a password.
    """
    if has_password(address):
        raise InputError(f"{key}: {redacted(address)} holds a password, which others could read here; {advice}")
