"""Models and endpoint configs: documents that SageMaker keeps as they were sent.

Deleting one that an endpoint uses is allowed, as on AWS; the endpoint keeps serving and can no
longer be updated.
"""

from typing import Any

from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import invalid
from sandbox.aws.sagemaker import errors
from sandbox.aws.sagemaker.account import Account, arn_of
from sandbox.aws.sagemaker.deployments import Document
from sandbox.aws.sagemaker.lists import page
from sandbox.aws.sagemaker.tags import as_map


class ModelsAndConfigs:
    def __init__(self, account: Account) -> None:
        self._account = account

    def create_model(self, call: Call) -> dict[str, Any]:
        if not call.params.get("PrimaryContainer") and not call.params.get("Containers"):
            raise invalid("Either PrimaryContainer or Containers must be specified.")
        return {"ModelArn": self._create("model", "ModelName", call)}

    def create_endpoint_config(self, call: Call) -> dict[str, Any]:
        for variant in call.params["ProductionVariants"]:
            self._check_variant(call, variant)
        arn = self._create("endpoint-config", "EndpointConfigName", call)
        return {"EndpointConfigArn": arn}

    def describe_model(self, call: Call) -> dict[str, Any]:
        return self._describe("model", "ModelName", call)

    def describe_endpoint_config(self, call: Call) -> dict[str, Any]:
        return self._describe("endpoint-config", "EndpointConfigName", call)

    def list_models(self, call: Call) -> dict[str, Any]:
        return self._list("model", "Model", call)

    def list_endpoint_configs(self, call: Call) -> dict[str, Any]:
        return self._list("endpoint-config", "EndpointConfig", call)

    def delete_model(self, call: Call) -> dict[str, Any]:
        return self._delete("model", "ModelName", call)

    def delete_endpoint_config(self, call: Call) -> dict[str, Any]:
        return self._delete("endpoint-config", "EndpointConfigName", call)

    def find(self, region: str, kind: str, name: str) -> Document:
        arn = arn_of(region, kind, name)
        document = self._account.document(arn)
        if document is None:
            raise errors.not_found(kind, arn)
        return document

    def _check_variant(self, call: Call, variant: dict[str, Any]) -> None:
        hosts = ("InstanceType", "InstancePools", "ServerlessConfig")
        if not any(variant.get(host) for host in hosts):
            raise invalid(f"Variant {variant['VariantName']} needs one of {', '.join(hosts)}.")
        if variant.get("InstanceType") and variant.get("InstancePools"):
            raise invalid(
                f"Variant {variant['VariantName']} has InstanceType and InstancePools; "
                "it can have one of them."
            )
        overrides = [pool.get("ModelNameOverride") for pool in variant.get("InstancePools", [])]
        for model_name in filter(None, [variant.get("ModelName"), *overrides]):
            self.find(call.region, "model", model_name)

    def _create(self, kind: str, field: str, call: Call) -> str:
        name = call.params[field]
        arn = arn_of(call.region, kind, name)
        if self._account.document(arn) is not None:
            raise errors.already_exists(kind, arn)
        body = {key: value for key, value in call.params.items() if key != "Tags"}
        self._account.keep_document(Document(name, arn, call.now, body))
        self._account.set_tags(arn, as_map(call.params.get("Tags", [])))
        return arn

    def _describe(self, kind: str, field: str, call: Call) -> dict[str, Any]:
        document = self.find(call.region, kind, call.params[field])
        arn_field = field.replace("Name", "Arn")
        return {**document.body, arn_field: document.arn, "CreationTime": document.created}

    def _list(self, kind: str, noun: str, call: Call) -> dict[str, Any]:
        documents = self._account.documents(call.region, kind)
        shown, token = page(documents, call.params)
        summaries = [
            {f"{noun}Name": each.name, f"{noun}Arn": each.arn, "CreationTime": each.created}
            for each in shown
        ]
        return {f"{noun}s": summaries} | ({"NextToken": token} if token else {})

    def _delete(self, kind: str, field: str, call: Call) -> dict[str, Any]:
        document = self.find(call.region, kind, call.params[field])
        self._account.drop_document(document.arn)
        return {}
