"""Another's package, copied into the console file by file and unchanged.

`python -m tests.console.vendored` fetches it anew by `npm pack` and writes down
what it got. A test recomputes the hashes.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parents[2] / "console" / "vendor"
RECORD = VENDOR / "vendor.json"
PACKAGE = "lit-html"
VERSION = "3.3.3"
FILES = (
    "LICENSE",
    *(f"{name}{end}" for name in ("lit-html", "directive") for end in (".js", ".d.ts")),
    *(f"directive-helpers{end}" for end in (".js", ".d.ts")),
    *(f"directives/repeat{end}" for end in (".js", ".d.ts")),
)


def record() -> Any:  # noqa: ANN401  (JSON)
    return json.loads(RECORD.read_bytes())


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fetch(folder: Path) -> tuple[Path, str]:
    """Let npm fetch the package into a folder; return its unpacked files and its integrity."""
    npm = shutil.which("npm") or "npm"
    subprocess.run(
        [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    archive = folder / f"{PACKAGE}-{VERSION}.tgz"
    sha512 = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package", f"sha512-{sha512}"


def renew() -> None:
    """Copy the package's files, and write down where they came from."""
    with tempfile.TemporaryDirectory() as folder:
        package, integrity = fetch(Path(folder))
        contents = {name: (package / name).read_bytes() for name in FILES}
    for name, content in contents.items():
        target = VENDOR / PACKAGE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    files = {f"{PACKAGE}/{name}": digest(content) for name, content in contents.items()}
    said = {"name": PACKAGE, "version": VERSION, "integrity": integrity, "files": files}
    RECORD.write_text(f"{json.dumps(said, indent=2)}\n")


if __name__ == "__main__":
    renew()
