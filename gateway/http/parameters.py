"""What requests carry beside a body: the parameters that routes have. Pure.

A parameter's schema is what the API's description says of it and what it is checked by; its code
and its sentences are what a caller is told whose value does not fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

DEFAULT_LIMIT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter as OpenAPI has it; `schema` without its description.

    `wrong` is what is said of a value that does not fit, `missing` of none where one is required.
    Without a `code` it is only described: somebody else judges it. What is not `described` is
    checked all the same: OpenAPI has another place for such headers.
    """

    name: str
    place: Literal["query", "header", "path"]
    description: str
    schema: Mapping[str, Any]
    required: bool = False
    code: str = ""
    wrong: str = ""
    missing: str = ""
    described: bool = True


def _text(**rules: Any) -> Mapping[str, Any]:  # noqa: ANN401  (JSON Schema's)
    return MappingProxyType({"type": "string", **rules})


ENDPOINT_NAME = Parameter(
    name="EndpointName",
    place="query",
    description="The endpoint's name in SageMaker, or its definition's.",
    schema=_text(
        pattern="^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", maxLength=63, examples=["demo-Falcon40B-Endpoint"]
    ),
    code="LH4003",
    wrong="EndpointName has letters, digits and inner hyphens only, and 63 of them at the most.",
    missing="Say which endpoint: ?EndpointName=NAME.",
)
SOME_ENDPOINT_NAME = replace(ENDPOINT_NAME, required=True)
IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    place="header",
    description=(
        "A text of your own. A request that is repeated with the same one within 24 hours changes"
        " nothing more. Later, it is a new request, or is refused where the key is known still."
    ),
    schema=_text(pattern="^[!-~]+$", minLength=1, maxLength=255, examples=["deploy-4711"]),
    code="LH4004",
    wrong="An Idempotency-Key has 1 to 255 visible ASCII characters.",
)
CUSTOM_ATTRIBUTES = Parameter(
    name="X-Amzn-SageMaker-Custom-Attributes",
    place="header",
    description=(
        "What the model is told beside the body; accept_eula=true is what some models ask for."
    ),
    schema=_text(pattern="^[ -~]*$", maxLength=1024, examples=["accept_eula=true"]),
    code="LH4341",
    wrong=(
        "The header X-Amzn-SageMaker-Custom-Attributes has at most 1024 characters, all of them"
        " printable ASCII."
    ),
)
INFERENCE_COMPONENT = Parameter(
    name="X-Amzn-SageMaker-Inference-Component",
    place="header",
    description=(
        "Which inference component answers, of an endpoint that hosts some: it has no model itself."
    ),
    schema=_text(
        pattern="^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", maxLength=63, examples=["llama-3-20261123"]
    ),
    code="LH4236",
    wrong=(
        "The header X-Amzn-SageMaker-Inference-Component is the name of an inference component:"
        " letters, digits and inner hyphens only, and 63 of them at the most."
    ),
)
DRY_RUN = Parameter(
    name="dry_run",
    place="query",
    description=(
        "true answers what would be granted, or refuses as the change itself would, without a"
        " commit."
    ),
    schema=_text(enum=["true", "false"], examples=["true"]),
    code="LH4114",
    wrong="dry_run is true or false.",
)
IF_MATCH = Parameter(
    name="If-Match",
    place="header",
    description=(
        "The ETag or the Commit of an answer, or *: change the lease only if it is still that one."
        " Ten of them at the most."
    ),
    schema=_text(
        pattern="^[^,]*(,[^,]*){0,9}$", examples=['"5f1d0c7a9b3e4f60812c3d4e5f60718293a4b5c6"']
    ),
    code="LH4340",
    wrong="If-Match names 10 tags at the most.",
)
IF_NONE_MATCH = Parameter(
    name="If-None-Match",
    place="header",
    description=(
        "The ETag of an answer: 304 without a body, as long as nothing but the time has changed."
    ),
    schema=_text(examples=['W/"5f1d0c7a9b3e4f608a1b2c3d4e5f6071"']),
)
LIMIT = Parameter(
    name="limit",
    place="query",
    description="How many changes to tell; 20 without it.",
    schema=MappingProxyType({"type": "integer", "minimum": 1, "maximum": 100, "examples": [5]}),
    code="LH4114",
    wrong="limit is a whole number from 1 to 100.",
)
NEXT_TOKEN = Parameter(
    name="NextToken",
    place="query",
    description="Where the next page begins, as the header Link of the answer before has it.",
    schema=_text(
        pattern="^[A-Za-z0-9_-]+$", maxLength=6000, examples=["WyJmYWxjb240MGIiLCI1ZjFkMGM3YTliIl0"]
    ),
    code="LH4114",
    wrong="NextToken is what an answer gave, and nothing else. Start again without it.",
)
_WHICH_COMMIT = "Say which commit: ?commit= and 7 to 40 hexadecimal digits of it."
COMMIT = Parameter(
    name="commit",
    place="query",
    description="The commit's id, or at least seven digits of its beginning.",
    schema=_text(pattern="^[0-9a-fA-F]{7,40}$", examples=["5f1d0c7a9b"]),
    required=True,
    code="LH4408",
    wrong=_WHICH_COMMIT,
    missing=_WHICH_COMMIT,
)
PASSED_ON = (
    CUSTOM_ATTRIBUTES,
    INFERENCE_COMPONENT,
    *(
        replace(
            CUSTOM_ATTRIBUTES,
            name=name,
            wrong=f"The header {name} has at most 1024 characters, all of them printable ASCII.",
            described=False,
        )
        for name in ("Content-Type", "Accept")
    ),
)
IN_PATH = {
    "EndpointName": replace(SOME_ENDPOINT_NAME, place="path"),
    "Digest": Parameter(
        name="Digest",
        place="path",
        description="Of the page's files, as the page names it.",
        schema=_text(pattern="^[0-9a-f]{16}$", examples=["0a1b2c3d4e5f6071"]),
        required=True,
    ),
    "File": Parameter(
        name="File",
        place="path",
        description="The file's path below the digest.",
        schema=_text(pattern="^[a-zA-Z0-9._/-]+$", maxLength=200, examples=["app.js"]),
        required=True,
    ),
    "api_resource_name": Parameter(
        name="api_resource_name",
        place="path",
        description="The api_resource_name of a definition's integration.",
        schema=_text(pattern="^[a-zA-Z0-9][a-zA-Z0-9_-]*$", maxLength=64, examples=["falcon"]),
        required=True,
        code="LH4041",
        wrong="There is no such path in this API.",
    ),
}


