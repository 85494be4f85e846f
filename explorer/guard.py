"""Who may look: whoever knows the key of this server, from a page of its own.

The server listens on this machine alone. That keeps other machines out, but neither other users of this one nor pages
of the internet in the user's browser. So every request needs the key: in the address the first time, from then on in a
cookie. The name of the host is checked, because a page can have its own name point to this machine (DNS rebinding).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import Flask, Response, request

HOSTS = ("127.0.0.1", "localhost", "[::1]")
"""Names under which this machine is reached by itself, with any port: a tunnel may have another one."""

# Plotly puts its rules into a style element that is empty when it is made: this is the hash of nothing. It gives texts
# in figures, which are escaped, a style of their own.
_NOTHING = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    f"style-src 'self' {_NOTHING}",
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
_POLICY_NAME = "Content-Security-Policy"
_HEADERS = {
    _POLICY_NAME: "; ".join(_POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


@dataclass
class Keys:
    """The key of a server, and keys for one visit: the arguments of a browser that is started can be read by others.

    Attributes
    ----------
    key
        In the address that is printed, and in the cookie.
    """

    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _once: set[str] = field(default_factory=set)

    def for_one_visit(self) -> str:
        """Return a new key that opens the page once."""
        made = secrets.token_urlsafe(32)
        self._once.add(made)
        return made

    def fits(self, given: str) -> bool:
        """Return whether a text is the key."""
        return hmac.compare_digest(given.encode(), self.key.encode())

    def opens(self, given: str) -> bool:
        """Return whether a text opens the page; one for one visit is used up by that."""
        if given in self._once:
            self._once.discard(given)
            return True
        return self.fits(given)


def guard(app: Flask, keys: Keys, cookie: str) -> None:
    """Let only those requests through that may see something, and say in every answer what its page may do.

    Parameters
    ----------
    app
        The server.
    keys
        Its keys.
    cookie
        Name of the cookie; cookies do not know ports, so servers side by side need names of their own.
    """

    @app.before_request
    def check() -> Response | None:
        if urlsplit(f"//{request.host}").hostname not in {name.strip("[]") for name in HOSTS}:
            return _refused("this server answers under the name 127.0.0.1 or localhost only")
        if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.path != "/":
            return _refused("another page asks for this")
        if keys.fits(request.cookies.get(cookie, "")):
            return None
        if request.path == "/" and keys.opens(request.args.get("token", "")):
            return None
        return _refused("open the address that `amalgamics serve` printed; this one lacks its token")

    @app.after_request
    def say(answer: Response) -> Response:
        for name, value in _HEADERS.items():
            if name != _POLICY_NAME or name not in answer.headers:  # a report has a stricter one of its own
                answer.headers[name] = value
        if answer.status_code == 200 and request.path == "/":
            answer.set_cookie(cookie, keys.key, httponly=True, samesite="Strict", path="/")
        return answer


def _refused(why: str) -> Response:
    return Response(f"{why}\n", 403, mimetype="text/plain")
