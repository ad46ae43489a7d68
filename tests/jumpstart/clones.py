"""Clones of a ledger that define JumpStart models, and what `leasehold lock` makes of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner, Result

from leasehold.cli import main
from ledger.checkout import documents
from ledger.holdings import Fleet, read_fleet
from tests.jumpstart.specs import REGION

if TYPE_CHECKING:
    from pathlib import Path

ROLE = "arn:aws:iam::123456789012:role/demo"


@dataclass(frozen=True)
class Clone:
    root: Path

    def begin(self, environment: str = "dev", region: str = REGION) -> Clone:
        settings = {
            "project_prefix": "demo",
            "region_name": region,
            "execution_role_arn": ROLE,
        }
        folder = self.root / "environments" / environment
        folder.mkdir(parents=True)
        (folder / "environment.json").write_text(json.dumps(settings))
        return self

    def define(self, name: str, model_id: str, instance_type: str, **fields: Any) -> Clone:  # noqa: ANN401
        environment = fields.pop("environment", "dev")
        document = {
            "name": name,
            "model_id": model_id,
            "inference_instance_type": instance_type,
            "inference_type": "realtime",
            **fields,
        }
        path = self.root / f"environments/{environment}/{name}.endpoint.json"
        path.write_text(json.dumps(document))
        return self

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["lock", "--into", str(self.root), *arguments])

    def locked(self, *arguments: str) -> Result:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result

    def refused(self, *arguments: str) -> str:
        """Return what is said where nothing is written."""
        before = self.files()
        result = self.run(*arguments)
        assert result.exit_code == 1, result.output
        assert self.files() == before
        return result.output

    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    def content(self, name: str, environment: str = "dev") -> bytes:
        return (self.root / f"environments/{environment}/{name}.lock.json").read_bytes()

    def lock(self, name: str, environment: str = "dev") -> dict[str, Any]:
        return dict(json.loads(self.content(name, environment)))

    def fleet(self, environment: str = "dev") -> Fleet:
        return read_fleet(documents(self.root), environment)
