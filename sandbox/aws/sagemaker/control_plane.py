"""SageMaker's control plane over JSON: checks a request and calls the method that answers it.

Operations that are not listed here are moto's.
"""

from collections.abc import Callable
from typing import Any

from sandbox.aws.protocol import pages, shapes
from sandbox.aws.protocol.calls import Call
from sandbox.aws.sagemaker.account import Account
from sandbox.aws.sagemaker.catalog import Catalog
from sandbox.aws.sagemaker.hosting import Hosting
from sandbox.aws.sagemaker.tags import Tags
from sandbox.control.faults import LISTS, Faults

Handler = Callable[[Call], dict[str, Any]]


class SageMaker:
    def __init__(
        self, account: Account, catalog: Catalog, hosting: Hosting, tags: Tags, faults: Faults
    ) -> None:
        self._account = account
        self._faults = faults
        self._handlers: dict[str, Handler] = {
            "CreateModel": catalog.create_model,
            "DescribeModel": catalog.describe_model,
            "ListModels": catalog.list_models,
            "DeleteModel": catalog.delete_model,
            "CreateEndpointConfig": catalog.create_endpoint_config,
            "DescribeEndpointConfig": catalog.describe_endpoint_config,
            "ListEndpointConfigs": catalog.list_endpoint_configs,
            "DeleteEndpointConfig": catalog.delete_endpoint_config,
            "CreateEndpoint": hosting.create_endpoint,
            "DescribeEndpoint": hosting.describe_endpoint,
            "ListEndpoints": hosting.list_endpoints,
            "UpdateEndpoint": hosting.update_endpoint,
            "UpdateEndpointWeightsAndCapacities": hosting.update_endpoint_weights_and_capacities,
            "DeleteEndpoint": hosting.delete_endpoint,
            "AddTags": tags.add_tags,
            "ListTags": tags.list_tags,
            "DeleteTags": tags.delete_tags,
        }

    def knows(self, operation: str) -> bool:
        return operation in self._handlers

    def answer(self, call: Call) -> dict[str, Any]:
        model = shapes.operation(call.operation)
        if model is not None:
            shapes.check(model, call.params)
        if call.operation in LISTS and self._faults.take({"empty-page"}, call.operation, None):
            return _empty_page(call)
        with self._account.lock:
            return self._handlers[call.operation](call)


def _empty_page(call: Call) -> dict[str, Any]:
    """AWS is free to answer with an empty page and a token: it leads to where the request stood."""
    field = call.operation.removeprefix("List")
    return {field: [], "NextToken": call.params.get("NextToken", pages.START)}
