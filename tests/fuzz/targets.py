"""What strangers' bytes may do to the parsers, as properties: `target(data)` asserts them.

Called by `python -m tests.fuzz`, which lets atheris look for inputs, and by `test_targets`. A
target lets documented failures pass and nothing else; SEEDS are inputs that get far.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import jwt
import pygit2
from botocore.exceptions import ClientError
from pygit2.enums import ObjectType
from rich.text import Text

from controller.aws.errors import aws_errors
from controller.aws.notice_targets import subject
from controller.memory.news import news
from controller.memory.refusals import refused
from controller.notices import due
from controller.notices.message import in_lines
from controller.plan import plan
from controller.planning.action import Action, Plan, Verb
from controller.planning.desired import Desired
from controller.planning.findings import Findings
from gateway.callers import aws_signature
from gateway.callers.authorizer import Authorizer, UnauthorizedError, presented
from gateway.callers.identify import Caller, identified
from gateway.callers.jwt_issuer import Issuer
from gateway.callers.legacy_tokens import SCOPES, _plain
from gateway.callers.token_record import item_of, record_of
from gateway.dependencies import Dependencies
from gateway.handler import build
from gateway.http.call import Call, digest, read_call
from gateway.http.matching import match
from gateway.http.parameters import PASSED_ON
from gateway.http.routes import METHODS, ROUTES
from gateway.leases.etags import if_match
from gateway.leases.history import History
from gateway.models.not_running import shown_status
from gateway.models.wire import model_answer, model_call, model_error
from gateway.principal import Principal, Scope
from gateway.webhook.receive import Webhook
from gateway.webhook.signatures import sign
from leasehold import console
from ledger.access.forms import GitHubApp, SshSecret, read_secret
from ledger.documents import (
    dump_lease,
    parse_definition,
    parse_environment,
    parse_lease,
    parse_lock,
)
from ledger.errors import Failure, Refused
from ledger.history import LeaseAction, LeaseChange, read_changes, trailers, write_message
from ledger.holdings import environments, fleet_of, read_fleet
from ledger.identity_settings import Iam, Identities, Oidc, read_identities
from ledger.json_files import Violation
from ledger.lease import Lease
from ledger.names import EndpointName
from ledger.observed import (
    Entry,
    Record,
    read_applied,
    read_noted,
    read_record,
    write_record,
)
from ledger.printable import as_json, in_line, in_markdown
from ledger.proposals import Request, extension
from ledger.refusal_log import read_refusals
from ledger.remote import Token
from ledger.repository.trees import Trees
from ledger.snapshot import Change, CommitRecord, Person, Snapshot, check
from ledger.variables import WEBHOOK_SECRET_VALUE
from tests.fuzz import inputs
from tests.fuzz.inputs import FILES, NOON, ROOM, MemoryLedger, fields, joined, text
from tests.gateway.issuer import AUDIENCE, ec_key, jwk, signed
from tests.gateway.issuer import SCOPES as CLAIMED
from tests.test_errors_documented import paragraphs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.callers.jwks import SigningKeys
    from gateway.callers.tokens import TokenTable
    from ledger.repository import Repository

    Target = Callable[[bytes], None]

SECRET = "a secret of the webhook"
METHOD_ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/GET/endpoint-expiry"
EVERYBODY = Iam({"*": ("read",)})
ISSUER = "https://issuer.example.com/pool"
CODES = frozenset(paragraphs())
LONGEST_ANSWER = 20_000  # characters of a sentence: a refusal does not repeat a body

READER = Principal("A", "a@b.c", frozenset({Scope.READ}))


@contextmanager
def documented(*codes: str) -> Iterator[None]:
    """Let pass what is said in docs/errors.md, of these codes if any."""
    try:
        yield
    except Failure as failure:
        if failure.code not in (codes or CODES) or len(failure.message) > LONGEST_ANSWER:
            raise AssertionError(f"{failure.code}: {failure.message:.200}") from failure


def extension_body(data: bytes) -> None:
    """The body of an extension, as the route takes it."""
    with documented("LH4001", "LH4002"):
        asked = {"httpMethod": "POST", "resource": "/endpoint-expiry"}
        found = match({**inputs.body(data), **asked})
        if found.refusal:
            raise found.refusal
        document = found.call.document
        assert re.fullmatch("[a-zA-Z0-9-]{1,63}", document["EndpointName"])
        assert re.fullmatch("[0-9a-f]{32}", digest("POST", document))
        assert (found.route.operation == "add") is ("EndpointConfigName" in document)
        minutes = document.get("minutes", 1)
        assert type(minutes) is int
        assert minutes > 0
        document.get("reason", "").encode()


def headers(data: bytes) -> None:
    """What is read of a request beside its body, by every route."""
    which, name, value, asked = fields(data, 4)
    route = ROUTES[(which or b"\0")[0] % len(ROUTES)]
    query = dict.fromkeys(("EndpointName", "limit", "dry_run", "commit", text(name)), text(asked))
    event = {
        **inputs.body(asked),
        "httpMethod": route.method,
        "resource": route.resource,
        "headers": {
            text(name): text(value),
            "Idempotency-Key": text(value),
            "if-match": text(name),
        },
        "queryStringParameters": query if len(asked) % 2 else None,
        "pathParameters": {each.name: text(asked) for each in route.in_path},
    }
    with documented():
        found = match(event)
        if found.refusal:
            raise found.refusal
        call = replace(found.call, caller=READER)
        assert all(len(values) == 1 for values in call.query.values())
        names = {each.name for each in found.route.parameters}
        if "Idempotency-Key" in names:
            assert re.fullmatch("[!-~]{1,255}", call.headers["idempotency-key"])
        if "If-Match" in names:
            tags = if_match(call.headers["if-match"])
            assert tags == ("*",) or all(re.fullmatch("[0-9a-f]{40}", tag) for tag in tags)
            assert len(tags) <= 10
        assert re.fullmatch("[0-9a-f]{32,64}", call.request_id)
        if all(each in found.route.parameters for each in PASSED_ON):
            for argument in model_call(call).arguments.values():
                assert re.fullmatch("[ -~]{0,1024}", argument)


PARSERS: Mapping[str, Callable[[str, bytes], object]] = {
    "environment.json": parse_environment,
    "Falcon40B.endpoint.json": parse_definition,
    "Falcon40B.lease.json": parse_lease,
    "Falcon40B.lock.json": parse_lock,
}


def documents(data: bytes) -> None:
    """One file of the ledger, alone and among the others."""
    which, content = fields(data, 2)
    name = sorted(PARSERS)[(which or b"\0")[0] % len(PARSERS)]
    path = f"{ROOM}/{name}"
    found = PARSERS[name](path, content)
    if isinstance(found, tuple):
        assert found
        assert all(isinstance(each, Violation) and each.code in CODES for each in found)
    elif isinstance(found, Lease):
        assert parse_lease(path, dump_lease(found)) == found
    snapshot = Snapshot("5" * 40, {**FILES, path: content}, NOON)
    fleet = read_fleet(snapshot.files, "dev")
    assert all(each.code in CODES for each in fleet.violations)
    request = Request("dev", "Falcon40B", Person("Ana", "ana@example.com"), "r1", NOON)
    with documented():
        check(extension(request, 10)(snapshot), "environments/")


def identities(data: bytes) -> None:
    try:
        block = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        assert isinstance(read_identities(block), Identities)
    except ValueError:
        return


def webhook(data: bytes) -> None:
    """Triggered only by a proof, and by a push to the branch."""
    proof, name, value, content = fields(data, 4)
    told: list[bool] = []
    refused = True
    dependencies = Dependencies(
        cast("Repository", None),
        "dev",
        lambda: NOON,
        _no_client,
        variables={WEBHOOK_SECRET_VALUE: SECRET},
        wake=lambda: told.append(True),
    )
    sent = {text(name): text(value)}
    event = inputs.body(content)
    if proof == b"right":
        event = {"body": text(content), "isBase64Encoded": False}
        sent |= sign(SECRET, text(content).encode(errors="surrogatepass"), NOON)
    with documented("LH4001", "LH4401", "LH4403"):
        answer = Webhook.of(dependencies).receive(read_call({**event, "headers": sent}))
        assert proof == b"right" or text(value) == SECRET
        assert (answer.status == 202) is bool(told)
        _check_answer(answer.as_proxy())
        refused = False
    assert not (refused and told)


def _no_client(service: object, **_: object) -> Any:  # noqa: ANN401
    raise AssertionError(service)


class NoTable:
    def find(self, token: str, _now: datetime) -> None:
        token.encode()


class OneKey:
    def find(self, key_id: str, _now: datetime) -> jwt.PyJWK | None:
        return _public() if key_id == "ec" else None


@cache
def _public() -> jwt.PyJWK:
    return jwt.PyJWK(jwk("ec", ec_key(), alg="ES256"))


@cache
def _door() -> Authorizer:
    settings = Oidc(ISSUER, (AUDIENCE,), CLAIMED, f"{ISSUER}/jwks.json")
    issuer = Issuer(settings, cast("SigningKeys", OneKey()))
    return Authorizer(cast("TokenTable", NoTable()), lambda: NOON, issuer=issuer)


def authorization(data: bytes) -> None:
    """A header as it comes, or a JWT that the issuer has signed around any claims."""
    kind, content = fields(data, 2)
    header = text(content)
    if kind == b"signed":
        try:
            claims = json.loads(content)
            header = signed(claims, "ec")
        except (ValueError, TypeError, RecursionError, AttributeError):
            return
    token = presented(header)
    assert token is None or (token.isprintable() and 0 < len(token) <= 8192)
    with documented(), suppress(UnauthorizedError):
        answer = _door()({"methodArn": METHOD_ARN, "authorizationToken": header}, None)
        assert kind == b"signed"
        effect = answer["policyDocument"]["Statement"][0]["Effect"]
        if effect == "Allow":
            context = answer["context"]
            assert all(isinstance(value, str) for value in context.values())
            _committed(Principal.from_context(context), None)
        json.dumps(answer)


def rows(data: bytes) -> None:
    """A row of either token table, with whatever people wrote into it."""
    key, content = fields(data, 2)
    try:
        row = json.loads(content)
    except (ValueError, RecursionError):
        return
    if not isinstance(row, dict) or not all(map(_is_attribute, row.values())):
        return
    token = text(key)
    plain = _plain({**row, "token": {"S": token}})
    assert "text=" not in repr(plain)
    assert (plain.principal is None) is bool(plain.problem)
    if plain.principal:
        assert plain.principal.scopes == SCOPES
    with documented("LH4206"):
        found = record_of({**row, "token_hash": {"S": "0" * 64}})
        again = item_of("0" * 64, found.principal, found.created_at, found.expires_at)
        assert record_of(again) == found


def _is_attribute(value: object) -> bool:
    """Every attribute of DynamoDB is a type and a value of that type."""
    match value:
        case {"S": str()} | {"N": str()} | {"M": dict()}:
            return True
        case {"SS": [*words]}:
            return all(isinstance(word, str) for word in words)
        case _:
            return False


def callers(data: bytes) -> None:
    """From an authorizer's context or a signer's ARN to the author of a commit."""
    name, email, scopes, arn, reason = map(text, fields(data, 5))
    context = {"name": name, "email": email, "scopes": scopes}
    event = {"requestContext": {"authorizer": context, "identity": {"userArn": arn}}}
    with documented("LH4201", "LH4202", "LH4216"):
        found = identified(event, Identities(iam=EVERYBODY), NOON)
        assert found is not None
        assert Principal.from_context(found.to_context()) == found
        assert Caller("x", found).to_context() == found.to_context()
        _committed(found, reason)
    with documented("LH4213"):
        _committed(aws_signature.principal(arn, EVERYBODY), reason)


@cache
def _git() -> pygit2.Repository:
    return pygit2.init_repository(tempfile.mkdtemp(prefix="leasehold-fuzz-"), bare=True)


def _committed(principal: Principal, reason: str | None) -> None:
    """Make the commit of an extension, and let git read who made it and its trailers."""
    change = LeaseChange(
        LeaseAction.EXTEND,
        "demo-Falcon40B-Endpoint",
        NOON + timedelta(hours=1),
        NOON,
        principal.as_person(),
        "7d0c",
        reason or None,
    )
    message = write_message("dev", "Falcon40B", change, by_minutes=10)
    made = Change({f"{ROOM}/Falcon40B.lease.json": b""}, message, principal.as_person(), "r1")
    with documented("LH2011"):
        check(made, "environments/")
        _check_commit(change, message)


def _check_commit(change: LeaseChange, message: str) -> None:
    repository, person = _git(), change.requested_by
    try:
        message.encode()
    except UnicodeEncodeError:
        return  # a reason with half a surrogate pair never gets here
    author = pygit2.Signature(person.name, person.email, int(NOON.timestamp()), 0)
    tree = repository.TreeBuilder().write()
    made = repository.create_commit(None, author, author, message, tree, [])
    commit = repository[made].peel(pygit2.Commit)
    assert commit.author.email == person.email
    assert _trimmed(commit.author.name) == _trimmed(person.name)
    wanted = {
        "Lease-Action": "extend",
        "Lease-Endpoint": change.endpoint_name,
        "Lease-Expires": "2026-11-23T13:00:00Z",
        "Lease-Previous": "2026-11-23T12:00:00Z",
        "Requested-By": f"{person.name} <{person.email}>",
        "Request-Id": change.request_id,
    }
    assert trailers(message) == wanted
    assert commit.message_trailers == wanted
    [read] = read_changes([CommitRecord("c", person, NOON, commit.message)])
    quoted = None if change.reason is None else "\n".join(change.reason.splitlines()) or None
    assert read.change.reason == quoted
    assert (read.change.request_id, read.change.expires_at) == (
        change.request_id,
        change.expires_at,
    )


def _trimmed(name: str) -> str:
    return name.strip(" .,:;\"\\'")


class OneCommit(MemoryLedger):
    """The ledger, with a lease commit that somebody else wrote."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self._records[0] = CommitRecord(inputs.BEGIN, Person("", "\n"), NOON, message)


