"""Names that several parts have to agree on are written once, and everybody imports them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger import tags, variables
from ledger.json_files import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
PACKAGES = ("controller", "gateway", "infra", "leasehold", "ledger", "sandbox", "benchmarks")
TAGS = {value for name, value in vars(tags).items() if name.endswith("_TAG")}
VARIABLES = {value for name, value in vars(variables).items() if name.isupper()}


QUOTED = re.compile(r"""["'/](LEASEHOLD_[A-Z_]+|leasehold:[a-z-]+)["']""")


@cache
def places() -> Mapping[str, set[str]]:
    """The modules where a name is a text, or the last part of one after a slash."""
    found = defaultdict(set)
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for name in QUOTED.findall(path.read_text()):
            found[name].add(path.relative_to(ROOT).as_posix())
    return found


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_the_name_of_a_variable_is_written_once(name: str) -> None:
    assert places()[name] == {"ledger/variables.py"}


@pytest.mark.parametrize("tag", sorted(TAGS))
def test_a_tag_is_written_once(tag: str) -> None:
    assert places()[tag] == {"ledger/tags.py"}


@pytest.mark.parametrize("tag", sorted(TAGS))
def test_no_definition_may_set_a_tag_of_leasehold(tag: str) -> None:
    document = json.loads((SCHEMAS / "endpoint.schema.json").read_bytes())
    pattern = document["properties"]["tags"]["propertyNames"]["pattern"]
    assert re.search(pattern, "team")
    assert not re.search(pattern, tag)
