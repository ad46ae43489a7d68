"""Which version of a model is meant: by version order, and by what the SDK can read. Pure.

The SDK is asked for exact versions only: it takes 2.9.0 for newer than 2.16.0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from leasehold.jumpstart.model import MODEL_TYPES, Catalogue, Header, NotResolvableError
from ledger.model_versions import covers, in_order, is_at_least, newest

_NEAREST = 3
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """The version that is taken, and a newer one that the SDK cannot read yet."""

    header: Header
    passed_over: Header | None = None

    @property
    def remark(self) -> str | None:
        """Say which newer version is passed over, and what it needs."""
        if self.passed_over is None:
            return None
        other = self.passed_over
        return (
            f"{other.model_id} {other.version} is passed over: it needs sagemaker"
            f" {other.min_version} or newer."
        )


def choose(catalogue: Catalogue, model_id: str, wish: str) -> Choice:
    """Choose the newest version that a wish covers. Raises NotResolvableError LH1040 or LH1041."""
    versions = versions_of(catalogue, model_id)
    fitting = [each for each in versions if covers(wish, each.version)]
    exact = [each for each in fitting if each.version == wish]
    readable = [each for each in exact or fitting if _is_readable(each, catalogue.sdk_version)]
    latest = _newest(exact or fitting)
    if latest is None:
        raise NotResolvableError("LH1041", _no_version(versions, model_id, wish))
    chosen = _newest(readable)
    if chosen is None:
        raise NotResolvableError(
            "LH1041",
            f"{model_id} {latest.version} needs sagemaker {latest.min_version} or newer, and"
            f" {catalogue.sdk_version} is installed: update it.",
        )
    return Choice(chosen, None if chosen.version == latest.version else latest)


def versions_of(catalogue: Catalogue, model_id: str) -> Sequence[Header]:
    """Return all versions of a model. Raises NotResolvableError LH1040 where there is none.

    The list of what is sold on Marketplace is read only for an id that the other does not have.
    """
    known: list[str] = []
    for model_type in MODEL_TYPES:
        headers = catalogue.headers(model_type)
        if found := [each for each in headers if each.model_id == model_id]:
            return found
        known += dict.fromkeys(each.model_id for each in headers)
    near = nearest(model_id, known)
    meant = f": did you mean {', '.join(near)}?" if near else "."
    raise NotResolvableError(
        "LH1040", f"JumpStart has no model {model_id} in {catalogue.region_name}{meant}"
    )


def nearest(model_id: str, known: Iterable[str]) -> list[str]:
    """Return the known ids that look most like one, the nearest first."""
    return get_close_matches(model_id, sorted(set(known)), n=_NEAREST, cutoff=0.5)


def _is_readable(header: Header, sdk_version: str) -> bool:
    return is_at_least(sdk_version, header.min_version)


def _newest(headers: Iterable[Header]) -> Header | None:
    by_version = {each.version: each for each in headers}
    found = newest(by_version)
    return None if found is None else by_version[found]


def _no_version(versions: Sequence[Header], model_id: str, wish: str) -> str:
    there = in_order({each.version for each in versions})
    named = ", ".join(there[:_MOST_NAMED]) + (" and older ones" if len(there) > _MOST_NAMED else "")
    return f"{model_id} has no version {wish}; there is {named}."
