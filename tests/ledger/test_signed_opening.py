"""How a deployed function opens the ledger: with what the git secret has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ledger.committers import GATEWAY
from ledger.opening import open_deployed_with_status
from ledger.settings import LedgerSettings
from tests.ledger.forge import add, git
from tests.ledger.signing import keygen, public

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.scene import Scene

LEASE = "environments/dev/Other.lease.json"


def test_the_secrets_key_signs_both_branches(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.account.use(monkeypatch, AWS_DEFAULT_REGION="us-east-1")
    key, client = keygen(tmp_path), scene.account.client("secretsmanager")
    text = json.dumps({"username": "bot", "token": "t", "signing_key": key.read_text()})
    client.create_secret(Name="leasehold/signed", SecretString=text)
    settings = LedgerSettings("dev", scene.forge.url, secret_id="leasehold/signed")
    ledger, status = open_deployed_with_status(settings, GATEWAY, lambda: scene.now)
    made = (ledger.commit(add(1, "r-1", LEASE)), status.commit(add(1, "r-2", "dev.json")))
    (tmp_path / "allowed").write_text(f"{GATEWAY.email} {public(key)}\n")
    allowed = f"gpg.ssh.allowedSignersFile={tmp_path / 'allowed'}"
    for each in made:
        git(scene.forge.bare, "-c", allowed, "verify-commit", each.commit)
    client.delete_secret(SecretId="leasehold/signed", ForceDeleteWithoutRecovery=True)
