"""What each function's package is for, and how large it may be.

What is in it, its entry module says: whatever that imports, at once or later (`module_graph`).
Files that are no modules are named here, by the module that reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = Path("build") / "lambda"
LOCK = Path("requirements") / "lambda-functions.lock"
COMMAND = "make package"

ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}  # Lambda's name for a machine, and its own

# The code of definitions: each folder is a function, but for the layer that they share.
FUNCTIONS = Path("functions")
LAYER = "layer"

OWN = ("controller", "gateway", "ledger")
# What Lambda's Python runtime brings along.
RUNTIME = frozenset({"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"})
# Modules that are imported by what is no Python source, or by a name that is made.
HIDDEN = {
    "cryptography": ("_cffi_backend",),
    "pygit2": ("_cffi_backend",),
    "zoneinfo": ("tzdata",),
}
DATA = {
    "gateway.console.files": tuple(
        f"console/**/*.{kind}" for kind in ("css", "html", "js", "json", "mjs", "svg", "txt")
    ),
    "gateway.http.errors": ("gateway/http/gateway_responses.json",),
    "gateway.stream_handler": ("gateway/stream.sh",),
    "ledger.json_files": ("schema/*.json",),
}
# Of these files another part of the project has need, and no function.
DEPLOYED_BY_OTHERS = frozenset({"gateway/http/openapi.json", "gateway/models/long_call.asl.json"})


@dataclass(frozen=True, kw_only=True)
class Package:
    """One function's package.

    `without` are modules that its code imports only where it is another package's. Budgets are in
    MB of a million bytes; `has_third_party` says whether it may have code of others at all.
    """

    name: str
    entry: str
    zip_budget: float
    unpacked_budget: float
    function: str = "handler"
    without: tuple[str, ...] = ()
    has_third_party: bool = True

    @property
    def handler(self) -> str:
        """Return what Lambda calls: `package.module.function`."""
        return f"{self.entry}.{self.function}"


CONTROLLER = Package(
    name="controller",
    entry="controller.handler",
    zip_budget=8,
    unpacked_budget=25,
    without=("jwt", "ledger.signatures.keys"),
)
# One that signs, verifies or is a GitHub App has a library of cryptography, too.
CONTROLLER_WITH_KEYS = Package(
    name="controller-with-keys", entry="controller.handler", zip_budget=13, unpacked_budget=42
)
GATEWAY = Package(name="gateway", entry="gateway.handler", zip_budget=13, unpacked_budget=42)
STREAM = Package(
    name="stream",
    entry="gateway.stream_handler",
    function="main",
    zip_budget=13,
    unpacked_budget=42,
)
WEBHOOK = Package(
    name="webhook",
    entry="gateway.webhook_handler",
    zip_budget=0.5,
    unpacked_budget=1,
    without=("ledger.json_files",),  # its one route has no schema
    has_third_party=False,
)
CONSOLE = Package(
    name="console",
    entry="gateway.console_handler",
    zip_budget=0.5,
    unpacked_budget=1,
    without=("ledger.json_files",),  # its routes have no schema
    has_third_party=False,
)
AUTHORIZER = Package(
    name="authorizer",
    entry="gateway.authorizer_handler",
    zip_budget=0.5,
    unpacked_budget=1,
    without=("gateway.callers.jwt_issuer",),
    has_third_party=False,
)
AUTHORIZER_OIDC = Package(
    name="authorizer-oidc",
    entry="gateway.authorizer_handler",
    zip_budget=6,
    unpacked_budget=18,
)
PACKAGES = (
    CONTROLLER,
    CONTROLLER_WITH_KEYS,
    GATEWAY,
    STREAM,
    WEBHOOK,
    CONSOLE,
    AUTHORIZER,
    AUTHORIZER_OIDC,
)


def zip_of_function(folder: str) -> str:
    """Return the name of the zip that is made of a folder of functions."""
    return f"function-{folder}"
