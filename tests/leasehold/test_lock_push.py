"""`leasehold lock --commit --push`: locks in the repository itself, while others push."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from leasehold import aws_settings, credentials
from leasehold import lock_push as module
from leasehold.cli import main
from leasehold.jumpstart import extra
from leasehold.lock_push import Target
from ledger.committers import READER
from ledger.remote import Token
from sandbox.git.server import GitServer
from tests.leasehold.jumpstart.catalogue import FakeCatalogue, header
from tests.leasehold.jumpstart.ledger_files import SETTINGS, definition
from tests.ledger.forge import Colleague, Forge, git, hosted
from tests.ledger.signing import keygen, public

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from leasehold.jumpstart.model import Header, ModelType
    from ledger.settings import LedgerSettings
    from tests.scene import Account, Scene

SECRET = "leasehold/locks"
AUTHOR = "Leasehold CI <leasehold-ci@example.com>"
DEV = "environments/dev"


class Meanwhile(FakeCatalogue):
    """JumpStart's catalogue, and what somebody pushes while it is asked."""

    happens: Callable[[], None] = staticmethod(lambda: None)

    def headers(self, model_type: ModelType) -> list[Header]:
        self.happens()
        return [*super().headers(model_type)]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[tuple[Forge, Colleague]]:
    """A repository that wants a token, and somebody who pushes to it."""
    bare = hosted(tmp_path / "closed", "fleet.git")
    ben = Colleague(tmp_path / "closed-clone", str(bare))
    pushed(
        ben, {f"{DEV}/environment.json": json.dumps(SETTINGS), f"{DEV}/A.endpoint.json": of("A")}
    )
    with GitServer(bare.parent, credentials={"bot": "t0ken"}) as server:
        yield Forge(bare, server.repository_url("fleet.git")), ben


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    made = Meanwhile(versions=(header("1.0.0"), header("1.1.0")))
    monkeypatch.setattr(extra, "catalogues", lambda: lambda _region: made)
    return made