def history(data: bytes) -> None:
    """Whatever a person's commit says, the history can be told."""
    message = data.decode(errors="replace")
    trailers(message)
    ledger = OneCommit(message)
    for each in read_changes(ledger.page("", 1).records):
        assert each.change.expires_at.tzinfo is not None
    query = {"EndpointName": ("Falcon40B",)}
    told = History(cast("Repository", ledger), "dev").tell(
        Call(method="GET", resource="/endpoint-expiry/history", query=query, caller=READER)
    )
    _check_answer(told.as_proxy())


def git_secret(data: bytes) -> None:
    with documented("LH2001", "LH2021", "LH2026"):
        secret = read_secret(text(data))
        match secret.opens:
            case Token() as found:
                assert found.token not in repr(found) or len(found.token) < 20
            case SshSecret() | GitHubApp() as found:
                assert found.private_key not in repr(secret) or len(found.private_key) < 20


def model_answers(data: bytes) -> None:
    """What a container answers, or refuses with, or what the observed history says of it."""
    status, content = fields(data, 2)
    with documented("LH4303"):
        answer = model_answer({"ContentType": "text/plain"}, content).as_proxy()
        assert answer.get("isBase64Encoded") or answer["body"].encode() == content
    said = {"OriginalStatusCode": len(status), "OriginalMessage": text(content)}
    refused = model_error(said).as_proxy()
    assert 400 <= refused["statusCode"] < 600
    json.dumps(refused)
    with suppress(ValueError):
        noted = read_noted({"dev.json": content}, "dev")
        assert all(shown_status(each).isalpha() for each in noted.values())


