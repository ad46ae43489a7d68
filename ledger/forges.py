"""Where a forge shows a commit of a repository, by the address that git has for it. Pure."""

import re
from urllib.parse import quote

COMMIT = "{commit}"
_SCP = re.compile(r"(?:[^@/\s]+@)?(?P<host>[a-zA-Z0-9.-]+):(?P<path>[^/\s][^\s]*)")
_URL = re.compile(
    r"(?:https|ssh)://(?:[^@/\s]*@)?(?P<host>[a-zA-Z0-9.-]+)(?::[0-9]+)?/(?P<path>[^\s?#]+)"
)
_CODE_COMMIT = re.compile(r"git-codecommit\.([a-z0-9-]+)\.amazonaws\.com")
_REPOSITORY = re.compile(r"v1/repos/([^/]+)")
_BELOW = {"github": "commit", "gitlab": "-/commit", "bitbucket": "commits"}


def commit_url(remote: str) -> str | None:
    """Return the address of a commit with {commit} in its place; None for no forge that is known.

    What the remote's address has of a user or a password is left out.
    """
    found = _URL.fullmatch(remote) or _SCP.fullmatch(remote)
    if found is None:
        return None
    host, path = found["host"].lower(), found["path"].strip("/").removesuffix(".git")
    if region := _CODE_COMMIT.fullmatch(host):
        return _code_commit(region[1], path)
    kind = next((name for name in _BELOW if name in host.split(".")), None)
    if kind is None or path.count("/") < 1:
        return None
    return f"https://{host}/{quote(path)}/{_BELOW[kind]}/{COMMIT}"


def _code_commit(region: str, path: str) -> str | None:
    found = _REPOSITORY.fullmatch(path)
    if found is None:
        return None
    console = f"https://{region}.console.aws.amazon.com/codesuite/codecommit/repositories"
    return f"{console}/{quote(found[1])}/commit/{COMMIT}?region={region}"
