"""Definitions of the predecessor's models, field by field. Pure.

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
from leasehold.predecessor.allotment import Allotment
from leasehold.predecessor.configs import Model
from leasehold.predecessor.made import SCHEMA, Made
from leasehold.predecessor.notes import Note, absent, note, unknown_fields
from leasehold.predecessor.schedules import hours_of, translated
from ledger.names import EndpointName

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


def of_model(allotment: Allotment, model: Model) -> Made:
    """Make the definition of a model. What AWS has of it, its endpoint goes on with."""
    return _Maker(allotment, model).made()


@dataclass
class _Maker:
    """One model's definition in the making; each method takes some fields along."""

    allotment: Allotment
    model: Model
    notes: list[Note] = field(default_factory=list)

    def made(self) -> Made:
        name = self._name()
        key = EndpointName(self._endpoint(name))
        there = self.allotment.there(self.model)
        data = {
            "$schema": SCHEMA,
            "name": name,
            **self.allotment.named(name, key),
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
        return self.allotment.is_async(self.model)

    def _name(self) -> str:
        was, name = self.model.data.get("name"), self.allotment.names[self.model.place]
        if was == name:
            self._note("name", was, f"name, in {name}.endpoint.json")
        else:
            now = f"{name}: the former one is none that a file and an endpoint may have, or taken"
            self._note("name", was, now, look=True)
        return name

    def _endpoint(self, name: str) -> str:
        former = self.allotment.configs.endpoint_name(self.model)
        chosen = self.allotment.endpoint_names[self.model.place]
        if chosen != former:
            now = f"{chosen}, for the former name is taken or none that SageMaker has"
            self._note("endpoint", former, now, look=True)
        elif chosen != self.allotment.default(name):
            self._note("endpoint", former, "endpoint_name")
        return chosen

    def _source(self, key: EndpointName, there: Existing | None) -> dict[str, Any]:
        model_id = self.model.data.get("model_id")
        expiry = self.allotment.found.expiries.get(key)
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
        config = self.allotment.found.configs.get(config_name)
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
        config = self.allotment.found.configs.get(config_name or "")
        asynchronous = config.async_inference if config else None
        if not self._is_async or not asynchronous:
            return {}
        where = asynchronous.get("s3_output_path", "")
        self._absent("async outputs", f"async_inference, as {config_name} has them: {where}")
        return {"async_inference": asynchronous}

    def _schedule(self, key: EndpointName) -> dict[str, Any]:
        place = f"{self.model.name}: schedule"
        expiry = self.allotment.found.expiries.get(key)
        if self._is_async and expiry is None:
            if "schedule" in self.model.data:
                now = (
                    "left out: the predecessor's asynchronous endpoints had no meter and were"
                    " always on, and so is this one"
                )
                self._note("schedule", self.model.data["schedule"], now, look=True)
            return {}
        if expiry and expiry.schedule is not None:
            schedule, notes = hours_of(key, expiry)
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
        chosen = self.allotment.paths[self.model.place]
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
