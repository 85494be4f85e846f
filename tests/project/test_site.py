"""The site: it can be built from the pages alone, and names every page; what tables say of their commands is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import amalgamics

ROOT = Path(amalgamics.__file__).parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
LINK = re.compile(r"\]\(([^)\s#]*)(#[^)\s]*)?\)")


def without_code(text: str) -> str:
    return re.sub(r"^( *)```.*?^\1```", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The anchors of headings, as the host of the repository makes them."""
    heads = re.findall(r"^#+ (.*)$", without_code(text), flags=re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower().strip() for head in heads]
    return {"#" + re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem)
def test_links_lead_somewhere_in_the_repository(page: Path) -> None:
    for target, anchor in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), target + anchor


def test_the_navigation_names_every_page() -> None:
    class Loader(yaml.SafeLoader):
        """Takes functions, such as the one that makes anchors, for nothing."""

    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
    settings = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
    named = {name for part in settings["nav"] for pages in part.values() for page in pages for name in page.values()}
    notebooks = {f"notebooks/{path.stem}.md" for path in DOCS.glob("notebooks/*.ipynb")}
    assert named == {path.name for path in PAGES} | notebooks | {"index.md", "changelog.md", "contributing.md"}
    assert settings["theme"]["font"] is False


def test_the_api_page_has_every_package() -> None:
    filled = re.findall(r"<!-- names of (\S+) -->", (DOCS / "api.md").read_text(encoding="utf-8"))
    layers = {path.parent.name for path in ROOT.glob("*/__init__.py") if "attach(" in path.read_text(encoding="utf-8")}
    assert set(filled) == {"amalgamics", *(f"amalgamics.{layer}" for layer in layers)}


def test_each_command_of_a_table_is_there() -> None:
    text = (DOCS / "validation.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"`make (\w+)`", text)) <= targets
    for path in re.findall(r"`[^`]*?((?:benchmarks|tests|examples)/[\w./-]+)[^`]*`", text):
        assert (ROOT / path).is_file(), path
    for line in (line for line in text.splitlines() if "| yes |" in line and ".md" in line):
        page = (DOCS / LINK.findall(line)[0][0]).read_text(encoding="utf-8")
        assert re.search(r"<!-- (?:begin |.*: begin)", page), line
