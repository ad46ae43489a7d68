"""What the documents say is so: links lead somewhere, examples are valid, commands are run.

Those of the README and of the pages after it are run by `tests/test_story.py`.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
# These pages go on where the README ends, in this order.
STORY = ("README.md", *(f"docs/{page}.md" for page in ("concepts", "how-it-works", "cost", "api")))
# The commands of these are run by a test of their own, for they need more than a sandbox.
ELSEWHERE = {
    "CONTRIBUTING.md": "tests/test_documents.py",
    "docs/command-line.md": "tests/leasehold/test_verbs.py",
    "docs/deploy.md": "tests/deployment",
    "docs/faq.md": "tests/leasehold/test_overtaken.py",
    "docs/migrate.md": "tests/leasehold/test_migrate_guide.py",
    "docs/security.md": "tests/test_security_guide.py",
}
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"))
    if ".venv" not in path.parts
)
PLANNER = re.compile(r"(<!-- planner: [^\n]* -->\n).*?(<!-- end of planner -->)", re.DOTALL)
TABLE = re.compile(r"^    (repository .*?)\n\n(?=\S)", re.DOTALL | re.MULTILINE)


def shell(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


MAKE = [block for block in shell("README.md") if block.startswith("make ")]
SCRIPT = [block for page in STORY for block in shell(page) if block not in MAKE]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_documents_have_commands() -> None:
    assert len(SCRIPT) >= 10
    assert len(MAKE) == 1
    assert all(shell(page) for page in STORY)


def test_the_commands_of_every_other_page_are_run_by_a_test() -> None:
    others = {name(path) for path in PAGES if shell(name(path))} - set(STORY)
    assert others - set(ELSEWHERE) == set()
    for page, test in ELSEWHERE.items():
        files = [ROOT / test] if test.endswith(".py") else sorted((ROOT / test).glob("*.py"))
        assert any(Path(page).name in path.read_text() for path in files), page


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", "\n".join(MAKE), re.MULTILINE))
def test_every_make_target_of_the_readme_is_there(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    targets = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    for target in (first or second for first, second in targets):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if heading:
            assert heading in headings(file), target


def headings(page: Path) -> set[str]:
    """What GitHub makes of a heading: lower case, no punctuation, a hyphen for each space."""
    found = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in found}


def test_every_page_can_be_found_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)#\s]+)", page.read_text())
        paths = [(page.parent / each).resolve() for each in targets if "://" not in each]
        waiting += [path for path in paths if path.is_file()]
    assert {name(path) for path in PAGES} - {name(path) for path in seen} == set()


def test_the_readme_is_read_in_three_minutes() -> None:
    lines = README.splitlines()
    assert len(lines) <= 200
    assert [line for line in lines if len(line) > 120] == []


def test_no_installation_replaces_the_editable_one() -> None:
    """In a checkout: a page that says how to install a release says `leasehold[...]`."""
    found = [each for page in PAGES for each in re.findall(r"pip install [^`]*", page.read_text())]
    assert found
    assert [each for each in found if "'.[" in each and " -e " not in each] == []


def test_the_planners_table_is_the_planners() -> None:
    """`LEASEHOLD_KEEP_DOCUMENTS=1` copies it."""
    table = TABLE.search((ROOT / "controller/plan.py").read_text())
    assert table is not None
    rows = table[0].rstrip().replace("\n    ", "\n").removeprefix("    ")
    page = ROOT / "docs/how-it-works.md"
    wanted = PLANNER.sub(
        lambda found: f"{found[1]}```text\n{rows}\n```\n{found[2]}", page.read_text()
    )
    if os.environ.get("LEASEHOLD_KEEP_DOCUMENTS"):
        page.write_text(wanted)
    assert page.read_text() == wanted
    assert "document broken" in wanted
