"""The names of an import: of definitions, endpoints and paths, each given once. Pure."""

from controller.planning.observed import Existing
from leasehold.predecessor.configs import Configs, Model
from leasehold.predecessor.fitting import allotted, fits, fitted, is_endpoint_name
from leasehold.predecessor.found import Found
from ledger.names import EndpointName

_PATH_LIMIT = 64


class Allotment:
    """Who is called what in one environment: no two definitions claim the same."""

    def __init__(self, configs: Configs, prefix: str, found: Found | None = None) -> None:
        """`prefix` is the environment's, which may not be the file's own."""
        self.configs, self.prefix, self.found = configs, prefix, found or Found()
        models = {each.place: each for each in configs.models}
        names = {place: each.name for place, each in models.items()}
        self.names, self.taken = allotted(
            names, is_name, lambda place: fitted(names[place]) or "Model"
        )
        former = {place: configs.endpoint_name(each) for place, each in models.items()}
        self.endpoint_names, _ = allotted(
            former, is_endpoint_name, lambda place: _as_endpoint(self.default(self.names[place]))
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


def _path(model: Model) -> str | None:
    match model.data:
        case {"integration": {"properties": {"api_resource_name": str(path)}}}:
            return path
        case _:
            return None


def is_name(text: str) -> bool:
    return fits("endpoint", "name", value=text)


def _as_endpoint(text: str) -> str:
    return text if is_endpoint_name(text) else fitted(text)


def _is_path(text: str) -> bool:
    return fits("endpoint", "integration", "properties", "api_resource_name", value=text)


def _as_path(text: str) -> str:
    usable = fitted(text, _PATH_LIMIT)
    return usable if _is_path(usable) else f"{usable or 'model'}-model"
