"""A ledger of JumpStart models for tests: its settings, and a definition."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}


def definition(name: str, **fields: object) -> bytes:
    """Return a definition of a JumpStart model; a field that is None is left out."""
    plain: dict[str, Any] = {
        "name": name,
        "model_id": "acme-llm",
        "inference_instance_type": "ml.g5.2xlarge",
        "inference_type": "realtime",
        **fields,
    }
    return json.dumps({key: value for key, value in plain.items() if value is not None}).encode()


def add_environment(clone: Path, name: str, **fields: object) -> None:
    folder = clone / "environments" / name
    folder.mkdir(parents=True)
    (folder / "environment.json").write_text(json.dumps({**SETTINGS, **fields}))
