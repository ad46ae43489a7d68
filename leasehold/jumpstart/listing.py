"""The models of a region that a text means, each by its newest version. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leasehold.jumpstart.model import MODEL_TYPES, Catalogue, Header, Model, NotResolvableError
from leasehold.jumpstart.tasks import task_of
from leasehold.jumpstart.versions import choose


@dataclass(frozen=True, slots=True)
class Listed:
    """One model; `model` is None where nobody looked it up, or `problem` says why."""

    header: Header
    model: Model | None = None
    problem: str = ""

    @property
    def task(self) -> str:
        return task_of(self.header)

    @property
    def instance_types(self) -> tuple[str, ...]:
        """Return the types that it may run on, JumpStart's default first."""
        if self.model is None:
            return ()
        default = self.model.default_instance_type
        first = (default,) if default else ()
        return tuple(dict.fromkeys([*first, *self.model.supported_instance_types]))

    @property
    def remark(self) -> str:
        """Say what speaks against it, or what it takes."""
        if self.model is None:
            return self.problem
        found = []
        if self.model.deprecated is not None:
            found.append(f"deprecated: {self.model.deprecated}".rstrip(": "))
        if self.model.vulnerabilities is not None:
            found.append("vulnerable")
        if self.model.needs_repacking:
            found.append("not deployable as it is")
        if self.model.subscription_link:
            found.append(f"needs a subscription: {self.model.subscription_link}")
        return "; ".join(found)


def matching(catalogue: Catalogue, words: Sequence[str]) -> list[Header]:
    """Return the models whose id or keywords have all words, sorted by id.

    Raises NotResolvableError LH1049 where JumpStart is not in the region.
    """
    known = [header for kind in MODEL_TYPES for header in catalogue.headers(kind)]
    ids = dict.fromkeys(each.model_id for each in known if _has(each, words))
    return [found for each in sorted(ids) if (found := _newest(catalogue, each, known))]


def looked_up(catalogue: Catalogue, header: Header) -> Listed:
    """Return what JumpStart says of one model; what cannot be read says why."""
    try:
        return Listed(header, catalogue.model(header))
    except NotResolvableError as error:
        return Listed(header, problem=error.sentence)


def _newest(catalogue: Catalogue, model_id: str, known: Iterable[Header]) -> Header:
    """Return the newest version that this SDK can read; else any."""
    try:
        return choose(catalogue, model_id, "*").header
    except NotResolvableError:
        return next(each for each in known if each.model_id == model_id)


def _has(header: Header, words: Sequence[str]) -> bool:
    text = " ".join([header.model_id, task_of(header), *header.search_keywords]).lower()
    return all(word.lower() in text for word in words)
