"""Where a structure database is: the path of a file, or ``postgresql://[user@]host[:port]/name`` of a server.

Addresses are handled without their passwords; whoever connects to a server looks for its password there and then.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from ...addresses import password_of, redacted, refuse_password, with_password_of, without_password
from ...errors import InputError, shown
from ...files import usable_path
from ...permissions import DATABASE_VARIABLE

SCHEME = "postgresql://"
PASSWORD_ADVICE = (
    f"leave it out, and give the whole address with it in ${DATABASE_VARIABLE}, or the password in ~/.pgpass or"
    " $PGPASSWORD"
)
# Of libpq, what belongs into an address; those that name a file of passwords or another address do not.
_OPTIONS = frozenset(
    {
        *("host", "hostaddr", "port", "user", "options", "application_name", "connect_timeout", "target_session_attrs"),
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "gssencmode", "channel_binding", "require_auth"),
    }
)
_EXAMPLE = f"{SCHEME}me@db.example.org/structures"


def is_server(address: str | Path) -> bool:
    """Return whether an address is that of a server, and not the path of a file."""
    return str(address).startswith((SCHEME, "postgres://"))


def checked_address(value: str | Path, key: str = "database") -> Path | str:
    """Return what a user gave as the address of a structure database: a path, or the URL of a server.

    Parameters
    ----------
    value
        The path or URL.
    key
        Where it was given, for the message.

    Raises
    ------
    InputError
        It is neither, or holds a password, which others could read here.
    """
    if not is_server(value):
        try:
            return usable_path(value)
        except InputError as error:
            hint = f", or {_EXAMPLE}" if "://" in str(value) else ""
            raise InputError(f"{key}: {redacted(str(error))}{hint}") from None
    refuse_password(str(value), key, PASSWORD_ADVICE)
    return _checked_url(str(value), key)


def known_address(value: str | Path) -> Path | str:
    """Return an address that may hold a password, as `checked_address` does, without it."""
    return checked_address(without_password(str(value)) if is_server(value) else value)


def absolute_address(address: Path | str) -> Path | str:
    """Return the address by which the database is found from any folder of this machine."""
    return address if is_server(address) else Path(address).expanduser().resolve()


def password_for(address: str, given: str = "") -> str | None:
    """Return the password for a server: that which was given with its address, else that of the environment.

    None where there is neither; libpq then looks into ``$PGPASSWORD`` and ``~/.pgpass`` by itself.

    Parameters
    ----------
    address
        Of the server, without a password.
    given
        The same as it was given, perhaps with one.
    """
    return password_of(given) or password_of(with_password_of(address, os.environ.get(DATABASE_VARIABLE)))


def _checked_url(url: str, key: str) -> str:
    """Refuse what libpq would stumble over, or misunderstand."""
    problem = _problem(url)
    if problem:
        # What does not read as an address may hold a password where none is looked for.
        said = shown(url) if "@" not in url or url.count("@") == len(url.split()) == 1 else f"{SCHEME}…"
        raise InputError(f"{key}: {said} is no address of a PostgreSQL database ({problem}); give e.g. {_EXAMPLE}")
    return url


def _problem(url: str) -> str:
    if not url.startswith(SCHEME):
        return f"it does not begin with {SCHEME}"
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        return "it holds a space or a control character"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "its host or port cannot be read"
    if port == 0:
        return "port 0"
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name or parts.fragment:
        return "it has no name of a database" if not name else "one name of a database comes after the host"
    unknown = [option for option, _ in parse_qsl(parts.query, keep_blank_values=True) if option not in _OPTIONS]
    return f"option {shown(unknown[0])} is not allowed" if unknown else ""
