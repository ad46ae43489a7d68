"""What notices need on their way: the keys of their links, and each channel's secret and address.

Nothing is sent: a chat, a topic and a mailbox are looked at, and hear nothing of it.
"""

from collections.abc import Iterator, Sequence

from controller.aws.errors import Absent, aws_errors
from controller.aws.webhook_post import host_of
from leasehold.doctor.finding import Told, failed, ok, skipped, warning
from leasehold.doctor.subject import Subject
from ledger.documents.channels import Channel, ChatTopic, ChatWebhook, OwnerMail
from ledger.errors import Failure
from ledger.links import Keys

_SHOULD = "Put the URL that the chat gave for its incoming webhook into the secret, and no more."


def links(subject: Subject) -> Iterator[Told]:
    name = subject.settings().link_secret
    if name is None:
        yield skipped("Notices carry no links: notifications.links names no secret.")
        return
    keys = Keys.of(subject.secret(name))
    yield ok(f"{name} has {len(keys.lines)} keys; the first one signs.")


def channels(subject: Subject) -> Iterator[Told]:
    """Tell of each channel; one that is wrong hides no other."""
    named = subject.settings().channels
    if not named:
        yield skipped("notifications.channels names none.")
    for channel in named:
        try:
            yield from _channel(subject, channel)
        except Failure as failure:
            fix = "Read docs/notices.md, and deploy again after a change of environment.json."
            yield failed(failure.code, failure.message, fix)


def _channel(subject: Subject, channel: Channel) -> Iterator[Told]:
    match channel:
        case ChatWebhook():
            yield _webhook(subject, channel)
        case ChatTopic():
            yield _topic(subject, channel.topic_arn)
        case OwnerMail():
            yield from _mail(subject, channel.sender)


def _webhook(subject: Subject, channel: ChatWebhook) -> Told:
    """Look where a webhook is, and say no more of its URL than the host."""
    text = subject.secret(channel.secret_name)
    try:
        host = host_of(text, private_network=channel.private_network)
    except Failure as failure:
        return failed(failure.code, f"{channel.secret_name}: {failure.message}", _SHOULD)
    return ok(f"{channel.secret_name} names a webhook at {host}.")


def _topic(subject: Subject, arn: str) -> Told:
    try:
        with aws_errors():
            subject.deployed("sns").get_topic_attributes(TopicArn=arn)
    except Absent:
        return failed(
            "LH3051",
            f"The topic {arn} is not there.",
            "Make it, and let a channel of Amazon Q in chat applications listen to it.",
        )
    return ok(f"{arn} is there.")


def _mail(subject: Subject, sender: str) -> Iterator[Told]:
    client = subject.deployed("sesv2")
    verified = next((name for name in _identities(sender) if _is_verified(client, name)), None)
    if verified is None:
        yield failed(
            "LH3052",
            f"SES has verified neither {sender} nor its domain in {subject.region()}.",
            f"`aws sesv2 create-email-identity --email-identity {sender}`, and the link in the mail"
            " that comes.",
        )
        return
    with aws_errors():
        account = client.get_account()
    if not account.get("ProductionAccessEnabled"):
        yield warning(
            "LH3052",
            "SES sends to verified addresses alone: this account is in SES's sandbox.",
            "Ask for production access in the console of SES, or verify each owner's address.",
        )
        return
    yield ok(f"SES sends from {sender}, verified as {verified}.")


def _identities(sender: str) -> Sequence[str]:
    labels = sender.rpartition("@")[2].split(".")
    return (sender, *(".".join(labels[start:]) for start in range(len(labels) - 1)))


def _is_verified(client: object, name: str) -> bool:
    try:
        with aws_errors():
            told = client.get_email_identity(EmailIdentity=name)  # type: ignore[attr-defined]
    except Absent:
        return False
    return bool(told.get("VerifiedForSendingStatus"))
