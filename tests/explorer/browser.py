"""A real Chromium, driven over its debugging pipe: pages of a server, clicks, keys and pictures."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)
PATIENCE_S = 90
"""For what a page does; a test ends long before, unless it fails."""


_AT_REST = """new Promise((done) => {
  let before = "", left = 100;
  (function look() {
    const node = document.querySelector(SELECTOR);
    node.scrollIntoView({ block: "center" });
    const box = node.getBoundingClientRect(), where = [box.x + box.width / 2, box.y + box.height / 2];
    const rests = where.join() === before && node.contains(document.elementFromPoint(...where));
    before = where.join();
    left -= 1;
    if (rests || left === 0) done(where); else setTimeout(look, 40);
  }());
})"""
"""Where the middle of an element is, once it has been there twice and lies on top."""
_LOOKING = """new Promise((done) => {
  const end = performance.now() + 500;
  (function look() {
    const found = (() => (CONDITION))();
    if (found || performance.now() > end) done(Boolean(found)); else setTimeout(look, 20);
  }());
})"""


# A browser reads at 3 and writes at 4.
_WITH_PIPES = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3), os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class PageError(Exception):
    """What was asked of the page did not work."""


class Page:
    """The one tab of a browser.

    Attributes
    ----------
    console
        Lines that the page, or the browser about it, wrote as warnings or errors.
    requests
        Addresses that it asked for.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._numbers, self._unread = itertools.count(1), b""
        self._session: str | None = None
        self.console: list[str] = []
        self.requests: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def open(self, address: str, *, wait: bool = True) -> None:
        """Go to an address and wait until its view is shown."""
        self._call("Page.navigate", url=address)
        if wait:
            self.wait("document.documentElement.dataset.ready")

    def go(self, fragment: str) -> None:
        """Go to another view of the page."""
        self.run(f"delete document.documentElement.dataset.ready; location.hash = {json.dumps(fragment)}; 0")
        self.wait("document.documentElement.dataset.ready")

    def run(self, script: str) -> Any:
        """Return the value of a script; promises are waited for."""
        done = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise PageError(json.dumps(done["exceptionDetails"])[:600])
        return done["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until a script is true."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            with contextlib.suppress(PageError):  # a page that is just being loaded
                if self.run(_LOOKING.replace("CONDITION", condition)):
                    return
        raise PageError(f"never true: {condition}; the console says {self.console}")

    def click(self, selector: str) -> None:
        """Click on the middle of an element, as a pointer does, once nothing moves or covers it."""
        self.click_at(*self.run(_AT_REST.replace("SELECTOR", json.dumps(selector))))

    def move_to(self, x: float, y: float) -> None:
        """Move the pointer to a place of the window."""
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click_at(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        self.move_to(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name: str, code: int = 0) -> None:
        """Press a key, such as ``Tab`` (9) or ``ArrowRight`` (39)."""
        text = {"Enter": "\r"}.get(name)
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self._call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **more)

    def type(self, selector: str, text: str) -> None:
        """Put a text into a field."""
        self.run(f"document.querySelector({json.dumps(selector)}).select(); 0")
        self._call("Input.insertText", text=text)

    def size(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Give the window a size and a colour scheme."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """Save what the page looks like."""
        done = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(done["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise PageError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            read = os.read(self._from, 1 << 20)
            if not read:
                raise PageError("the browser is gone")
            self._unread += read
        message, _, self._unread = self._unread.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Log.entryAdded" and parameters["entry"]["level"] in {"warning", "error"}:
            self.console.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in {"warning", "error", "assert"}:
            self.console.append(" ".join(str(one.get("value", one.get("description"))) for one in parameters["args"]))
        elif method == "Runtime.exceptionThrown":
            self.console.append(json.dumps(parameters["exceptionDetails"])[:600])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])


@contextlib.contextmanager
def browsing(chromium: str, profile: Path, flags: Sequence[str] = ()) -> Iterator[Page]:
    """Start a browser with an empty profile, and end it."""
    in_browser, to_browser = os.pipe()
    from_browser, out_browser = os.pipe()
    command = [sys.executable, "-c", _WITH_PIPES, str(in_browser), str(out_browser), chromium, *FLAGS, *flags]
    process = subprocess.Popen(
        [*command, f"--user-data-dir={profile}"],
        pass_fds=(in_browser, out_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(in_browser)
    os.close(out_browser)
    try:
        yield Page(to_browser, from_browser)
    finally:
        process.terminate()
        process.wait()
        os.close(to_browser)
        os.close(from_browser)
