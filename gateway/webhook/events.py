"""What a webhook tells of: which branches were pushed to, made or deleted. Pure.

The body's own shape says it, since that is what the proof covers:

| who sends it | shape |
|---|---|
| GitHub, GitLab, Gitea, Forgejo, anybody | `{"ref": "refs/heads/main", "before", "after"}` |
| GitHub, Gitea, Forgejo of a new or deleted name | `{"ref": "main", "ref_type": "branch"}` |
| Bitbucket Cloud | `{"push": {"changes": [{"new": {"type", "name"}, "old"}]}}` |
| Bitbucket Server and Data Center | `{"changes": [{"ref": {"id"}, "type": "UPDATE"}]}` |
| Azure DevOps | `{"resource": {"refUpdates": [{"name", "oldObjectId", "newObjectId"}]}}` |
| CodeCommit, through EventBridge | `{"detail": {"event", "referenceType", "referenceName"}}` |

The first shape may have `commits` with the files that each has `added`, `modified` and `removed`.
The other shapes tell no files, and neither does a list that was cut short.

Some forges send other events in a push's shape, so an event that has a name has to be a push by
that, too. A header's name can only take a call's effect away.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs

from ledger.errors import Refused

FORM = b"payload="
HEADERS = (
    "x-gitea-event",
    "x-forgejo-event",
    "x-github-event",
    "x-event-key",
    "x-gitlab-event",
)
_IN_BODY = ("object_kind", "event_name", "eventKey", "eventType", "detail-type")
_PUSHES = frozenset(
    {
        "push",
        "tag_push",
        "push hook",
        "tag push hook",
        "system hook",
        "repo:push",
        "repo:refs_changed",
        "git.push",
        "codecommit repository state change",
        "create",
        "delete",
    }
)
_PINGS = frozenset({"ping", "diagnostics:ping"})
_NAME = re.compile(r"[\w .:/-]{1,60}", re.ASCII)
_MOST_COMMITS, _MOST_FILES = 2048, 3000  # GitHub tells no more of them, and not that there are more
_NOTHING_THERE = re.compile(r"0{40}|0{64}")  # where git has no commit


class Kind(StrEnum):
    """What happened to a branch or a tag."""

    UPDATED = "pushed to"
    CREATED = "created"
    DELETED = "deleted"
    CREATED_OR_DELETED = "created or deleted"  # GitHub tells the two apart by a header alone


@dataclass(frozen=True, slots=True)
class Files:
    """Paths in the repository: what a push has left there otherwise, and what it has taken away."""

    written: frozenset[str]
    removed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """One reference, and what happened to it; `files` is None where not all are told."""

    ref: str
    kind: Kind = Kind.UPDATED
    files: Files | None = None

    @property
    def name(self) -> str:
        """Return what people call it."""
        for prefix, what in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
            if self.ref.startswith(prefix):
                return f"{what} {self.ref.removeprefix(prefix):.100}"
        return f"reference {self.ref:.100}"


@dataclass(frozen=True, slots=True)
class Event:
    """The references that an event is about; where it is about none, `name` says what it is."""

    name: str
    changes: tuple[Change, ...] = ()

    @property
    def sentence(self) -> str:
        """Say what an event without a reference is."""
        if self.name in _PINGS:
            return "It is a ping, and it was understood."
        if self.name and self.name.lower() not in _PUSHES:
            return f"It is the event {self.name}, and no push."
        return "It names no branch: it is no push."


def read(headers: Mapping[str, str], body: bytes) -> Event:
    """Read an event; the names of `headers` are in lower case. Raises Refused LH4403."""
    document = _document(body)
    name = _name(headers, document)
    if name and name.lower() not in _PUSHES:
        return Event(name)
    return Event(name, tuple(_changes(name.lower(), document)))


def payload(body: bytes) -> bytes:
    """Return the JSON of a body: of the field `payload` where it is a form, else all of it.

    The Content-Type says nothing: `curl --data` calls everything a form. Raises ValueError.
    """
    if not body.startswith(FORM):
        return body
    fields = parse_qs(body.decode(), max_num_fields=10)
    return fields["payload"][0].encode(errors="surrogatepass") if "payload" in fields else b""


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(payload(body).decode())
    except (ValueError, RecursionError) as error:
        raise Refused(
            "LH4403", "The body is not JSON: choose JSON as the content type of the webhook."
        ) from error
    if not isinstance(document, dict):
        raise Refused(
            "LH4403", "The body is no JSON object: send the event as the git server describes it."
        )
    return document


def _name(headers: Mapping[str, str], document: Mapping[str, Any]) -> str:
    """Return what the sender calls the event; empty where it does not say."""
    inside = [document.get(key) for key in _IN_BODY]
    named = [each for each in (*(headers.get(key) for key in HEADERS), *inside) if each]
    others = [each for each in named if str(each).lower() not in _PUSHES]
    if not named and ("zen" in document or document.get("test") is True):
        return "ping"
    name = str(next(iter(others or named), ""))
    return name if not name or _NAME.fullmatch(name) else "without a readable name"


def _changes(name: str, document: Mapping[str, Any]) -> Iterator[Change]:
    match document:
        case {"ref": str(ref), "ref_type": str(what)}:
            yield Change(_full(what, ref), _made_or_gone(name, document))
        case {"ref": str(ref)}:
            yield Change(ref, _pushed(document), _files(document))
        case {"push": {"changes": list(changes)}}:
            yield from _each(_of_bitbucket_cloud, changes)
        case {"changes": list(changes)}:
            yield from _each(_of_bitbucket_server, changes)
        case {"resource": {"refUpdates": list(changes)}}:
            yield from _each(_of_azure, changes)
        case {"detail": {"referenceName": str(ref), **detail}}:
            kind = _KINDS.get(str(detail.get("event")), Kind.UPDATED)
            yield Change(_full(str(detail.get("referenceType", "branch")), ref), kind)


_KINDS = {
    "ADD": Kind.CREATED,
    "DELETE": Kind.DELETED,
    "referenceCreated": Kind.CREATED,
    "referenceDeleted": Kind.DELETED,
    "create": Kind.CREATED,
    "delete": Kind.DELETED,
}


def _each(
    read_one: Callable[[Mapping[str, Any]], Change | None], changes: list[Any]
) -> Iterator[Change]:
    for change in changes:
        if isinstance(change, dict) and (found := read_one(change)) is not None:
            yield found


def _of_bitbucket_cloud(change: Mapping[str, Any]) -> Change | None:
    match change:
        case {"new": {"type": str(what), "name": str(name)}}:
            made = change.get("created") is True
            return Change(_full(what, name), Kind.CREATED if made else Kind.UPDATED)
        case {"old": {"type": str(what), "name": str(name)}}:
            return Change(_full(what, name), Kind.DELETED)
    return None


def _of_bitbucket_server(change: Mapping[str, Any]) -> Change | None:
    match change:
        case {"ref": {"id": str(ref)}}:
            return Change(ref, _KINDS.get(str(change.get("type")), Kind.UPDATED))
    return None


def _of_azure(change: Mapping[str, Any]) -> Change | None:
    match change:
        case {"name": str(ref)}:
            return Change(ref, _between(change.get("oldObjectId"), change.get("newObjectId")))
    return None


def _pushed(document: Mapping[str, Any]) -> Kind:
    if document.get("deleted") is True:
        return Kind.DELETED
    if document.get("created") is True:
        return Kind.CREATED
    return _between(document.get("before"), document.get("after"))


def _files(document: Mapping[str, Any]) -> Files | None:
    """Return the files of a push; None where the body does not tell all of its commits' files."""
    commits = document.get("commits")
    if not isinstance(commits, list) or not commits or document.get("forced") is True:
        return None
    counted = [document.get(key, len(commits)) for key in ("total_commits_count", "total_commits")]
    if len(commits) >= _MOST_COMMITS or any(each != len(commits) for each in counted):
        return None
    told = [_listed(commit, key) for commit in commits for key in ("added", "modified", "removed")]
    if any(each is None for each in told):
        return None
    paths = [frozenset(each or ()) for each in told]
    return Files(frozenset().union(*paths[0::3], *paths[1::3]), frozenset().union(*paths[2::3]))


def _listed(commit: object, key: str) -> list[str] | None:
    found = commit.get(key) if isinstance(commit, dict) else None
    if not isinstance(found, list) or len(found) >= _MOST_FILES:
        return None
    return found if all(isinstance(each, str) for each in found) else None


def _between(before: object, after: object) -> Kind:
    if isinstance(after, str) and _NOTHING_THERE.fullmatch(after):
        return Kind.DELETED
    if isinstance(before, str) and _NOTHING_THERE.fullmatch(before):
        return Kind.CREATED
    return Kind.UPDATED


def _made_or_gone(name: str, document: Mapping[str, Any]) -> Kind:
    """Tell a new name from a deleted one; of the two, only a new one's body has `master_branch`."""
    if "master_branch" in document:
        return Kind.CREATED
    return _KINDS.get(name, Kind.CREATED_OR_DELETED)


def _full(what: str, name: str) -> str:
    """Write a name as git does. Mercurial's branches were called otherwise; tags are tags."""
    return f"refs/tags/{name}" if what == "tag" else f"refs/heads/{name}"
