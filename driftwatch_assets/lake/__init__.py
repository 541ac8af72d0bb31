"""Partitioned Parquet tables on a local path or any fsspec URL; a write is whole or absent."""

from driftwatch_assets.lake.batch import LONGEST_NAME, batch_order, check_name
from driftwatch_assets.lake.errors import (
    BatchMissing,
    ColumnMissing,
    LakeError,
    LakeUnreachable,
    NameRefused,
    PartitionUnreadable,
    WriteFailed,
)
from driftwatch_assets.lake.fingerprint import content_fingerprint
from driftwatch_assets.lake.lake import Lake, Written

__all__ = [
    "LONGEST_NAME",
    "BatchMissing",
    "ColumnMissing",
    "Lake",
    "LakeError",
    "LakeUnreachable",
    "NameRefused",
    "PartitionUnreadable",
    "WriteFailed",
    "Written",
    "batch_order",
    "check_name",
    "content_fingerprint",
]
