"""GridFS on the embedded store: what FireWorks' FilePad and LaunchPad use of ``gridfs.GridFS``.

The documents are those of GridFS: one in ``<collection>.files`` for each file, its bytes in ``<collection>.chunks``.
Each operation holds the store's lock from its first document to its last, so that no other thread or process ever sees
half a file. The module gridfs itself could be bent to use litemongo, but would read chunks after the lock was let go.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .embedded_store import EmbeddedDatabase

CHUNK_BYTES = 8 * 1024 * 1024  # SQLite takes values of a gigabyte; a chunk is decoded as a whole


class EmbeddedFile(io.BytesIO):
    """A stored file, read into memory; its GridFS document says the rest.

    Parameters
    ----------
    content
        All its bytes.
    document
        Its document in ``<collection>.files``.
    """

    def __init__(self, content: bytes, document: Mapping[str, Any]) -> None:
        super().__init__(content)
        self._id = document["_id"]
        self.length: int = document["length"]
        self.upload_date: datetime.datetime = document["uploadDate"]
        self.filename: str | None = document.get("filename")
        self.metadata: Any = document.get("metadata")


class EmbeddedGridFS:
    """Files of any size in a database of the embedded store.

    Parameters
    ----------
    database
        Where they are.
    collection
        Prefix of the two collections.
    """

    def __init__(self, database: EmbeddedDatabase, collection: str = "fs") -> None:
        self._database = database
        self._collection = collection

    def put(self, data: bytes | str | IO[Any], *, encoding: str | None = None, **fields: Any) -> Any:
        """Store a file and return its id.

        Parameters
        ----------
        data
            Its content, or something to read that from.
        encoding
            How text becomes bytes.
        **fields
            What else its document holds, such as ``filename`` or ``metadata``, or its own ``_id``.

        Raises
        ------
        TypeError
            The content is text, and no encoding is given.
        gridfs.errors.FileExists
            There is a file with this ``_id``.
        """
        from bson import ObjectId
        from gridfs.errors import FileExists

        content = data if isinstance(data, bytes | str) else data.read()
        if isinstance(content, str):
            if encoding is None:
                raise TypeError("must specify an encoding for file in order to write str")
            content, fields["encoding"] = content.encode(encoding), encoding
        uploaded = datetime.datetime.now(datetime.UTC)
        document = {
            "_id": ObjectId(),
            "chunkSize": CHUNK_BYTES,
            "length": len(content),
            "uploadDate": uploaded,
            **fields,
        }
        pieces = [content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES)]
        chunks = [{"files_id": document["_id"], "n": n, "data": piece} for n, piece in enumerate(pieces)]

        def write(database: Any) -> None:
            files, stored_chunks = self._collections(database)
            if files.find_one({"_id": document["_id"]}):
                raise FileExists(f"file with _id {document['_id']!r} already exists")
            # The file exists once its document does: a process killed before leaves chunks that nobody reads.
            if chunks:
                stored_chunks.create_index("files_id")
                stored_chunks.insert_many(chunks)
            files.insert_one(document)

        self._database.run(write)
        return document["_id"]

    def get(self, file_id: Any) -> EmbeddedFile:
        """Return a file.

        Raises
        ------
        gridfs.errors.NoFile
            There is none with this id.
        """
        from gridfs.errors import NoFile

        file = self.find_one({"_id": file_id})
        if file is None:
            raise NoFile(f"no file in gridfs collection {self._collection!r} with _id {file_id!r}")
        return file

    def exists(self, query: Any) -> bool:
        """Say whether there is a file with this id, or one whose document matches a query."""
        return self._database[f"{self._collection}.files"].find_one(_as_query(query), {"_id": 1}) is not None

    def find(self, query: Mapping[str, Any] | None = None) -> Iterator[EmbeddedFile]:
        """Yield the files whose documents match, each read in its turn; one that is gone by then is left out."""
        for document in self._database[f"{self._collection}.files"].find(query or {}, {"_id": 1}):
            file = self.find_one(document["_id"])
            if file is not None:
                yield file

    def find_one(self, query: Any = None) -> EmbeddedFile | None:
        """Return the file with this id, or the first whose document matches a query, or None."""

        def read(database: Any) -> EmbeddedFile | None:
            files, chunks = self._collections(database)
            document = files.find_one(_as_query(query))
            if document is None:
                return None
            pieces = [chunk["data"] for chunk in chunks.find({"files_id": document["_id"]}).sort("n", 1)]
            return EmbeddedFile(b"".join(pieces), document)

        return self._database.run(read)  # type: ignore[no-any-return]

    def delete(self, file_id: Any) -> None:
        """Remove a file; one that is not there is no error, as in GridFS."""

        def remove(database: Any) -> None:
            files, chunks = self._collections(database)
            files.delete_one({"_id": file_id})
            chunks.delete_many({"files_id": file_id})

        self._database.run(remove)

    def list(self) -> list[str]:
        """Return the names of the files that have one."""
        names = self._database[f"{self._collection}.files"].find({}).distinct("filename")
        return [name for name in names if name is not None]

    def _collections(self, database: Any) -> tuple[Any, Any]:
        """Return litemongo's collections of files and chunks, for use under the lock."""
        return database[f"{self._collection}.files"], database[f"{self._collection}.chunks"]


def _as_query(query: Any) -> Mapping[str, Any]:
    """Return a query, of all files if None was given, of one if its id was."""
    if query is None:
        return {}
    return query if isinstance(query, Mapping) else {"_id": query}