ANYONE = {"name": "Ana", "email": "ana@example.com", "scopes": "admin"}


@cache
def _objects() -> pygit2.Repository:
    return pygit2.init_repository(tempfile.mkdtemp(), bare=True)


def trees(data: bytes) -> None:
    """Git trees of any names, modes and contents, and folders in folders, as a fleet."""
    repository, below = _objects(), b""
    oid: pygit2.Oid | None = None
    for part in data.split(b"\x1d")[:20]:
        listing = [
            _tree_item(repository, item, oid)
            for item in dict(each.partition(b"\x1c")[::2] for each in part.split(b"\x1e")).items()
        ]
        if oid is not None:
            listing.append((b"40000", b"dev" if len(below) % 2 else b"nlp", oid))
        below += b"x"
        oid = repository.write(ObjectType.TREE, _as_tree(listing))
    assert oid is not None
    room = repository.write(ObjectType.TREE, _as_tree([(b"40000", b"dev", oid)]))
    root = repository.write(ObjectType.TREE, _as_tree([(b"40000", b"environments", room)]))
    files, not_files = Trees("environments/").read(repository, repository[root].peel(pygit2.Tree))
    snapshot = Snapshot("5" * 40, files, NOON, not_files)
    with documented():
        for name in environments(snapshot.entries):
            fleet = fleet_of(snapshot, name)
            assert all(each.code in CODES for each in fleet.violations)
            said = "".join(map(str, (*fleet.violations, *(i.complaint for i in fleet.broken))))
            in_line(said).encode()


