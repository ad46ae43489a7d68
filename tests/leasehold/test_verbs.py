"""What a newcomer types: it works, or says what to type instead."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from leasehold import completing
from leasehold.cli import main
from leasehold.completion import VARIABLE
from leasehold.verbs import ALIASES, HINTS, VERBS, Verb
from tests.ledger.forge import git
from tests.scene import NOON, lease, path

if TYPE_CHECKING:
    from click.testing import Result

    from tests.scene import Scene

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "command-line.md"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="leasehold")


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_where_the_table_says_and_what_it_says(name: str) -> None:
    command = VERBS[name].load()
    assert command.name == name
    assert command.get_short_help_str(500).rstrip(".") == VERBS[name].summary.rstrip(".")


def test_no_word_means_two_things() -> None:
    words = [*VERBS, *ALIASES, *HINTS, "help", "version"]
    assert len(set(words)) == len(words)
    assert set(ALIASES.values()) <= set(VERBS)
    for hint in HINTS.values():
        assert {*re.findall(r"`leasehold ([a-z]+)", hint)} <= set(VERBS)


def test_the_table_knows_whose_arguments_are_names() -> None:
    for name, verb in VERBS.items():
        arguments = [each for each in verb.load().params if isinstance(each, click.Argument)]
        completes = any(
            getattr(each, "_custom_shell_complete", None)
            in (completing.names, completing.names_or_codes)
            for each in arguments
        )
        assert completes is verb.names, name


@pytest.mark.parametrize(
    ("typed", "exit_code", "said"),
    [
        ("stop", 2, "stop is `leasehold release`."),
        ("stop", 2, "Usage: leasehold release [OPTIONS] NAME..."),
        ("start", 1, "say which endpoint, and for how long: leasehold extend NAME 2h30m"),
        ("delete", 1, "type `leasehold release NAME`; to do away with it"),
        ("rm Falcon", 1, "type `leasehold release NAME`"),
        ("extend", 1, "leasehold extend NAME 2h30m, or leasehold extend NAME --until 18:00"),
        ("renew X", 1, "say for how long: leasehold extend X 2h30m"),
        ("cost", 1, "`leasehold report --since 2026-11-01` tells what was paid"),
        ("create", 1, "`leasehold new NAME` defines a JumpStart model"),
        ("watch", 1, "type `leasehold status --watch`"),
        ("staus", 1, "Did you mean status? [LH5206]"),
        ("extned Falcon 2h", 1, "Did you mean extend? [LH5206]"),
        ("foo", 1, "there is no verb foo: `leasehold --help` lists all. [LH5206]"),
        ("help extend", 0, "Usage: leasehold extend [OPTIONS] NAME... LENGTH"),
        ("help token create", 0, "Usage: leasehold token create [OPTIONS]"),
        ("help stop", 0, "Usage: leasehold release [OPTIONS] NAME..."),
        ("help", 0, "LEASEHOLD_REPOSITORY"),
        ("help extned", 1, "Did you mean extend?"),
        ("help extend more", 1, "there is no verb more"),
        ("--help", 0, "Verbs:"),
        ("-h", 0, "LEASEHOLD_UTC"),
        ("version", 0, "leasehold, version "),
        ("--version", 0, "leasehold, version "),
        ("extend --help", 0, "LEASEHOLD_REPOSITORY"),
        ("extend --untill 18:00 X", 2, "--until"),
        ("status --sort price", 2, "'ends', 'cost'"),
    ],
)
def test_what_is_typed_works_or_says_what_to_type(typed: str, exit_code: int, said: str) -> None:
    result = run(*typed.split())
    assert result.exit_code == exit_code, result.output
    assert said in result.output


class TestInAClone:
    @pytest.fixture(autouse=True)
    def clone(self, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("LEASEHOLD_REPOSITORY", "LEASEHOLD_ENVIRONMENT"):
            monkeypatch.delenv(name, raising=False)
        scene.account.use(monkeypatch)
        monkeypatch.setattr("leasehold.context.clock", lambda: NOON)
        monkeypatch.setattr("leasehold.changing.clock_of", lambda _remote, _own: lambda: NOON)
        monkeypatch.setenv("GIT_AUTHOR_NAME", "Ana")
        monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ana@example.com")
        scene.define("Falcon")
        scene.push({path("Falcon", "lease"): lease(NOON + timedelta(hours=1))})
        git(tmp_path, "clone", "--quiet", scene.forge.url, "mine")
        monkeypatch.chdir(tmp_path / "mine")

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("list", "demo-Falcon-Endpoint"),
            ("ls", "demo-Falcon-Endpoint"),
            ("status falcon", "demo-Falcon-Endpoint"),
            ("renew Falcon 1h", "adds 1 h"),
            ("start Falcon 1h", "adds 1 h"),
            ("stop Falcon", "hands back 1 h"),
            ("history Falcon", "that changed this lease"),
            ("who Falcon", "that changed this lease"),
            ("why Falcon", "leasehold extend Falcon 60"),
            ("upcoming", "demo-Falcon-Endpoint"),
        ],
    )
    def test_the_words_of_others_do_what_they_say(self, typed: str, said: str) -> None:
        result = run(*typed.split())
        assert result.exit_code == 0, result.output
        assert said in result.output

    @pytest.mark.parametrize(
        "typed", ["extend Falcom 1h", "log falcn", "explain Falco", "release F"]
    )
    def test_a_name_with_a_typo_is_answered_with_the_one_that_was_meant(self, typed: str) -> None:
        result = run(*typed.split())
        assert result.exit_code == 1
        assert ("Did you mean Falcon?" in result.stderr) is (typed != "release F")


class TestCompletion:
    @pytest.fixture(autouse=True)
    def clone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for environment, name in (("dev", "Falcon40B"), ("dev", "Embed"), ("prod", "Search")):
            folder = tmp_path / "environments" / environment
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.endpoint.json").touch()
            (folder / f"{name}.lease.json").touch()
        monkeypatch.chdir(tmp_path / "environments" / "dev")

    def complete(self, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
        monkeypatch.setenv(VARIABLE, "bash_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(["leasehold", *words]))
        completer = BashComplete(main, {}, "leasehold", VARIABLE)
        *args, incomplete = words
        return [each.value for each in completer.get_completions(args, incomplete)]

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            (("sta",), ["status"]),
            (("status", ""), ["Embed", "Falcon40B", "Search"]),
            (("status", "fal"), ["Falcon40B"]),
            (("ls", "fal"), ["Falcon40B"]),
            (("extend", "Embed", "Fal"), ["Falcon40B"]),
            (("release", "-e", "prod", ""), ["Search"]),
            (("explain", "LH410"), [f"LH410{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9)]),
            (("explain", "Emb"), ["Embed"]),
            (("status", "-e", ""), ["dev", "prod"]),
            (("extend", "--rea"), ["--reason"]),
            (("status", "--sort", "e"), ["ends"]),
            (("help", "ext"), ["extend"]),
            (("status", "--environment", "p"), ["prod"]),
            (("--vers",), ["--version"]),
        ],
    )
    def test_words_are_completed(
        self, words: tuple[str, ...], found: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.complete(monkeypatch, *words) == found

    def test_behind_no_verb_nothing_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "status" in self.complete(monkeypatch, "nonsense", "")

    def test_names_are_completed_without_importing_a_verb(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def load(_verb: Verb) -> click.Command:
            raise AssertionError("it is imported")

        monkeypatch.setattr(Verb, "load", load)
        assert self.complete(monkeypatch, "extend", "Fal") == ["Falcon40B"]

    def test_where_nothing_is_there_nothing_is_completed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "empty").mkdir()
        monkeypatch.setattr(Path, "cwd", lambda: Path("/nowhere/at/all"))
        assert self.complete(monkeypatch, "status", "") == []

    def test_beside_an_up_names_are_those_of_its_ledger(
        self, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene.define("Whisper")
        home = tmp_path / "elsewhere"
        (home / ".leasehold" / "git").mkdir(parents=True)
        (home / ".leasehold" / "git" / "ledger.git").symlink_to(scene.forge.bare)
        monkeypatch.chdir(home)
        monkeypatch.setattr(completing, "_ROOT", "environments")
        (tmp_path / "environments").rename(tmp_path / "away")
        assert self.complete(monkeypatch, "status", "W") == ["Whisper"]
        monkeypatch.setenv("PATH", str(home))
        assert self.complete(monkeypatch, "status", "W") == []

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_a_shell_is_told_how(self, shell: str) -> None:
        result = run("completion", shell)
        assert result.exit_code == 0
        assert VARIABLE in result.stdout


def test_the_page_of_the_command_line_is_current() -> None:
    """By a process of its own: click remembers of a verb how it was asked first."""
    made = subprocess.run(
        [sys.executable, "-m", "leasehold.guide"], capture_output=True, text=True, check=True
    )
    assert PAGE.read_text() == made.stdout, (
        "make it anew: python -m leasehold.guide > docs/command-line.md"
    )


def test_a_machine_reads_what_an_alias_answers(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.define("A")
    monkeypatch.setenv("LEASEHOLD_REPOSITORY", scene.forge.url)
    result = run("upcoming", "--output", "json")
    assert json.loads(result.stdout)[0]["name"] == "A"
    assert result.stderr == "upcoming is `leasehold next`.\n"