def _proof(name: str, description: str, **rules: Any) -> Parameter:  # noqa: ANN401  (JSON Schema's)
    """Describe a header that proves a webhook's sender; `webhook.signatures` judges it."""
    return Parameter(name=name, place="header", description=description, schema=_text(**rules))


_A_PROOF = ["sha256=" + "0" * 64]
_SECONDS = "Seconds since 1970, at most five minutes from now. With X-Leasehold-Signature."
_SIGNED = "sha256= and the HMAC-SHA256 in hexadecimal digits of timestamp, a dot, and the body."
_HUB = "sha256= and the HMAC-SHA256 of the body: what GitHub sends."
_BITBUCKET = "The same: what Bitbucket sends. One by SHA-1 proves nothing."
_GITEA = "The HMAC-SHA256 of the body in hexadecimal digits: what Gitea sends."
PROOFS = (
    _proof("X-Leasehold-Timestamp", _SECONDS, pattern="^[0-9]{1,11}$", examples=["1795435200"]),
    _proof("X-Leasehold-Signature", _SIGNED, examples=_A_PROOF),
    _proof("X-Hub-Signature-256", _HUB, examples=_A_PROOF),
    _proof("X-Hub-Signature", _BITBUCKET, examples=_A_PROOF),
    _proof("X-Gitea-Signature", _GITEA, examples=["0" * 64]),
    _proof("X-Gitlab-Token", "The secret: what GitLab sends."),
    _proof("X-Gitlab-Event-UUID", "What GitLab calls this event."),
)
