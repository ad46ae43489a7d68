"""Callers that signed their request with AWS credentials, as API Gateway names them. Pure.

The ARN comes from `requestContext.identity.userArn`. It can be trusted because a client cannot set
it: `requestContext` is API Gateway's own part of the event, and it fills `identity.userArn` only on
a method whose authorization type is AWS_IAM, after it has checked the signature and that the caller
may `execute-api:Invoke` there. Such a method has no authorizer,
so its events have no `requestContext.authorizer`; an event with one is never looked at here. A
method without any authorization has neither. Whoever may invoke the function directly
(`lambda:InvokeFunction`) could invent any event, with any authorizer's context too: that right is
API Gateway's alone in the stacks.

A session counts as its role: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` is compared with the
globs as `arn:aws:iam::ACCOUNT:role/ROLE`; AWS does not tell a role's path there.

The caller's name is the session's or the user's. Whoever assumes a role may choose the session's
name, so the name alone proves nothing. The address has all that AWS vouches for: the ARN's own last
part below the account, like `assumed-role/Deployer/ana@123456789012.iam.invalid`. No mail goes
there, and nobody else can have it.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.principal import Principal, address_under, scopes_from
from ledger.errors import Refused

if TYPE_CHECKING:
    from ledger.identity_settings import Iam, ScopeRules

_NAME = r"[\w+=,.@-]{1,64}"
_SESSION = re.compile(
    rf"arn:(?P<partition>aws[a-z-]*):sts::(?P<account>\d{{12}}):"
    rf"(?P<subject>assumed-role/(?P<role>{_NAME})/(?P<name>{_NAME}))",
    re.ASCII,
)
_USER = re.compile(
    rf"arn:aws[a-z-]*:(?:iam|sts)::(?P<account>\d{{12}}):"
    rf"(?P<subject>(?:user/(?:[!-~]+/)?|federated-user/)(?P<name>{_NAME}))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class _Caller:
    """An ARN in parts; `arn` is what the globs of the settings are compared with."""

    arn: str
    account: str
    subject: str
    name: str


def principal(user_arn: str, settings: Iam) -> Principal:
    """Tell who signed. Raises `Refused` (LH4213) for who is no user or role, or has no scope."""
    caller = _read(user_arn)
    if not (scopes := _scopes(caller.arn, settings.scopes)):
        raise Refused(
            "LH4213",
            f"{caller.arn} has no scope here: identities.iam.scopes of the environment gives them.",
        )
    address = address_under(f"{caller.account}.iam.invalid", caller.subject)
    try:
        return Principal(caller.name, address, scopes_from(scopes))
    except Refused as refused:
        text = f"{caller.arn} cannot be the author of a commit: {refused.message}"
        raise Refused("LH4213", text) from refused


def _read(user_arn: str) -> _Caller:
    if found := _SESSION.fullmatch(user_arn):
        role = f"arn:{found['partition']}:iam::{found['account']}:role/{found['role']}"
        return _Caller(role, found["account"], found["subject"], found["name"])
    if found := _USER.fullmatch(user_arn):
        return _Caller(user_arn, found["account"], found["subject"], found["name"])
    raise Refused("LH4213", f"{user_arn!r:.200} is neither a user nor the session of a role.")


def _scopes(arn: str, rules: ScopeRules) -> list[str]:
    found = (scopes for glob, scopes in rules.items() if fnmatch.fnmatchcase(arn, glob))
    return sorted({scope for scopes in found for scope in scopes})
