"""`leasehold verify-push` as the pre-receive hook of a real git server, and by itself."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from controller.reconcile import reconcile
from leasehold import pushed_commits
from leasehold.cli import main
from ledger.committers import CONTROLLER, GATEWAY
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.signatures import signing_key
from sandbox.git.server import GitServer
from tests.ledger.forge import DEFINITION, LEASE, NOON, Colleague, Forge, add, git, seeded
from tests.ledger.signing import keygen, public

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.snapshot import Person
    from tests.gateway.api import Api
    from tests.scene import Scene

ROOT = Path(__file__).resolve().parents[2]


def install(forge: Forge, *options: str) -> None:
    """Make `verify-push` the hook of a repository."""
    command = shlex.join([sys.executable, "-m", "leasehold", "verify-push", *options])
    forge.hook("pre-receive", f"PYTHONPATH={shlex.quote(str(ROOT))} exec {command}")


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    root = tmp_path / "hosted"
    root.mkdir()
    with GitServer(root) as server:
        made = seeded(root, "fleet.git", server.repository_url("fleet.git"))
        install(made)
        yield made


@pytest.fixture
def ben(forge: Forge, tmp_path: Path) -> Colleague:
    person = Colleague(tmp_path / "ben", forge.url)
    person.pull()
    return person


def commit_as(person: Person, colleague: Colleague, files: Mapping[str, str | None]) -> str:
    """Commit with another committer, as whoever has a clone can."""
    colleague.commit(files, "change")
    git(colleague.home, "-c", f"user.name={person.name}", "reset", "--soft", "HEAD~1")
    tree = git(colleague.home, "write-tree")
    parent = git(colleague.home, "rev-parse", "HEAD")
    done = subprocess.run(
        ["git", "commit-tree", tree, "-p", parent, "-m", "change"],
        cwd=colleague.home,
        env={
            "PATH": "/usr/bin:/bin",
            "GIT_AUTHOR_NAME": "Ben",
            "GIT_AUTHOR_EMAIL": "ben@example.com",
            "GIT_COMMITTER_NAME": person.name,
            "GIT_COMMITTER_EMAIL": person.email,
        },
        check=True,
        capture_output=True,
        text=True,
    )
    made = done.stdout.strip()
    git(colleague.home, "reset", "--quiet", "--hard", made)
    return made


def refused(colleague: Colleague, *refspecs: str) -> str:
    with pytest.raises(subprocess.CalledProcessError) as error:
        git(colleague.home, "push", "--quiet", "--force", "origin", *(refspecs or ("HEAD:main",)))
    return str(error.value.stderr)


def test_people_push_what_they_like(forge: Forge, ben: Colleague) -> None:
    commit = ben.commit({DEFINITION: "{}", "README.md": None}, "change")
    ben.push()
    assert forge.tip == commit


def test_a_bot_pushes_leases_and_nothing_else(forge: Forge, ben: Colleague) -> None:
    good = commit_as(GATEWAY, ben, {LEASE: "1"})
    ben.push()
    assert forge.tip == good
    bad = commit_as(GATEWAY, ben, {LEASE: "2", DEFINITION: "{}"})
    said = refused(ben)
    assert f"refs/heads/main {bad[:8]}: it changes {DEFINITION}" in said
    assert "[LH5150]" in said
    assert forge.tip == good


def test_a_commit_below_good_ones_is_found(forge: Forge, ben: Colleague) -> None:
    commit_as(GATEWAY, ben, {LEASE: "1"})
    commit_as(CONTROLLER, ben, {"README.md": "mine"})
    commit_as(GATEWAY, ben, {LEASE: "2"})
    assert refused(ben).count("[LH5150]") == 1


def test_a_commit_that_a_merge_hides_is_found(forge: Forge, ben: Colleague) -> None:
    git(ben.home, "checkout", "--quiet", "-b", "side")
    commit_as(GATEWAY, ben, {"README.md": "mine"})
    git(ben.home, "checkout", "--quiet", "-B", "main", "origin/main")
    ben.commit({"other.md": "x"}, "other")
    git(ben.home, "merge", "--quiet", "--no-ff", "--strategy", "ours", "--message", "merge", "side")
    assert "[LH5150]" in refused(ben)


def test_a_rename_is_two_changes(forge: Forge, ben: Colleague) -> None:
    commit_as(GATEWAY, ben, {LEASE: None, LEASE.replace("Falcon40B", "Other"): "0"})
    assert f"it takes {LEASE} away" in refused(ben)


@pytest.mark.parametrize(
    "name",
    [
        "falcon40b",
        "Falcon40B\u200b",
        "Fa\u0308l",
        "Fal\ncon",
        os.fsdecode(b"Fal\xff"),
        "../new/Chat",
    ],
)
def test_a_lease_of_nothing_is_no_bots(ben: Colleague, name: str) -> None:
    """It would be a violation, and freeze what it may stand for."""
    old = git(ben.home, "rev-parse", "HEAD")
    path = os.path.normpath(f"environments/dev/{name}.lease.json")
    commit_as(GATEWAY, ben, {path: "0"})
    done = verify(ben.home, old, "HEAD")
    assert (done.exit_code, "no definition of that name" in done.output) == (1, True)
    definition = path.replace(".lease.json", ".endpoint.json")
    ben.commit({definition: "{}"}, "define")
    commit_as(GATEWAY, ben, {path: "1"})
    assert verify(ben.home, "HEAD~1", "HEAD").exit_code == 0


def test_a_link_in_a_leases_place_is_none(forge: Forge, ben: Colleague) -> None:
    (ben.home / LEASE).unlink()
    (ben.home / LEASE).symlink_to("Falcon40B.endpoint.json")
    commit_as(GATEWAY, ben, {})
    assert "no ordinary file" in refused(ben)


def test_a_new_branch_is_looked_at_as_far_as_it_is_new(forge: Forge, ben: Colleague) -> None:
    git(ben.home, "push", "--quiet", "origin", "HEAD:refs/heads/nothing-new")
    commit_as(GATEWAY, ben, {"README.md": "mine"})
    assert "refs/heads/idea" in refused(ben, "HEAD:refs/heads/idea")
    git(forge.bare, "fetch", "--quiet", str(ben.home), "HEAD:refs/heads/before-there-was-a-hook")
    git(ben.home, "push", "--quiet", "origin", "HEAD:refs/heads/idea")
    assert "refs/heads/main" in refused(ben), "what a branch of the ledger gets is all looked at"


def test_a_branch_of_the_ledger_keeps_its_history(forge: Forge, ben: Colleague) -> None:
    before = forge.tip
    git(forge.bare, "config", "receive.denyDeleteCurrent", "ignore")
    assert "deletes the branch" in refused(ben, ":main")
    git(ben.home, "commit", "--quiet", "--amend", "--message", "other")
    assert "takes away commits" in refused(ben)
    assert forge.tip == before
    git(ben.home, "push", "--quiet", "origin", "HEAD:refs/heads/mine")
    git(ben.home, "push", "--quiet", "origin", ":refs/heads/mine")


def test_a_replacement_hides_nothing(forge: Forge, ben: Colleague) -> None:
    good = ben.commit({"README.md": "fine"}, "fine")
    ben.push()
    bad = commit_as(GATEWAY, ben, {"README.md": "mine"})
    git(forge.bare, "fetch", "--quiet", str(ben.home), f"{bad}")
    git(forge.bare, "replace", bad, good)
    assert "[LH5150]" in refused(ben)


def test_a_tag_of_a_file_brings_no_commit(forge: Forge, ben: Colleague) -> None:
    git(ben.home, "tag", "x", git(ben.home, "rev-parse", "HEAD:README.md"))
    git(ben.home, "push", "--quiet", "origin", "refs/tags/x")
    assert git(forge.bare, "cat-file", "-t", "x") == "blob"


def test_who_pushes_and_who_commits_have_to_fit(tmp_path: Path) -> None:
    root = tmp_path / "hosted"
    root.mkdir()
    with GitServer(root, credentials={"bot": "b", "ben": "b"}) as server:
        url = server.repository_url("fleet.git")
        forge = seeded(root, "fleet.git", url)
        install(forge, "--bot", "bot")
        as_bot, as_ben = (
            Colleague(tmp_path / who, url.replace("://", f"://{who}:b@")) for who in ("bot", "ben")
        )
        for each in (as_bot, as_ben):
            each.pull()
        as_bot.commit({DEFINITION: "{}"}, "by Ben, or so it says")
        assert "bot is a bot's account, and the committer is Ben" in refused(as_bot)
        commit_as(GATEWAY, as_ben, {LEASE: "1"})
        assert "ben is no bot's account" in refused(as_ben)
        git(as_ben.home, "reset", "--quiet", "--hard", "origin/main")
        as_ben.commit({DEFINITION: "{}"}, "to be reviewed")
        git(as_ben.home, "push", "--quiet", "origin", "HEAD:refs/heads/idea")
        git(as_bot.home, "fetch", "--quiet", "origin", "idea")
        assert "the committer is Ben" in refused(as_bot, "FETCH_HEAD:main")
        as_bot.pull()
        commit_as(GATEWAY, as_bot, {LEASE: "1"})
        as_bot.push()
        as_ben.pull()
        as_ben.commit({DEFINITION: "{}"}, "change")
        as_ben.push()


def test_all_that_the_gateway_and_the_controller_commit_is_taken(scene: Scene, api: Api) -> None:
    install(scene.forge)
    scene.push(
        {
            "environments/prod/environment.json": '{"project_prefix": "demo",'
            ' "region_name": "us-east-1", "execution_role_arn": "arn:aws:iam::123456789012:role/x"}'
        }
    )
    scene.define("Chat", schedule={"initial_provision_minutes": 30})
    scene.account.make_config("by-hand")
    tick = scene.tick()
    assert tick.troubles == ()
    reconcile(scene.dependencies, "prod", scene.now)
    assert "mint ledger_id" in scene.forge.subjects()[-1]
    for body in (
        {"EndpointName": "demo-Falcon40B-Endpoint", "minutes": 5},
        {"EndpointName": "demo-New-Endpoint", "EndpointConfigName": "by-hand", "minutes": 5},
    ):
        answer = api.post(body)
        assert answer.status == 200, answer
    subjects = scene.forge.subjects()
    assert [each.split(" to ")[0] for each in subjects if each.startswith("lease(")] == [
        "lease(dev): grant Chat",
        "lease(dev): extend Falcon40B by 5 min",
        "lease(dev): grant New by 5 min",
    ]


def verify(folder: Path, *arguments: str, given: str = "") -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(main, ["verify-push", *arguments], input=given)


def test_ci_checks_a_range(ben: Colleague) -> None:
    old = git(ben.home, "rev-parse", "HEAD")
    assert verify(ben.home, old, "HEAD").exit_code == 0
    commit_as(GATEWAY, ben, {"README.md": "mine"})
    done = verify(ben.home, old, "HEAD", "refs/heads/main", "--output", "json")
    assert done.exit_code == 1
    assert '"code": "LH5150"' in done.stdout
    assert verify(ben.home, "0" * 40, "HEAD").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("1" * 40, "HEAD"), ""),
        (("HEAD", "nowhere"), ""),
        (("HEAD",), ""),
        ((), "nonsense\n"),
        ((), f"{'1' * 40} {'2' * 40} refs/heads/main\n"),
        (("--bot", "bot", "HEAD", "HEAD"), ""),
    ],
)
def test_what_cannot_be_checked_is_not_taken(
    ben: Colleague, arguments: tuple[str, ...], given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GL_USERNAME", "GITEA_PUSHER_NAME", "REMOTE_USER", "GITHUB_ACTOR"):
        monkeypatch.delenv(name, raising=False)
    done = verify(ben.home, *arguments, given=given)
    assert done.exit_code == 1
    assert done.stderr.endswith("[LH5153]\n")


def test_a_shallow_clone_is_not_guessed_about(ben: Colleague, forge: Forge, tmp_path: Path) -> None:
    ben.commit({"README.md": "a"}, "a")
    ben.push()
    git(tmp_path, "clone", "--quiet", "--depth", "1", forge.url, "shallow")
    done = verify(tmp_path / "shallow", "0" * 40, "HEAD")
    assert (done.exit_code, "shallow" in done.stderr) == (1, True)


@pytest.mark.parametrize("ref", ["main", "refs/heads/main"])
@pytest.mark.parametrize("branch", ["main", "refs/heads/main"])
def test_a_branch_may_be_named_short_or_in_full(ben: Colleague, ref: str, branch: str) -> None:
    ben.commit({"README.md": "a"}, "a")
    done = verify(ben.home, "HEAD", "HEAD~1", ref, "--branch", branch)
    assert done.exit_code == 1
    assert "LH5151" in done.output


def literal(home: Path, committer: bytes, more: bytes = b"") -> str:
    """Make a commit of bytes that no git command would write."""
    parent, tree = (git(home, "rev-parse", f"HEAD{each}").encode() for each in ("", "^{tree}"))
    text = b"tree %b\nparent %b\nauthor Ben <ben@example.com> 1 +0000\ncommitter %b\n%b\nm\n"
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=home,
        input=text % (tree, parent, committer, more),
        check=True,
        capture_output=True,
    )
    return done.stdout.decode().strip()


@pytest.mark.parametrize("encoding", ["IBM037", "UTF-16", "UTF-7", "nonsense"])
def test_a_commit_is_read_as_the_ledger_reads_it(ben: Colleague, encoding: str) -> None:
    """An encoding would have git show another committer than the ledger's history has."""
    who = f"{GATEWAY.name} <{GATEWAY.email}> 1763900000 +0000".encode()
    ben.commit({"README.md": "mine"}, "mine")
    made = literal(ben.home, who, f"encoding {encoding}\n".encode())
    policy = ("--bot", "bot", "--pusher", "ben")
    done = verify(ben.home, "HEAD", made, *policy)
    assert (done.exit_code, "LH5152" in done.output) == (1, True)


