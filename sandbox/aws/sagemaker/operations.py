"""SageMaker's control plane: its operations as a table."""

from functools import partial
from typing import Any

from sandbox.aws.faults import LISTS, Faults
from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.operations import Handler, Operations
from sandbox.aws.sagemaker import lists
from sandbox.aws.sagemaker.account import Account
from sandbox.aws.sagemaker.components import Components
from sandbox.aws.sagemaker.endpoints import Endpoints
from sandbox.aws.sagemaker.models_and_configs import ModelsAndConfigs
from sandbox.aws.sagemaker.tags import Tags

API = "SageMaker"


def operations(  # noqa: PLR0913, PLR0917  (one for each noun of the API)
    account: Account,
    models_and_configs: ModelsAndConfigs,
    endpoints: Endpoints,
    components: Components,
    tags: Tags,
    faults: Faults,
) -> Operations:
    handlers: dict[str, Handler] = {
        "CreateModel": models_and_configs.create_model,
        "DescribeModel": models_and_configs.describe_model,
        "ListModels": models_and_configs.list_models,
        "DeleteModel": models_and_configs.delete_model,
        "CreateEndpointConfig": models_and_configs.create_endpoint_config,
        "DescribeEndpointConfig": models_and_configs.describe_endpoint_config,
        "ListEndpointConfigs": models_and_configs.list_endpoint_configs,
        "DeleteEndpointConfig": models_and_configs.delete_endpoint_config,
        "CreateEndpoint": endpoints.create_endpoint,
        "DescribeEndpoint": endpoints.describe_endpoint,
        "ListEndpoints": endpoints.list_endpoints,
        "UpdateEndpoint": endpoints.update_endpoint,
        "UpdateEndpointWeightsAndCapacities": endpoints.update_endpoint_weights_and_capacities,
        "DeleteEndpoint": endpoints.delete_endpoint,
        "CreateInferenceComponent": components.create_inference_component,
        "DescribeInferenceComponent": components.describe_inference_component,
        "ListInferenceComponents": components.list_inference_components,
        "DeleteInferenceComponent": components.delete_inference_component,
        "AddTags": tags.add_tags,
        "ListTags": tags.list_tags,
        "DeleteTags": tags.delete_tags,
    }
    handlers |= {name: partial(_list, faults, handlers[name]) for name in LISTS}
    return Operations("sagemaker", account.lock, handlers)


def _list(faults: Faults, handler: Handler, call: Call) -> dict[str, Any]:
    """Answer a list. AWS is free to begin one with an empty page: its token leads to the same."""
    if not faults.take(call, "empty-page"):
        return handler(call)
    field = call.operation.removeprefix("List")
    return {field: [], "NextToken": call.params.get("NextToken", lists.START)}
