"""A real server of S3 for tests, on a free port of this machine; it ends with this process."""

import logging
import os
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

SECRET = "s3cret-of-the-bucket"
_GIVEN = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}


class Buckets:
    """The buckets of one test, which begin empty."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def put(self, address: str, content: bytes) -> None:
        """Write an object; its bucket is made."""
        import obstore

        store, name = self._store(address)
        obstore.put(store, name, content)

    def remove(self, address: str) -> None:
        """Take an object away."""
        import obstore

        store, name = self._store(address)
        obstore.delete(store, name)

    def make(self, bucket: str) -> None:
        """Make a bucket."""
        import boto3

        client = boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1")
        client.create_bucket(Bucket=bucket)
        client.close()

    def mark_folder(self, bucket: str, key: str) -> None:
        """What consoles put where a person makes a folder: an object of nothing whose name ends in a slash."""
        import boto3

        client = boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1")
        client.put_object(Bucket=bucket, Key=key, Body=b"")
        client.close()

    def _store(self, address: str) -> "tuple[object, str]":
        from obstore.store import from_url

        bucket, _, name = address.removeprefix("s3://").partition("/")
        return from_url(f"s3://{bucket}", client_options={"allow_http": True}), name


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """The address of a server for the tests of a module."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def buckets(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Buckets]:
    """Buckets on that server, and an environment that points to it."""
    import httpx

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {**_GIVEN, "AWS_ENDPOINT_URL": s3_server}.items():
        monkeypatch.setenv(name, value)
    yield Buckets(s3_server)
    httpx.post(f"{s3_server}/moto-api/reset")
