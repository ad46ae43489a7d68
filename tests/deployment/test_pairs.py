"""Every two choices together: each pair is synthesised, and cdk-nag has nothing to say of it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from tests.infra.conftest import (
    CERTIFICATE,
    CONTEXT,
    DEFINITIONS,
    ENVIRONMENT,
    INSIDE,
    REGION,
    WEB_ACL,
    node,
    synthesise,
    write,
)
from tests.infra.packaged import pretend_packages
from tests.infra.synthesis import WEBHOOK, Synthesis

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["node"]  # a fixture
CHOICES: Mapping[str, Mapping[str, str]] = {
    "no reserve": {"reserved_concurrency": "off"},
    "existing table": {"token_table": "existing"},
    "new role": {"execution_role": "new"},
    "new pool": {"user_pool": "new"},
    "network": {**INSIDE, "vpc_id": "vpc-0a1b2c3d"},
    "no role for logs": {"api_logs_role": "off"},
    "keys": {"git_keys": "on"},
    "builds": {"controller": "codebuild"},
    "locks": {"lock_project": "on"},
    "domain": {"domain_name": "leases.example.com", "certificate_arn": CERTIFICATE},
    "web acl": {"web_acl_arn": WEB_ACL},
    "x86": {"architecture": "x86_64"},
    "no webhook": {"webhook_secret_name": ""},
    "codecommit": {
        "repository_url": f"https://git-codecommit.{REGION}.amazonaws.com/v1/repos/x",
        "git_secret_name": "",
        "git_read_secret_name": "",
    },
}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    pretend_packages(folder / "packages")
    write(folder, ENVIRONMENT, **DEFINITIONS)
    return folder


@pytest.mark.parametrize("first", CHOICES)
def test_two_choices_go_together(
    node: Path,
    ledger: Path,
    tmp_path: Path,
    first: str,
) -> None:
    for one, other in combinations(CHOICES, 2):
        if one != first:
            continue
        context = {**CONTEXT, **CHOICES[one], **CHOICES[other]}
        out = tmp_path / other
        synthesise(ledger, out, {**context, "packages": str(ledger / "packages")})
        made = Synthesis(out)
        assert made.findings() == [], (one, other)
        started = {
            resource.rpartition("/")[2]
            for each in made.allowing(WEBHOOK, "codebuild:StartBuild")
            for resource in each.resources
        }
        chosen = {one, other}
        expected = {"builds": "shop-live-controller", "locks": "shop-live-locks"}
        assert started == {name for choice, name in expected.items() if choice in chosen}
