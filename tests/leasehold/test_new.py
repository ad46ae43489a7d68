"""`leasehold new`: a definition and its lock by options or answers, both or neither."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from leasehold import new as verb
from leasehold.cli import main
from leasehold.jumpstart import extra
from ledger.checkout import documents
from ledger.holdings import Holding, read_fleet
from tests.leasehold.answering import in_a_terminal
from tests.leasehold.jumpstart.catalogue import ARTIFACTS, EULA, G5, G6, FakeCatalogue, header
from tests.leasehold.jumpstart.ledger_files import SETTINGS, add_environment

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = FakeCatalogue(versions=(header("1.0.0"), header("1.1.0")))
ID = ("--model-id", "acme-llm")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    add_environment(tmp_path, "dev")
    return tmp_path


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    def use(catalogue: FakeCatalogue) -> None:
        monkeypatch.setattr(
            extra, "catalogues", lambda: lambda region: replace(catalogue, region_name=region)
        )

    use(CATALOGUE)
    return use


def run(clone: Path, *arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(main, ["new", *arguments, "--into", str(clone)], input=answers)


def made(clone: Path, *arguments: str, answers: str = "") -> dict[str, Any]:
    result = run(clone, *arguments, answers=answers)
    assert result.exit_code == 0, result.output
    holding = read_fleet(documents(clone), "dev").find(arguments[0])
    assert isinstance(holding, Holding)
    assert holding.lock is not None
    path = clone / "environments" / "dev" / f"{arguments[0]}.endpoint.json"
    return dict(json.loads(path.read_bytes()))


def refused(clone: Path, *arguments: str) -> str:
    before = [*clone.rglob("*")]
    result = run(clone, *arguments)
    assert result.exit_code == 1, result.output
    assert [*clone.rglob("*")] == before
    return " ".join(result.stderr.split())


@pytest.mark.usefixtures("use")
class TestByOptions:
    def test_an_id_is_enough_and_starts_nothing(self, clone: Path) -> None:
        assert made(clone, "Chat", *ID) == {
            "$schema": "../../schema/endpoint.schema.json",
            "name": "Chat",
            "model_id": "acme-llm",
            "inference_instance_type": G5,
            "inference_instance_count": 1,
            "inference_type": "realtime",
            "schedule": {"initial_provision_minutes": 0},
        }
        lock = json.loads((clone / "environments/dev/Chat.lock.json").read_bytes())
        assert (lock["model_version"], lock["instance_type"]) == ("1.1.0", G5)

    def test_its_schema_is_there_in_a_clone_that_had_none(self, clone: Path) -> None:
        named = made(clone, "Chat", *ID)["$schema"]
        assert (clone / "environments" / "dev" / named).is_file()

    def test_everything_can_be_said(self, clone: Path) -> None:
        options = "--model-version 1.0.0 --config-name lmi"
        options += " --instance-type ml.g6.2xlarge --instance-count 2"
        options += " --minutes 30 --path chat --owner Ana --accept-eula"
        options += " --tolerate-deprecated-model --tolerate-vulnerable-model -e dev"
        definition = made(clone, "Chat", *ID, *options.split())
        assert definition == {
            "$schema": "../../schema/endpoint.schema.json",
            "name": "Chat",
            "model_id": "acme-llm",
            "model_version": "1.0.0",
            "inference_config_name": "lmi",
            "accept_eula": True,
            "tolerate_deprecated_model": True,
            "tolerate_vulnerable_model": True,
            "inference_instance_type": G6,
            "inference_instance_count": 2,
            "inference_type": "realtime",
            "schedule": {"initial_provision_minutes": 30},
            "integration": {"type": "api", "properties": {"api_resource_name": "chat"}},
            "owner": "Ana",
        }

    def test_what_is_asynchronous_has_no_meter_unless_it_is_said(self, clone: Path) -> None:
        (clone / "environments/dev/environment.json").write_text(
            json.dumps({**SETTINGS, "async_output_path": "s3://answers/"})
        )
        assert "schedule" not in made(clone, "Queue", *ID, "--async")
        leased = made(clone, "Leased", *ID, "--async", "--minutes", "5")
        assert leased["schedule"] == {"initial_provision_minutes": 5}


class TestByAnswers:
    @pytest.fixture(autouse=True)
    def terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        in_a_terminal(monkeypatch, verb)

    def test_what_is_missing_is_asked_for(self, clone: Path, use: Any) -> None:  # noqa: ANN401
        use(replace(CATALOGUE, models={"eula_url": EULA}))
        definition = made(clone, "Chat", answers=f"acme-llm\ny\n{G6}\n45\n")
        assert definition["inference_instance_type"] == G6
        assert (definition["accept_eula"], definition["schedule"]) == (
            True,
            {"initial_provision_minutes": 45},
        )

    def test_the_default_is_what_jumpstart_says(self, clone: Path, use: Any) -> None:  # noqa: ANN401
        definition = made(clone, "Chat", *ID, answers="\n\n")
        assert definition["inference_instance_type"] == G5
        use(replace(CATALOGUE, models={"supported_instance_types": ()}))
        assert made(clone, "Other", *ID, answers="\n\n")["inference_instance_type"] == G5

    def test_a_licence_that_is_not_accepted_ends_it(self, clone: Path, use: Any) -> None:  # noqa: ANN401
        use(replace(CATALOGUE, models={"eula_url": EULA}))
        result = run(clone, "Chat", *ID, answers="n\n")
        assert result.exit_code == 1
        assert EULA in result.output
        assert not (clone / "environments/dev/Chat.endpoint.json").exists()


class TestWhatIsRefused:
    def test_writes_nothing_and_says_why(self, clone: Path, use: Any) -> None:  # noqa: ANN401
        use(CATALOGUE)
        made(clone, "Chat", *ID)
        for arguments, said in (
            (("Chat", *ID), "Chat.endpoint.json is there already"),
            (("Other",), "--model-id is missing"),
            (("not a name", *ID), "does not match"),
            (("../../Other", *ID), "does not match"),
            (("Other", "--model-id", "acme-lm"), "did you mean acme-llm"),
            (("Other", *ID, "--model-version", "9.*"), "acme-llm has no version 9.*"),
            (("Other", *ID, "--instance-type", "ml.p5.48xlarge"), "does not support"),
            (("Other", *ID, "--async"), "[LH1011]"),
            (("Other", *ID, "-e", "prod"), "there is no environment prod; there is: dev."),
        ):
            assert said in refused(clone, *arguments)

    def test_a_licence_needs_a_word(self, clone: Path, use: Any) -> None:  # noqa: ANN401
        use(replace(CATALOGUE, models={"eula_url": EULA}))
        assert f"read {EULA}, and say --accept-eula if you agree. [LH5089]" in refused(
            clone, "Chat", *ID
        )
        assert made(clone, "Chat", *ID, "--accept-eula")["accept_eula"] is True

    def test_a_model_without_a_type_needs_one(self, clone: Path, use: Any) -> None:  # noqa: ANN401
        models = {"default_instance_type": None, "supported_instance_types": ()}
        use(replace(CATALOGUE, models=models))
        assert "say --instance-type." in refused(clone, "Chat", *ID)

    def test_several_environments_need_a_name(self, clone: Path, use: Any) -> None:  # noqa: ANN401
        use(CATALOGUE)
        add_environment(clone, "prod")
        assert "say --environment dev | prod. [LH5002]" in refused(clone, "Chat", *ID)

    def test_what_the_environment_does_not_allow(self, clone: Path, use: Any) -> None:  # noqa: ANN401
        use(replace(CATALOGUE, by_type={G5: ARTIFACTS}))
        limits = {"allowed_instance_types": ["ml.m5.*"]}
        (clone / "environments/dev/environment.json").write_text(
            json.dumps({**SETTINGS, "limits": limits})
        )
        assert "[LH1007]" in refused(clone, "Chat", *ID)
