"""Definitions for the predecessor's models, and for what was added to it by its API. Pure.

    there                        the first step's source        besides
    ---------------------------  -----------------------------  -------------------------------
    an endpoint that stays       the very config that it has    adopt: nothing is changed by it
    no endpoint, but its config  that config                    a start needs no lock
    neither, or AWS not asked    model_id                       frozen until it is locked

A value that no definition may have is kept to the letter: the definition is frozen by it, and says
why. What the predecessor never read is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.planning.observed import Existing
from leasehold.predecessor.configs import Configs, Model
from leasehold.predecessor.expiries import Expiry
from leasehold.predecessor.fitting import allotted, fits, fitted
from leasehold.predecessor.found import Found
from leasehold.predecessor.notes import Note, absent, note, unknown_fields
from leasehold.predecessor.schedules import translated
from ledger.names import EndpointName

SCHEMA = "../../schema/endpoint.schema.json"
# The functions that the predecessor shipped, and those here that take and answer the same.
FUNCTIONS = {
    "functions/falcon": "functions/text_generation",
    "functions/flan": "functions/text2text",
}
_KNOWN = {
    *("name", "model_id", "inference_instance_type", "inference_instance_count"),
    *("inference_type", "schedule", "integration", "public", "async_api_enabled"),
}
_HOSTING = ("inference_instance_type", "inference_instance_count")
_AS_THEY_ARE = ("public", "async_api_enabled")
_PATH_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Made:
    """A definition, the endpoint that it is about, and where its fields came from."""

    name: str
    endpoint_name: EndpointName
    data: Mapping[str, Any]
    notes: list[Note] = field(default_factory=list)

    @property
    def is_async(self) -> bool:
        return self.data.get("inference_type") == "async"

    @property
    def is_metered(self) -> bool:
        """Tell whether it has a lease: an asynchronous one without a schedule has none."""
        return not self.is_async or "schedule" in self.data

    @property
    def has_hours(self) -> bool:
        schedule = self.data.get("schedule")
        return isinstance(schedule, Mapping) and "windows" in schedule


class Definer:
    """Makes the definitions of one environment, none of which may claim what another has."""

    def __init__(self, configs: Configs, prefix: str, found: Found | None = None) -> None:
        """`prefix` is the environment's, which may not be the file's own."""
        self.configs, self.prefix, self.found = configs, prefix, found or Found()
        models = {each.place: each for each in configs.models}
        names = {place: each.name for place, each in models.items()}
        self.names, self._taken = allotted(
            names, _is_name, lambda place: fitted(names[place]) or "Model"
        )
        former = {place: configs.endpoint_name(each) for place, each in models.items()}
        self.endpoint_names, _ = allotted(
            former, _is_endpoint, lambda place: _as_endpoint(self.default(self.names[place]))
        )
        answered = [each for each in configs.models if not self.is_async(each)]
        paths = {each.place: path for each in answered if (path := _path(each)) is not None}
        self.paths, _ = allotted(paths, _is_path, lambda place: _as_path(paths[place]))

    def there(self, model: Model) -> Existing | None:
        """Return the endpoint of a model, where it runs."""
        return self.found.serving(EndpointName(self.endpoint_names[model.place]))

    def is_async(self, model: Model) -> bool:
        """Tell which of the two it is: an endpoint that is there knows better than the file."""
        there = self.there(model)
        return there.is_async if there else model.data.get("inference_type") == "async"

    def default(self, name: str) -> str:
        """Return what an endpoint is called whose definition does not say it."""
        return f"{self.prefix}-{name}-Endpoint"

    def named(self, name: str, endpoint_name: EndpointName) -> dict[str, str]:
        """Return the field that says an endpoint's name, where it is not the default."""
        default = str(endpoint_name) == self.default(name)
        return {} if default else {"endpoint_name": str(endpoint_name)}

    def _short(self, endpoint_name: EndpointName) -> str:
        """Return what a model would be called whose endpoint this is, or else all of its name."""
        inner = str(endpoint_name).removeprefix(f"{self.prefix}-").removesuffix("-Endpoint")
        usable = inner and str(endpoint_name) == self.default(inner)
        return inner if usable and inner not in self._taken else str(endpoint_name)

    def of_model(self, model: Model) -> Made:
        """Make the definition of a model. What AWS has of it, its endpoint goes on with."""
        made = _Maker(self, model)
        return made.made()

    def of_endpoint(self, endpoint_name: EndpointName, config_name: str) -> Made:
        """Make the definition of an endpoint that the predecessor's API added."""
        name = self._taken.take(self._short(endpoint_name))
        there, expiry = self.found.serving(endpoint_name), self.found.expiries.get(endpoint_name)
        config = self.found.configs.get(config_name)
        asynchronous = config.async_inference if config else None
        schedule, notes = _scheduled(endpoint_name, expiry)
        is_async = asynchronous is not None or bool(there and there.is_async)
        data = {
            "$schema": SCHEMA,
            "name": name,
            **self.named(name, endpoint_name),
            "endpoint_config_name": config_name,
            "inference_type": "async" if is_async else "realtime",
            **({"async_inference": asynchronous} if asynchronous else {}),
            # A schedule, even an empty one, is what gives an asynchronous endpoint a meter.
            **({"schedule": schedule or {}} if schedule or is_async else {}),
            **({"adopt": True} if there else {}),
        }
        now = f"{name}.endpoint.json, on its endpoint config {config_name}"
        return Made(name, endpoint_name, data, [absent(str(endpoint_name), now), *notes])


