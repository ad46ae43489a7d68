"""One notice as its readers get it: the text, and links made for whoever they are. Pure.

A link that reaches one person, its owner, may be used as they; one that reaches a channel asks who
signs in. All links of one lease's end are one and the same use, wherever they are clicked.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from controller.notices.notice import Ending, Notice
from controller.notices.view import cut
from ledger.documents import Environment
from ledger.errors import Failure
from ledger.history import last_extension, reason_of
from ledger.lease import stamp
from ledger.links import CHANNEL, MOST_MINUTES, Keys, Link, LinkAction, expiry, sign
from ledger.printable import in_line
from ledger.snapshot import CommitRecord

_ADDRESS = re.compile(r"[\w+/=~-][\w.+/=~'-]*@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_LOOKED_AT = 50  # changes of a lease; the controller's own between two of people are fewer


@dataclass(frozen=True, slots=True)
class Hyperlink:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """A notice's text without how to act, its links, and how to act without one."""

    notice: Notice
    body: str
    links: tuple[Hyperlink, ...]
    act: str

    @property
    def plain(self) -> str:
        """Return it all."""
        links = "".join(f"{each.label}: {each.url}\n" for each in self.links)
        text = self.body + (f"\n{links}" if links else "") + self.act
        return in_lines(text)


class History(Protocol):
    def changes(self, path: str, limit: int) -> Iterable[CommitRecord]: ...


@dataclass(frozen=True, slots=True)
class Signer:
    """What an environment's links are made with."""

    keys: Keys
    environment: str
    api_url: str

    def links(self, notice: Notice, audience: str) -> tuple[Hyperlink, ...]:
        """Return the links of a notice of a lease's end; other notices have none."""
        if notice.ending is None:
            return ()
        extend = self._url(notice, notice.ending, LinkAction.EXTEND, audience)
        release = self._url(notice, notice.ending, LinkAction.RELEASE, audience)
        return (
            Hyperlink(f"Extend by {MOST_MINUTES} min", extend),
            Hyperlink("Stop it now", release),
        )

    def _url(self, notice: Notice, ending: Ending, action: LinkAction, audience: str) -> str:
        name = str(notice.endpoint_name)
        use = (self.environment, name, str(action), stamp(ending.expires_at), ending.lease_id)
        link = Link(
            environment=self.environment,
            endpoint_name=name,
            action=action,
            minutes=MOST_MINUTES if action is LinkAction.EXTEND else 0,
            lease=ending.commit,
            nonce=self.keys.nonce(*use),
            expires_at=expiry(ending.expires_at, ending.now),
            audience=audience,
        )
        return f"{self.api_url.rstrip('/')}/console#/{action}/{sign(link, self.keys)}"


def in_lines(text: str) -> str:
    """Return a text whose lines hold nothing that a terminal or a mail reader would obey."""
    return "\n".join(map(in_line, text.split("\n")))


def signer(environment: Environment, name: str, keys: Keys | None) -> Signer | None:
    """Return what signs an environment's links, if it has any."""
    if keys is None or environment.api_url is None:
        return None
    return Signer(keys, name, environment.api_url)


def written(notice: Notice, signer: Signer | None, audience: str = CHANNEL) -> Message:
    """Write a notice for its readers."""
    body = notice.text.removesuffix(notice.act) if notice.act else notice.text
    last = notice.ending.last if notice.ending else ""
    links = signer.links(notice, audience) if signer else ()
    return Message(notice, body + last, links, notice.act)


def addresses(owner: str | None) -> tuple[str, ...]:
    """Return the mail addresses in a definition's owner, which may be a team's name as well."""
    words = re.split(r"[\s,;<>()]+", owner or "")
    return tuple(dict.fromkeys(word for word in words if _ADDRESS.fullmatch(word)))


def with_last_extension(notices: Sequence[Notice], history: History) -> tuple[Notice, ...]:
    """Say who extended each lease last. What cannot be read is not said."""
    return tuple(_with_last(each, history) for each in notices)


def _with_last(notice: Notice, history: History) -> Notice:
    ending = notice.ending
    if ending is None:
        return notice
    try:
        found = last_extension(history.changes(ending.path, _LOOKED_AT))
    except Failure:
        return notice
    return replace(notice, ending=replace(ending, last=_last(found))) if found else notice


def _last(record: CommitRecord) -> str:
    reason = reason_of(record)
    why = f": {cut(reason)}" if reason else "."
    return f"{cut(record.author.name)} extended it last, at {stamp(record.committed_at)}{why}\n"
