"""An S3 server as a process of its own: moto's, with one bucket."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch_assets_tests.deployment.processes import Server, answers, free_port, inherited

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "driftwatch"


def credentials(port: int) -> dict[str, str]:
    """Give the environment with which every client finds the server."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "driftwatch",
        "AWS_SECRET_ACCESS_KEY": "of no worth",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@contextmanager
def object_store(folder: Path) -> Iterator[tuple[Server, dict[str, str]]]:
    """Start the server, make the bucket, and give both the server and its clients' environment."""
    port = free_port()
    environment = credentials(port)
    program = str(Path(sys.executable).with_name("moto_server"))
    with Server("S3", [program, "-H", "127.0.0.1", "-p", str(port)], folder / "s3.log", inherited()) as server:
        server.until("it answers", answers(environment["AWS_ENDPOINT_URL"]))
        client_of(environment).create_bucket(Bucket=BUCKET)
        yield server, environment


def client_of(environment: dict[str, str]) -> object:
    import boto3  # noqa: PLC0415 - an extra of the project: only where a store is asked for

    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )


def objects(environment: dict[str, str], prefix: str) -> list[str]:
    """List the keys in the bucket that begin with a prefix."""
    pages = client_of(environment).get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return [one["Key"] for page in pages for one in page.get("Contents", [])]
