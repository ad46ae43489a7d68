"""The machines that people have: whatever is set wrong, a verb works or says so in one sentence."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from leasehold import aws_settings, git_author, machine
from leasehold.cli import main
from ledger.errors import Refused
from ledger.remote import Remote
from ledger.repository import Person
from tests.leasehold.running import Up

_SENTENCE = re.compile(r"leasehold: [^\n]+ \[LH\d{4}\]\n")
_PROXY = "http://127.0.0.1:9"  # nobody listens there

_ROLE = "arn:aws:iam::123456789012:role/demo"
# Each verb with arguments that change nothing of the shared `up`.
_VERBS: Mapping[str, tuple[str, ...]] = {
    "status": (),
    "top": (),
    "next": (),
    "extend": ("Nobody", "1"),
    "add": ("Nobody", "1", "--config", "nobody", "--dry-run"),
    "release": ("Nobody",),
    "log": ("Falcon40B",),
    "explain": ("Falcon40B",),
    "timeline": (),
    "forecast": ("--until", "friday"),
    "report": ("--since", "2026-01-01"),
    "prices update": ("--into", "nowhere"),
    "plan": (),
    "adopt": ("nobody",),
    "import": ("configs.json", "--from-aws", "--no-commit", "--role-arn", _ROLE),
    "claim": ("nobody",),
    "token list": (),
    "token create": ("--for", "nobody"),
    "token revoke": ("12345678",),
    "token migrate": ("--from", "nobody", "--dry-run"),
    "reconcile": ("--branch", "nobody"),
}
_LOCKS = {"lock", "models", "new"}
_WITHOUT_A_LEDGER = {
    *("completion", "doctor", "init", "schema", "validate", "verify-push", "where"),
    *_LOCKS,
}
_PROCESSES = {"up", "tour", "package"}  # tried elsewhere: they take long

_BROKEN: Mapping[str, Mapping[str, str]] = {
    "a profile that is not there": {"AWS_PROFILE": "nope"},
    "a config file that cannot be parsed": {"AWS_CONFIG_FILE": "{folder}/broken"},
    "credentials that cannot be parsed": {"AWS_SHARED_CREDENTIALS_FILE": "{folder}/broken"},
    "a number that is none": {"AWS_MAX_ATTEMPTS": "abc"},
    "a mode that is none": {"AWS_RETRY_MODE": "abc"},
    "a program that fails": {"AWS_CONFIG_FILE": "{folder}/fails"},
    "a program that is not there": {"AWS_CONFIG_FILE": "{folder}/missing"},
    "a program that says something else": {"AWS_CONFIG_FILE": "{folder}/babbles"},
    "a program that says a list": {"AWS_CONFIG_FILE": "{folder}/lists"},
    "no credentials": {},
    "a proxy": {"HTTP_PROXY": _PROXY, "http_proxy": _PROXY, "ALL_PROXY": _PROXY},
    "git settings that cannot be parsed": {"GIT_CONFIG_GLOBAL": "{folder}/broken"},
    "a repository of a hook": {"GIT_DIR": "{folder}/nowhere", "GIT_INDEX_FILE": "{folder}/nowhere"},
    "certificates that are not there": {"AWS_CA_BUNDLE": "{folder}/nowhere"},
    "an address that is none": {"AWS_ENDPOINT_URL": "nowhere"},
    "regions that are none": {"AWS_REGION": "a b", "AWS_DEFAULT_REGION": "\N{SNOWMAN}"},
    "a role that nobody may take": {
        "AWS_ROLE_ARN": "x",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "{folder}/nowhere",
    },
    "an author that is none": {
        "GIT_AUTHOR_NAME": "\n",
        "GIT_AUTHOR_EMAIL": "<>",
        "GIT_AUTHOR_DATE": "abc",
    },
    "no room for files that pass": {"TMPDIR": "{folder}/nowhere"},
    "no width and no time zone": {"COLUMNS": "abc", "LINES": "-1", "TZ": ":nowhere"},
    "a terminal of old times": {"LANG": "C", "LC_ALL": "C", "TERM": "nothing"},
    "no home": {"HOME": "{folder}/nowhere", "GIT_CONFIG_GLOBAL": "/dev/null"},
}


@pytest.fixture(params=_BROKEN)
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A machine on which one thing is wrong."""
    _bare(monkeypatch, tmp_path)
    for key, value in _BROKEN[request.param].items():
        monkeypatch.setenv(key, value.format(folder=tmp_path))
    return str(request.param)


