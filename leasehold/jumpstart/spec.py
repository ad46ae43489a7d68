"""What a model's spec says, as the SageMaker SDK has read it: configurations, types, warnings.

A spec says the same thing in several places, and one of them hides the others. Nothing here imports
the SDK; `specs` is its object.
"""

from collections.abc import Iterator
from typing import Any


def ranked_first(specs: Any) -> str | None:  # noqa: ANN401
    """Return the configuration that JumpStart ranks first; None for a model that has none."""
    if not specs.inference_configs:
        return None
    found = specs.inference_configs.get_top_config_from_ranking()
    return None if found is None else str(found.config_name)


def configs(specs: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401
    """Return the instance types that each configuration supports."""
    if not specs.inference_configs:
        return {}
    return {name: _types(each) for name, each in specs.inference_configs.configs.items()}


def _types(config: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return its types; none where the SDK fails on it, which concerns no other configuration."""
    try:
        return tuple(config.resolved_config.get("supported_inference_instance_types") or ())
    except (AttributeError, KeyError, TypeError, ValueError):
        return ()


def _layers(specs: Any, config_name: str | None) -> Iterator[Any]:  # noqa: ANN401
    """Yield where a flag may stand: what was resolved, the top of the spec, its components."""
    yield specs
    if config_name is not None:
        config = specs.inference_configs.configs[config_name]
        yield config.base_fields
        yield from (config.config_components or {}).values()


def either(specs: Any, config_name: str | None, field: str) -> Any:  # noqa: ANN401
    """Return a field from the first place that says it: what is resolved hides the others."""
    for each in _layers(specs, config_name):
        found = each.get(field) if isinstance(each, dict) else getattr(each, field, None)
        if found:
            return found
    return None


def deprecated(specs: Any, config_name: str | None) -> str | None:  # noqa: ANN401
    """Return AWS's words on a version that it calls deprecated, which may be empty; else None."""
    if not either(specs, config_name, "deprecated"):
        return None
    return str(either(specs, config_name, "deprecated_message") or "")


def vulnerabilities(specs: Any, config_name: str | None) -> tuple[str, ...] | None:  # noqa: ANN401
    """Return what AWS lists of a version that it calls vulnerable; else None."""
    if not either(specs, config_name, "inference_vulnerable"):
        return None
    named = either(specs, config_name, "inference_vulnerabilities")
    return tuple(named or ("it does not say where",))