def _tree_item(
    repository: pygit2.Repository, item: tuple[bytes, bytes], below: pygit2.Oid | None
) -> tuple[bytes, bytes, pygit2.Oid]:
    name, content = item
    kind = (content or b"\0")[0] % 8
    mode = {5: b"120000", 6: b"160000", 7: b"40000"}.get(kind, b"100644")
    if mode == b"40000" and below is not None:
        return mode, name, below
    mode = b"100644" if mode == b"40000" else mode
    return mode, name, repository.create_blob(content)


def _as_tree(items: list[tuple[bytes, bytes, pygit2.Oid]]) -> bytes:
    """Write a tree as git keeps it, with names that git would not make."""
    named = {name.replace(b"\0", b"").replace(b"/", b"") or b"x": (m, o) for m, name, o in items}
    return b"".join(mode + b" " + name + b"\0" + oid.raw for name, (mode, oid) in named.items())


def records(data: bytes) -> None:
    """The documents of the status branch, as the controller and the gateway read them."""
    which, content = fields(data, 2)
    if len(content) > 20_000:
        return
    path = "dev.applied.json" if which[:1] == b"a" else "dev.json"
    files = {path: content}
    record = read_record(files, "dev")
    again = read_record(write_record("dev", record), "dev")
    assert again.entries == record.entries
    assert all(isinstance(line, str) for line in news(Record(), record))
    read_applied(files, "dev")
    with suppress(ValueError):
        for noted in read_noted(files, "dev").values():
            assert noted is None or shown_status(noted).isascii()
    fleet = read_fleet(FILES, "dev")
    planned = plan(fleet, (), NOON, findings=Findings(record))
    assert planned.action_for(EndpointName("demo-Falcon40B-Endpoint")) is not None
    due(fleet, planned, record, NOON)


