# ruff: noqa: INP001 - a layer's folder is no package
"""What a function before an asynchronous model does: put the request to S3, and hand it on.

ASYNC_INPUT_PATH is set where the model is asynchronous, and says where requests are put. A record
is put beside a request, as the gateway's own calls have it (`gateway/models/async_record.py`), so
`GET /invoke-result/{ResultId}` tells its caller the answer.
"""

import hashlib
import json
import os
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

URL_SECONDS = 6 * 3600
PENDING_SECONDS = 5
WAITS, WORKS = "x-amzn-sagemaker-requestttlseconds", "x-amzn-sagemaker-invocationtimeoutseconds"
LENGTHS = {  # how the header is written, what it is without one, and its limits
    WAITS: ("RequestTTLSeconds", 21600, 60, 21600),
    WORKS: ("InvocationTimeoutSeconds", 900, 1, 3600),
}
TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")
TEXTS = {
    "x-amzn-sagemaker-custom-attributes": "CustomAttributes",
    "x-amzn-sagemaker-inference-id": "InferenceId",
}


class Refusal(Exception):  # noqa: N818 - it is an answer
    """A status, a code and a sentence."""


def is_asynchronous() -> bool:
    return "ASYNC_INPUT_PATH" in os.environ


def send(event: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Put a request to S3 and hand it on; with an Idempotency-Key, once. Raises Refusal."""
    path = os.environ["ASYNC_INPUT_PATH"].rstrip("/")
    if not path:
        raise Refusal(
            501,
            "LH4283",
            "This API asks no asynchronous models: environment.json has no async_input_path, a"
            " place in S3 for what they are sent. Tell who runs this API.",
        )
    said, now = headers_of(event), datetime.now(UTC).replace(microsecond=0)
    lengths = {name: _seconds(said, name) for name in LENGTHS}
    folder = _folder(event)
    at = f"{path}/{folder}/{_name(event, said, folder)}"
    record = {
        "endpoint": os.environ["ENDPOINT_NAME"],
        "digest": hashlib.sha256(body).hexdigest(),
        "state": "taken",
        "at": _stamp(now),
        "until": _stamp(now + timedelta(seconds=sum(lengths.values()))),
    }
    is_known = folder != "everybody"
    if is_known and "idempotency-key" in said and (earlier := _earlier(f"{at}.json", record)):
        return _answer(event, at, earlier)
    _put(f"{at}.input", body)
    asked = {key: said[name] for name, key in TEXTS.items() if said.get(name)}
    told = _runtime().invoke_endpoint_async(
        EndpointName=os.environ["ENDPOINT_NAME"],
        InputLocation=f"{at}.input",
        ContentType="application/json",
        Accept="application/json",
        **asked,
        **{LENGTHS[name][0]: seconds for name, seconds in lengths.items() if name in said},
    )
    record |= {
        "state": "accepted",
        "output": told["OutputLocation"],
        "failure": told.get("FailureLocation", ""),
        "inference_id": told["InferenceId"],
    }
    if is_known:
        _put(f"{at}.json", json.dumps(record).encode())
    return _answer(event, at, record)


def headers_of(event: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def base_url(event: dict[str, Any]) -> str:
    """Return the API's address as the caller knows it."""
    context = event.get("requestContext") or {}
    scheme = headers_of(event).get("x-forwarded-proto", "https")
    stage = str(context.get("path", "")).removesuffix(str(event.get("path", "")))
    return f"{scheme}://{context.get('domainName', '')}{stage}"


def _folder(event: dict[str, Any]) -> str:
    caller = (event.get("requestContext") or {}).get("authorizer")
    if caller is None:
        return "everybody"
    return hashlib.sha256(caller["email"].casefold().encode()).hexdigest()[:24]


def _name(event: dict[str, Any], said: dict[str, str], folder: str) -> str:
    """Name a request: one that is repeated with its Idempotency-Key has the same name."""
    asked = said.get("idempotency-key") or str(uuid.uuid4())
    path = (event.get("requestContext") or {}).get("resourcePath", "")
    return hashlib.sha256(f"{folder}\n{path}\n{asked}".encode()).hexdigest()[:32]


def _seconds(said: dict[str, str], name: str) -> int:
    written, usual, least, most = LENGTHS[name]
    text = said.get(name, str(usual))
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        sentence = f"The header X-Amzn-SageMaker-{written} is a whole number of seconds from"
        raise Refusal(400, "LH4285", f"{sentence} {least} to {most}.")
    return int(text)


def _earlier(location: str, record: dict[str, str]) -> dict[str, str] | None:
    """Return the request that this one repeats, if that reached SageMaker; else claim its name."""
    try:
        _put(location, json.dumps(record).encode(), IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in TAKEN:
            raise
    else:
        return None
    bucket, key = _parts(location)
    earlier: dict[str, str] = json.load(_s3().get_object(Bucket=bucket, Key=key)["Body"])
    if earlier["digest"] != record["digest"]:
        sentence = "This Idempotency-Key was used for another call already."
        raise Refusal(409, "LH4288", sentence)
    return earlier if earlier["state"] == "accepted" else None


def _put(location: str, body: bytes, **condition: str) -> None:
    bucket, key = _parts(location)
    kind = {"ContentType": "application/json"}
    _s3().put_object(Bucket=bucket, Key=key, Body=body, **kind, **condition)


def _answer(event: dict[str, Any], at: str, record: dict[str, str]) -> dict[str, Any]:
    """Say where the answer will be; whoever shows no token gets URLs of S3."""
    told = {"Status": "Pending", "EndpointName": record["endpoint"], "ExpiresAt": record["until"]}
    headers = {"Content-Type": "application/json", "Retry-After": str(PENDING_SECONDS)}
    told |= {"OutputLocation": record["output"], "FailureLocation": record["failure"]}
    told["InferenceId"] = record["inference_id"]
    folder, name = at.split("/")[-2:]
    if folder == "everybody":
        places = {"ResultUrl": record["output"], "FailureUrl": record["failure"]}
        told |= {key: _url(place) for key, place in places.items() if place}
    else:
        told["ResultId"] = f"{folder}-{name}"
        told["ResultUrl"] = f"{base_url(event)}/invoke-result/{told['ResultId']}"
        headers["Location"] = told["ResultUrl"]
    return {"statusCode": 202, "headers": headers, "body": json.dumps(told)}


def _url(location: str) -> str:
    bucket, key = _parts(location)
    asked = {"Bucket": bucket, "Key": key}
    return str(_s3().generate_presigned_url("get_object", Params=asked, ExpiresIn=URL_SECONDS))


def _parts(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key


def _stamp(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


@cache
def _runtime() -> Any:  # noqa: ANN401 - boto3's
    return boto3.client("sagemaker-runtime")


@cache
def _s3() -> Any:  # noqa: ANN401 - boto3's
    style = {"addressing_style": "virtual"}
    return boto3.client("s3", config=Config(signature_version="s3v4", s3=style))