def _path(model: Model) -> str | None:
    match model.data:
        case {"integration": {"properties": {"api_resource_name": str(path)}}}:
            return path
        case _:
            return None


def _is_name(text: str) -> bool:
    return fits("endpoint", "name", value=text)


def _is_endpoint(text: str) -> bool:
    return fits("endpoint", "endpoint_name", value=text)


def _as_endpoint(text: str) -> str:
    return text if _is_endpoint(text) else fitted(text)


def _is_path(text: str) -> bool:
    return fits("endpoint", "integration", "properties", "api_resource_name", value=text)


def _as_path(text: str) -> str:
    usable = fitted(text, _PATH_LIMIT)
    return usable if _is_path(usable) else f"{usable or 'model'}-model"


@dataclass
class _Maker:
    """One model's definition in the making; each method takes some fields along."""

    definer: Definer
    model: Model
    notes: list[Note] = field(default_factory=list)

    def made(self) -> Made:
        name = self._name()
        key = EndpointName(self._endpoint(name))
        there = self.definer.there(self.model)
        data = {
            "$schema": SCHEMA,
            "name": name,
            **self.definer.named(name, key),
            **self._source(key, there),
            **self._hosting(),
            **self._kind(there),
            **self._output(there),
            **self._schedule(key),
            **self._integration(),
            **self._others(),
            **({"adopt": True} if there else {}),
        }
        self.notes += unknown_fields(f"{self.model.name}: ", self.model.data, _KNOWN)
        return Made(name, key, data, self.notes)

    def _note(self, field: str, was: object, now: str, *, look: bool = False) -> None:
        self.notes.append(note(f"{self.model.name}: {field}", was, now, look=look))

    def _absent(self, field: str, now: str, *, look: bool = False) -> None:
        self.notes.append(absent(f"{self.model.name}: {field}", now, look=look))

    @property
    def _is_async(self) -> bool:
        return self.definer.is_async(self.model)

    def _name(self) -> str:
        was, name = self.model.data.get("name"), self.definer.names[self.model.place]
        if was == name:
            self._note("name", was, f"name, in {name}.endpoint.json")
        else:
            now = f"{name}: the former one is none that a file and an endpoint may have, or taken"
            self._note("name", was, now, look=True)
        return name

    def _endpoint(self, name: str) -> str:
        former = self.definer.configs.endpoint_name(self.model)
        chosen = self.definer.endpoint_names[self.model.place]
        if chosen != former:
            now = f"{chosen}, for the former name is taken or none that SageMaker has"
            self._note("endpoint", former, now, look=True)
        elif chosen != self.definer.default(name):
            self._note("endpoint", former, "endpoint_name")
        return chosen

    def _source(self, key: EndpointName, there: Existing | None) -> dict[str, Any]:
        model_id = self.model.data.get("model_id")
        expiry = self.definer.found.expiries.get(key)
        config_name = there.config_name if there else expiry.config_name if expiry else None
        if config_name and (there or not self._problem(config_name)):
            later = "kept for the second step; until then it runs on"
            self._note("model_id", model_id, f"{later} the endpoint config {config_name}")
            return {"endpoint_config_name": config_name}
        if model_id is None:
            self._absent("model_id", "missing, so its definition is frozen", look=True)
            return {}
        self._note("model_id", model_id, "model_id; frozen until `leasehold lock` resolves it")
        return {"model_id": model_id}

    def _problem(self, config_name: str) -> str:
        config = self.definer.found.configs.get(config_name)
        return config.problem if config else ""

    def _hosting(self) -> dict[str, Any]:
        found = {key: self.model.data[key] for key in _HOSTING if key in self.model.data}
        for key, value in found.items():
            self._note(key, value, key)
        if _HOSTING[0] not in found:
            self._absent(_HOSTING[0], "missing, and a model_id needs one", look=True)
        return found

    def _kind(self, there: Existing | None) -> dict[str, Any]:
        kind = self.model.data.get("inference_type")
        if there:
            running = "async" if self._is_async else "realtime"
            now = "inference_type" if running == kind else f"{running}, which it is at AWS"
            self._note("inference_type", kind, now, look=running != kind)
            return {"inference_type": running}
        if kind in ("realtime", "async"):
            self._note("inference_type", kind, "inference_type")
        else:
            now = (
                "kept as it is, and its definition is frozen: the predecessor deployed nothing for"
                " it. Say realtime or async there, or remove the definition"
            )
            self._note("inference_type", kind, now, look=True)
        return {} if kind is None else {"inference_type": kind}

    def _output(self, there: Existing | None) -> dict[str, Any]:
        config_name = there.config_name if there else None
        config = self.definer.found.configs.get(config_name or "")
        asynchronous = config.async_inference if config else None
        if not self._is_async or not asynchronous:
            return {}
        where = asynchronous.get("s3_output_path", "")
        self._absent("async outputs", f"async_inference, as {config_name} has them: {where}")
        return {"async_inference": asynchronous}

    def _schedule(self, key: EndpointName) -> dict[str, Any]:
        place = f"{self.model.name}: schedule"
        expiry = self.definer.found.expiries.get(key)
        if self._is_async and expiry is None:
            if "schedule" in self.model.data:
                now = (
                    "left out: the predecessor's asynchronous endpoints had no meter and were"
                    " always on, and so is this one"
                )
                self._note("schedule", self.model.data["schedule"], now, look=True)
            return {}
        if expiry and expiry.schedule is not None:
            schedule, notes = _scheduled(key, expiry)
        elif "schedule" in self.model.data:
            schedule, notes = translated(place, self.model.data["schedule"])
        else:
            self._absent("schedule", "none: it is off until somebody extends its lease")
            return {"schedule": {}} if self._is_async else {}
        self.notes += notes
        if schedule is None:
            return {"schedule": {}} if self._is_async else {}
        return {"schedule": schedule}

    def _integration(self) -> dict[str, Any]:
        if "integration" not in self.model.data:
            if not self._is_async:
                self._absent("integration", "none: it is asked at /invoke/NAME alone")
            return {}
        integration = self.model.data["integration"]
        if self._is_async:
            now = "left out: the predecessor gave asynchronous endpoints no path"
            self._note("integration", integration, now, look=True)
            return {}
        properties = integration.get("properties") if isinstance(integration, dict) else None
        if not isinstance(integration, dict) or not isinstance(properties, dict):
            now = "kept as it is, which no definition may have"
            self._note("integration", integration, now, look=True)
            return {"integration": integration}
        place = f"{self.model.name}: integration"
        self.notes += unknown_fields(f"{place}.", integration, {"type", "properties"})
        known = {"lambda_src", "api_resource_name"}
        self.notes += unknown_fields(f"{place}.properties.", properties, known)
        kind = {"type": integration["type"]} if "type" in integration else {}
        for value in kind.values():
            self._note("integration.type", value, "integration.type")
        return {"integration": {**kind, "properties": self._properties(properties)}}

    def _properties(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if "lambda_src" in properties:
            found["lambda_src"] = self._function(properties["lambda_src"])
        if "api_resource_name" in properties:
            found["api_resource_name"] = self._path(properties["api_resource_name"])
        return found

    def _function(self, source: Any) -> Any:  # noqa: ANN401  (whatever JSON holds)
        plain = source.removeprefix("./").rstrip("/") if isinstance(source, str) else ""
        if plain in FUNCTIONS:
            now = f"{FUNCTIONS[plain]}, which takes and answers the same"
            self._note("integration.properties.lambda_src", source, now)
            return FUNCTIONS[plain]
        now = (
            "lambda_src. It is a function of your own: copy its folder to functions/ of what you"
            " deploy; it still gets ENDPOINT_NAME, and calls app.handler"
        )
        self._note("integration.properties.lambda_src", source, now, look=True)
        return source

    def _path(self, path: Any) -> Any:  # noqa: ANN401  (whatever JSON holds)
        field = "integration.properties.api_resource_name"
        if not isinstance(path, str):
            self._note(field, path, "kept as it is, which no definition may have", look=True)
            return path
        chosen = self.definer.paths[self.model.place]
        if chosen == path:
            self._note(field, path, f"the same path, /{path}")
        else:
            now = f"/{chosen}, for the former path is taken or none that the API has"
            self._note(field, path, now, look=True)
        return chosen

    def _others(self) -> dict[str, Any]:
        found = {key: self.model.data[key] for key in _AS_THEY_ARE if key in self.model.data}
        for key, value in found.items():
            self._note(key, value, key)
        return found


def _scheduled(
    endpoint_name: EndpointName, expiry: Expiry | None
) -> tuple[Mapping[str, Any] | None, list[Note]]:
    """Translate the hours that a parameter has; its expiry is a lease, and none of these."""
    if expiry is None or expiry.schedule is None:
        return None, []
    return translated(f"{endpoint_name}: its parameter's schedule", expiry.schedule)
