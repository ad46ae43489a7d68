"""What requests carry beside a body: query parameters and headers, for the API's description. Pure.

`routes` names them. They say what `requests` and the operations check; the tests hold them to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as OpenAPI has it; `schema` without its description."""

    name: str
    place: Literal["query", "header", "path"]
    description: str
    schema: Mapping[str, Any]
    required: bool = False


def _text(**rules: Any) -> Mapping[str, Any]:  # noqa: ANN401  (JSON Schema's)
    return MappingProxyType({"type": "string", **rules})


ENDPOINT_NAME = Parameter(
    "EndpointName",
    "query",
    "The endpoint's name in SageMaker, or its definition's.",
    _text(
        pattern="^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", maxLength=63, examples=["demo-Falcon40B-Endpoint"]
    ),
)
SOME_ENDPOINT_NAME = replace(ENDPOINT_NAME, required=True)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A text of your own. A request that is repeated with the same one changes nothing more.",
    _text(pattern="^[!-~]+$", minLength=1, maxLength=255, examples=["deploy-4711"]),
)
CUSTOM_ATTRIBUTES = Parameter(
    "X-Amzn-SageMaker-Custom-Attributes",
    "header",
    "What the model is told beside the body; accept_eula=true is what some models ask for.",
    _text(pattern="^[ -~]*$", maxLength=1024, examples=["accept_eula=true"]),
)
DRY_RUN = Parameter(
    "dry_run",
    "query",
    "true answers what would be granted, or refuses as the change itself would, without a commit.",
    _text(enum=["true", "false"], examples=["true"]),
)
IF_MATCH = Parameter(
    "If-Match",
    "header",
    "The ETag or the Commit of an answer, or *: change the lease only if it is still that one. Ten"
    " of them at the most.",
    _text(examples=['"5f1d0c7a9b3e4f60812c3d4e5f60718293a4b5c6"']),
)
LIMIT = Parameter(
    "limit",
    "query",
    "How many changes to tell; 20 without it.",
    MappingProxyType({"type": "integer", "minimum": 1, "maximum": 100, "examples": [5]}),
)
COMMIT = Parameter(
    "commit",
    "query",
    "The commit's id, or at least seven digits of its beginning.",
    _text(pattern="^[0-9a-fA-F]{7,40}$", examples=["5f1d0c7a9b"]),
    required=True,
)
IN_PATH = {
    "EndpointName": replace(SOME_ENDPOINT_NAME, place="path"),
    "api_resource_name": Parameter(
        "api_resource_name",
        "path",
        "The api_resource_name of a definition's integration.",
        _text(pattern="^[a-zA-Z0-9][a-zA-Z0-9_-]*$", maxLength=64, examples=["falcon"]),
        required=True,
    ),
}
PROOFS = (
    Parameter(
        "X-Leasehold-Timestamp",
        "header",
        "Seconds since 1970, at most five minutes from now. With X-Leasehold-Signature.",
        _text(pattern="^[0-9]{1,11}$", examples=["1795435200"]),
    ),
    Parameter(
        "X-Leasehold-Signature",
        "header",
        "sha256= and the HMAC-SHA256 in hexadecimal digits of timestamp, a dot, and the body.",
        _text(examples=["sha256=" + "0" * 64]),
    ),
    Parameter(
        "X-Hub-Signature-256",
        "header",
        "sha256= and the HMAC-SHA256 of the body: what GitHub, Gitea and Forgejo send.",
        _text(examples=["sha256=" + "0" * 64]),
    ),
    Parameter("X-Gitlab-Token", "header", "The secret: what GitLab sends.", _text()),
    Parameter("X-Gitlab-Event-UUID", "header", "What GitLab calls this event.", _text()),
)
