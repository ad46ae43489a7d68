"""`leasehold models`: what JumpStart has in a region, by a catalogue of our own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from leasehold.cli import main
from leasehold.jumpstart import extra
from leasehold.jumpstart.model import Header, Model, NotResolvableError
from tests.leasehold.jumpstart.catalogue import EULA, G5, FakeCatalogue, header
from tests.leasehold.jumpstart.ledger_files import add_environment

if TYPE_CHECKING:
    from pathlib import Path

FALCON = "huggingface-llm-falcon-40b-instruct-bf16"
CATALOGUE = FakeCatalogue(
    versions=(
        header("2.9.0", FALCON),
        header("2.16.0", FALCON),
        header("3.0.0", FALCON, min_version="99.0.0"),
        header("1.0.0", "huggingface-text2text-flan-t5-xxl"),
        header("1.0.0", "acme-only-newer", min_version="99.0.0"),
    ),
    sold=(header("2.0.004", "acme-market-large", model_type="proprietary"),),
)


class Silent(FakeCatalogue):
    """One that has a list, and cannot read a model of it."""

    def model(self, header: Header, config_name: str | None = None) -> Model:  # noqa: ARG002
        raise NotResolvableError("LH1050", f"{header.model_id} is not where the list says.")


class Nowhere(FakeCatalogue):
    def headers(self, model_type: object) -> tuple[Header, ...]:  # noqa: ARG002
        raise NotResolvableError("LH1049", "JumpStart is not in here: it is in there.")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    add_environment(tmp_path, "dev")
    return tmp_path


def run(
    monkeypatch: pytest.MonkeyPatch,
    clone: Path,
    *words: str,
    catalogue: FakeCatalogue = CATALOGUE,
) -> Result:
    def of_region(region: str) -> FakeCatalogue:
        return replace(catalogue, region_name=region)

    monkeypatch.setattr(extra, "catalogues", lambda: of_region)
    return CliRunner().invoke(main, ["models", *words, "--into", str(clone)])


def test_a_model_is_shown_by_its_newest_version_that_can_be_read(
    monkeypatch: pytest.MonkeyPatch, clone: Path
) -> None:
    fields = {"eula_url": EULA, "deprecated": "It ended.", "vulnerabilities": ("x",)}
    result = run(monkeypatch, clone, "falcon 40b", catalogue=replace(CATALOGUE, models=fields))
    assert result.exit_code == 0, result.output
    (line,) = (line for line in result.stdout.splitlines() if line.startswith(f"{FALCON} "))
    assert line.split()[1] == "2.16.0"
    for told in ("text generation", f"{G5}, ml.g6.2xlarge", EULA):
        assert told in line
    assert f"{FALCON}: deprecated: It ended.; vulnerable" in result.stdout.splitlines()


def test_words_mean_ids_and_tasks_and_what_is_sold(
    monkeypatch: pytest.MonkeyPatch, clone: Path
) -> None:
    for word, ids in {
        "text to": ["huggingface-text2text-flan-t5-xxl"],
        "market": ["acme-market-large"],
        "newer": ["acme-only-newer"],
    }.items():
        lines = run(monkeypatch, clone, word).stdout.splitlines()[1:]
        assert [line.split()[0] for line in lines] == ids


def test_machines_get_everything(monkeypatch: pytest.MonkeyPatch, clone: Path) -> None:
    fields = {"needs_repacking": True, "subscription_link": "https://aws.amazon.com/marketplace/a"}
    catalogue = replace(CATALOGUE, models=fields)
    result = run(monkeypatch, clone, "flan", "--output", "json", catalogue=catalogue)
    (data,) = json.loads(result.stdout)
    assert data == {
        "model_id": "huggingface-text2text-flan-t5-xxl",
        "model_version": "1.0.0",
        "task": "text to text",
        "instance_types": [G5, "ml.g6.2xlarge"],
        "default_instance_type": G5,
        "eula_url": None,
        "remark": "not deployable as it is; needs a subscription:"
        " https://aws.amazon.com/marketplace/a",
    }


def test_of_very_many_no_single_one_is_looked_up(
    monkeypatch: pytest.MonkeyPatch, clone: Path
) -> None:
    many = tuple(header("1.0.0", f"acme-llm-{number:03}") for number in range(41))
    catalogue = Silent(versions=many)
    result = run(monkeypatch, clone, catalogue=catalogue)
    assert result.exit_code == 0, result.output
    assert "41 models: say more of the name" in result.stdout
    assert "LICENCE" not in result.stdout
    few = Silent(versions=many[:2])
    assert "is not where the list says." in run(monkeypatch, clone, catalogue=few).stdout


def test_many_types_are_counted(monkeypatch: pytest.MonkeyPatch, clone: Path) -> None:
    types = tuple(f"ml.g5.{size}xlarge" for size in (2, 4, 8, 12, 16))
    catalogue = replace(CATALOGUE, models={"supported_instance_types": types})
    said = run(monkeypatch, clone, "flan", catalogue=catalogue).stdout
    assert "ml.g5.2xlarge, ml.g5.4xlarge, ml.g5.8xlarge and 2 more" in said
    none: dict[str, object] = {"supported_instance_types": (), "default_instance_type": None}
    assert (
        " -  " in run(monkeypatch, clone, "flan", catalogue=replace(CATALOGUE, models=none)).stdout
    )


def test_what_is_nowhere_has_a_sentence(
    monkeypatch: pytest.MonkeyPatch, clone: Path, tmp_path: Path
) -> None:
    said = run(monkeypatch, clone, "huggingface-llm-falcon-7b").stderr
    assert f"did you mean {FALCON}" in said
    assert said.rstrip().endswith("[LH5088]")
    nowhere = run(monkeypatch, clone, "falcon", catalogue=Nowhere())
    assert "JumpStart is not in here: it is in there. [LH5088]" in nowhere.stderr


def test_the_region_is_the_clones_or_said(monkeypatch: pytest.MonkeyPatch, clone: Path) -> None:
    add_environment(clone, "other", region_name="eu-central-1")
    said = run(monkeypatch, clone, "falcon")
    assert "(the environments here have eu-central-1, us-east-1)" in said.stderr
    assert said.stderr.rstrip().endswith("[LH5087]")
    assert run(monkeypatch, clone, "falcon", "--region", "eu-west-1").exit_code == 0
    (clone / "empty").mkdir()
    assert "(none here)" in run(monkeypatch, clone / "empty", "falcon").stderr
