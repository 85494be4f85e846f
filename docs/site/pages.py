"""What the site shows beyond ``docs/*.md``: files of the repository that pages link to, notebooks, and links that fit.

A hook of mkdocs (``mkdocs.yml``). Pages are written to be read in the repository, where links are relative to the file;
here the files that stand elsewhere there are brought in, and links to them are turned.
"""

from __future__ import annotations

import ast
import html
import json
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Files of the root that are pages of the site, and their names there."""
_RENAMED = {"Database": "amalgamics.workflows.database.structure_database.StructureDatabase"}
"""Names that are another one's."""
_FENCE = re.compile(r"^( *)(`{3,}).*?^\1\2 *$", re.DOTALL | re.MULTILINE)
_NAMES = re.compile(r"<!-- names of amalgamics\.?([\w.]*) -->")
_LINK = re.compile(r"(?<=\]\()([^)\s#]+)((?:#[^)\s]*)?)(?=\))")


def on_startup(**_: Any) -> None:
    """Make a folder that holds the package under its name, as mkdocstrings looks for it."""
    target = ROOT / "build" / "api" / "amalgamics"
    target.mkdir(parents=True, exist_ok=True)
    packages = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in ("benchmarks", "tests")]
    modules = [path for path in ROOT.glob("*.py") if path.name != "setup.py"]
    for path in (*packages, *modules):
        link = target / path.name
        if not link.is_symlink():
            link.symlink_to(path)


def on_files(files: Files, config: Any) -> Files:
    """Add the files of the repository that are part of the site, and turn notebooks into pages."""
    added = {name: (ROOT / source).read_text(encoding="utf-8") for source, name in PAGES.items()}
    for path in [ROOT / "LICENSE", ROOT / "CITATION.cff", *(ROOT / "examples").iterdir()]:
        added[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    for file in [file for file in files if file.src_uri.endswith(".ipynb")]:
        files.remove(file)
        notebook = json.loads((ROOT / "docs" / file.src_uri).read_text(encoding="utf-8"))
        added[_page_of_notebook(file.src_uri)] = notebook_page(notebook)
    for name, content in added.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn the links of a page into those of the site."""
    name = page.file.src_uri
    origin = next((source for source, shown in PAGES.items() if shown == name), f"docs/{name}")
    markdown = _NAMES.sub(lambda match: names_offered(match[1]), markdown)
    return outside_code(markdown, lambda text: _LINK.sub(lambda match: turned(match, origin, name), text))


def names_offered(package: str) -> str:
    """Return what mkdocstrings takes for the docstring of each name that a package offers; the root is ``""``."""
    body = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text(encoding="utf-8")).body
    (block,) = [node for node in body if isinstance(node, ast.If)]
    dotted = ".".join(["amalgamics", *([package] if package else [])])
    found = {
        alias.name: f"{dotted}.{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found |= {name: path for name, path in _RENAMED.items() if name in found}
    return "\n".join(f"::: {found[name]}" for name in sorted(found, key=str.lower))


def turned(match: re.Match[str], origin: str, name: str) -> str:
    """Return the link of a page ``origin`` of the repository as it is on the page ``name`` of the site."""
    target, anchor = match.groups()
    if "://" in target or target.startswith("mailto:"):
        return match[0]
    path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
    path = PAGES.get(path, path.removeprefix("docs/"))
    path = _page_of_notebook(path) if path.endswith(".ipynb") else path
    return posixpath.relpath(path, posixpath.dirname(name) or ".") + anchor


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Return the text changed everywhere but in blocks of code."""
    parts, end = [], 0
    for match in _FENCE.finditer(markdown):
        parts += [change(markdown[end : match.start()]), match[0]]
        end = match.end()
    return "".join([*parts, change(markdown[end:])])


def notebook_page(notebook: dict[str, Any]) -> str:
    """Return a notebook as a page: its texts, its code, and what the code printed or showed."""
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        else:
            parts.append(f"```python\n{source}\n```")
            parts += [_output(output) for output in cell["outputs"]]
    return "\n\n".join(part for part in parts if part)


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {"text/plain": output.get("text", "")})
    if "image/png" in data:
        return f'<img alt="figure" src="data:image/png;base64,{"".join(data["image/png"]).strip()}">'
    if "text/html" in data:
        return "".join(line.strip() for line in "".join(data["text/html"]).splitlines())
    return f"<pre><code>{html.escape(''.join(data['text/plain']).rstrip())}</code></pre>"


def _page_of_notebook(name: str) -> str:
    return name.removesuffix(".ipynb") + ".md"