_REFUSING = ("CreateModel", "CreateEndpoint", "DeleteEndpoint", "AddTags", "DescribeEndpoint")


def refusals(data: bytes) -> None:
    """What AWS says when it refuses, on its way to people, to the record and back."""
    which, code, said = fields(data, 3)
    operation = _REFUSING[(which or b"\0")[0] % len(_REFUSING)]
    answer: Any = {"Error": {"Code": text(code), "Message": text(said)}}
    sentence = _refused(ClientError(answer, operation))
    name = EndpointName("demo-Falcon40B-Endpoint")
    target = Desired(name, "config", {}, "none")
    action = Action(Verb.CREATE, "Falcon40B", name, "leased", target)
    planned = Plan("dev", "5" * 40, (action,))
    record = refused(Record(), planned, [(action, sentence)], NOON)
    (line,) = news(Record(), record)
    history = CommitRecord("5" * 40, READER.as_person(), NOON, f"status\n\n- {line}\n")
    (found,) = read_refusals([history], name)
    assert found.said == " ".join(sentence.split())
    stored = read_record(write_record("dev", record), "dev").entry(name)
    assert stored == record.entry(name)
    notices = due(read_fleet(FILES, "dev"), planned, record, NOON)
    for each in notices:
        assert all(line.isprintable() for line in in_lines(each.text).split("\n"))
        assert subject(each.subject).isascii()
    as_markdown_part = in_markdown(sentence)
    assert "\n" not in as_markdown_part
    assert json.loads(as_json({"said": sentence})) is not None


