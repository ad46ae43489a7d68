"""What JumpStart says of a model: values, and the questions that can be asked of it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

ModelType = Literal["open_weights", "proprietary"]
MODEL_TYPES: tuple[ModelType, ...] = ("open_weights", "proprietary")


@dataclass(frozen=True, slots=True)
class Header:
    """One version of a model in the list of a region; `min_version` is of the SDK."""

    model_id: str
    version: str
    min_version: str
    model_type: ModelType = "open_weights"
    search_keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FurtherData:
    """A source of files beside the model's own, such as a draft model.

    `needs_licence`: it is under a licence of its own; `eula_url` is where that can be read.
    """

    channel_name: str
    s3_uri: str
    s3_data_type: str
    compression_type: str
    needs_licence: bool = False
    eula_url: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One version of a model, whatever it will run on.

    `deprecated` is AWS's sentence (perhaps an empty one) or None; `vulnerabilities` likewise.
    `config_name` is the configuration that is meant: one that was asked for, or the one that
    JumpStart ranks first. `configs` has the supported instance types of each.
    """

    header: Header
    supported_instance_types: tuple[str, ...] = ()
    default_instance_type: str | None = None
    config_name: str | None = None
    configs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    eula_url: str | None = None
    deprecated: str | None = None
    vulnerabilities: tuple[str, ...] | None = None
    needs_repacking: bool = False
    subscription_link: str | None = None


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What is deployed for one version on one instance type.

    A package has image and data in it. `model_kwargs` and `deploy_kwargs` are those of the SDK.
    """

    image: str | None = None
    model_package_arn: str | None = None
    model_data: str | None = None
    further_data: tuple[FurtherData, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    model_kwargs: Mapping[str, Any] = field(default_factory=dict)
    deploy_kwargs: Mapping[str, Any] = field(default_factory=dict)


class NotResolvableError(Exception):
    """A model that JumpStart has and that cannot be resolved: a code, and a sentence that ends."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


class Catalogue(Protocol):
    """JumpStart in one region.

    Each question may raise Refused LH5071: no network, no credentials, no permission.
    """

    @property
    def region_name(self) -> str: ...

    @property
    def sdk_version(self) -> str: ...

    def headers(self, model_type: ModelType) -> Sequence[Header]:
        """Return all versions of all models of a kind. Raises NotResolvableError LH1049."""

    def model(self, header: Header, config_name: str | None = None) -> Model:
        """Look one version up, in a configuration of its own if need be.

        Raises NotResolvableError, with LH1051 where it has no such configuration.
        """

    def artifacts(self, model: Model, instance_type: str) -> Artifacts:
        """Resolve a version for an instance type. Raises NotResolvableError."""


Catalogues = Callable[[str], Catalogue]  # by the name of a region
