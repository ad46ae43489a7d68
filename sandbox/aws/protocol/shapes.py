"""Checks a request against AWS's own service model, and says what is wrong as AWS does."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from sandbox.aws.protocol import errors


@cache
def service(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


@cache
def sagemaker_operations() -> frozenset[str]:
    """Return every operation of SageMaker and of its runtime."""
    runtime = service("sagemaker-runtime").operation_names
    return frozenset([*service("sagemaker").operation_names, *runtime])


@cache
def instance_types() -> frozenset[str]:
    return frozenset(
        service("sagemaker").shape_for("ProductionVariantInstanceType").metadata["enum"]
    )


def check(model: str, operation: str, params: dict[str, Any]) -> None:
    """Raise AWS's error that lists every violation of an operation's input shape."""
    shape = service(model).operation_model(operation).input_shape
    found = list(violations(shape, params, "")) if shape is not None else []
    if found:
        noun = "error" if len(found) == 1 else "errors"
        raise errors.invalid(f"{len(found)} validation {noun} detected: {'; '.join(found)}")


def violations(shape: Shape, value: object, path: str) -> Iterator[str]:
    match shape, value:
        case StructureShape(), dict():
            yield from _structure(shape, value, path)
        case ListShape(), list():
            yield from _length(shape, len(value), value, path)
            for index, member in enumerate(value, start=1):
                yield from violations(shape.member, member, f"{path}.{index}.member")
        case MapShape(), dict():
            yield from _length(shape, len(value), value, path)
            for key, member in value.items():
                yield from violations(shape.value, member, f"{path}.{key}")
        case Shape(type_name="string"), str():
            yield from _length(shape, len(value), value, path)
            yield from _text(shape, value, path)
        case Shape(type_name="integer" | "long" | "float" | "double"), int() | float():
            yield from _number(shape, value, path)
        case Shape(type_name="boolean"), bool():
            pass
        case Shape(type_name="timestamp" | "blob"), _:
            pass
        case _:
            yield _constraint(value, path, f"Member must be a {shape.type_name}")


def _structure(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _constraint(None, _below(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from violations(member, value[name], _below(path, name))


def _length(shape: Shape, length: int, value: object, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and length < least:
        rule = f"Member must have length greater than or equal to {least}"
        yield _constraint(value, path, rule)
    if most is not None and length > most:
        yield _constraint(value, path, f"Member must have length less than or equal to {most}")


def _text(shape: Shape, value: str, path: str) -> Iterator[str]:
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        rule = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        yield _constraint(value, path, rule)
    pattern = _pattern(shape.metadata.get("pattern"))
    if pattern is not None and not pattern.fullmatch(value):
        rule = f"Member must satisfy regular expression pattern: {pattern.pattern}"
        yield _constraint(value, path, rule)


@cache
def _pattern(text: str | None) -> re.Pattern[str] | None:
    """Return None for a pattern with Java's Unicode classes or surrogate pairs: `re` has none."""
    try:
        return re.compile(text) if text is not None else None
    except re.error:
        return None


def _number(shape: Shape, value: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        yield _constraint(value, path, f"Member must have value greater than or equal to {least}")
    if most is not None and value > most:
        yield _constraint(value, path, f"Member must have value less than or equal to {most}")


def _constraint(value: object, path: str, rule: str) -> str:
    told = "null" if value is None else f"'{value}'"
    return f"Value {told} at '{path}' failed to satisfy constraint: {rule}"


def _below(path: str, name: str) -> str:
    member = name[0].lower() + name[1:]
    return f"{path}.{member}" if path else member
