"""`leasehold new`: a definition of a JumpStart model with its lock, ready for review.

What it is not told it asks for in a terminal; elsewhere it takes what costs nothing by itself: no
first lease, and JumpStart's own instance type. Both files are written, or neither.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from leasehold.clone import into_option, lacking_schemas, write
from leasehold.console import dim, note, say
from leasehold.jumpstart import extra
from leasehold.jumpstart.changes import headline
from leasehold.jumpstart.files import write_all
from leasehold.jumpstart.model import Catalogue, Model, NotResolvableError
from leasehold.jumpstart.resolving import Locked, resolve
from leasehold.jumpstart.versions import choose
from leasehold.jumpstart.wanted import Wanted
from ledger import variables
from ledger.checkout import documents
from ledger.documents import Environment, JumpStart, parse_definition
from ledger.errors import Refused, Unknown
from ledger.holdings import Broken, Fleet, document_path, environments, read_fleet
from ledger.json_files import as_sentences, dump_json
from ledger.snapshot import Entries

_OF_SOURCE = ("accept_eula", "tolerate_deprecated_model", "tolerate_vulnerable_model")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the definition goes, and all that is there."""

    clone: Path
    entries: Entries
    fleet: Fleet
    settings: Environment


@click.command
@click.argument("name")
@click.option(
    "--model-id", metavar="ID", help="The JumpStart model; `leasehold models` lists them."
)
@click.option("--model-version", default="*", show_default=True, metavar="VERSION")
@click.option(
    "--config-name",
    metavar="NAME",
    help="A configuration of the model; by default the one that JumpStart ranks first.",
)
@click.option("--instance-type", metavar="TYPE", help="By default the one that JumpStart chooses.")
@click.option("--instance-count", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--async", "is_async", is_flag=True, help="Queue requests; it is always on then.")
@click.option(
    "--minutes",
    type=click.IntRange(0, 525_600),
    help="Length of its first lease; 0, the default, leaves it off until somebody extends it.",
)
@click.option("--path", "resource", metavar="NAME", help="Answer at /NAME of the API, too.")
@click.option("--owner", metavar="TEXT", help="Who to tell about it.")
@click.option("--accept-eula", is_flag=True, help="You have read its licence, and agree.")
@click.option("--tolerate-deprecated-model", is_flag=True, help="Though AWS gives it up.")
@click.option("--tolerate-vulnerable-model", is_flag=True, help="Though its container has holes.")
@click.option(
    "--environment",
    "-e",
    envvar=variables.ENVIRONMENT,
    metavar="NAME",
    help="Environment, as its folder is called; by default the only one.",
)
@into_option
def new(
    name: str,
    *,
    model_id: str | None,
    model_version: str,
    environment: str | None,
    into: Path,
    **options: Any,  # noqa: ANN401  (one for each option of a definition)
) -> None:
    """Write the definition NAME of a JumpStart model, and its lock.

    Needs the extra: pip install 'leasehold[jumpstart]'.
    """
    place = _place(into, environment)
    _check_free(place, name)
    source = JumpStart(
        _model_id(model_id),
        model_version,
        inference_config_name=options["config_name"],
        **{key: options[key] for key in _OF_SOURCE},
    )
    note("Loading the SageMaker SDK ...")
    catalogue = extra.catalogues()(place.settings.region_name)
    model = _model(catalogue, source)
    source = replace(source, accept_eula=_accepted(model, accepted=source.accept_eula))
    instance_type = _instance_type(model, options["instance_type"])
    wanted = Wanted(place.fleet.name, name, source, instance_type, (), place.settings.region_name)
    files = {wanted.file: _definition(wanted, {**options, "minutes": _minutes(options)})}
    _check_definition(wanted, files)
    locked = resolve(wanted, catalogue)
    if not isinstance(locked, Locked):
        raise _not_in_order(as_sentences(locked.violations))
    files[wanted.lock_file] = locked.content
    _check_fleet(place, name, files)
    write_all(into, files)
    schemas = lacking_schemas(into)
    write(into, schemas)
    _tell(locked, [*files, *(["schema"] if schemas else [])])


def _place(clone: Path, environment: str | None) -> _Place:
    """Find the environment. Raises Refused LH5002 where it is not clear or not there, LH4109."""
    entries = documents(clone)
    there = environments(entries)
    if environment is None and len(there) > 1:
        raise Refused(
            "LH5002", f"there are several environments: say --environment {' | '.join(there)}."
        )
    name = environment or there[0]
    if name not in there:
        said = f"there is no environment {name}; there is: {', '.join(there)}."
        raise Unknown("LH5002", said, str(name), tuple(there))
    fleet = read_fleet(entries, name)
    return _Place(clone, entries, fleet, fleet.require_settings())


def _check_free(place: _Place, name: str) -> None:
    if found := place.fleet.find(name):
        file = document_path(place.fleet.name, found.name, "endpoint")
        raise _not_in_order(f"{file} is there already: choose another name.")


def _model_id(given: str | None) -> str:
    """Return the id, or ask for it. Raises Refused LH5087 where nobody can be asked."""
    if given:
        return given
    if not sys.stdin.isatty():
        raise Refused(
            "LH5087",
            "there is no terminal to ask in, and --model-id is missing: `leasehold models` lists"
            " what there is.",
        )
    return str(click.prompt("model_id"))


def _model(catalogue: Catalogue, source: JumpStart) -> Model:
    try:
        header = choose(catalogue, source.model_id, source.model_version).header
        return catalogue.model(header, source.inference_config_name)
    except NotResolvableError as error:
        raise _not_in_order(error.sentence) from error


def _accepted(model: Model, *, accepted: bool) -> bool:
    """Tell whether the licence is accepted, and ask where it is not. Raises Refused LH5089."""
    if model.eula_url is None or accepted:
        return accepted
    if sys.stdin.isatty():
        say(f"It is under an end-user licence: {model.eula_url}")
        return click.confirm("Have you read it, and do you agree?", abort=True)
    raise _not_in_order(
        f"{model.header.model_id} is under an end-user licence: read {model.eula_url}, and say"
        " --accept-eula if you agree."
    )


def _instance_type(model: Model, given: str | None) -> str:
    if given:
        return given
    default = model.default_instance_type
    if sys.stdin.isatty():
        if model.supported_instance_types:
            say(dim(f"It runs on {', '.join(model.supported_instance_types)}."))
        return str(click.prompt("instance type", default=default))
    if default is None:
        raise _not_in_order("JumpStart has no instance type for it: say --instance-type.")
    say(dim(f"Its instance type is JumpStart's choice, {default}: --instance-type takes another."))
    return default


def _minutes(options: Mapping[str, Any]) -> int:
    """Return the length of the first lease; what is asynchronous has no meter."""
    minutes = options["minutes"]
    if minutes is None and sys.stdin.isatty() and not options["is_async"]:
        said = "minutes of its first lease (0: off until somebody extends it)"
        return int(click.prompt(said, type=click.IntRange(0, 525_600), default=0))
    return int(minutes or 0)


def _definition(wanted: Wanted, options: Mapping[str, Any]) -> bytes:
    source, minutes = wanted.source, options["minutes"]
    fields: dict[str, Any] = {
        "$schema": "../../schema/endpoint.schema.json",
        "name": wanted.name,
        "model_id": source.model_id,
    }
    if source.model_version != "*":
        fields["model_version"] = source.model_version
    if source.inference_config_name:
        fields["inference_config_name"] = source.inference_config_name
    fields |= {key: True for key in _OF_SOURCE if getattr(source, key)}
    fields["inference_instance_type"] = wanted.instance_type
    fields["inference_instance_count"] = options["instance_count"]
    fields["inference_type"] = "async" if options["is_async"] else "realtime"
    if minutes or not options["is_async"]:
        fields["schedule"] = {"initial_provision_minutes": minutes}
    if options["resource"]:
        properties = {"api_resource_name": options["resource"]}
        fields["integration"] = {"type": "api", "properties": properties}
    if options["owner"]:
        fields["owner"] = options["owner"]
    return dump_json(fields)


def _check_definition(wanted: Wanted, files: Mapping[str, bytes]) -> None:
    """Raise Refused LH5089 for a definition that would break its schema."""
    checked = parse_definition(wanted.file, files[wanted.file])
    if isinstance(checked, tuple):
        raise _not_in_order(as_sentences(checked))


def _check_fleet(place: _Place, name: str, files: Mapping[str, bytes]) -> None:
    """Raise Refused LH5089 where the environment's settings or another definition speak against."""
    fleet = read_fleet({**place.entries, **files}, place.fleet.name)
    found = fleet.find(name)
    if isinstance(found, Broken):
        raise _not_in_order(as_sentences(found.violations))


def _not_in_order(why: str) -> Refused:
    return Refused("LH5089", f"nothing is written: {why}")


def _tell(locked: Locked, files: Sequence[str]) -> None:
    say(headline(locked.wanted, locked.content))
    for remark in locked.remarks:
        say(dim(f"  {remark}"))
    for file in files:
        say(f"Wrote {file}")
    say(dim(f"Next: git add {' '.join(files)}"))
