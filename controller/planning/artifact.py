"""The kinds of things that an action may be about, and endpoint configs and models as one. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from ledger.names import Name


class ResourceKind(StrEnum):
    ENDPOINT = "endpoint"
    ENDPOINT_CONFIG = "endpoint-config"
    MODEL = "model"
    ENVIRONMENT = "environment"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Artifact:
    """An endpoint config or model with our tags. Its name may be in lower case, as in its ARN."""

    kind: ResourceKind
    name: Name
    definition_name: Name
    arn: Name