def _refused(error: ClientError) -> str:
    """Return the sentence that an error of boto3's becomes."""
    try:
        with aws_errors():
            raise error
    except Failure as failure:
        if failure.code not in CODES:
            raise AssertionError(failure.code) from failure
        return failure.message


def console_output(data: bytes) -> None:
    """What the command line prints: no cursor moves, no line more, nothing that a CI obeys."""
    first, second, third = map(text, fields(data, 3))
    stream = io.StringIO()
    with redirect_stdout(stream), redirect_stderr(stream):
        console.say(first)
        console.say(Text.assemble((first, "dim"), second))
        console.note(second)
        console.complain(Refused("LH1001", third))
        console.show_table(("NAME", "WHY"), [(first, second), (third, Text(first))])
        console.stream_table(("NAME", "WHY"), iter([(first, second)]))
        console.show_json({first: [second, third]})
        console.stream_json([{"a": first}, second])
    printed = stream.getvalue()
    printed.encode()
    lines = printed.split("\n")
    assert all(line.isprintable() for line in lines), ascii(printed)
    assert not any(line.lstrip().startswith("::") for line in lines), ascii(printed)


def api(data: bytes) -> None:
    """A whole request, to the operations that need no AWS."""
    which, name, value, query, content = fields(data, 5)
    kinds = [each for each in METHODS if each.tag != "Models"]
    route = kinds[(which or b"\0")[0] % len(kinds)]
    asked = dict(pair.partition("=")[::2] for pair in text(query).split("&"))
    ledger = MemoryLedger()
    handle = build(
        Dependencies(
            cast("Repository", ledger),
            "dev",
            lambda: NOON,
            _no_client,
            variables={WEBHOOK_SECRET_VALUE: SECRET},
            wake=lambda: None,
        )
    )
    event = {
        **inputs.body(content),
        "httpMethod": route.method,
        "resource": route.resource,
        "headers": {text(name): text(value)},
        "queryStringParameters": asked,
        "requestContext": {"requestId": "r-1", "authorizer": ANYONE},
    }
    _check_answer(handle(event, None))
    for path in ledger.read().files:
        assert re.fullmatch(r"environments/dev/[a-zA-Z0-9-]+\.(json|(endpoint|lease)\.json)", path)


def _check_answer(answer: Mapping[str, Any]) -> None:
    said = json.loads(answer["body"])
    assert 200 <= answer["statusCode"] < 600
    assert "Traceback" not in answer["body"]
    for name, value in answer["headers"].items():
        assert re.fullmatch("[ -~]*", f"{name}{value}")
    if answer["statusCode"] >= 400:
        assert said["code"] in CODES - {"LH4350"}, "an error that nobody thought of"
        assert len(said["error"]) < LONGEST_ANSWER


TARGETS: Mapping[str, Target] = {
    "extension_body": extension_body,
    "headers": headers,
    "documents": documents,
    "identities": identities,
    "webhook": webhook,
    "authorization": authorization,
    "rows": rows,
    "callers": callers,
    "history": history,
    "git_secret": git_secret,
    "model_answers": model_answers,
    "api": api,
    "trees": trees,
    "records": records,
    "refusals": refusals,
    "console_output": console_output,
}

