"""A catalogue without the SageMaker SDK: what JumpStart would say, as values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from leasehold.jumpstart.model import Artifacts, Header, Model, ModelType, NotResolvableError
from leasehold.jumpstart.wanted import Wanted
from ledger.documents import JumpStart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

G5, G6, CPU = "ml.g5.2xlarge", "ml.g6.2xlarge", "ml.m5.large"
EULA = "https://jumpstart-cache-prod-us-east-1.s3.us-east-1.amazonaws.com/eula/acme.txt"
ARTIFACTS = Artifacts(
    image="registry/djl:1",
    model_data="s3://jumpstart/acme/",
    environment={"SM_NUM_GPUS": "1", "MODEL_CACHE_ROOT": "/opt/ml/model"},
    model_kwargs={"enable_network_isolation": True},
    deploy_kwargs={"model_data_download_timeout": 1200},
)
PACKAGE = "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-v4"


def header(version: str, model_id: str = "acme-llm", **fields: Any) -> Header:  # noqa: ANN401
    return replace(Header(model_id, version, "2.189.0"), **fields)


@dataclass
class FakeCatalogue:
    """`models` and `by_type` say what differs from what is plain."""

    versions: Sequence[Header] = (header("1.0.0"),)
    sold: Sequence[Header] = ()
    models: Mapping[str, Any] = field(default_factory=dict)
    by_type: Mapping[str, Artifacts | NotResolvableError] = field(default_factory=dict)
    region_name: str = "us-east-1"
    sdk_version: str = "3.27.0"
    asked: list[str] = field(default_factory=list)

    def headers(self, model_type: ModelType) -> Sequence[Header]:
        self.asked.append(model_type)
        return self.versions if model_type == "open_weights" else self.sold

    def model(self, header: Header, config_name: str | None = None) -> Model:
        self.asked += [config_name] if config_name else []
        plain = Model(header, (G5, G6), default_instance_type=G5, config_name=config_name)
        return replace(plain, **self.models)

    def artifacts(self, model: Model, instance_type: str) -> Artifacts:
        self.asked.append(f"{model.header.version} on {instance_type}")
        found = self.by_type.get(instance_type, ARTIFACTS)
        if isinstance(found, NotResolvableError):
            raise found
        return found


def wanted(current: bytes | None = None, **fields: Any) -> Wanted:  # noqa: ANN401
    plain = Wanted("dev", "A", JumpStart("acme-llm"), G5, (), "us-east-1", current)
    source = {key: fields.pop(key) for key in [*fields] if key in JumpStart.__dataclass_fields__}
    return replace(plain, source=replace(plain.source, **source), **fields)


def lock(**fields: object) -> bytes:
    """A lock by hand, as somebody may have committed it."""
    plain = {
        "model_id": "acme-llm",
        "model_version": "1.0.0",
        "region_name": "us-east-1",
        "instance_type": G5,
        "image": "registry/djl:1",
    }
    return json.dumps({**plain, **fields}).encode()
