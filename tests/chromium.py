"""The browser of the tests."""

from __future__ import annotations

import os
import shutil
import warnings

import pytest


def chromium_or_skip(what: str) -> str:
    """Return the path of Chromium; without it the test fails in CI, and is skipped elsewhere, loudly.

    Parameters
    ----------
    what
        Was not opened in a browser then.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"Chromium is not installed; {what} was not opened in a browser")
    message = f"Chromium is not installed: {what} was NOT opened in a browser"
    warnings.warn(message, RuntimeWarning, stacklevel=1)
    pytest.skip(message)
