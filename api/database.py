"""The database of results, under its public name."""

from __future__ import annotations

from ..workflows.database.structure_database import StructureDatabase

Database = StructureDatabase
