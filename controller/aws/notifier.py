"""Delivers notices to whatever targets an environment names.

Nothing that goes wrong here stops a tick, nor another target: it becomes a `Delivery` that says so,
and the next tick sends again. A target that fails a whole request gets no other in that tick, so it
costs at most one time-out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from controller.aws.notice_targets import (
    Bus,
    ChatTopicTarget,
    ChatWebhookTarget,
    Client,
    NoticeId,
    OwnerMailTarget,
    Pauses,
    Post,
    Target,
    Topic,
    notice_id,
    secret_text,
    sent,
)
from controller.aws.webhook_post import post
from controller.notices.message import Signer, signer
from controller.notices.notice import Delivery, Notice
from ledger.deadline import within
from ledger.documents import Environment
from ledger.documents.channels import Channel, ChatTopic, ChatWebhook
from ledger.errors import Failure
from ledger.links import Keys

MOST_SECONDS = 10.0  # for one target in a tick, which has much else to do

__all__ = ["Delivery", "Notifier"]


@dataclass
class Notifier:
    """The targets of an environment; `client` makes a boto3 client by service name.

    `link_keys` are the text of the keys that sign links, where no secret of AWS's has it.
    """

    client: Client
    post: Post = post
    link_keys: str = ""
    pauses: Pauses = field(default_factory=Pauses)

    def __post_init__(self) -> None:
        self.client = cache(self.client)

    def deliver(self, notices: Sequence[Notice], environment: Environment) -> tuple[Delivery, ...]:
        """Send each notice to every configured target that has not taken it yet."""
        if not notices:
            return ()
        keys, complaint = self._keys(notices, environment)
        signs = signer(environment, notices[0].environment, keys)
        targets = tuple(self._targets(environment, signs))
        refused = {}
        for target in targets:
            with within(MOST_SECONDS):
                refused[target.name] = sent(target, notices)
        return tuple(_delivery(notice, targets, refused, complaint) for notice in notices)

    def _keys(self, notices: Sequence[Notice], environment: Environment) -> tuple[Keys | None, str]:
        """Return what signs links; without it notices go out all the same, and it is said why."""
        if environment.link_secret is None or all(each.ending is None for each in notices):
            return None, ""
        try:
            return Keys.of(self.link_keys or secret_text(self.client, environment.link_secret)), ""
        except Failure as failure:
            said = f"the notices have no links: {environment.link_secret}: {failure.message}"
            return None, said

    def _targets(self, environment: Environment, signs: Signer | None) -> list[Target]:
        targets: list[Target] = []
        if environment.topic_arn:
            targets.append(Topic(self.client, environment.topic_arn, signs))
        if environment.event_bus_name:
            targets.append(Bus(self.client, environment.event_bus_name))
        return [*targets, *(self._target(each, signs) for each in environment.channels)]

    def _target(self, channel: Channel, signs: Signer | None) -> Target:
        match channel:
            case ChatWebhook():
                return ChatWebhookTarget(self.client, channel, signs, self.post, self.pauses)
            case ChatTopic():
                return ChatTopicTarget(self.client, channel, signs)
            case _:
                return OwnerMailTarget(self.client, channel, signs)


def _delivery(
    notice: Notice,
    targets: Sequence[Target],
    refused: Mapping[str, Mapping[NoticeId, str]],
    complaint: str,
) -> Delivery:
    """Return what became of one notice at all targets."""
    failed = [target for target in targets if notice_id(notice) in refused[target.name]]
    taken = notice.taken | {target.name for target in targets if target not in failed}
    if not failed:
        lacks = complaint if notice.ending else ""
        return Delivery(
            notice, ok=True, taken=taken, code="LH3053" if lacks else None, sentence=lacks
        )
    reasons = " ".join(
        f"{target.title}: {refused[target.name][notice_id(notice)].rstrip('.')}."
        for target in failed
    )
    sentence = f"the notice {notice.key} was not delivered. {reasons} The next tick sends it again."
    return Delivery(notice, ok=False, taken=taken, code=failed[0].code, sentence=sentence)
