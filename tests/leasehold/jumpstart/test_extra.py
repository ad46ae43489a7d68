"""The SageMaker SDK is loaded where it is installed; else a sentence says how to get it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest
from botocore.exceptions import ProfileNotFound

from leasehold.jumpstart import extra
from ledger.errors import Refused


def refusal(version: str | Exception, loaded: object = None) -> tuple[str, str]:
    def installed(_name: str) -> str:
        if isinstance(version, Exception):
            raise version
        return version

    def load(_name: str) -> object:
        if isinstance(loaded, Exception):
            raise loaded
        return loaded

    with pytest.raises(Refused) as caught:
        extra.catalogues(installed, load)
    return caught.value.code, caught.value.message


def test_without_it_the_command_that_installs_it_is_named() -> None:
    code, sentence = refusal(PackageNotFoundError("sagemaker"))
    assert code == "LH5070"
    assert "`pip install 'leasehold[jumpstart]'` adds it, 1 GB with all that it needs" in sentence


@pytest.mark.parametrize("version", ["2.257.2", "3.26.0", "4.0.0", "odd"])
def test_another_one_is_refused_with_what_is_needed(version: str) -> None:
    code, sentence = refusal(version)
    assert code == "LH5076"
    assert sentence.startswith(f"sagemaker {version} is installed, and locks need 3.27 or newer")


def test_a_broken_one_says_what_is_missing() -> None:
    code, sentence = refusal("3.27.0", ImportError("No module named 'scipy'"))
    assert code == "LH5070"
    assert "cannot be loaded (No module named 'scipy')" in sentence


def test_settings_of_the_machine_that_do_not_do_are_said_as_that() -> None:
    code, sentence = refusal("3.27.0", ProfileNotFound(profile="nobodys"))
    assert code == "LH5060"
    assert "(ProfileNotFound: The config profile (nobodys) could not be found)" in sentence


@pytest.mark.parametrize("version", ["3.27.0", "3.30.1", "3.28.0.dev0"])
def test_one_that_does_is_loaded_with_its_version(version: str) -> None:
    adapter = SimpleNamespace(Sdk=lambda told: ("catalogues by", told))
    found: object = extra.catalogues(lambda _: version, lambda _: adapter)
    assert found == ("catalogues by", version)
