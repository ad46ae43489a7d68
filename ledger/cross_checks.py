"""What an endpoint's files say of each other, and of their environment, that cannot be true. Pure.

Such a violation freezes the endpoint. What a file says by itself is checked in `ledger.documents`.
"""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from ledger.documents import Definition, Environment, ExistingConfig, JumpStart, Lock
from ledger.json_files import Violation
from ledger.model_versions import covers
from ledger.names import Name

_NAME_LIMIT = 63  # SageMaker's, for endpoints


def wrong_definition(
    file: str, name: str, definition: Definition, settings: Environment
) -> Iterator[Violation]:
    """Check a definition against its file's name and its environment."""
    if str(definition.name) != name:  # a file name counts to the letter
        sentence = (
            f"it is {definition.name!r}, but the file is {name}.endpoint.json: rename one of them."
        )
        yield Violation("LH1003", file, "/name", sentence)
    endpoint_name = definition.endpoint_name or settings.endpoint_name(name)
    if len(endpoint_name) > _NAME_LIMIT:
        sentence = (
            f"{endpoint_name} has {len(endpoint_name)} characters, and SageMaker allows"
            f" {_NAME_LIMIT}: choose a shorter one."
        )
        yield Violation("LH1005", file, "/endpoint_name", sentence)
    yield from _past_limits(file, definition, settings)
    yield from _wrong_async(file, definition, settings)


def _past_limits(file: str, definition: Definition, settings: Environment) -> Iterator[Violation]:
    globs, most = settings.allowed_instance_types, settings.max_instances
    kinds = {"/inference_instance_type": definition.instance_type} | {
        f"/instance_pools/{number}/instance_type": kind
        for number, kind in enumerate(definition.instance_pools)
    }
    for pointer, kind in kinds.items():
        if kind and not any(fnmatchcase(kind, glob) for glob in globs):
            sentence = (
                f"{kind} is none of environment.json's allowed_instance_types, {', '.join(globs)}."
            )
            yield Violation("LH1007", file, pointer, sentence)
    counts = {"/inference_instance_count": definition.instance_count}
    if definition.autoscaling:
        counts["/autoscaling/max_instances"] = definition.autoscaling.max_instances
    for pointer, count in counts.items():
        if most and count > most:
            sentence = f"{count} is more than environment.json's max_instances, {most}."
            yield Violation("LH1007", file, pointer, sentence)


def _wrong_async(file: str, definition: Definition, settings: Environment) -> Iterator[Violation]:
    asynchronous = definition.async_inference
    if asynchronous is None or isinstance(definition.source, ExistingConfig):
        return
    if not (asynchronous.s3_output_path or settings.async_output_path):
        yield Violation(
            "LH1011",
            file,
            "/async_inference",
            "an asynchronous endpoint needs an s3_output_path here, or an async_output_path in"
            " environment.json.",
        )


def wrong_lock(
    file: str, definition: Definition, lock: Lock | None, region_name: str
) -> Iterator[Violation]:
    """Check that a JumpStart id has a lock, made for what the definition and its region say."""
    source, name = definition.source, definition.name
    if not isinstance(source, JumpStart):
        return
    if lock is None:
        yield Violation(
            "LH1012",
            file,
            "/model_id",
            f"it is not resolved yet: run `leasehold lock {name}` and commit {name}.lock.json.",
        )
    elif misfit := _misfit(source, definition, lock, region_name):
        yield Violation("LH1012", file, misfit, _made_for_another(definition, lock))
    else:
        yield from _not_agreed(file, name, source, lock)


def _misfit(source: JumpStart, definition: Definition, lock: Lock, region_name: str) -> str | None:
    """Return which field of a definition its lock was not made for; None where it fits."""
    if lock.model_id != source.model_id or lock.region_name != region_name:
        return "/model_id"
    if not covers(source.model_version, lock.model_version):
        return "/model_version"
    if source.inference_config_name not in {None, lock.config_name}:
        return "/inference_config_name"
    if lock.instance_type is None:
        return None
    if lock.instance_type != definition.instance_type:
        return "/inference_instance_type"
    pools = enumerate(definition.instance_pools)
    places = (
        f"/instance_pools/{n}/instance_type" for n, kind in pools if kind not in lock.all_types
    )
    return next(places, None)


def _made_for_another(definition: Definition, lock: Lock) -> str:
    name, types = definition.name, lock.all_types
    config = f" ({lock.config_name})" if lock.config_name else ""
    return (
        f"{name}.lock.json was made for {lock.model_id} {lock.model_version}{config} on"
        f" {' and '.join(types) or 'any instance'} in {lock.region_name}: run `leasehold lock"
        f" {name}` again and commit it."
    )


def _not_agreed(file: str, name: Name, source: JumpStart, lock: Lock) -> Iterator[Violation]:
    """Yield what a person has to agree to before this version may be served, and has not."""
    if lock.licences and not source.accept_eula:
        sentence = unread_licence(f"{name}.lock.json", lock.licences)
        yield Violation("LH1016", file, "/accept_eula", sentence)
    if lock.deprecated is not None and not source.tolerate_deprecated_model:
        yield Violation("LH1045", file, "/model_version", deprecated_version(lock.deprecated))
    if lock.vulnerabilities and not source.tolerate_vulnerable_model:
        yield Violation("LH1046", file, "/model_version", vulnerable_version(lock.vulnerabilities))


def unread_licence(what: str, addresses: Iterable[str]) -> str:
    """Say that a licence is to be read; an empty address is one that nobody knows."""
    known = " and ".join(filter(None, addresses))
    return (
        f"{what} has data under an end-user licence, which this definition does not accept: read"
        f" {known or 'the licence'}, and set accept_eula to true if you agree."
    )


def deprecated_version(told: str) -> str:
    said = f' ("{told.strip()}")' if told.strip() else ""
    return (
        f"AWS calls this version deprecated{said}: choose another, or set tolerate_deprecated_model"
        " to true if it has to be this one."
    )


def vulnerable_version(vulnerabilities: Iterable[str]) -> str:
    return (
        f"AWS calls this version vulnerable ({', '.join(vulnerabilities)}): choose another, or set"
        " tolerate_vulnerable_model to true if it has to be this one."
    )


def one_token_table(file: str, settings: Environment) -> Iterator[Violation]:
    """Yield where the predecessor's table of tokens is the one of today, whose key is another.

    It is no reason to leave endpoints alone, so whoever writes or deploys the settings asks.
    """
    if settings.identities.legacy_token_table == settings.ddb_auth_table_name:
        sentence = (
            f"{settings.ddb_auth_table_name} is ddb_auth_table_name, too: the tables have different"
            " keys, so name the predecessor's here, or none."
        )
        yield Violation("LH1014", file, "/identities/legacy_token_table", sentence)
