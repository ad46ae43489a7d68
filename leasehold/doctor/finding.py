"""What an examination finds, as values, and the guard around each check. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ledger.errors import Failure


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that is in order or not, and what mends it; what is not has a code."""

    state: State
    sentence: str
    fix: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check told, under its name."""

    check: str
    state: State
    sentence: str
    fix: str
    code: str | None


class NotKnown(Exception):  # noqa: N818 - it is what a fact is, and no bug
    """A check needs what another one has already told to be missing."""


def ok(sentence: str) -> Told:
    return Told(State.OK, sentence)


def skipped(sentence: str) -> Told:
    return Told(State.SKIPPED, sentence)


def warning(code: str, sentence: str, fix: str) -> Told:
    return Told(State.WARNING, sentence, fix, code)


def failed(code: str, sentence: str, fix: str) -> Told:
    return Told(State.FAILED, sentence, fix, code)


# What the controller is told to do about AWS's errors; nobody here ticks, or has its role.
_FOR_TICKS = (" Give Leasehold's role this permission.", " The next tick tries again.")
# What mends a failure of AWS's, whatever was looked at.
BY_CODE: Mapping[str, str] = {
    "LH3001": "Try again in a minute. If it stays so, look whether this machine reaches AWS.",
    "LH3006": (
        "Give whoever runs this the right to look: nothing else of a deployment needs it. If it is"
        " there, look whether the keys of these credentials are still good."
    ),
    "LH3007": "Look at AWS's own words. If they are none of AWS's, a proxy is between.",
}


def guarded(
    name: str,
    fix: str,
    examine: Callable[[], Iterable[Told]],
    by_code: Mapping[str, str] = BY_CODE,
) -> Iterator[Finding]:
    """Yield what a check tells. However it ends, the next one has its turn.

    `fix` is for failures that come from elsewhere and are not in `by_code`, and for what nobody
    foresaw.
    """
    try:
        for told in examine():
            yield Finding(name, told.state, told.sentence, told.fix, told.code)
    except NotKnown as reason:
        yield Finding(name, State.SKIPPED, f"Not looked at: {reason}.", "", None)
    except Failure as failure:
        mends = by_code.get(failure.code, fix)
        yield Finding(name, State.FAILED, _sentence(failure.message), mends, failure.code)
    except Exception as error:  # noqa: BLE001 - one check hides no other, whatever it meets
        said = f"It met something unforeseen ({type(error).__name__}: {error})."
        yield Finding(name, State.FAILED, " ".join(said.split()), fix, "LH5160")


def _sentence(text: str) -> str:
    for advice in _FOR_TICKS:
        text = text.removesuffix(advice)
    return text[:1].upper() + text[1:]
