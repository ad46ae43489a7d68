"""What Leasehold needs of the ledger's repository, and of the secret that opens it."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha1

from gateway.webhook.secrets import SHORTEST
from leasehold.console import counted
from leasehold.doctor.finding import Told, failed, ok, skipped, warning
from leasehold.doctor.force_push import Verdict, ask
from leasehold.doctor.subject import Subject
from ledger.access.signing_key import read_signing_key
from ledger.committers import CONTROLLER, GATEWAY
from ledger.documents import Verify
from ledger.fleet import BOTS
from ledger.holdings import environments
from ledger.observed import read_applied, read_record
from ledger.proof import Signers
from ledger.repository import SshKey, Token
from ledger.settings import STATUS_BRANCH
from ledger.signatures.signers import public_line

PROTECT = (
    "Forbid force pushes and the deletion of the branch at the git host, also to the bot"
    " (docs/security.md), or set `receive.denyNonFastForwards` on a server of your own."
)

_MEND = "Mend the file, and try it with `leasehold validate` in a clone."


def ledger(subject: Subject) -> Iterator[Told]:
    context = subject.context()
    yield ok(f"{context.remote.url}, branch {context.remote.branch}.")


def secret(subject: Subject) -> Iterator[Told]:
    name, webhook = subject.named.git_secret, subject.named.webhook_secret
    if name is None:
        yield skipped("No secret is named (--git-secret): your own credentials are tried below.")
    else:
        match subject.credentials():
            case Token(username, token) if not (username.strip() and token.strip()):
                yield failed(
                    "LH2021", f"{name} has an empty username or token.", "Put both into the secret."
                )
            case Token(username):
                yield ok(f"{name} has a token of {username}.")
            case SshKey(username):
                yield ok(f"{name} has an SSH key for {username}.")
            case _:
                yield ok(f"{name} is understood.")
    if webhook is not None:
        lines = [line.strip() for line in subject.secret(webhook).splitlines() if line.strip()]
        if lines and min(map(len, lines)) >= SHORTEST:
            yield ok(f"{webhook} proves webhooks.")
        else:
            yield failed(
                "LH4405",
                f"{webhook} is too short to prove a webhook.",
                f"Give each of its lines {SHORTEST} characters or more.",
            )


def signing(subject: Subject) -> Iterator[Told]:
    """Tell whether what the functions commit will be proven, where somebody asks for that."""
    name, verify = subject.named.git_secret, subject.settings().verify
    if name is None:
        yield skipped("No secret is named, which would have the key.")
        return
    subject.credentials()
    key = read_signing_key(subject.secret(name))
    if key is None:
        yield _without_key(name, verify)
        return
    signers = Signers.of(subject.snapshot().files, subject.fleet().name)
    public = key.public()
    now = subject.clock()
    named = [each for each in signers.bots if each.key == public and each.counts_at(now)]
    if all(any(each.signs_for(bot.email) for each in named) for bot in (CONTROLLER, GATEWAY)):
        yield ok(f"{name} has a key that {BOTS} names; verify is {verify}.")
        return
    yield (failed if verify == "enforce" else warning)(
        "LH5165",
        f"{name} has a key, and {BOTS} does not name it for *@leasehold.invalid, or not for today.",
        f"Add `*@leasehold.invalid {public_line(public)}` to {BOTS}.",
    )


def _without_key(name: str, verify: Verify) -> Told:
    if verify == "none":
        return ok(f"{name} has no signing_key, and verify is none.")
    return (failed if verify == "enforce" else warning)(
        "LH5165",
        f"{name} has no signing_key, and verify is {verify}: what the gateway and the controller"
        " commit is not proven.",
        "Put a key into the secret and its public half into the allowed signers"
        " (docs/security.md).",
    )


def readable(subject: Subject) -> Iterator[Told]:
    snapshot = subject.snapshot()
    found = ", ".join(environments(snapshot.entries)) or "none"
    yield ok(f"{subject.remote().branch} is at {snapshot.commit[:8]}; environments: {found}.")


def documents(subject: Subject) -> Iterator[Told]:
    fleet = subject.fleet()
    for error in fleet.errors:
        yield failed(error.code, f"{error.file}: {error.pointer or '/'}: {error.sentence}", _MEND)
    settings = subject.settings()
    if settings.ledger_id is None:
        yield warning(
            "LH5052",
            f"{fleet.name} has no ledger_id, by which AWS tells whose an endpoint is.",
            f"`leasehold init {fleet.name}` in a clone, commit and push.",
        )
    if not fleet.errors:
        count = len(fleet.holdings)
        yield ok(f"{fleet.name}: {counted(count, 'definition')} in order.")


def writable(subject: Subject) -> Iterator[Told]:
    subject.snapshot()
    subject.repository().try_push()
    yield ok(f"{subject.remote().branch} takes pushes: its head was pushed onto itself.")


def history(subject: Subject) -> Iterator[Told]:
    """Tell whether what was committed stays: as far as the server says it to these credentials."""
    snapshot, remote = subject.snapshot(), subject.remote()
    below = next(iter(subject.repository().parents(snapshot.commit)), None)
    try:
        verdict, words = ask(remote, below or sha1(b"no commit", usedforsecurity=False).hexdigest())
    except OSError as error:
        verdict, words = Verdict.UNKNOWN, f"{type(error).__name__}: {error}"
    match verdict:
        case Verdict.FORBIDDEN:
            yield ok(f"{remote.branch} cannot be rewritten by these credentials ({words}).")
        case Verdict.TAKEN:
            yield warning(
                "LH5166",
                f"{remote.branch} may be rewritten by these credentials: who kept an endpoint"
                " alive could be changed afterwards.",
                PROTECT,
            )
        case Verdict.UNKNOWN:
            yield skipped(
                f"Whether {remote.branch} may be rewritten is not known ({words}): look at the"
                " protection of the branch."
            )


def status_branch(subject: Subject) -> Iterator[Told]:
    subject.snapshot()
    remote, environment = replace(subject.remote(), branch=STATUS_BRANCH), subject.fleet().name
    repository = subject.context().repository_of(remote, may_begin=True)
    snapshot = repository.read()
    if not snapshot.commit:
        yield ok(f"{STATUS_BRANCH} is not there yet: the controller's first tick begins it.")
        return
    repository.try_push()
    record = read_record(snapshot.files, environment)
    if f"{environment}.json" in snapshot.files and record.is_new:
        yield failed(
            "LH5167",
            f"{environment}.json on {STATUS_BRANCH} cannot be read: the controller takes it for a"
            " new one, and deletes nothing that it finds.",
            f"Revert the commit that broke it: `git log origin/{STATUS_BRANCH}`.",
        )
        return
    note = read_applied(snapshot.files, environment)
    said = f"the last commit that was carried out is {note.commit[:8]}" if note else "nothing yet"
    yield ok(f"{STATUS_BRANCH} takes pushes; of {environment}: {said}.")
