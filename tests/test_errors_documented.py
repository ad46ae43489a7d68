"""Every code that is raised has its paragraph in docs/errors.md, and no paragraph is left over."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ledger", "controller", "gateway", "leasehold", "functions", "infra")
CODE = re.compile(r"LH[0-9]{4}")


def raised() -> set[str]:
    files = (file for room in ROOMS for file in (ROOT / room).rglob("*") if file.is_file())
    sources = (file.read_text() for file in files if file.suffix in {".py", ".json"})
    return {code for source in sources for code in re.findall(r'"(LH[0-9]{4})"', source)}


def paragraphs() -> dict[str, str]:
    text = (ROOT / "docs" / "errors.md").read_text()
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {part[:6]: part.partition("\n")[2].strip() for part in parts}


def test_every_code_that_is_raised_is_documented() -> None:
    assert sorted(raised() - set(paragraphs())) == []


def test_every_documented_code_is_raised() -> None:
    assert sorted(set(paragraphs()) - raised()) == []


def test_every_code_has_a_paragraph_that_says_what_to_do() -> None:
    assert [code for code, text in paragraphs().items() if len(text) < 40 or text[:1] == "#"] == []
