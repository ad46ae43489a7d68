"""A synthesised app, read as a reviewer reads it: which function may do what to which resource."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Functions by what they are called in their stack, and by the code that they run.
CONTROLLER = "Controller"
GATEWAY = "FunctionsGateway"
MODELS = "FunctionsModels"
STREAM = "FunctionsStream"
WEBHOOK = "FunctionsWebhook"
CONSOLE = "FunctionsConsole"
AUTHORIZER = "AuthorizerDoor"
HANDLERS = {
    CONTROLLER: "controller.handler.handler",
    GATEWAY: "gateway.handler.handler",
    MODELS: "gateway.handler.handler",
    CONSOLE: "gateway.console_handler.handler",
    WEBHOOK: "gateway.webhook_handler.handler",
    STREAM: "gateway.stream_handler.main",
    AUTHORIZER: "gateway.authorizer_handler.handler",
}

# Debian 12 and 13 have a node that jsii calls old, at length; it works.
QUIET = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20"}


@dataclass(frozen=True)
class Statement:
    actions: frozenset[str]
    resources: frozenset[str]
    condition: Mapping[str, Any]
    allows: bool = True


@dataclass(frozen=True)
class Synthesis:
    folder: Path

    def templates(self) -> list[Path]:
        return sorted(self.folder.glob("*.template.json"))

    @cached_property
    def _resources(self) -> dict[str, dict[str, Any]]:
        templates = [json.loads(path.read_text()) for path in self.templates()]
        return {name: it for template in templates for name, it in template["Resources"].items()}

    @cached_property
    def _assets(self) -> dict[str, Path]:
        """Where the assets are, by their hash: a staged name is none of our business."""
        manifests = [json.loads(path.read_text()) for path in self.folder.glob("*.assets.json")]
        return {
            key: self.folder / file["source"]["path"]
            for manifest in manifests
            for key, file in manifest["files"].items()
        }

    def findings(self) -> list[Any]:
        """What cdk-nag, and the CDK's own rules where they are on, have to say."""
        report = json.loads((self.folder / "validation-report.json").read_text())
        return list(report["pluginReports"])

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Give all resources of a type, of all stacks, by logical id."""
        return {name: it for name, it in self._resources.items() if it["Type"] == kind}

    def properties(self, kind: str) -> list[dict[str, Any]]:
        return [resource["Properties"] for resource in self.resources(kind).values()]

    def only(self, kind: str) -> dict[str, Any]:
        (properties,) = self.properties(kind)
        return properties

    def function_id(self, name: str) -> str:
        """Give a function's logical id, which is its name and a digest."""
        every = self.resources("AWS::Lambda::Function")
        (found,) = (key for key in every if re.fullmatch(f"{name}Function[0-9A-F]{{8}}", key))
        return found

    def function(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources("AWS::Lambda::Function")[self.function_id(name)]
        return dict(found["Properties"])

    def statements(self, name: str) -> list[Statement]:
        """Give what a function may do, or must not; fails if a managed policy adds to it."""
        role, _ = self.function(name)["Role"]["Fn::GetAtt"]
        return self.statements_of(role)

    def statements_of(self, role: str) -> list[Statement]:
        """The same for a role by its logical id."""
        assert set(self.resources("AWS::IAM::Role")[role]["Properties"]) == {
            "AssumeRolePolicyDocument"
        }
        return self.only_policy_of(role)

    def only_policy_of(self, role: str) -> list[Statement]:
        """Give what the policies of the app say of a role, whatever else it has."""
        documents = [
            policy["PolicyDocument"]["Statement"]
            for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")  # what is over 10 KB
            for policy in self.properties(kind)
            if {"Ref": role} in policy["Roles"]
        ]
        return [_statement(raw) for document in documents for raw in document]

    def allowed(self, name: str) -> set[str]:
        return {action for it in self.statements(name) if it.allows for action in it.actions}

    def allowing(self, name: str, action: str) -> list[Statement]:
        return [it for it in self.statements(name) if it.allows and action in it.actions]

    def denying(self, name: str, action: str) -> list[Statement]:
        return [it for it in self.statements(name) if not it.allows and action in it.actions]

    def variables(self, name: str) -> dict[str, Any]:
        return dict(self.function(name)["Environment"]["Variables"])

    def methods(self, api: str = "Api") -> dict[tuple[str, str], dict[str, Any]]:
        """Give the methods of a REST API by what callers send: method and path."""
        (rest,) = (key for key in self.resources("AWS::ApiGateway::RestApi") if key.startswith(api))
        return {
            (method["HttpMethod"], self._path(method["ResourceId"])): method
            for method in self.properties("AWS::ApiGateway::Method")
            if method["RestApiId"] == {"Ref": rest}
        }

    def _path(self, resource: dict[str, Any]) -> str:
        if "Fn::GetAtt" in resource:
            return ""
        found = self.resources("AWS::ApiGateway::Resource")[resource["Ref"]]["Properties"]
        return f"{self._path(found['ParentId'])}/{found['PathPart']}"

    def asset(self, name: str) -> Path:
        return self.asset_of(self.function(name)["Code"]["S3Key"])

    def layers(self, name: str) -> list[Path]:
        """The assets of a function's layers."""
        versions = self.resources("AWS::Lambda::LayerVersion")
        found = [each["Ref"] for each in self.function(name).get("Layers", ())]
        return [self.asset_of(versions[key]["Properties"]["Content"]["S3Key"]) for key in found]

    def asset_of(self, key: str) -> Path:
        """Find an asset by its key in the bucket, as what publishes it does."""
        return self._assets[key.partition(".")[0]]


def _statement(raw: Mapping[str, Any]) -> Statement:
    return Statement(
        frozenset(_listed(raw["Action"])),
        frozenset(text(resource) for resource in _listed(raw["Resource"])),
        raw.get("Condition", {}),
        allows=raw["Effect"] == "Allow",
    )


def _listed(value: Any) -> list[Any]:  # noqa: ANN401  # CloudFormation writes one or many
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:  # noqa: ANN401  # a text or a CloudFormation function that makes one
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(text(part) for part in parts)
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": str(name)}:
            return f"<{name}>"
        case {"Fn::Sub": str(pattern)}:
            return pattern
        case _:
            raise AssertionError(f"not a text: {value}")
