"""What a context may say: keys that somebody reads, in a form that is understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.context import OF_ALL, OF_EACH, wrong_keys, wrong_names, wrong_values
from infra.feature_flags import feature_flags

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
LEDGER = ("dev", "prod-eu")
# What the CDK's command line adds, keeps in a context, or finds in somebody's ~/.cdk.json.
OF_THE_CDK = {
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:bundling-stacks": ["**"],
    "availability-zones:account=123456789012:region=us-east-1": ["us-east-1a"],
    "acknowledged-issue-numbers": [1],
    "cli-telemetry": False,
    "@aws-cdk/core:newStyleStackSynthesis": True,
}


def test_what_is_read_is_listed_in_the_guide() -> None:
    """A key that is not is one that nobody finds."""
    guide = (ROOT / "docs" / "deploy.md").read_text()
    assert [key for key in (*OF_ALL, *OF_EACH) if f"`{key}`" not in guide] == []


@pytest.mark.parametrize(
    "context",
    [
        {},
        OF_THE_CDK,
        feature_flags(),
        dict.fromkeys((*OF_ALL, *OF_EACH), ""),
        {f"prod-eu.{key}": "x" for key in OF_EACH},
        {"token_table": None, "dev.controller_minutes": 10, "lock_hours": 24},
    ],
)
def test_what_is_known_passes(context: Mapping[str, object]) -> None:
    assert [*wrong_values(context), *wrong_keys(context, LEDGER)] == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            "reserved_concurency",
            "there is no such choice. Did you mean reserved_concurrency? docs/deploy.md has all",
        ),
        ("region", "there is no such choice. docs/deploy.md has all of them."),
        ("Token_Table", "there is no such choice. Did you mean token_table?"),
        ("dev.token_tabel", "there is no choice token_tabel. Did you mean token_table?"),
        (
            "prd-eu.token_table",
            "there is no environment `prd-eu`. Did you mean prod-eu? Those of the ledger are dev,",
        ),
        ("dev.ledger", "ledger is said once for all. Leave `dev.` out."),
    ],
)
def test_a_key_that_nobody_reads_is_a_sentence(key: str, said: str) -> None:
    (problem,) = wrong_keys({key: "off"}, LEDGER)
    assert problem.startswith(f"{key}: {said}")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("reserved_concurrency", False, '`false` is no text. Write "off".'),
        ("dev.lock_project", True, '`true` is no text. Write "on".'),
        ("token_table", True, "`true` is no text. Write one of new, existing."),
        ("branch", 7, "`7` is no text. Write it between quotes."),
        ("subnet_ids", ["a", "b"], '`["a", "b"]` is no text. Write "a,b".'),
        ("subnet_ids", [], "`[]` is no text. Write it between quotes."),
        ("environment", ["dev"], '`["dev"]` is no text. Write "dev".'),
        ("git_secret_name", {"a": 1}, '`{"a": 1}` is no text. Write it between quotes.'),
        ("controller_minutes", 7.5, "`7.5` is no whole number."),
        ("lock_hours", True, "`true` is no whole number."),
    ],
)
def test_a_value_that_would_be_passed_over_is_a_sentence(
    key: str, value: object, said: str
) -> None:
    """To pass it over would deploy the default: functions outside of the network, for one."""
    assert [*wrong_values({key: value})] == [f"{key}: {said}"]


@pytest.mark.parametrize(
    ("said", "problems"),
    [
        ("", []),
        ("dev", []),
        (" dev , prod ", []),
        ("dev,", ["environment: `dev,` has a comma with no name beside it. Take it out."]),
        ("dev,,dev", ["has a comma with no name", "`dev` is there 2 times. Name it once."]),
    ],
)
def test_environments_are_named_once(said: str, problems: list[str]) -> None:
    found = [*wrong_names(said)]
    assert len(found) == len(problems)
    assert all(part in each for part, each in zip(problems, found, strict=True))


def test_the_guides_own_file_is_one() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text()
    written = guide.partition("cat > cdk.context.json <<'EOF'\n")[2].partition("EOF\n")[0]
    context = json.loads(written)
    assert [*wrong_values(context), *wrong_keys(context, ("dev",))] == []