@pytest.fixture
def account(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account with the secret that opens the repository."""
    aws_settings._session.cache_clear()
    scene.account.use(monkeypatch, AWS_DEFAULT_REGION="us-east-1")
    client = scene.account.client("secretsmanager")
    client.create_secret(Name=SECRET, SecretString='{"username": "bot", "token": "t0ken"}')
    yield scene.account
    client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def of(name: str, **fields: object) -> str:
    return definition(name, **fields).decode()


def pushed(ben: Colleague, files: dict[str, str | None]) -> None:
    ben.commit(files, "Change")
    ben.push()


def run(forge: Forge, *more: str) -> Result:
    named = ("--repository", forge.url, "--git-secret", SECRET, "--author", AUTHOR)
    return CliRunner().invoke(main, ["lock", "--commit", "--push", *named, *more])


@pytest.mark.usefixtures("account", "catalogue")
def test_what_has_no_lock_is_locked_in_the_repository_itself(
    ledger: tuple[Forge, Colleague],
) -> None:
    forge, _ = ledger
    done = run(forge)
    assert done.exit_code == 0, done.output
    assert json.loads(forge.file(f"{DEV}/A.lock.json"))["model_version"] == "1.1.0"
    said = git(forge.bare, "log", "-1", "--format=%an %ce: %s%n%b", "main")
    assert said.startswith("Leasehold CI leasehold-ci@example.com: Lock dev/A\ndev/A: acme-llm")
    assert "Committed and pushed" in done.stdout
    tip = forge.tip
    again = run(forge)
    assert (again.exit_code, forge.tip) == (0, tip)
    assert "nothing to commit" in again.stdout


@pytest.mark.usefixtures("account")
def test_what_others_push_meanwhile_stays(
    ledger: tuple[Forge, Colleague], catalogue: Meanwhile
) -> None:
    """A lease, and a definition that is another now: that one is locked by the next run."""
    forge, ben = ledger
    pushed(ben, {f"{DEV}/B.endpoint.json": of("B")})

    def happens() -> None:
        catalogue.happens = lambda: None
        pushed(ben, {f"{DEV}/B.endpoint.json": of("B", model_version="1.0.0")})

    catalogue.happens = happens
    done = run(forge)
    assert done.exit_code == 0, done.output
    files = git(forge.bare, "ls-tree", "--name-only", "main", f"{DEV}/")
    assert "A.lock.json" in files
    assert "B.lock.json" not in files
    assert json.loads(forge.file(f"{DEV}/B.endpoint.json"))["model_version"] == "1.0.0"
    assert run(forge).exit_code == 0
    assert json.loads(forge.file(f"{DEV}/B.lock.json"))["model_version"] == "1.0.0"


@pytest.mark.usefixtures("account")
def test_where_all_is_another_by_now_nothing_is_pushed(
    ledger: tuple[Forge, Colleague], catalogue: Meanwhile
) -> None:
    forge, ben = ledger

    def happens() -> None:
        catalogue.happens = lambda: None
        pushed(ben, {f"{DEV}/A.endpoint.json": of("A", model_version="1.0.0")})

    catalogue.happens = happens
    done = run(forge)
    assert done.exit_code == 0, done.output
    assert "has changed meanwhile" in done.stdout
    assert "A.lock.json" not in git(forge.bare, "ls-tree", "-r", "--name-only", "main")


@pytest.mark.usefixtures("catalogue")
def test_a_key_in_the_secret_signs_the_commit(
    account: Account, ledger: tuple[Forge, Colleague], tmp_path: Path
) -> None:
    forge, _ = ledger
    key = keygen(tmp_path)
    told = {"username": "bot", "token": "t0ken", "signing_key": key.read_text()}
    account.client("secretsmanager").put_secret_value(
        SecretId=SECRET, SecretString=json.dumps(told)
    )
    assert run(forge).exit_code == 0
    signers = tmp_path / "people.allowed_signers"
    signers.write_text(f"leasehold-ci@example.com {public(key)}\n")
    setting = ("-c", f"gpg.ssh.allowedSignersFile={signers}")
    assert git(forge.bare, *setting, "log", "-1", "--format=%G? %GS", "main").startswith("G lease")


@pytest.mark.usefixtures("account", "catalogue")
def test_what_cannot_be_locked_stops_no_other(ledger: tuple[Forge, Colleague]) -> None:
    forge, ben = ledger
    pushed(ben, {f"{DEV}/Gone.endpoint.json": of("Gone", model_id="acme-gone")})
    done = run(forge)
    assert done.exit_code == 1
    assert "JumpStart has no model acme-gone" in done.output
    assert "1 of 2 definitions cannot be locked" in done.output
    assert "A.lock.json" in git(forge.bare, "ls-tree", "-r", "--name-only", "main")


@pytest.mark.usefixtures("account", "catalogue")
def test_environments_of_others_are_left_alone(ledger: tuple[Forge, Colleague]) -> None:
    forge, ben = ledger
    pushed(ben, {"environments/test/environment.json": json.dumps(SETTINGS)})
    pushed(ben, {"environments/test/C.endpoint.json": of("C")})
    assert run(forge, "dev").exit_code == 0
    assert "C.lock.json" not in git(forge.bare, "ls-tree", "-r", "--name-only", "main")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--push", "--repository", "https://x.example/x.git"], "--push goes with --commit"),
        (["--push", "--commit"], "--push wants --repository URL, or LEASEHOLD_REPOSITORY"),
    ],
)
def test_options_that_do_not_go_alone(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["lock", *arguments])
    assert done.exit_code == 2
    assert said in done.output


def test_without_a_secret_gits_own_credentials_open_it(
    ledger: tuple[Forge, Colleague], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    forge, _ = ledger
    monkeypatch.setattr(credentials, "for_address", lambda *_: Token("bot", "t0ken"))
    target = Target(forge.url, "main", None)
    assert module._opened(target, READER, tmp_path / "cache").head() == forge.tip


def test_codecommit_is_opened_as_a_role_where_git_has_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[LedgerSettings] = []

    def opened(settings: LedgerSettings, *_: object) -> list[None]:
        asked.append(settings)
        return [None]

    monkeypatch.setattr(credentials, "for_address", lambda *_: None)
    monkeypatch.setattr(module, "open_deployed_with_status", opened)
    url = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/fleet"
    module._opened(Target(url, "trunk", None), READER, tmp_path)
    (settings,) = asked
    assert (settings.url, settings.branch, settings.secret_id) == (url, "trunk", None)
