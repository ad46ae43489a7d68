"""JumpStart's buckets on this machine: moto's S3 over HTTP, which the SageMaker SDK asks."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.jumpstart import specs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REGIONS = (specs.REGION, specs.OTHER_REGION)


def bucket(region: str) -> str:
    return f"jumpstart-cache-prod-{region}"


def put(url: str, region: str, objects: Mapping[str, Any]) -> None:
    """Make a region's bucket, if it is not there, and put objects into it."""
    s3 = boto3.client("s3", region_name=region, endpoint_url=url)
    where = {"LocationConstraint": region}
    options: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": where}
    names = {each["Name"] for each in s3.list_buckets()["Buckets"]}
    if bucket(region) not in names:
        s3.create_bucket(Bucket=bucket(region), **options)
    for key, data in objects.items():
        s3.put_object(Bucket=bucket(region), Key=key, Body=json.dumps(data).encode())


@pytest.fixture(scope="session", autouse=True)
def jumpstart() -> Iterator[str]:
    """Serve our specs, and let everything that asks AWS ask there."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("AWS_ACCESS_KEY_ID", "moto")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "moto")
        patch.setenv("AWS_DEFAULT_REGION", specs.REGION)  # sagemaker.serve needs one
        patch.delenv("AWS_PROFILE", raising=False)
        for region in REGIONS:
            put(url, region, specs.objects())
        yield url
    server.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the SDK warn: what it warns of is its own."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))
