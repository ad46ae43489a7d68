"""Notices as the programs that people chat in take them. Pure."""

import hashlib
import re
from typing import Any

from controller.notices.message import Hyperlink, Message, in_lines

_LONGEST_SECTION = 2900  # letters; Slack takes 3000 in a section
_LONGEST_TITLE = 150
_EVERYBODY = re.compile(r"@(?=(?:all|channel|everyone|here)\b)", re.IGNORECASE)


def slack(message: Message) -> dict[str, Any]:
    """Return what an incoming webhook of Slack takes, and those of Mattermost and Rocket.Chat.

    Slack shows the blocks, the others the text, so each has all of it.
    """
    notice = message.notice
    title = _escaped(" ".join(notice.subject.split()))[:_LONGEST_TITLE]
    body = _cut(_escaped(message.body.strip()))
    how = f"\n```{_cut(_escaped(message.act.strip()))}```" if _needs_command(message) else ""
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{title}*"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": body or title}},
    ]
    if how:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": how.strip()}})
    if message.links:
        blocks.append({"type": "actions", "elements": [_button(it) for it in message.links]})
    about = f"{_escaped(notice.name)} in {_escaped(notice.environment)}"
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": about}]})
    links = "".join(f"\n<{each.url}|{each.label}>" for each in message.links)
    return {
        "text": f"*{title}*\n{body}{how}{links}",
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def amazon_q(message: Message) -> dict[str, Any]:
    """Return a custom notification of Amazon Q Developer in chat applications."""
    notice = message.notice
    links = [f"{each.label}: {each.url}" for each in message.links]
    title = _plain(" ".join(notice.subject.split()))
    body = _cut(_plain(message.body.strip()))
    return {
        "version": "1.0",
        "source": "custom",
        "id": hashlib.sha256(f"{notice.endpoint_name}\n{notice.key}".encode()).hexdigest()[:32],
        "content": {
            "textType": "client-markdown",
            "title": title,
            "description": body,
            "nextSteps": links or ([_plain(message.act.strip())] if message.act else []),
            "keywords": [notice.environment, str(notice.kind)],
        },
        "metadata": {
            "threadId": str(notice.endpoint_name),
            "summary": title,
            "eventType": f"leasehold.{notice.kind}",
            "additionalContext": {
                "environment": notice.environment,
                "endpoint": str(notice.endpoint_name),
                "name": notice.name,
            },
        },
    }


def _needs_command(message: Message) -> bool:
    return bool(message.act) and not message.links


def _button(link: Hyperlink) -> dict[str, Any]:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": link.label},
        "url": link.url,
    }


def _escaped(text: str) -> str:
    """Escape what Slack would read as a link or a mention, and let no text call everybody."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _plain(text)


def _plain(text: str) -> str:
    return _EVERYBODY.sub("@\u200b", in_lines(text))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SECTION else f"{text[:_LONGEST_SECTION]} ..."
