"""The guides' definitions are checked as those of a ledger are, and their links lead somewhere."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from leasehold import validate as verb

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
LIST = DOCS / "definitions" / "README.md"
BY_EXAMPLE = sorted({*LIST.parent.glob("*.md")} - {LIST})
GUIDES = (*BY_EXAMPLE, DOCS / "async.md", DOCS / "jumpstart.md")
PAGES = (*GUIDES, LIST, DOCS / "editors.md")
BLOCK = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(#[^)]*)?\)")
LOCKED_ELSEWHERE = {"Falcon40B"}  # an example of docs/jumpstart.md, which locks nothing


def told(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text())


def test_each_page_has_a_definition() -> None:
    assert [page.name for page in GUIDES if not told(page)] == []
    assert all(f"({page.name})" in LIST.read_text() for page in BY_EXAMPLE)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_its_definitions_are_in_order(page: Path, tmp_path: Path) -> None:
    """In an environment that allows any instance type, with the lock that the examples have."""
    folder = tmp_path / "environments" / "dev"
    folder.mkdir(parents=True)
    examples = ROOT / "environments" / "dev"
    settings = json.loads((examples / "environment.json").read_bytes())
    (folder / "environment.json").write_text(json.dumps(settings | {"limits": {}}))
    for text in told(page):
        name = json.loads(text)["name"]
        if name in LOCKED_ELSEWHERE:
            continue
        (folder / f"{name}.endpoint.json").write_text(text)
        if (lock := examples / f"{name}.lock.json").exists():
            shutil.copy(lock, folder)
    done = CliRunner().invoke(verb.validate, [str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "everything is in order" in " ".join(done.output.split()), done.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_links_lead_somewhere(page: Path) -> None:
    lost = [each for each, _ in LINK.findall(page.read_text()) if not (page.parent / each).exists()]
    assert lost == []
