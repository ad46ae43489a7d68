"""Looks at the predecessor's account: parameters, endpoints, configs, tokens, rules.

It reads and decides nothing. What the move needs raises where it cannot be read; what it only
helps with says so.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from controller.aws.account import Account
from controller.aws.errors import Absent, aws_errors
from gateway.callers.legacy_tokens import LegacyTokens
from leasehold.predecessor.expiries import PATH, Expiry, read_expiry
from leasehold.predecessor.fitting import is_endpoint_name
from leasehold.predecessor.found import TICK, ConfigFound, Found, Rule, TokensFound
from ledger.errors import Failure, Refused
from ledger.names import EndpointName

_NEVER = datetime.min.replace(tzinfo=UTC)
_TOPICS = {"SuccessTopic": "success_topic_arn", "ErrorTopic": "error_topic_arn"}
_OUTPUTS = {"S3OutputPath": "s3_output_path", "S3FailurePath": "s3_failure_path"}


class PredecessorAccount:
    """One account and region. Every method raises Failure (LH3xxx, LH5085)."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client
        self._account = Account(client)

    def look(self, names: Iterable[EndpointName], token_table: str) -> Found:
        """Look at all that the parameters name, and at these endpoints."""
        expiries = self._expiries()
        # What no endpoint can be called SageMaker would refuse, and with it the whole look.
        wanted = [each for each in dict.fromkeys([*expiries, *names]) if is_endpoint_name(each)]
        found = {name: self._account.find(name) for name in wanted}
        endpoints = {name: there for name, there in found.items() if there}
        configs = {each.config_name for each in endpoints.values() if each.config_name}
        configs |= {each.config_name for each in expiries.values() if each.config_name}
        return Found(
            expiries,
            endpoints,
            {name: self._config(name) for name in sorted(configs)},
            self._tokens(token_table),
            self._rules(),
        )

    def _expiries(self) -> Mapping[EndpointName, Expiry]:
        pages = self._client("ssm").get_paginator("get_parameters_by_path")
        try:
            with aws_errors():
                listed = [
                    read_expiry(each["Name"], each.get("Value", ""))
                    for page in pages.paginate(Path=PATH, Recursive=True)
                    for each in page["Parameters"]
                ]
        except Failure as failure:
            raise Refused(
                "LH5085",
                f"the expiries below {PATH} cannot be read: {failure.message} Whoever imports needs"
                " ssm:GetParametersByPath there.",
            ) from failure
        # Of two about one endpoint, the later expiry counts.
        by_end = sorted(listed, key=lambda each: each.expires_at or _NEVER)
        return {each.endpoint_name: each for each in by_end}

    def _config(self, name: str) -> ConfigFound:
        try:
            with aws_errors():
                answer = self._client("sagemaker").describe_endpoint_config(EndpointConfigName=name)
        except Absent:
            return ConfigFound(problem="it is not in SageMaker any more")
        except Failure as failure:
            return ConfigFound(problem=failure.message.rstrip("."))
        variants = answer["ProductionVariants"]
        types = tuple(dict.fromkeys(each.get("InstanceType", "serverless") for each in variants))
        count = sum(each.get("InitialInstanceCount", 0) for each in variants)
        return ConfigFound(types, count, _async_inference(answer.get("AsyncInferenceConfig")))

    def _tokens(self, table: str) -> TokensFound:
        dynamodb = self._client("dynamodb")
        try:
            with aws_errors():
                dynamodb.describe_table(TableName=table)
            return TokensFound(len(LegacyTokens(dynamodb, table).read()))
        except Absent:
            return TokensFound(problem="there is no such table", is_absent=True)
        except Failure as failure:
            return TokensFound(problem=failure.message.rstrip("."))

    def _rules(self) -> tuple[Rule, ...] | None:
        events, found = self._client("events"), list[Any]()
        more: dict[str, str] = {}
        try:
            with aws_errors():
                while True:
                    page = events.list_rules(**more)
                    found += page["Rules"]
                    if not page.get("NextToken"):
                        break
                    more = {"NextToken": page["NextToken"]}
        except Failure:
            return None
        return tuple(
            Rule(each["Name"], each.get("State") != "DISABLED")
            for each in found
            if each.get("Description") == TICK
        )


def _async_inference(config: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the fields of a definition that say the same."""
    if config is None:
        return None
    output = config.get("OutputConfig", {})
    topics, client = output.get("NotificationConfig", {}), config.get("ClientConfig", {})
    fields = {name: output[key] for key, name in _OUTPUTS.items() if output.get(key)}
    fields |= {name: topics[key] for key, name in _TOPICS.items() if topics.get(key)}
    if most := client.get("MaxConcurrentInvocationsPerInstance"):
        fields["max_concurrent_invocations_per_instance"] = most
    return fields
