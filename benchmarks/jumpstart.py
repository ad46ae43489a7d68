"""`leasehold lock` of a hundred models: how long it takes after the import, and its memory.

Run it by the Python of `make jumpstart`: .venv-jumpstart/bin/python -m benchmarks.jumpstart

JumpStart's bucket is moto's, in a process of its own, with a spec of ours for each model. What is
timed is what the verb does after it has loaded the SDK; the list of models is as long as AWS's.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leasehold.jumpstart import extra
from leasehold.jumpstart.model import Catalogues
from leasehold.jumpstart.resolving import Locked
from leasehold.lock import named, resolve_all
from ledger.checkout import documents
from tests.jumpstart import specs
from tests.jumpstart.clones import Clone
from tests.jumpstart.conftest import put

MODELS = 100
LISTED = 5000  # models and versions that JumpStart lists in a large region, in round numbers
ROUNDS = 4


@contextmanager
def served() -> Iterator[str]:
    """Serve S3 by another process, so that neither its time nor its memory counts."""
    program = (
        "import sys; from moto.server import ThreadedMotoServer;"
        "server = ThreadedMotoServer(port=0, verbose=False); server.start();"
        "print(server.get_host_and_port()[1], flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        port = server.stdout.readline().strip() if server.stdout else ""
        yield f"http://127.0.0.1:{port}"
        server.kill()


def stock(url: str) -> None:
    models = [specs.spec(f"acme-llm-{number}", "1.0.0") for number in range(MODELS)]
    objects = specs.objects(models, [])
    padding = [
        {**header, "model_id": f"other-llm-{number}"}
        for number in range(LISTED)
        for header in objects["models_manifest.json"][:1]
    ]
    objects["models_manifest.json"] += padding
    put(url, specs.REGION, objects)


def clone(root: Path) -> Clone:
    made = Clone(root).begin()
    for number in range(MODELS):
        made.define(f"M{number}", f"acme-llm-{number}", specs.GPU)
    return made


def measure(root: Path, catalogues: Catalogues) -> None:
    wanted = named(documents(root), [])
    for number in range(1, ROUNDS + 1):
        began, used = time.perf_counter(), time.process_time()
        found = resolve_all(wanted, catalogues)
        took, busy = time.perf_counter() - began, time.process_time() - used
        locked = [each for each in found if isinstance(each, Locked)]
        print(
            f"round {number}: {len(locked)} models in {took:.1f} s"
            f" ({busy:.1f} s of CPU), {_megabytes():.0f} MB at most"
        )


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    with served() as url, tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "moto",
            "AWS_SECRET_ACCESS_KEY": "moto",
        }
        stock(url)
        root = clone(Path(folder)).root
        began = time.perf_counter()
        catalogues = extra.catalogues()
        print(f"import: {time.perf_counter() - began:.1f} s, {_megabytes():.0f} MB")
        with Path(os.devnull).open("w") as quiet:
            sys.stderr, kept = quiet, sys.stderr  # where progress is shown
            measure(root, catalogues)
            sys.stderr = kept
        print(json.dumps({"listed": MODELS + LISTED, "sdk": catalogues("us-east-1").sdk_version}))


if __name__ == "__main__":
    main()
