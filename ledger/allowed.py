"""What an environment allows its definitions to use: images, places in S3, topics, a role. Pure.

A start that uses anything else is not tried. An endpoint that runs already is no less ended with
its lease for it, so this freezes nothing.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from ledger.documents import Container, Definition, Environment, ModelPackage
from ledger.fleet import Holding, Kind, document_path, environment_path
from ledger.json_files import Violation

_Used = Iterator[tuple[str, str, str]]  # file, pointer, and what is there


def not_allowed(environment: str, holding: Holding, settings: Environment) -> Iterator[Violation]:
    """Yield what a holding uses and its environment does not allow."""
    allowed = settings.allowed
    role = settings.execution_role_arn
    in_settings = environment_path(environment)
    file = document_path(environment, holding.name, "endpoint")
    yield from _wrong("images", allowed.images, _images(environment, holding))
    yield from _wrong("s3_prefixes", allowed.s3_prefixes, _data(environment, holding))
    answers = _answers(file, in_settings, holding, settings)
    yield from _wrong("s3_prefixes", allowed.s3_prefixes, answers)
    yield from _wrong("topics", allowed.topics, _topics(file, holding.definition))
    yield from _wrong("roles", allowed.roles, iter([(in_settings, "/execution_role_arn", role)]))


def _wrong(kind: str, globs: Sequence[str] | None, used: _Used) -> Iterator[Violation]:
    if globs is None:
        return
    for file, pointer, value in used:
        if not any(_matches(value, glob) for glob in globs):
            listed = ", ".join(globs) or "nothing"
            sentence = f"{value} is none of environment.json's allowed {kind}, {listed}."
            yield Violation("LH1029", file, pointer, sentence)


def _matches(value: str, glob: str) -> bool:
    """Tell whether a glob allows a value; one that ends in / allows all that is below."""
    return fnmatchcase(value, f"{glob}*" if glob.endswith("/") else glob)


def _container(holding: Holding) -> tuple[Kind, str, Container | None]:
    """Return the container, and in which file and where it is."""
    served, kind = holding.served, holding.served_in
    at = "/model" if kind == "endpoint" else ""
    return kind, at, served if isinstance(served, Container) else None


def _images(environment: str, holding: Holding) -> _Used:
    file = document_path(environment, holding.name, holding.served_in)
    match holding.served:
        case ModelPackage(arn):
            yield file, "/model_package_arn", arn
        case Container(image):
            yield file, f"{_container(holding)[1]}/image", image


def _data(environment: str, holding: Holding) -> _Used:
    kind, at, container = _container(holding)
    if container is None:
        return
    file = document_path(environment, holding.name, kind)
    if container.model_data_url:
        yield file, f"{at}/model_data_url", container.model_data_url
    if container.model_data:
        yield file, f"{at}/model_data_source/s3_uri", container.model_data.s3_uri
    for number, data in enumerate(container.additional_model_data.values()):
        yield file, f"{at}/additional_model_data_sources/{number}/s3_uri", data.s3_uri


def _answers(file: str, in_settings: str, holding: Holding, settings: Environment) -> _Used:
    asynchronous = holding.definition.async_inference
    if asynchronous is None:
        return
    if asynchronous.s3_output_path:
        yield file, "/async_inference/s3_output_path", asynchronous.s3_output_path
    elif settings.async_output_path:
        yield in_settings, "/async_output_path", settings.async_output_path
    if asynchronous.s3_failure_path:
        yield file, "/async_inference/s3_failure_path", asynchronous.s3_failure_path


def _topics(file: str, definition: Definition) -> _Used:
    if asynchronous := definition.async_inference:
        for field in ("success_topic_arn", "error_topic_arn"):
            if arn := getattr(asynchronous, field):
                yield file, f"/async_inference/{field}", arn
