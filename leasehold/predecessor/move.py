"""The whole move as a value: files to write, where each field went, and what is left to a person.

Pure: the predecessor's file, what AWS has of it, and the time make a `Move`. Nothing is dropped: a
model whose values no definition may have is written as it is, and frozen by them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.planning.observed import Existing
from leasehold.new_environment import settings_file
from leasehold.predecessor.added import of_endpoint
from leasehold.predecessor.allotment import Allotment
from leasehold.predecessor.configs import Configs
from leasehold.predecessor.definitions import of_model
from leasehold.predecessor.expiries import Expiry
from leasehold.predecessor.found import Found
from leasehold.predecessor.leases import lease_of
from leasehold.predecessor.made import Made
from leasehold.predecessor.notes import Note, absent
from leasehold.predecessor.settings import Wish, ceiling, prefix_of, settings
from ledger.documents import dump_lease, parse_definition
from ledger.fleet import document_path, environment_path
from ledger.json_files import Violation, dump_json
from ledger.lease import Lease
from ledger.names import EndpointName
from ledger.phases import Phase, phase_of


@dataclass(frozen=True, slots=True)
class Move:
    """What `leasehold import` writes and says."""

    prefix: str
    region_name: str
    files: Mapping[str, bytes]
    notes: tuple[Note, ...]
    frozen: tuple[Violation, ...]  # what no definition may have, and freezes its endpoint
    adopted: tuple[Existing, ...]  # endpoints that go on as they are
    to_lock: tuple[str, ...]  # definitions with a model_id
    waiting: tuple[str, ...]  # those that get theirs by the second step
    borrowed: tuple[str, ...]  # the endpoint configs of the predecessor's stack


def move(
    configs: Configs,
    wish: Wish,
    found: Found,
    now: datetime,
    elsewhere: frozenset[EndpointName] = frozenset(),
) -> Move:
    """Make the move. `elsewhere` are endpoints that other definitions of the ledger have."""
    allotment = Allotment(configs, prefix_of(configs), found)
    notes: list[Note] = []
    of_models = [of_model(allotment, each) for each in configs.models]
    made = [each for each in of_models if not _left(each.endpoint_name, found, elsewhere, notes)]
    known = {each.endpoint_name for each in of_models}
    others = [each for name, each in found.expiries.items() if name not in known]
    for expiry in others:
        if not _left(expiry.endpoint_name, found, elsewhere, notes):
            made += _of_parameter(allotment, expiry, notes)
    leases = [(each, *lease_of(each, found, now)) for each in made]
    fields, said = settings(configs, wish, found.tokens)
    latest = max((lease.expires_at for _, lease, _ in leases if lease), default=None)
    if limits := ceiling(latest, now):
        fields["limits"] = limits
        said.append(absent("limits", f"{limits}, for a lease is longer than a week", look=True))
    files = dict(_files(wish.environment, fields, leases))
    for each, _, told in leases:
        notes += [*each.notes, *([told] if told else []), *_status(each, found)]
    return Move(
        allotment.prefix,
        fields["region_name"],
        files,
        (*said, *configs.left, *notes),
        tuple(_frozen(wish.environment, files, made)),
        tuple(there for each in made if (there := found.serving(each.endpoint_name))),
        tuple(each.name for each in made if "model_id" in each.data),
        tuple(each.name for each in of_models if "endpoint_config_name" in each.data),
        tuple(sorted(set(_borrowed(of_models)))),
    )


def _left(
    name: EndpointName, found: Found, elsewhere: frozenset[EndpointName], notes: list[Note]
) -> bool:
    """Tell whether an endpoint is somebody's already, and note it then."""
    if found.is_leaseholds(name):
        now = "left out: it bears Leasehold's tags, so a definition has it already"
    elif name in elsewhere:
        now = "left out: another environment of this ledger defines it"
    else:
        return False
    notes.append(absent(str(name), now, look=True))
    return True


def _of_parameter(allotment: Allotment, expiry: Expiry, notes: list[Note]) -> Iterator[Made]:
    """Yield the definition of what was added by the API, if anything says what it runs on."""
    name = expiry.endpoint_name
    there = allotment.found.serving(name)
    config_name = (there.config_name if there else None) or expiry.config_name
    if config_name:
        yield of_endpoint(allotment, name, config_name)
        return
    why = expiry.problem or "it names no endpoint config"
    notes.append(
        absent(f"parameter of {name}", f"left out: {why}, and no endpoint runs", look=True)
    )


def _status(made: Made, found: Found) -> Iterator[Note]:
    """Note what is in the way of an adoption: another status, a config that is gone."""
    there = found.endpoints.get(made.endpoint_name)
    field = f"{made.endpoint_name}: at AWS"
    if there and not found.serving(made.endpoint_name):
        now = f"it is {there.status}, and counts as gone: delete it there, or nothing starts"
        yield absent(field, now, look=True)
    if there and phase_of(there.status) is Phase.CHANGING:
        now = f"it is {there.status}: import again once it is in service, for its config may change"
        yield absent(field, now, look=True)
    config = found.configs.get(str(made.data.get("endpoint_config_name")))
    if config and config.problem:
        now = f"its endpoint config cannot be used again: {config.problem}"
        yield absent(field, now, look=True)
    wanted = made.data.get("inference_instance_type")
    if config and wanted and config.instance_types and wanted not in config.instance_types:
        now = f"its config has {', '.join(config.instance_types)}; the second step brings {wanted}"
        yield absent(field, now, look=True)


def _files(
    environment: str, fields: Mapping[str, Any], leases: Iterable[tuple[Made, Lease | None, Any]]
) -> Iterator[tuple[str, bytes]]:
    yield environment_path(environment), settings_file(fields)
    for made, lease, _ in leases:
        yield document_path(environment, made.name, "endpoint"), dump_json(dict(made.data))
        if lease:
            yield document_path(environment, made.name, "lease"), dump_lease(lease)


def _frozen(
    environment: str, files: Mapping[str, bytes], made: Iterable[Made]
) -> Iterator[Violation]:
    for each in made:
        file = document_path(environment, each.name, "endpoint")
        checked = parse_definition(file, files[file])
        if isinstance(checked, tuple):
            yield from checked


def _borrowed(made: Iterable[Made]) -> Iterator[str]:
    for each in made:
        if "endpoint_config_name" in each.data:
            yield each.data["endpoint_config_name"]
