"""The predecessor's file and account as values, for the tests that ask no AWS."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from controller.planning.observed import Existing
from leasehold.predecessor.configs import read_configs
from leasehold.predecessor.found import ConfigFound, Found
from leasehold.predecessor.move import Move, move
from leasehold.predecessor.settings import Wish
from ledger.names import EndpointName

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/demo-sagemaker"
FALCON = "huggingface-llm-falcon-40b-instruct-bf16"
FLAN = "huggingface-text2text-flan-t5-xxl"


def model(name: object = "Falcon40B", **fields: object) -> dict[str, object]:
    """A model as the first README has it; a field that is None is left out."""
    path = str(name).lower()
    said = {
        "name": name,
        "model_id": FALCON,
        "inference_instance_type": "ml.g5.12xlarge",
        "inference_type": "realtime",
        "schedule": {"initial_provision_minutes": 90},
        "integration": {"type": "api", "properties": {"api_resource_name": path}},
        **fields,
    }
    return {key: value for key, value in said.items() if value is not None}


def file_of(*models: object, **fields: object) -> bytes:
    said = {"project_prefix": "demo", "region_name": "us-east-1", "ddb_auth_table_name": "auth"}
    return json.dumps({**said, "jumpstart_models": models, **fields}).encode()


def moved(*models: object, found: Found | None = None, **fields: object) -> Move:
    """The move of a file into the environment dev."""
    configs = read_configs("configs.json", file_of(*models, **fields))
    wish = Wish("dev", "0123456789abcdef", ROLE, "us-east-1", "s3://demo-answers/")
    return move(configs, wish, found or Found(), NOW)


def document(made: Move, name: str, kind: str = "endpoint") -> dict[str, Any]:
    """A document that a move has written."""
    return dict(json.loads(made.files[f"environments/dev/{name}.{kind}.json"]))


def settings(made: Move) -> dict[str, Any]:
    return dict(json.loads(made.files["environments/dev/environment.json"]))


def told(made: Move, field: str) -> str:
    """What is said of a field, and a mark where a person has to look."""
    (found,) = (each for each in made.notes if each.field == field)
    return f"{'! ' if found.look else ''}{found.now}"


def running(
    name: str,
    config: str,
    status: str = "InService",
    *,
    is_async: bool = False,
    tags: Mapping[str, str] | None = None,
) -> Existing:
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{name.lower()}"
    return Existing(EndpointName(name), status, config, is_async, tags or {}, NOW, arn)


def config(instance_type: str = "ml.g5.12xlarge", **asynchronous: object) -> ConfigFound:
    return ConfigFound((instance_type,), 1, asynchronous or None)
