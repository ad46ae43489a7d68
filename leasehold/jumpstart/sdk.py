"""JumpStart as the SageMaker SDK knows it. Nothing else imports that SDK, of which this takes
`sagemaker.core` alone. It decides nothing.

What it has to know of the SDK:
- it logs and warns on its own account, and believes that it is version 3.0.0;
- its state is global: one region at a time, and specs that are changed in place. A type's variables
  are written into those of its family, so each resolution gets specs that nobody has used;
- variables of this machine may put other buckets in place of JumpStart's, and files may configure
  it: a lock is the same on all machines, so they have no effect.
"""

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from leasehold import aws_settings
from leasehold.jumpstart import spec
from leasehold.jumpstart.model import (
    Artifacts,
    FurtherData,
    Header,
    Model,
    ModelType,
    NotResolvableError,
)
from ledger.errors import Refused

# Before the SDK is imported: it configures logging then.
for _name in ("sagemaker", "sagemaker.config"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from sagemaker.core import environment_variables, image_uris, model_uris
    from sagemaker.core.common_utils import get_domain_for_region
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.jumpstart import artifacts as retrieve
    from sagemaker.core.jumpstart import constants, utils
    from sagemaker.core.jumpstart.accessors import JumpStartModelsAccessor, SageMakerSettings
    from sagemaker.core.jumpstart.enums import JumpStartModelType, JumpStartScriptScope
    from sagemaker.core.jumpstart.types import JumpStartCachedContentKey

_SCOPE = JumpStartScriptScope.INFERENCE
_OVERRIDES = (
    constants.ENV_VARIABLE_JUMPSTART_CONTENT_BUCKET_OVERRIDE,
    constants.ENV_VARIABLE_JUMPSTART_GATED_CONTENT_BUCKET_OVERRIDE,
    constants.ENV_VARIABLE_JUMPSTART_MODEL_ARTIFACT_BUCKET_OVERRIDE,
    constants.ENV_VARIABLE_JUMPSTART_SCRIPT_ARTIFACT_BUCKET_OVERRIDE,
    constants.ENV_VARIABLE_NEO_CONTENT_BUCKET_OVERRIDE,
)
_ABSENT = frozenset({"NoSuchKey", "404"})
_DENIED = frozenset({"AccessDenied", "403", "Forbidden"})
_NO_LOCAL_FILES = "Unsupported file type for local override"
_NO_CONFIG = {"SchemaVersion": "1.0"}


class Sdk:
    """The SDK that is installed, and by it JumpStart in each region."""

    def __init__(self, version: str) -> None:
        self._version = version
        # It takes itself for 3.0.0, and passes over models that need a newer one.
        SageMakerSettings.set_sagemaker_version(version)
        self._of_region = cache(self._made)

    def __call__(self, region: str) -> "SdkCatalogue":
        """Return JumpStart in a region. Raises Refused LH5060."""
        return self._of_region(region)

    def _made(self, region: str) -> "SdkCatalogue":
        return SdkCatalogue(region, self._version)


class SdkCatalogue:
    """JumpStart in one region, by one session."""

    def __init__(self, region: str, version: str) -> None:
        self._region, self._version = region, version
        self._session = _session(region)
        self._headers = cache(self._read_headers)
        self._keys: dict[tuple[str, str, str], str] = {}

    @property
    def region_name(self) -> str:
        return self._region

    @property
    def sdk_version(self) -> str:
        return self._version

    def headers(self, model_type: ModelType) -> Sequence[Header]:
        """List the models of the region. Raises NotResolvableError LH1049 for another region."""
        if self._region not in constants.JUMPSTART_REGION_NAME_SET:
            known = ", ".join(sorted(constants.JUMPSTART_REGION_NAME_SET))
            raise NotResolvableError(
                "LH1049", f"JumpStart is not in {self._region}: it is in {known}."
            )
        return self._headers(model_type)

    def model(self, header: Header, config_name: str | None = None) -> Model:
        with self._asking(f"{header.model_id} {header.version}"):
            specs, name = self._fresh_specs(header, config_name)
            return Model(
                header,
                supported_instance_types=tuple(specs.supported_inference_instance_types or ()),
                default_instance_type=specs.default_inference_instance_type,
                config_name=name,
                configs=spec.configs(specs),
                eula_url=self._eula_url(spec.either(specs, name, "hosting_eula_key")),
                deprecated=spec.deprecated(specs, name),
                vulnerabilities=spec.vulnerabilities(specs, name),
                needs_repacking=_is_open(header) and specs.use_inference_script_uri(),
                subscription_link=specs.model_subscription_link,
            )

    def artifacts(self, model: Model, instance_type: str) -> Artifacts:
        header = model.header
        with self._asking(f"{header.model_id} {header.version} on {instance_type}"):
            specs, _ = self._fresh_specs(header, model.config_name)
            arn = self._package(specs, model, instance_type)
            kwargs = {
                "model_kwargs": retrieve._retrieve_model_init_kwargs(**self._named(model)),  # noqa: SLF001
                "deploy_kwargs": retrieve._retrieve_model_deploy_kwargs(  # noqa: SLF001
                    **self._named(model), instance_type=instance_type
                ),
            }
            environment = self._environment(model, instance_type)
            if arn is not None or not _is_open(header):
                return Artifacts(model_package_arn=arn, environment=environment, **kwargs)
            of_type = {**self._named(model), "instance_type": instance_type}
            return Artifacts(
                image=image_uris.retrieve(framework=None, image_scope=_SCOPE, **of_type),
                model_data=model_uris.retrieve(model_scope=_SCOPE, **of_type),
                further_data=tuple(self._further_data(specs)),
                environment=environment,
                **kwargs,
            )

    def _read_headers(self, model_type: ModelType) -> Sequence[Header]:
        with self._asking(f"the list of {model_type} models"):
            try:
                found = JumpStartModelsAccessor._get_manifest(  # noqa: SLF001
                    region=self._region,
                    s3_client=self._session.s3_client,
                    model_type=JumpStartModelType(model_type),
                )
            except ClientError as error:
                if model_type == "open_weights" or _code(error) not in _ABSENT:
                    raise
                return ()  # nothing is sold in this region
            except ValueError as error:
                if _NO_LOCAL_FILES not in str(error):
                    raise
                return ()  # files of this machine stand for JumpStart, and know nothing of these
        for each in found:
            self._keys[each.model_id, each.version, model_type] = each.spec_key
        return tuple(
            Header(
                each.model_id,
                each.version,
                each.min_version,
                model_type,
                tuple(each.search_keywords or ()),
            )
            for each in found
        )

    def _fresh_specs(self, header: Header, wanted: str | None) -> tuple[Any, str | None]:
        """Return specs that no resolution has changed yet, and which configuration they are in."""
        self.headers(header.model_type)  # of this region: the SDK knows one at a time
        accessor = JumpStartModelsAccessor
        if accessor._cache is not None and accessor._curr_region == self._region:  # noqa: SLF001
            kind = constants.MODEL_TYPE_TO_SPECS_MAP[JumpStartModelType(header.model_type)]
            place = self._keys.get((header.model_id, header.version, header.model_type))
            key = JumpStartCachedContentKey(kind, place)
            accessor._cache._content_cache._lru_cache.pop(key, None)  # noqa: SLF001
        specs = self._specs(header, None)
        name = spec.ranked_first(specs) if wanted is None else wanted
        if name is None:
            return specs, None
        if name not in (known := spec.configs(specs)):
            raise NotResolvableError(
                "LH1051",
                f"{header.model_id} {header.version} has no configuration {name}; there is"
                f" {', '.join(known) or 'none that can be chosen'}.",
            )
        return self._specs(header, name), name

    def _specs(self, header: Header, config_name: str | None) -> Any:  # noqa: ANN401
        return utils.verify_model_region_and_return_specs(
            model_id=header.model_id,
            version=header.version,
            scope=_SCOPE,
            region=self._region,
            tolerate_vulnerable_model=True,
            tolerate_deprecated_model=True,
            sagemaker_session=self._session,
            model_type=JumpStartModelType(header.model_type),
            config_name=config_name,
        )

    def _named(self, model: Model) -> dict[str, Any]:
        """Return how the SDK is told which model is meant."""
        return {
            "model_id": model.header.model_id,
            "model_version": model.header.version,
            "region": self._region,
            "sagemaker_session": self._session,
            "model_type": JumpStartModelType(model.header.model_type),
            "config_name": model.config_name,
            "tolerate_vulnerable_model": True,
            "tolerate_deprecated_model": True,
        }

    def _package(self, specs: Any, model: Model, instance_type: str) -> str | None:  # noqa: ANN401
        """Return the region's package, if the model comes in one. Raises NotResolvableError."""
        try:
            found: str | None = retrieve._retrieve_model_package_arn(  # noqa: SLF001
                **self._named(model), instance_type=instance_type, scope=_SCOPE
            )
        except ValueError as error:
            regions = sorted(specs.hosting_model_package_arns or ())
            if self._region in regions:
                raise
            raise NotResolvableError(
                "LH1048",
                f"{model.header.model_id} {model.header.version} comes in a model package, and"
                f" there is none in {self._region}: there is one in {', '.join(regions)}.",
            ) from error
        if found is None and not _is_open(model.header):
            raise NotResolvableError(
                "LH1048",
                f"{model.header.model_id} {model.header.version} is sold as a model package, and"
                " JumpStart names none in any region.",
            )
        return found

    def _environment(self, model: Model, instance_type: str) -> dict[str, str]:
        """Return the variables; the SDK sends none with a package of Marketplace's."""
        if not _is_open(model.header):
            return {}
        found: dict[str, str] = environment_variables.retrieve_default(
            **self._named(model),
            include_aws_sdk_env_vars=False,
            instance_type=instance_type,
            script=_SCOPE,
        )
        return dict(found)

    def _further_data(self, specs: Any) -> Iterator[FurtherData]:  # noqa: ANN401
        for each in specs.get_speculative_decoding_s3_data_sources():
            bucket = utils.get_draft_model_content_bucket(
                provider=each.provider, region=self._region
            )
            if bucket is None:
                raise NotResolvableError(
                    "LH1048",
                    f"{specs.model_id} {specs.version} has further data ({each.channel_name}) that"
                    f" is in no bucket of {self._region}: choose another region.",
                )
            source = each.s3_data_source
            source.set_bucket(bucket)
            asks = source.model_access_config is not None or bool(each.hosting_eula_key)
            yield FurtherData(
                each.channel_name,
                source.s3_uri,
                source.s3_data_type,
                source.compression_type,
                needs_licence=asks,
                eula_url=self._eula_url(each.hosting_eula_key),
            )

    def _eula_url(self, key: str | None) -> str | None:
        if not key:
            return None
        bucket, domain = self._bucket(), get_domain_for_region(self._region)
        return f"https://{bucket}.s3.{self._region}.{domain}/{key}"

    def _bucket(self) -> str:
        found: str = utils.get_jumpstart_content_bucket(self._region)
        return found

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """Turn what goes wrong in the SDK into sentences."""
        with _without_overrides():
            try:
                yield
            except ClientError as error:
                raise self._refused(what, error) from error
            except NoCredentialsError as error:
                raise Refused(
                    "LH5071",
                    f"{what} cannot be read without credentials, for S3 gives it to an AWS account"
                    f" only: set AWS_PROFILE, or sign in. {self._what_to_allow()}",
                ) from error
            except BotoCoreError as error:
                raise Refused(
                    "LH5071",
                    f"{what} cannot be read from S3 in {self._region} ({_told(error)}): look at the"
                    f" network, its proxies and the credentials. {self._what_to_allow()}",
                ) from error
            except (NotResolvableError, Refused):
                raise
            except Exception as error:  # whatever the SDK and a model's own data lead to
                raise NotResolvableError(
                    "LH1050",
                    f"the SageMaker SDK {self._version} cannot resolve {what} in {self._region}:"
                    f" {_told(error)}",
                ) from error

    def _refused(self, what: str, error: ClientError) -> Exception:
        code = _code(error)
        if code == "NoSuchBucket":
            return NotResolvableError(
                "LH1049", f"JumpStart has no bucket {self._bucket()} in {self._region}."
            )
        if code in _ABSENT:
            return NotResolvableError(
                "LH1050", f"{what} is not where JumpStart's list says, in {self._bucket()}."
            )
        if code in _DENIED:
            return Refused("LH5071", f"AWS denies reading {what}. {self._what_to_allow()}")
        return Refused(
            "LH5071",
            f"{what} cannot be read from S3 in {self._region} ({_told(error)}). "
            f"{self._what_to_allow()}",
        )

    def _what_to_allow(self) -> str:
        partition = self._session.boto_session.get_partition_for_region(self._region)
        return (
            f"It takes s3:GetObject on arn:{partition}:s3:::{self._bucket()}/*, and nothing else."
        )


def _session(region: str) -> Any:  # noqa: ANN401
    """Make the SDK's session, without a look at the files that configure the SDK."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Session(aws_settings.session_in(region), sagemaker_config=_NO_CONFIG)


@contextmanager
def _without_overrides() -> Iterator[None]:
    """Hide the variables that put other buckets in place of JumpStart's."""
    hidden = {name: os.environ.pop(name) for name in _OVERRIDES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _is_open(header: Header) -> bool:
    return header.model_type == "open_weights"


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _told(error: Exception) -> str:
    """Return what an error says; a KeyError puts it in quotes, and nothing is worth a name."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return f"{' '.join(text.split()) or type(error).__name__}".rstrip(".")[:500] + "."
