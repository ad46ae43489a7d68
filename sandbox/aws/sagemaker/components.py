"""Inference components: what an endpoint hosts whose config has no models.

As far as others meet them: they are created, described, listed and deleted at once, and an endpoint
that has some is not deleted before them. No model behind one is looked at.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import invalid
from sandbox.aws.sagemaker import errors
from sandbox.aws.sagemaker.account import Account, arn_of
from sandbox.aws.sagemaker.deployments import Document
from sandbox.aws.sagemaker.lifecycle import Endpoint, Status
from sandbox.aws.sagemaker.lists import page
from sandbox.aws.sagemaker.tags import as_map

KIND = "inference-component"


@dataclass(frozen=True)
class _Listed:
    """One component as a list shows it."""

    name: str
    arn: str
    created: float
    summary: dict[str, Any]
    status: str = "InService"

    @property
    def modified(self) -> float:
        return self.created


class Components:
    def __init__(self, account: Account) -> None:
        self._account = account

    def create_inference_component(self, call: Call) -> dict[str, Any]:
        name = call.params["InferenceComponentName"]
        arn = arn_of(call.region, KIND, name)
        if self._account.document(arn) is not None:
            raise errors.already_exists(KIND, arn)
        self._check_host(call)
        body = {key: value for key, value in call.params.items() if key != "Tags"}
        self._account.keep_document(Document(name, arn, call.now, body))
        self._account.set_tags(arn, as_map(call.params.get("Tags", [])))
        return {"InferenceComponentArn": arn}

    def describe_inference_component(self, call: Call) -> dict[str, Any]:
        document = self._find(call)
        copies = document.body.get("RuntimeConfig", {}).get("CopyCount", 1)
        counted = {"DesiredCopyCount": copies, "CurrentCopyCount": copies}
        shown = _summary(call.region, document) | {"RuntimeConfig": counted}
        return shown | {
            key: document.body[key] for key in ("Specification",) if key in document.body
        }

    def list_inference_components(self, call: Call) -> dict[str, Any]:
        wanted = {
            key: value.lower()
            for key in ("EndpointName", "VariantName")
            if (value := call.params.get(f"{key}Equals"))
        }
        listed = [
            _Listed(each.name, each.arn, each.created, _summary(call.region, each))
            for each in self._account.documents(call.region, KIND)
            if all(str(each.body.get(key, "")).lower() == value for key, value in wanted.items())
        ]
        shown, token = page(listed, call.params)
        answer = {"InferenceComponents": [each.summary for each in shown]}
        return answer | ({"NextToken": token} if token else {})

    def delete_inference_component(self, call: Call) -> dict[str, Any]:
        self._account.drop_document(self._find(call).arn)
        return {}

    def on(self, endpoint: Endpoint) -> list[str]:
        """Name the components of an endpoint."""
        region = endpoint.arn.split(":")[3]
        return sorted(
            each.name
            for each in self._account.documents(region, KIND)
            if str(each.body["EndpointName"]).lower() == endpoint.name.lower()
        )

    def _check_host(self, call: Call) -> None:
        """Raise SageMaker's error where an endpoint cannot take a component now."""
        arn = arn_of(call.region, "endpoint", call.params["EndpointName"])
        endpoint = self._account.endpoint(arn)
        if endpoint is None:
            raise errors.not_found("endpoint", arn)
        if endpoint.status is not Status.IN_SERVICE:
            raise errors.in_progress(arn)
        wanted = call.params.get("VariantName", endpoint.serving.variants[0].name)
        variant = next((each for each in endpoint.serving.variants if each.name == wanted), None)
        if variant is None:
            raise invalid(f'Could not find variant "{wanted}" on endpoint "{arn}".')
        if variant.model_name is not None:
            raise errors.hosts_a_model(wanted)

    def _find(self, call: Call) -> Document:
        arn = arn_of(call.region, KIND, call.params["InferenceComponentName"])
        document = self._account.document(arn)
        if document is None:
            raise errors.not_found(KIND, arn)
        return document


def hosts_components(endpoint: Endpoint) -> bool:
    """Tell whether it serves by components: its config names no model."""
    return all(variant.model_name is None for variant in endpoint.serving.variants)


def _summary(region: str, document: Document) -> dict[str, Any]:
    return {
        "InferenceComponentName": document.name,
        "InferenceComponentArn": document.arn,
        "EndpointName": document.body["EndpointName"],
        "EndpointArn": arn_of(region, "endpoint", document.body["EndpointName"]),
        "VariantName": document.body.get("VariantName", "AllTraffic"),
        "InferenceComponentStatus": "InService",
        "CreationTime": document.created,
        "LastModifiedTime": document.created,
    }
