"""Which environments a context names, and the sentences where it cannot be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.environments import read_all
from infra.errors import SettingsError
from tests.infra.conftest import CONTEXT, ENVIRONMENT, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"environment": "live,live"}, "environment: `live` is there 2 times. Name it once."),
        ({"environment": "live,"}, "environment: `live,` has a comma with no name beside it."),
        ({"subnet_ids": ["subnet-0a1b2c3d"]}, "subnet_ids: `["),
        ({"reserved_concurency": "off"}, "reserved_concurency: there is no such choice."),
        ({"dev.token_table": "existing"}, "dev.token_table: there is no environment `dev`."),
        ({"environments": "/nowhere/environments"}, "environments: there are no documents in /no"),
        ({"ledger": "/nowhere"}, "ledger: there are no documents in /nowhere/environments"),
        ({"ledger": "a", "environments": "b"}, "ledger: environments names a folder of a ledger"),
        ({"environments": "/nowhere"}, "environments: `/nowhere` is no folder of this name in a"),
    ],
)
def test_a_context_that_cannot_be_read_is_a_sentence(
    checkout: Path, context: Mapping[str, object], said: str, pretended: Mapping[str, str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_all({**CONTEXT, **pretended, **context}, checkout)
    assert str(caught.value).startswith(said)


def test_an_empty_checkout_names_no_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^there are no documents in "):
        read_all(CONTEXT, tmp_path)


def test_a_path_may_have_blanks_and_begin_at_home(
    context: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my fleet"
    write(folder, ENVIRONMENT)
    monkeypatch.setenv("HOME", str(tmp_path))
    for said in ({"ledger": "~/my fleet"}, {"environments": f"{folder}/environments/"}):
        (settings,) = read_all({**context, **said}, tmp_path)
        assert settings.name == "live"
