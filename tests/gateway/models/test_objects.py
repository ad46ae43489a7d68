"""S3 as calls to asynchronous models meet it: what is missing, what is refused, who was first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from gateway.models.async_record import Record, State
from gateway.models.async_records import Records
from gateway.models.objects import Objects, TakenError
from ledger.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.config import Config

PLACE = "s3://answers/below/one.out"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RECORD = Record("demo-Batch-Endpoint", "0" * 64, State.TAKEN, NOON, NOON + timedelta(hours=6))


@pytest.fixture
def stub() -> Iterator[Stubber]:
    keys: dict[str, Any] = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("s3", region_name="eu-central-1", **keys)
    with Stubber(client) as stubber:
        yield stubber


@pytest.fixture
def objects(stub: Stubber) -> Objects:
    def client(service: str, config: Config) -> Any:  # noqa: ANN401
        assert (service, config.signature_version) == ("s3", "s3v4")  # type: ignore[attr-defined]
        return stub.client

    return Objects(client)


def listed(*keys: str) -> dict[str, Any]:
    return {"Contents": [{"Key": key, "Size": 3} for key in keys]} if keys else {}


def test_what_is_missing_is_told_by_a_list_where_s3_hides_it(
    objects: Objects, stub: Stubber
) -> None:
    stub.add_client_error("get_object", "AccessDenied")
    asked = {"Bucket": "answers", "Prefix": "below/one.out", "MaxKeys": 1}
    stub.add_response("list_objects_v2", listed("below/one.out.gz"), asked)
    assert objects.read(PLACE) is None


def test_what_is_there_and_cannot_be_read_is_not_missing(objects: Objects, stub: Stubber) -> None:
    stub.add_client_error("get_object", "AccessDenied")
    stub.add_response("list_objects_v2", listed("below/one.out"))
    with pytest.raises(Failure, match=r"LH4287: .* in the bucket answers \(AccessDenied\)"):
        objects.read(PLACE)


@pytest.mark.parametrize(("code", "told"), [("SlowDown", "LH4305"), ("NoSuchBucket", "LH4287")])
def test_what_s3_refuses_has_a_code(objects: Objects, stub: Stubber, code: str, told: str) -> None:
    stub.add_client_error("put_object", code)
    with pytest.raises(Failure) as refused:
        objects.put(PLACE, b"", "text/plain")
    assert refused.value.code == told


def test_without_credentials_nothing_can_be_signed(
    objects: Objects, stub: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise NoCredentialsError

    monkeypatch.setattr(stub.client, "generate_presigned_url", refuse)
    with pytest.raises(Failure, match=r"LH4287: .*\(NoCredentialsError\)"):
        objects.url(PLACE, "get_object", 60)


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_who_comes_second_is_told(objects: Objects, stub: Stubber, code: str) -> None:
    stub.add_client_error("put_object", code)
    with pytest.raises(TakenError):
        objects.claim(PLACE, b"{}", '"tag"')


def test_a_call_that_another_process_claims_meanwhile_is_not_sent(
    objects: Objects, stub: Stubber
) -> None:
    stub.add_client_error("get_object", "NoSuchKey")
    stub.add_client_error("put_object", "PreconditionFailed")
    with pytest.raises(Failure, match="LH4289"):
        Records(objects).once(PLACE, RECORD, lambda: pytest.fail("it was sent"))
