"""A definition's `model_id` becomes a lock, or a list of what speaks against it. Pure.

1. the version: the one that is locked, as long as the definition covers it; or the newest
2. whether it may be served: instance types, licence, deprecated, vulnerable
3. its artifacts for the instance type, and whether a lock can say them all
4. whether the further instance types get the very same
"""

from collections.abc import Iterator
from dataclasses import dataclass

from leasehold.jumpstart.document import deployed, is_same, lock_content, unknown_kwargs
from leasehold.jumpstart.model import Artifacts, Catalogue, Model, NotResolvableError
from leasehold.jumpstart.versions import Choice, choose
from leasehold.jumpstart.wanted import Wanted
from ledger.cross_checks import deprecated_version, unread_licence, vulnerable_version
from ledger.json_files import Violation
from ledger.model_versions import covers

_POINTERS = {"LH1041": "/model_version", "LH1051": "/inference_config_name"}


@dataclass(frozen=True, slots=True)
class Locked:
    """A lock for a definition; `remarks` are what a person may want to know besides."""

    wanted: Wanted
    content: bytes
    remarks: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        return self.content != self.wanted.current


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A definition that cannot be locked, and why."""

    wanted: Wanted
    violations: tuple[Violation, ...]


def resolve(wanted: Wanted, catalogue: Catalogue, *, upgrade: bool = False) -> Locked | Unlocked:
    """Resolve one definition. Raises Refused LH5071 where the catalogue cannot be read."""
    try:
        choice = _choose(wanted, catalogue, upgrade=upgrade)
        model = catalogue.model(choice.header, wanted.source.inference_config_name)
        against = [*_against_types(wanted, model), *_against_flags(wanted, model)]
        if any(each.code == "LH1042" for each in against):  # nothing is known of such a type
            return Unlocked(wanted, (*_licence(wanted, model, Artifacts()), *against))
        artifacts = catalogue.artifacts(model, wanted.instance_type)
        against += _licence(wanted, model, artifacts)
        against += _against_artifacts(wanted, model, artifacts)
        if not against:
            against += _against_pools(wanted, catalogue, model, artifacts)
        if against:
            return Unlocked(wanted, tuple(against))
        content = lock_content(wanted, model, artifacts, catalogue.sdk_version)
    except NotResolvableError as error:
        pointer = _POINTERS.get(error.code, "/model_id")
        return Unlocked(wanted, (wanted.violation(error.code, pointer, error.sentence),))
    kept = wanted.current if is_same(wanted.current, content) else content
    remarks = _remarks(wanted, catalogue, choice, model)
    return Locked(wanted, kept or content, tuple(remarks))


def _choose(wanted: Wanted, catalogue: Catalogue, *, upgrade: bool) -> Choice:
    """Stay with the version that is locked where it still fits. Raises NotResolvableError."""
    source = wanted.source
    locked = None if upgrade else locked_version(wanted)
    if locked is None:
        return choose(catalogue, source.model_id, source.model_version)
    try:
        return choose(catalogue, source.model_id, locked)
    except NotResolvableError as error:
        if error.code != "LH1041" or locked == source.model_version:
            raise
        again = f"`leasehold lock --upgrade {wanted.label}` takes another."
        raise NotResolvableError(error.code, f"{error.sentence} {again}") from error


def locked_version(wanted: Wanted) -> str | None:
    """Return the version that is locked, where the definition still covers it."""
    lock, source = wanted.current_lock, wanted.source
    if lock is None or lock.model_id != source.model_id:
        return None
    fits = covers(source.model_version, lock.model_version)
    return lock.model_version if fits else None


def _against_types(wanted: Wanted, model: Model) -> Iterator[Violation]:
    supported = model.supported_instance_types
    pools = {
        f"/instance_pools/{number}/instance_type": kind
        for number, kind in enumerate(wanted.instance_pools)
    }
    for pointer, kind in {"/inference_instance_type": wanted.instance_type, **pools}.items():
        if supported and kind not in supported:
            yield wanted.violation(
                "LH1042",
                pointer,
                f"JumpStart does not support {_named(model)} on {kind}: choose one of"
                f" {', '.join(supported)}{_in_another_config(model, kind)}.",
            )


def _in_another_config(model: Model, kind: str) -> str:
    others = [name for name, types in model.configs.items() if kind in types]
    if not others:
        return ""
    return f", or set inference_config_name to {' or '.join(others)}, which supports it"


def _against_flags(wanted: Wanted, model: Model) -> Iterator[Violation]:
    source, pointer = wanted.source, "/model_version"
    if model.deprecated is not None and not source.tolerate_deprecated_model:
        yield wanted.violation("LH1045", pointer, deprecated_version(model.deprecated))
    if model.vulnerabilities is not None and not source.tolerate_vulnerable_model:
        yield wanted.violation("LH1046", pointer, vulnerable_version(model.vulnerabilities))


def _licence(wanted: Wanted, model: Model, artifacts: Artifacts) -> Iterator[Violation]:
    if wanted.source.accept_eula:
        return
    addresses = [] if model.eula_url is None else [model.eula_url]
    addresses += [each.eula_url or "" for each in artifacts.further_data if each.needs_licence]
    if addresses:
        sentence = unread_licence(_named(model), tuple(dict.fromkeys(addresses)))
        yield wanted.violation("LH1016", "/accept_eula", sentence)


def _against_artifacts(wanted: Wanted, model: Model, artifacts: Artifacts) -> Iterator[Violation]:
    if artifacts.model_package_arn is None and model.needs_repacking:
        yield wanted.violation(
            "LH1043",
            "/model_id",
            f"{_named(model)} is not deployable as JumpStart keeps it: the SageMaker SDK packs a"
            " script into its tarball, and uploads that to a bucket of yours. Do that once by the"
            " SDK, and serve what it made with model instead of model_id.",
        )
    if unknown := unknown_kwargs(artifacts):
        yield wanted.violation(
            "LH1044",
            "/model_id",
            f"{_named(model)} asks for {', '.join(sorted(unknown))}, and Leasehold does not know"
            " what that is: a newer Leasehold may, and until then choose another version.",
        )


def _against_pools(
    wanted: Wanted, catalogue: Catalogue, model: Model, artifacts: Artifacts
) -> Iterator[Violation]:
    first = deployed(artifacts)
    for number, kind in enumerate(wanted.instance_pools):
        other = deployed(catalogue.artifacts(model, kind))
        differing = sorted(key for key in first | other if first.get(key) != other.get(key))
        if differing:
            yield wanted.violation(
                "LH1047",
                f"/instance_pools/{number}/instance_type",
                f"{_named(model)} is another on {kind} than on {wanted.instance_type} (by its"
                f" {', '.join(differing)}), and all pools of an endpoint share one model: leave it"
                " out, or give it a definition of its own.",
            )


def _remarks(wanted: Wanted, catalogue: Catalogue, choice: Choice, model: Model) -> Iterator[str]:
    source = wanted.source
    latest = choose(catalogue, source.model_id, source.model_version)
    if latest.header.version != choice.header.version:
        yield (
            f"{latest.header.version} is newer: `leasehold lock --upgrade {wanted.label}` takes it."
        )
    if latest.remark:
        yield latest.remark
    if model.subscription_link:
        yield f"The account needs a subscription on AWS Marketplace: {model.subscription_link}"


def _named(model: Model) -> str:
    return f"{model.header.model_id} {model.header.version}"
