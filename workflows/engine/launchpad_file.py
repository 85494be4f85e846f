"""FireWorks' ``my_launchpad.yaml``: where a LaunchPad is and who opens it, in a file that others cannot read."""

from __future__ import annotations

import os
import stat
from typing import Any

from ...addresses import has_password
from ...errors import InputError, shown, unknown_name
from ...files import usable_path

SUFFIXES = (".yaml", ".yml", ".json")
# What FireWorks 2.1 takes, and the options of earlier versions for TLS, which it leaves to ``mongoclient_kwargs``.
_KEYS = {
    **dict.fromkeys(("host", "name", "username", "password", "logdir", "strm_lvl", "authsource"), str),
    **dict.fromkeys(("user_indices", "wf_user_indices"), list),
    **{"port": int, "uri_mode": bool, "mongoclient_kwargs": dict},
}
_TLS_KEYS = {
    "ssl": "tls",
    "ssl_ca_certs": "tlsCAFile",
    "ssl_ca_file": "tlsCAFile",
    "ssl_certfile": "tlsCertificateKeyFile",
    "ssl_pem_passphrase": "tlsCertificateKeyFilePassword",
}
_SECRET_OPTIONS = ("password", "passphrase", "secret", "token")


class LaunchPadError(InputError):
    """The LaunchPad cannot be opened."""


def is_launchpad_file(address: str) -> bool:
    """Return whether an address is the path of a file, and not a URL."""
    if "://" in address:
        return False
    try:
        return address.lower().endswith(SUFFIXES) or usable_path(address).is_file()
    except InputError:  # no file can be called so
        return False


def read_launchpad_file(address: str) -> dict[str, Any]:
    """Return what a ``my_launchpad.yaml`` holds, as FireWorks' ``LaunchPad.from_dict`` takes it.

    Parameters
    ----------
    address
        Path of the file: ``host``, ``port``, ``name``, ``username``, ``password`` and ``authsource``, or a URL as
        ``host`` with ``uri_mode: true``; further ``mongoclient_kwargs``.

    Raises
    ------
    LaunchPadError
        There is no such file, it is none for a LaunchPad, or others can read the password in it.
    """
    import yaml

    path = usable_path(address)
    origin = f"launchpad: {path}"
    try:
        # Opened once: what is checked is what is read.
        with path.open("rb") as stream:
            mode, text = os.fstat(stream.fileno()).st_mode, stream.read()
        content = yaml.safe_load(text)
    except OSError as error:
        raise LaunchPadError(f"{origin} cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError):  # whose messages quote the file
        raise LaunchPadError(f"{origin} is not YAML") from None
    if not isinstance(content, dict):
        raise LaunchPadError(f"{origin} is not a mapping with host, port, name, username and password")
    _refuse_unknown(content, origin)
    if _holds_secret(content) and os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise LaunchPadError(f"{origin} holds a password that others can read; chmod 600 {path}")
    if not content.get("host"):
        raise LaunchPadError(f"{origin} has no host, e.g. host: db.example.org")
    settings = {key: value for key, value in content.items() if key not in _TLS_KEYS and value is not None}
    tls = {_TLS_KEYS[key]: value for key, value in content.items() if key in _TLS_KEYS and value is not None}
    return {**settings, "mongoclient_kwargs": {**tls, **(content.get("mongoclient_kwargs") or {})}}


def _refuse_unknown(content: dict[Any, Any], origin: str) -> None:
    for key, value in content.items():
        if key not in _KEYS and key not in _TLS_KEYS:
            raise LaunchPadError(f"{origin}: {unknown_name('key', str(key), [*_KEYS, *_TLS_KEYS])}")
        kind = _KEYS.get(key)
        if kind is not None and value is not None and not isinstance(value, kind):
            told = "a value" if key == "password" else shown(value)
            words = {str: "a text (in quotes)", int: "a whole number", bool: "true or false", list: "a list"}
            raise LaunchPadError(f"{origin}: {key}: {told} is not allowed; give {words.get(kind, 'a mapping')}")


def _holds_secret(content: dict[str, Any]) -> bool:
    options = {**content, **(content.get("mongoclient_kwargs") or {})}
    named = any(value and any(word in key.lower() for word in _SECRET_OPTIONS) for key, value in options.items())
    return named or has_password(str(content.get("host")))