def _bare(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "none"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.chdir(folder)
    (folder / "broken").write_text("[profile broken\n")
    (folder / "configs.json").write_text('{"project_prefix": "a", "region_name": "us-east-1"}')
    for name, program in (
        ("fails", "/bin/false"),
        ("missing", str(folder / "nowhere")),
        ("babbles", "echo hello"),
        ("lists", "echo []"),
    ):
        (folder / name).write_text(f"[default]\ncredential_process = {program}\n")


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """What is read once in a process is read anew."""
    aws_settings._session.cache_clear()
    yield
    aws_settings._session.cache_clear()


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def _is_a_sentence(done: Result) -> bool:
    """It ended well, or with one sentence and its code; a plan with changes ends with 2."""
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return False
    return done.exit_code in (0, 2) or _SENTENCE.fullmatch(done.stderr) is not None


def _all_verbs(group: click.Group, before: str = "") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _all_verbs(command, f"{name} ")
        else:
            assert command is not None
            yield f"{before}{name}"


def test_every_verb_is_tried() -> None:
    assert set(_all_verbs(main)) == {*_VERBS, *_WITHOUT_A_LEDGER, *_PROCESSES}


def test_beside_a_sandbox_nothing_of_it_matters(up: Up, broken: str) -> None:
    home = str(up.announcement.parent)
    for verb, arguments in _VERBS.items():
        done = _run(*verb.split(), "--home", home, *arguments)
        assert _is_a_sentence(done), f"{verb} with {broken}: {done.output} {done.exception!r}"
        assert "LH506" not in done.stderr, f"{verb} with {broken}: {done.stderr}"
    assert _run("plan", "--home", home).exit_code in (0, 2)


def test_the_doctor_says_what_is_wrong_and_goes_on(up: Up, broken: str) -> None:
    done = _run("doctor", "-e", "dev", "--repository", up.says["git_url"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "LH5160" not in done.stdout, f"{broken}: {done.stdout}"
    assert "ok       repository: write: " in done.stdout


def test_for_aws_itself_it_is_said_in_a_sentence(up: Up, broken: str) -> None:
    ledger = ("-e", "dev", "--repository", up.says["git_url"])
    for verb, arguments in _VERBS.items():
        done = _run(*verb.split(), *ledger, *arguments)
        assert _is_a_sentence(done), f"{verb} with {broken}: {done.output} {done.exception!r}"
    assert _run("log", *ledger, "Falcon40B").exit_code == 0, "git alone is asked"
    assert "[LH5060]" in _run("plan", *ledger).stderr


def test_without_a_ledger_nothing_of_it_matters(tmp_path: Path, broken: str) -> None:
    options = ("--project-prefix", "demo", "--region", "us-east-1")
    role = ("--role-arn", _ROLE)
    assert _run("init", "dev", *options, *role).exit_code == 0, broken
    assert _run("validate", str(tmp_path)).exit_code == 0, broken
    assert _SENTENCE.fullmatch(_run("where", "token").stderr), broken


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(28, "No space left on device"), "LH5061"),
        (PermissionError(13, "Permission denied", "/x"), "LH5061"),
        (KeyError("odd"), "LH5062"),
    ],
)
def test_an_error_that_nobody_has_foreseen_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def fail(_home: Path) -> None:
        raise error

    monkeypatch.setattr("leasehold.where.running_in", fail)
    done = _run("where", "token")
    assert _SENTENCE.fullmatch(done.stderr)
    assert code in done.stderr
    monkeypatch.setenv("LEASEHOLD_TRACEBACK", "1")
    assert "Traceback" in _run("where", "token").stderr


def test_a_reader_that_has_enough_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_home: Path) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("leasehold.where.running_in", fail)
    done = _run("where", "token")
    assert "LH5061" not in done.stderr


def test_a_whole_sandbox_runs_where_everything_is_set_wrong(
    start: Callable[..., Up], tmp_path: Path
) -> None:
    (tmp_path / "broken").write_text("[profile broken\n")
    up = start(
        AWS_PROFILE="nope",
        AWS_CONFIG_FILE=str(tmp_path / "broken"),
        AWS_MAX_ATTEMPTS="abc",
        AWS_RETRY_MODE="abc",
        HTTP_PROXY=_PROXY,
        http_proxy=_PROXY,
        GIT_DIR=str(tmp_path / "nowhere"),
    )
    up.await_status("demo-Falcon40B-Endpoint", "InService")
    assert up.stop() == 0
    assert "Traceback" not in up.log.read_text()


@pytest.mark.parametrize(
    ("variables", "settings", "said"),
    [
        ({}, "", None),
        ({}, "[user]\n\tname = Ana\n\temail = a@x.org\n", Person("Ana", "a@x.org")),
        ({}, "[user]\n\tname = Ana\n", None),
        ({}, "[author]\n\tname = Ana\n\temail = a@x.org\n", Person("Ana", "a@x.org")),
        (
            {"GIT_AUTHOR_NAME": "Ci", "GIT_AUTHOR_EMAIL": "ci@x.org"},
            "[user]\n\tname = Ana\n\temail = a@x.org\n",
            Person("Ci", "ci@x.org"),
        ),
        (
            {"GIT_AUTHOR_NAME": "Ci", "GIT_AUTHOR_EMAIL": "ci@x.org", "GIT_AUTHOR_DATE": "odd"},
            "",
            Person("Ci", "ci@x.org"),
        ),
        ({"EMAIL": "ana@x.org"}, "[user]\n\tname = Ana\n", Person("Ana", "ana@x.org")),
    ],
)
def test_the_author_is_who_git_says(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: Mapping[str, str],
    settings: str,
    said: Person | None,
) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text(settings)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert git_author.configured() == said
    if said is None:
        with pytest.raises(Refused, match=r"git config --global user\.name") as refused:
            git_author.author(None)
        assert refused.value.code == "LH5003"


def test_settings_that_git_cannot_read_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[user\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused, match=r"git says: fatal: bad config line 1 in file .*/config\."):
        git_author.author(None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "localhost,127.0.0.1,::1"),
        ("example.com,127.0.0.1", "example.com,127.0.0.1,localhost,::1"),
        ("*", "*"),
    ],
)
def test_no_proxy_stands_before_this_machine(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    monkeypatch.setenv("no_proxy", before)
    machine.prepare()
    assert os.environ["no_proxy"] == after


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("http://127.0.0.1:1/ledger.git", "here"),
        ("/srv/ledger.git", "here"),
        ("https://example.com/ledger.git", "elsewhere"),
        ("git@example.com:ledger.git", "elsewhere"),
    ],
)
def test_a_server_on_this_machine_is_known(url: str, where: str) -> None:
    assert Remote(url).is_here is (where == "here")
