"""A TOKEN authorizer as API Gateway runs it: the event, the policy's verdict and the cache.

A policy is cached by token alone and judged again for each method, which is why an authorizer must
answer for the whole stage and not for one call.
"""

from __future__ import annotations

import fnmatch
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.lambda_functions.invocation import Handler, InvocationContext, Json, invoke

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

AWS_DEFAULT_TTL = timedelta(minutes=5)
_INVOKE = "execute-api:Invoke"
_NOT_ALLOWED = "User is not authorized to access this resource"


class UnauthorizedError(Exception):
    """No token, or the authorizer raised exactly `Unauthorized`: 401."""


class DeniedError(Exception):
    """The policy does not allow this method, or forbids it: 403, in AWS's words."""


class AuthorizerBrokenError(Exception):
    """The authorizer failed, or its answer is no policy: 500, and never a pass."""


@dataclass(frozen=True)
class _Statement:
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def covers(self, method_arn: str) -> bool:
        return any(_matches(_INVOKE, action) for action in self.actions) and any(
            _matches(method_arn, resource) for resource in self.resources
        )


@dataclass(frozen=True)
class _Policy:
    statements: tuple[_Statement, ...]
    context: Mapping[str, str]

    def admit(self, method_arn: str) -> Mapping[str, str]:
        effects = {each.effect for each in self.statements if each.covers(method_arn)}
        if "Deny" in effects:
            raise DeniedError(f"{_NOT_ALLOWED} with an explicit deny")
        if "Allow" not in effects:
            raise DeniedError(_NOT_ALLOWED)
        return self.context


class TokenAuthorizer:
    """Safe to call from many threads; two first calls of a token may both ask the handler."""

    def __init__(
        self,
        handler: Handler,
        *,
        clock: Callable[[], datetime],
        ttl: timedelta = AWS_DEFAULT_TTL,
        header: str = "Authorization",
    ) -> None:
        self.header = header
        self._handler = handler
        self._clock = clock
        self._ttl = ttl
        self._cache: dict[str, tuple[datetime, _Policy]] = {}
        self._lock = threading.Lock()

    def admit(
        self, token: str | None, method_arn: str, context: InvocationContext
    ) -> Mapping[str, str]:
        """Return the caller's context as strings, or raise one of the three errors above."""
        if not token:
            raise UnauthorizedError
        policy = self._cached(token)
        if policy is None:
            policy = self._ask(token, method_arn, context)
            self._remember(token, policy)
        return policy.admit(method_arn)

    def _cached(self, token: str) -> _Policy | None:
        with self._lock:
            until, policy = self._cache.get(token, (None, None))
        return policy if until is not None and self._clock() < until else None

    def _remember(self, token: str, policy: _Policy) -> None:
        if self._ttl:
            with self._lock:
                self._cache[token] = (self._clock() + self._ttl, policy)

    def _ask(self, token: str, method_arn: str, context: InvocationContext) -> _Policy:
        event = {"type": "TOKEN", "methodArn": method_arn, "authorizationToken": token}
        try:
            answer = invoke(self._handler, event, context)
        except Exception as error:
            if str(error) == "Unauthorized":
                raise UnauthorizedError from error
            raise AuthorizerBrokenError(type(error).__name__) from error
        try:
            return _policy(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AuthorizerBrokenError(f"not an authorizer's answer: {error}") from error


def _policy(answer: object) -> _Policy:
    if not isinstance(answer, dict):
        raise TypeError(type(answer).__name__)
    principal = answer["principalId"]
    if not isinstance(principal, str) or not principal:
        raise ValueError("principalId")
    context = {name: _flat(value) for name, value in (answer.get("context") or {}).items()}
    written = answer["policyDocument"]["Statement"]
    statements = written if isinstance(written, list) else [written]
    return _Policy(tuple(map(_statement, statements)), {**context, "principalId": principal})


def _statement(statement: Json) -> _Statement:
    effect = statement["Effect"]
    if effect not in {"Allow", "Deny"}:
        raise ValueError(f"Effect: {effect!r}")
    return _Statement(effect, _patterns(statement["Action"]), _patterns(statement["Resource"]))


def _patterns(value: str | list[str]) -> tuple[str, ...]:
    patterns = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(each, str) for each in patterns):
        raise TypeError("Action or Resource")
    return patterns


def _flat(value: object) -> str:
    """Return a context value as a string, as AWS does; raise TypeError for objects and arrays."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
        case _:
            raise TypeError(f"context: {type(value).__name__}")


def _matches(text: str, pattern: str) -> bool:
    """Tell whether a pattern of IAM's fits, which knows `*` and `?`; a bracket is a bracket."""
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))
