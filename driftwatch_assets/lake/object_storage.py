"""The lake on an object store behind fsspec: what is absent is told from what cannot be reached."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from driftwatch_assets.lake.errors import LakeUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import fsspec

_WITH_BUCKETS = {"s3", "s3a", "gs", "gcs"}
_WHAT_TO_DO = (
    "Check DRIFTWATCH_LAKE, that the store runs and its bucket is there, and its credentials "
    "(for s3:// AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
)


class ObjectStorage:
    """An object store behind fsspec. A put is one upload of the whole object, which such a store shows at once.

    fsspec takes a store that does not answer, or a bucket that is not there, for an empty one. Here both raise
    `LakeUnreachable`: a batch that cannot be read is not one that was never stored.
    """

    def __init__(self, filesystem: fsspec.AbstractFileSystem, root: str) -> None:
        self._filesystem = filesystem
        self._root = root.rstrip("/")
        known = filesystem.protocol
        protocols = {known} if isinstance(known, str) else {*known}
        self._bucket_unseen = bool(protocols & _WITH_BUCKETS)

    def put(self, path: str, content: bytes) -> None:
        """Upload the whole object; raises OSError when the store refuses it or is not there."""
        try:
            self._filesystem.pipe_file(self._at(path), content)
        except OSError:
            raise
        except Exception as broken:  # the clients' own errors have no base class in common
            raise OSError(f"{type(broken).__name__}: {broken}") from broken

    def get(self, path: str) -> bytes:
        """Download the whole object in one request."""
        with self._reaching(path):
            content: bytes = self._filesystem.cat_file(self._at(path))
        return content

    def exists(self, path: str) -> bool:
        """Tell whether the object is there."""
        self._filesystem.invalidate_cache()
        try:
            with self._reaching(path):
                # `isfile` says False of a store that does not answer, too.
                return bool(self._filesystem.info(self._at(path))["type"] == "file")
        except FileNotFoundError:
            return False

    def delete(self, path: str) -> None:
        """Remove the object."""
        with contextlib.suppress(FileNotFoundError), self._reaching(path):
            self._filesystem.rm_file(self._at(path))

    def find(self, folder: str) -> list[str]:
        """List the objects below `folder`."""
        self._filesystem.invalidate_cache()
        try:
            with self._reaching(folder):
                found = self._filesystem.find(self._at(folder))
                if not found:
                    self._look_for_bucket()
        except FileNotFoundError:
            return []
        inside = [path.removeprefix(self._root).lstrip("/") for path in found]
        return sorted(path for path in inside if not any(part.startswith(".") for part in path.split("/")))

    def uri(self, path: str) -> str:
        """Give the URL."""
        return str(self._filesystem.unstrip_protocol(self._at(path)))

    @contextmanager
    def _reaching(self, path: str) -> Iterator[None]:
        """Let FileNotFoundError through when the object is what is missing; raise LakeUnreachable otherwise."""
        try:
            try:
                yield
            except FileNotFoundError:
                self._look_for_bucket()
                raise
        except (FileNotFoundError, LakeUnreachable):
            raise
        except Exception as broken:  # the clients' own errors have no base class in common
            raise LakeUnreachable(
                f"{self.uri(path)} cannot be reached: {type(broken).__name__}: {broken}. Nothing was changed. "
                f"{_WHAT_TO_DO}"
            ) from broken

    def _look_for_bucket(self) -> None:
        if not self._bucket_unseen:
            return
        bucket = self._root.lstrip("/").partition("/")[0]
        try:
            self._filesystem.ls(bucket, detail=False)
        except FileNotFoundError as absent:
            raise LakeUnreachable(
                f"the bucket {bucket!r} of the lake {self._filesystem.unstrip_protocol(self._root)} is not there: "
                f"{absent}. Make it, or name another in DRIFTWATCH_LAKE"
            ) from absent
        self._bucket_unseen = False

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"