@pytest.mark.parametrize(
    "committer",
    [b"Ben <ben@example.com> -1 +0000", b"Ben <ben@example.com> soon", b"Ben", b"<> 9 +0000", b""],
)
def test_a_commit_that_is_odd_is_not_proven(
    ben: Colleague, committer: bytes, tmp_path: Path
) -> None:
    (tmp_path / "keys").touch()
    made = literal(ben.home, committer)
    done = verify(ben.home, "HEAD", made, "--people-keys", str(tmp_path / "keys"))
    assert (done.exit_code, "LH5154" in done.output) == (1, True)


def test_references_of_any_bytes_are_read(ben: Colleague) -> None:
    old, new = git(ben.home, "rev-parse", "HEAD"), ben.commit({"README.md": "a"}, "a")
    lines = f"{old} {new} refs/heads/\x85\u2028x\n".encode() + b"0" * 40
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ben.home)
        given = lines + f" {new} refs/heads/".encode() + b"\xff\n"
        done = CliRunner().invoke(main, ["verify-push"], input=given)
    assert (done.exit_code, done.output) == (0, "")


def test_many_commits_are_read_a_part_at_a_time(
    ben: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushed_commits, "_AT_ONCE", 2)
    old = git(ben.home, "rev-parse", "HEAD")
    for number in range(5):
        ben.commit({"README.md": str(number)}, "m\n\n1 commit 2")
    commit_as(GATEWAY, ben, {"README.md": "mine"})
    assert verify(ben.home, old, "HEAD~1").exit_code == 0
    assert verify(ben.home, old, "HEAD").output.count("LH5150") == 1


