"""The lock that a resolved model becomes, and where JumpStart says more than a lock can. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from leasehold.jumpstart.model import Artifacts, FurtherData, Model, NotResolvableError
from leasehold.jumpstart.wanted import Wanted
from ledger.documents import Lock, dump_lock, parse_lock
from ledger.json_files import as_sentences
from ledger.json_text import decode

_MODEL_KWARGS = {"enable_network_isolation": "enable_network_isolation"}
_DEPLOY_KWARGS = {
    "model_data_download_timeout": "model_data_download_timeout_seconds",
    "container_startup_health_check_timeout": "container_startup_health_check_timeout_seconds",
    "volume_size": "volume_size_gb",
    "inference_ami_version": "inference_ami_version",
}
_TARBALL = ".tar.gz"
# A lock that differs in these alone is not stale: nothing that is deployed is another.
_SAYS_NOTHING = frozenset({"$schema", "sdk_version"})


def unknown_kwargs(artifacts: Artifacts) -> tuple[str, ...]:
    """Return what a model asks for and no lock can say."""
    asked = {"model_kwargs": artifacts.model_kwargs, "deploy_kwargs": artifacts.deploy_kwargs}
    known = {"model_kwargs": _MODEL_KWARGS, "deploy_kwargs": _DEPLOY_KWARGS}
    return tuple(
        f"{kind}.{name}" for kind, found in asked.items() for name in found.keys() - known[kind]
    )


def deployed(artifacts: Artifacts) -> dict[str, Any]:
    """Return the fields of a lock that reach SageMaker. Raises NotResolvableError LH1050."""
    fields: dict[str, Any] = {}
    if artifacts.model_package_arn is None:
        fields["image"] = artifacts.image
        if artifacts.model_data is not None:
            fields["model_data_source"] = _data_source(artifacts.model_data)
        if artifacts.further_data:
            fields["additional_model_data_sources"] = [
                dict(_further(each)) for each in artifacts.further_data
            ]
    else:
        fields["model_package_arn"] = artifacts.model_package_arn
    if artifacts.environment:
        fields["environment"] = dict(sorted(artifacts.environment.items()))
    fields |= _renamed(artifacts.model_kwargs, _MODEL_KWARGS)
    fields |= _renamed(artifacts.deploy_kwargs, _DEPLOY_KWARGS)
    return fields


def lock_content(wanted: Wanted, model: Model, artifacts: Artifacts, sdk_version: str) -> bytes:
    """Write the lock. Raises NotResolvableError LH1050 where it would not be one."""
    header = model.header
    fields = {
        "model_id": header.model_id,
        "model_version": header.version,
        "model_type": header.model_type,
        "config_name": model.config_name,
        "region_name": wanted.region_name,
        "instance_type": wanted.instance_type,
        "instance_pools": list(wanted.instance_pools),
        "supported_instance_types": list(model.supported_instance_types),
        **deployed(artifacts),
        "accept_eula": bool(model.eula_url),
        "eula_url": model.eula_url,
        "model_subscription_link": model.subscription_link,
        "deprecated": model.deprecated,
        "vulnerabilities": None if model.vulnerabilities is None else list(model.vulnerabilities),
        "sdk_version": sdk_version,
    }
    content = dump_lock({name: value for name, value in fields.items() if _says(name, value)})
    found = parse_lock(wanted.lock_file, content)
    if isinstance(found, Lock):
        return content
    raise NotResolvableError(
        "LH1050",
        f"what JumpStart says of {header.model_id} {header.version} makes no lock:"
        f" {as_sentences(found)}",
    )


def fields_of(content: bytes | None) -> Mapping[str, Any] | None:
    """Return the fields of a lock; None where it cannot be read."""
    if content is None:
        return None
    try:
        data = decode(content)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def is_same(before: bytes | None, after: bytes) -> bool:
    """Tell whether two locks say the same, whoever resolved them."""
    return before is not None and _saying(before) == _saying(after)


def _saying(content: bytes) -> dict[str, Any] | None:
    fields = fields_of(content)
    if fields is None:
        return None
    return {name: value for name, value in fields.items() if name not in _SAYS_NOTHING}


def _says(name: str, value: object) -> bool:
    """Tell whether a field is written: isolation always, for it is the one that people look for."""
    return name == "enable_network_isolation" or value not in (None, False, [], {})


def _renamed(kwargs: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {field: kwargs[name] for name, field in names.items() if kwargs.get(name) is not None}


def _data_source(uri: str) -> dict[str, str]:
    """Return where the model's files are. Raises NotResolvableError LH1050."""
    if uri.endswith("/"):
        return {"s3_uri": uri, "s3_data_type": "S3Prefix", "compression_type": "None"}
    if uri.endswith(_TARBALL):
        return {"s3_uri": uri, "s3_data_type": "S3Object", "compression_type": "Gzip"}
    raise NotResolvableError(
        "LH1050",
        f"its data {uri} is neither a prefix, which ends in /, nor a tarball, which ends in"
        f" {_TARBALL}: nobody can say how SageMaker is to load it.",
    )


def _further(data: FurtherData) -> Iterator[tuple[str, Any]]:
    yield "channel_name", data.channel_name
    yield "s3_uri", data.s3_uri
    yield "s3_data_type", data.s3_data_type
    yield "compression_type", data.compression_type
    if data.needs_licence:
        yield "accept_eula", True
    if data.eula_url:
        yield "eula_url", data.eula_url
