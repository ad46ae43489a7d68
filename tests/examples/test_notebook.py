"""The example notebook is run beside a `leasehold up`, and says what the committed one says.

It is committed with its outputs, so that it can be read where nobody runs it. They cannot go stale:
a run must give the same again, but for what differs from run to run (times, commits, ids, a port).
`make notebook` runs it and keeps what it answers.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.leasehold.running import Up, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode

NOTEBOOK = Path(__file__).parents[2] / "examples" / "manage_endpoints.ipynb"
KEEP = "LEASEHOLD_KEEP_NOTEBOOK"
DEFAULT_ADDRESS = "http://127.0.0.1:8321"  # of `make run`
FALCON, ADDED = "demo-Falcon40B-Endpoint", "demo-Notebook-Endpoint"
QUEUED = "demo-Transcriber-Endpoint"
LANGUAGE = {"name": "python"}  # nbclient notes the version of the Python that ran it

DIFFERS = {
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ": "TIME",
    r"\d\d-\d\d-\d{4}-\d\d-\d\d-\d\d": "TIME",
    r"(?<='TimeLeft': ')\d+:\d\d:\d\d\.\d+": "TIME",
    r"(?<='Added': ')\d+\.\d\d": "MONEY",  # a second more or less is a cent
    r"(?<='SecondsLeft': )\d+": "SECONDS",
    r"(?<='EndpointStatus': ')\w+": "STATUS",  # a tick may not have seen it serve yet
    r"(?<='startDate': )[\d.]+": "SECONDS",
    r"(?<=can be added now is )\d+": "MINUTES",
    r"(?m)(?<=^Date:   ).+": "TIME",
    r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b": "ID",
    r"\b[0-9a-f]{40}\b|(?m:^[0-9a-f]{7,}\b)": "COMMIT",
    r"(?<=http://127\.0\.0\.1:)\d+": "PORT",
}


def read() -> NotebookNode:
    notebook: NotebookNode = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def text_of(notebook: NotebookNode) -> str:
    return str(nbformat.writes(notebook))  # type: ignore[no-untyped-call]


def run(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run it as Jupyter does, whose kernel works in the notebook's folder."""
    client = NotebookClient(
        notebook,
        timeout=None,  # a busy machine makes it slower, and not red
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=variables(folder, IPYTHONDIR=str(folder / "ipython")))
    return notebook


