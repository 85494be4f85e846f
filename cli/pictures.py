"""Pictures that a verb writes into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..reports.sections import SectionPicture


def picture_folder(folder: Path | None) -> Path | None:
    """Return the folder that pictures go to, checked before anything is computed for them; None where none is wanted.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    from ..files import check_writable

    if folder is not None:
        folder = folder.expanduser().resolve()
        check_writable(folder, "output")
    return folder


def write_pictures(pictures: Sequence[SectionPicture], folder: Path, to_stderr: bool) -> list[Path]:
    """Write pictures into ``folder`` of :func:`picture_folder`, say where they are, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for picture in pictures:
        path = folder / picture.file_name
        path.write_bytes(picture.png)
        paths.append(path)
        typer.echo(f"picture: {path}", err=to_stderr)
    return paths
