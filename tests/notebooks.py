"""Run the notebooks of the documentation, and store what they show: ``python -P -m amalgamics.tests.notebooks``."""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

import amalgamics

FOLDER = Path(amalgamics.__file__).parent / "docs" / "notebooks"
TIMEOUT_S = 600
_SHOWN = ("text/html", "text/plain")
_MOST_CHARACTERS = 20_000  # of one output; a figure has more, and is drawn when the notebook is run


def run(path: Path, folder: Path) -> NotebookNode:
    """Return the notebook as it is after its run in a folder.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell failed; the message is its traceback.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=TIMEOUT_S, resources={"metadata": {"path": str(folder)}})
    # By files of this user, not over TCP, which others on the machine reach.
    client.km = AsyncKernelManager(transport="ipc", connection_file=str(folder / "kernel.json"))
    client.execute()
    return slim(notebook)


def slim(notebook: NotebookNode) -> NotebookNode:
    """Keep printed texts and tables, and drop figures, times, counts and what went to stderr."""
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [kept for output in cell.outputs for kept in _kept(output)]
    return notebook


def _kept(output: NotebookNode) -> list[NotebookNode]:
    if output.output_type == "stream":
        return [output] if output.name == "stdout" else []
    if any("plotly" in kind for kind in output.data):
        return []
    kind = next(kind for kind in _SHOWN if kind in output.data)
    kept = {kind: output.data[kind]}
    return [nbformat.v4.new_output("display_data", kept)] if len(kept[kind]) < _MOST_CHARACTERS else []


def shown(notebook: NotebookNode) -> list[str]:
    """Return the texts of all outputs, with one blank between words."""
    texts = []
    for output in (output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs):
        text = output.text if output.output_type == "stream" else next(iter(output.data.values()))
        texts.append(re.sub(r"\s+", " ", text).strip())
    return texts


def main(arguments: Sequence[str] | None = None) -> None:
    """Run notebooks and write what they show into them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, help="all unless given")
    for path in parser.parse_args(arguments).notebooks or sorted(FOLDER.glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(run(path, Path(folder)), path)
        print(path, flush=True)


if __name__ == "__main__":
    main()