def run_beginning(last: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run what comes before a cell, and that cell, as plain Python: no kernel has to start."""
    cells = read().cells
    names = [cell.id for cell in cells]
    begun = cells[: names.index(last) + 1]
    code = "\n".join(cell.source for cell in begun if cell.cell_type == "code")
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=variables(folder, **more),
        capture_output=True,
        text=True,
        check=False,
    )


def said(notebook: NotebookNode) -> dict[str, str]:
    """What each cell of code answers, as text."""
    code = (cell for cell in notebook.cells if cell.cell_type == "code")
    return {cell.id: "".join(map(_text, cell.outputs)) for cell in code}


def _text(output: Any) -> str:  # noqa: ANN401 - nbformat's
    assert output.output_type in {"stream", "execute_result"}, output
    assert output.get("name") != "stderr", output.text
    return str(output.text if output.output_type == "stream" else output.data["text/plain"])


def without_what_differs(text: str) -> str:
    for pattern, word in DIFFERS.items():
        text = re.sub(pattern, word, text)
    return text


def moment(answer: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(answer["ExpiresAt"])


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("notebook"))
    running.await_status(FALCON, "InService")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def ran(up: Up) -> NotebookNode:
    """Run the whole notebook in a folder below that of the `up`, as in a checkout."""
    folder = up.folder / "examples"
    folder.mkdir()
    notebook = run(read(), folder)
    if KEEP in os.environ:
        keep(notebook, up)
    return notebook


def keep(notebook: NotebookNode, up: Up) -> None:
    notebook.metadata.language_info = LANGUAGE
    text = text_of(notebook).replace(up.says["gateway_url"], DEFAULT_ADDRESS)
    NOTEBOOK.write_text(text + "\n")


@pytest.fixture(scope="module")
def answers(ran: NotebookNode) -> dict[str, str]:
    return said(ran)


class TestARun:
    def test_says_what_the_committed_notebook_says(self, answers: dict[str, str]) -> None:
        kept = said(read())
        assert {name: without_what_differs(text) for name, text in answers.items()} == {
            name: without_what_differs(text) for name, text in kept.items()
        }, "run `make notebook`, and look at what changed"

    def test_extends_the_lease_as_was_quoted(self, answers: dict[str, str]) -> None:
        before, after = (ast.literal_eval(answers[cell]) for cell in ("one", "extend"))
        assert moment(after) == moment(before) + timedelta(minutes=45)
        assert after["ExpiresAt"] == ast.literal_eval(answers["quote"])
        assert answers["ceiling"].startswith("422 ")

    def test_makes_commits_by_the_caller(self, up: Up, answers: dict[str, str]) -> None:
        for cell, subject in (
            ("extend", "extend Falcon40B by 45 min"),
            ("until", "set Falcon40B"),
            ("add", "grant Notebook by 30 min"),
        ):
            answer = ast.literal_eval(answers[cell])
            told = up.git("log", "-1", "--format=%an <%ae>: %s", answer["Commit"])
            expected = f"Ana <ana@example.com>: lease(dev): {subject} to {answer['ExpiresAt']}\n"
            assert told == expected

    def test_keeps_it_until_the_instant_that_was_named(self, answers: dict[str, str]) -> None:
        extended, kept = (ast.literal_eval(answers[cell]) for cell in ("extend", "until"))
        assert moment(kept) > moment(extended)
        assert kept["SecondsLeft"] in range(7180, 7201)

    def test_sees_who_kept_it_alive_and_why(self, answers: dict[str, str]) -> None:
        newest, extension, first = answers["history"].splitlines()
        assert newest.split()[1:3] == ["Ana", "set"]
        assert extension.endswith("comparing prompts")
        assert " Leasehold controller " in first

    def test_has_models_answer_in_every_way(self, answers: dict[str, str]) -> None:
        prompt = "A parking meter for endpoints"
        assert ast.literal_eval(answers["invoke"]) == [{"generated_text": prompt}]
        assert answers["resource"].splitlines()[0] == f"200 {answers['invoke']}"
        assert answers["stream"].replace("|", "") == prompt
        assert answers["long-describe"] == f'SUCCEEDED [{{"generated_text": "{prompt}"}}]\n'
        assert answers["later-ask"].startswith("202 Pending True")
        assert answers["later-answer"] == f"200 {answers['invoke']}\n"
        asked = "Say in one word who pays for an endpoint that nobody asks."
        assert ast.literal_eval(answers["langchain"]) == asked

    def test_is_told_how_to_start_what_is_stopped(self, up: Up, answers: dict[str, str]) -> None:
        assert answers["stopped"].startswith("503 demo-Inpainting-Endpoint is stopped")
        assert f"curl -X POST {up.says['gateway_url']}/endpoint-expiry" in answers["stopped"]

    def test_leaves_nothing_running(self, up: Up, ran: NotebookNode) -> None:
        assert ran.cells
        for endpoint in (FALCON, QUEUED, ADDED):
            up.await_status(endpoint, None)
            assert up.ask("GET", query=f"?EndpointName={endpoint}")[1]["Status"] == "ended"

    def test_shows_no_token(self, up: Up, ran: NotebookNode) -> None:
        assert up.says["token"] not in text_of(ran)


class TestWhereItFindsTheApi:
    def test_variables_name_a_deployment(self, up: Up, tmp_path: Path) -> None:
        address = {"LEASEHOLD_API_URL": f"{up.says['gateway_url']}/"}
        done = run_beginning("list", tmp_path, LEASEHOLD_TOKEN=up.says["token"], **address)
        assert FALCON in done.stdout, done.stderr

    @pytest.mark.parametrize(
        ("given", "missing"),
        [
            ({}, "LEASEHOLD_API_URL"),
            ({"LEASEHOLD_API_URL": "https://x.example.com"}, "LEASEHOLD_TOKEN"),
        ],
    )
    def test_what_is_missing_is_named(
        self, tmp_path: Path, given: dict[str, str], missing: str
    ) -> None:
        done = run_beginning("connect", tmp_path, **given)
        assert re.search(f"LookupError: {missing} is not set, .* `make run`", done.stderr)


class TestTheCommittedNotebook:
    def test_is_valid_and_names_its_cells(self) -> None:
        notebook = read()
        nbformat.validate(notebook)
        assert not [cell.id for cell in notebook.cells if not re.fullmatch("[a-z-]+", cell.id)]

    def test_was_run_from_its_first_cell_to_its_last(self) -> None:
        counts = [cell.execution_count for cell in read().cells if cell.cell_type == "code"]
        assert counts == list(range(1, len(counts) + 1))

    def test_has_no_token_and_nothing_of_the_machine_that_ran_it(self) -> None:
        text = NOTEBOOK.read_text()
        assert not re.search(r"\blh_[\w-]{20}", text)
        assert not re.search(r"/(tmp|home|root|Users)/", text)
        assert set(re.findall(r"http://127[\d.]+:\d+", text)) == {DEFAULT_ADDRESS}
        assert read().metadata.language_info == LANGUAGE
        assert not [cell.metadata for cell in read().cells if cell.metadata]
