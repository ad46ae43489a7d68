"""AWS's command line, as far as our documentation uses it: one call, by boto3's own model of it.

A program of its own for each call would cost half a second, so `aws` is a line of shell that asks
this process.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jmespath
from botocore import xform_name

from tests.loopback import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHELL = "#!/bin/sh\nprintf '%s\\n' \"$@\" | curl --fail --silent --data-binary @- {url}\n"
HERE = Path()
GLOBAL = ("query", "output", "region", "endpoint-url")


@contextmanager
def answering(client: Callable[[str], Any], folder: Path = HERE) -> Iterator[str]:
    """Serve it with these clients; gives the script that `aws` is. Files are those of `folder`."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            words = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
            text = called(client, *(_read(folder, word) for word in words))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

    with serving(Answers) as url:
        yield SHELL.format(url=url)


def called(clients: Callable[[str], Any], service: str, verb: str, *words: str) -> str:
    options, client = _options(words), clients(service)
    settings = {key: options.pop(key)[0] for key in GLOBAL if key in options}
    name = next(each for each in client.meta.service_model.operation_names if _dashed(each) == verb)
    members = client.meta.service_model.operation_model(name).input_shape.members
    given = {
        member: _value(shape, options.pop(_dashed(member)))
        for member, shape in members.items()
        if _dashed(member) in options
    }
    denied = [each for each in members if f"no-{_dashed(each)}" in options]
    for member in denied:
        given[member] = bool(options.pop(f"no-{_dashed(member)}"))
    assert not options, options
    answer = getattr(client, xform_name(name))(**given)
    answer.pop("ResponseMetadata")
    found = jmespath.search(settings["query"], answer) if "query" in settings else answer
    if settings.get("output") == "text":
        return "\t".join(map(str, found)) + "\n"
    return json.dumps(found, default=str) + "\n" if found else ""


def _read(folder: Path, word: str) -> str:
    return (
        (folder / word.removeprefix("file://")).read_text() if word.startswith("file://") else word
    )


def _options(words: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            found[word.removeprefix("--")] = last = []
        else:
            last.append(word)
    return found


def _value(shape: Any, words: list[str]) -> object:  # noqa: ANN401
    if shape.type_name != "list":
        return words[0]
    return [dict(part.split("=", 1) for part in word.split(",")) for word in words]


def _dashed(name: str) -> str:
    return str(xform_name(name, "-"))