_BODY = b'{"EndpointName": "demo-Falcon40B-Endpoint", "minutes": 10, "reason": "demo"}'
_CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "ana",
    "exp": 1795440000,
    "name": "Ana",
    "scope": "leasehold/extend",
}
_MESSAGE = b"""lease(dev): extend Falcon40B by 10 min to 2026-11-23T10:00:00Z

> because

Lease-Action: extend
Lease-Endpoint: demo-Falcon40B-Endpoint
Lease-Expires: 2026-11-23T10:00:00Z
Lease-Previous: 2026-11-23T09:50:00Z
Requested-By: Ana <ana@example.com>
Request-Id: 7d0c
Request-Digest: 00
"""
_ROW = b"""{"name": {"S": "Ana"}, "email": {"S": "ana@example.com"}, "scopes": {"SS": ["read"]},
 "created_at": {"S": "2026-11-23T12:00:00Z"}, "expires_at": {"S": "2026-11-24T12:00:00Z"}}"""
_IDENTITIES = b"""{"oidc": {"issuer": "https://issuer.example.com/pool", "audience": ["a"],
 "scopes": {"ops": ["admin"]}}, "iam": {"scopes": {"*": ["read"]}},
 "legacy_token_table": "auth"}"""
_PUSH = b'{"ref": "refs/heads/main", "after": "5f1d"}'

_RECORD = Record(
    {
        EndpointName("demo-Falcon40B-Endpoint"): Entry(
            "Falcon40B",
            "Failed",
            NOON,
            cause="It did not start.",
            created_at=NOON,
            refused="AWS refuses.",
            refused_at=NOON,
            refused_config="config@0",
            held="it hosts inference components",
            notices=frozenset({"started:2026-11-23T12:00:00Z"}),
        )
    },
    id="0123456789abcdef",
)

SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "extension_body": (
        _BODY,
        b"b" + _BODY,
        b"?e30=",
        b'{"EndpointName": "a", "until": "2026-11-23T17:00:00Z", "shorten": true}',
        b'{"EndpointName": "a", "until": "2026-02-30T17:00:00Z"}',
        b'{"EndpointName": "a", "EndpointConfigName": "b", "minutes": 1e1}',
        b'{"minutes": ' + b"1" * 4400 + b"}",
        b'{"a": NaN, "a": "\\ud800"}',
        b"[" * 990,
    ),
    "headers": (
        joined("If-Match", f'"{"a" * 40}", {"b" * 40}, *', "Falcon40B"),
        joined("Idempotency-Key", "deploy-4711", "true"),
        joined("X-Amzn-SageMaker-Custom-Attributes", "accept_eula=true", "20"),
        joined("Content-Type", "application/json; charset=utf-8", "b\xff"),
    ),
    "documents": (
        joined(b"\x03", FILES[f"{ROOM}/environment.json"]),
        joined(b"\0", FILES[f"{ROOM}/Falcon40B.endpoint.json"]),
        joined(b"\x01", FILES[f"{ROOM}/Falcon40B.lease.json"]),
        joined(b"\x01", '{"expires_at": "9999-12-31T23:59:59Z", "request_id": "a"}'),
        *(
            joined(b"\0", path.read_bytes())
            for path in sorted(Path("environments/dev").glob("*.endpoint.json"))
        ),
        *(
            joined(b"\x02", path.read_bytes())
            for path in sorted(Path("environments/dev").glob("*.lock.json"))
        ),
        joined(b"\x03", Path("environments/dev/environment.json").read_bytes()),
    ),
    "identities": (_IDENTITIES, b"{}"),
    "webhook": (
        joined("right", "", "", _PUSH),
        joined("right", "", "", b"payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D"),
        joined("", "X-Gitlab-Token", SECRET, _PUSH),
        joined("", "X-Hub-Signature-256", "sha256=00", b"b" + _PUSH),
        joined("right", "", "", b"[" * 990),
    ),
    "authorization": (
        joined("", "Bearer lh_0123456789"),
        joined("", signed(_CLAIMS, "ec")[:-8]),  # nobody mends a signature
        joined("signed", json.dumps(_CLAIMS)),
        joined("signed", json.dumps({**_CLAIMS, "email": "ana@example.com", "nbf": 1.5})),
        joined("signed", json.dumps({**_CLAIMS, "scope": ["ops", 1], "exp": 1e999})),
    ),
    "rows": (joined("a token of somebody", _ROW), joined("a token", b'{"name": {"N": "1"}}')),
    "callers": (
        joined("Ana", "ana@example.com", "read,extend", "", "because\n\nRequest-Id: x"),
        joined("", "", "", "arn:aws:sts::123456789012:assumed-role/Deployer/ana", "> x"),
        joined("", "", "", "arn:aws:iam::123456789012:user/a/ana", ""),
    ),
    "history": (
        _MESSAGE,
        b"begin",
        _MESSAGE.replace(b"2026-11-23T10:00:00Z", b"0001-01-01T00:00:00+14:00"),
    ),
    "git_secret": (
        b'{"username": "leasehold", "token": "s3cret"}',
        b'{"private_key": "k", "known_hosts": "h", "username": "git", "passphrase": "p"}',
        b"[" * 990,
    ),
    "model_answers": (
        joined("", '{"generated_text": "a haiku"}'),
        joined("a" * 422, b"[" * 990),
        joined("", '{"endpoints": {"x": {"status": "Creating"}}}'),
        joined("", b"\xff"),
    ),
    "api": (
        joined(b"\0", "", "", "EndpointName=Falcon40B", ""),
        joined(b"\x01", "Idempotency-Key", "k", "dry_run=false", _BODY),
        joined(b"\x01", "If-Match", "*", "dry_run=true", _BODY),
        joined(b"\x02", "If-Match", f'"{inputs.BEGIN}"', "EndpointName=Falcon40B", ""),
        joined(b"\x03", "", "", "EndpointName=Falcon40B&limit=3", ""),
        joined(b"\x04", "", "", "commit=5555555&EndpointName=Falcon40B", ""),
        joined(b"\x05", "X-Gitlab-Token", SECRET, "", _PUSH),
        joined(b"\x06", "", "", "", ""),
    ),
    "trees": (
        b"Falcon40B.endpoint.json\x1c" + FILES[f"{ROOM}/Falcon40B.endpoint.json"],
        b"environment.json\x1c" + FILES[f"{ROOM}/environment.json"] + b"\x1ea.json\x1c\x05x",
        b"X\xff.endpoint.json\x1c\x00{}\x1ex\x1c\x06\x1d..\x1c\x07\x1d.git\x1c\x00",
        b"\x1d" * 18,
        b"a\x1c\x07\x1eb\x1c\x07\x1d" * 17,
    ),
    "records": (
        joined("", write_record("dev", _RECORD)["dev.json"]),
        joined("a", b'{"commit": "5555555", "at": "2026-11-23T12:00:00Z", "open": []}'),
        joined("", b'{"endpoints": {"x": {"status": "\x1b[31m", "name": "x", "since": 1}}}'),
        joined("", b"[" * 990),
        joined("", b'{"endpoints": {"A": {"name": "A", "status": "InService"}}}'),
    ),
    "refusals": (
        joined("", "ValidationException", "1 validation error detected: \n::error::x"),
        joined(b"\x02", "ValidationException", "Cannot delete endpoint with inference component"),
        joined(b"\x04", "AccessDeniedException", "User: arn:aws:iam::123456789012:user/a \x1b[2J"),
        joined(b"\x01", "ResourceLimitExceeded", "limit \u202e (x)"),
        joined(b"\x03", b"\xff", b"\xff\xfe {said}"),
    ),
    "console_output": (
        joined("::error::x", "a\r\nb", "\x1b]0;title\x07"),
        joined("\u202e", "##[command]x", "[red]no mark-up[/red]"),
        joined(b"\xff", "\u2028\x85", "  ::set-output"),
        joined("a" * 300, "\t", "\\ud800"),
        joined("NAME", "WHY", f"{'x' * 150} ::set-output"),
    ),
}


def anything(data: bytes) -> None:
    """One of the targets, by the first byte: for a short look at all of them."""
    TARGETS[list(TARGETS)[(data or b"\0")[0] % len(TARGETS)]](data[1:])


def seeds(name: str) -> tuple[bytes, ...]:
    if name in SEEDS:
        return SEEDS[name]
    return tuple(bytes([n]) + seed for n, each in enumerate(TARGETS) for seed in SEEDS[each])