def test_nothing_is_in_order(tmp_path: Path) -> None:
    assert verify(tmp_path).exit_code == 0


def test_a_machine_without_git_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert verify(tmp_path, "a", "b").stderr.endswith("[LH5153]\n")


def test_every_commit_is_signed_where_keys_are_named(
    forge: Forge, ben: Colleague, tmp_path: Path
) -> None:
    people, bots = tmp_path / "people", tmp_path / "bots"
    people_key, bot_key = keygen(tmp_path, "ben.key"), keygen(tmp_path, "bot.key")
    people.write_text(f"ben@example.com {public(people_key)}\n")
    bots.write_text(f"*@leasehold.invalid {public(bot_key)}\n")
    install(forge, "--people-keys", str(people), "--bot-keys", str(bots))
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(people_key))):
        git(ben.home, "config", name, value)
    unsigned = ben.commit({"README.md": "a"}, "a")
    git(ben.home, "config", "commit.gpgsign", "true")
    ben.commit({"README.md": "b"}, "b")
    said = refused(ben)
    assert said.count("[LH5154]") == 1
    assert unsigned[:8] in said
    git(ben.home, "reset", "--quiet", "--soft", "origin/main")
    signed = ben.commit({}, "both")
    ben.push()
    assert forge.tip == signed
    repository = Repository(
        Remote(forge.url),
        tmp_path / "cache",
        committer=GATEWAY,
        clock=lambda: NOON,
        sign=signing_key(bot_key.read_text()).sign,
    )
    made = repository.commit(add(1, "r-1")).commit
    assert forge.tip == made
    commit_as(GATEWAY, ben, {LEASE: "2"})
    assert "[LH5154]" in refused(ben, "HEAD:refs/heads/other")


def test_keys_that_are_not_there_let_nobody_in(ben: Colleague, tmp_path: Path) -> None:
    done = verify(ben.home, "HEAD", "HEAD", "--people-keys", str(tmp_path / "none"))
    assert done.stderr.endswith("[LH5153]\n")
