"""Who has what several definitions claim, an endpoint or a path of the API. Pure.

    claimed by several definitions   who was first has it
    -------------------------------  -----------------------------------------------------------
    one `name`, ignoring case        nobody: all are broken
    one endpoint                     whose name its tag bears; else whose name the record has;
                                     else the only one with a lease
    one `api_resource_name`          whose endpoint the record has at that path; else the only one
                                     that the record knows; else the only one with a lease

Who was first goes on as if the others were not there, and they are broken. Where nobody can tell,
all are. `settle` judges anew, with what is known of the endpoints besides their documents.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from ledger.faults import Faults
from ledger.fleet import Broken, Fleet, Holding, document_path
from ledger.json_files import Violation
from ledger.lease import Lease
from ledger.names import EndpointName, Name
from ledger.observed import Record

_Item = Holding | Broken
_Claim = TypeVar("_Claim", bound=_Item)
_Key = TypeVar("_Key", bound=str)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the endpoints besides their documents: by their tags and by the record.

    `tagged` has the definition's name that an endpoint's tag bears.
    """

    record: Record = field(default_factory=Record)
    tagged: Mapping[EndpointName, Name] = field(default_factory=lambda: MappingProxyType({}))


NOTHING = Known()


class Unsettled(Exception):  # noqa: N818 - it is no error: what else is known is needed first
    """Documents alone do not tell what was asked: ask again with what is known besides."""


def leaves_open(fleet: Fleet, name: str | None) -> bool:
    """Tell whether `settle` might say something else of the endpoint of this name, or of any."""
    if fleet.environment is None:
        return False
    items = fleet.items if name is None else (fleet.find(name),)
    return bool(fleet.as_read) or any(
        isinstance(item, Holding) and _may_have_lost_lease(item) for item in items
    )


def settle(fleet: Fleet, known: Known, now: datetime) -> Fleet:
    """Return the fleet with what is known: who was first, and which lease files got lost."""
    if fleet.as_read:
        of_items = {each for item in fleet.broken for each in item.violations}
        loose = tuple(each for each in fleet.violations if each not in of_items)
        fleet = judged(replace(fleet, violations=loose), fleet.as_read, known)
    settled = [_guarded(fleet.name, item, partial(_settled, known, now)) for item in fleet.holdings]
    if tuple(settled) == fleet.holdings:
        return fleet
    broken = [item for item in settled if isinstance(item, Broken)]
    return replace(
        fleet,
        holdings=tuple(item for item in settled if isinstance(item, Holding)),
        broken=tuple(sorted((*fleet.broken, *broken), key=_name)),
        violations=tuple(
            sorted((*fleet.violations, *(each for item in broken for each in item.violations)))
        ),
    )


def _settled(known: Known, now: datetime, item: _Item) -> _Item:
    return with_lost_lease(item, known.record, now) if isinstance(item, Holding) else item


def _guarded(environment: str, item: _Item, judge: Callable[[_Item], _Item]) -> _Item:
    """Judge an item; one with which something unforeseen goes wrong is broken, and no other."""
    faults = Faults()
    found = faults.around(item.endpoint_name, partial(judge, item), item)
    if fault := faults.of(item.endpoint_name):
        file = _file(environment, item)
        return _broken(item, Violation("LH1023", file, "", f"{fault}."))
    return found


def _first(found: Callable[[], _Item | None], group: Sequence[_Item]) -> _Item | None:
    """Return who was first; nobody can tell where that raises, so all of the group are broken."""
    return Faults().around(group[0].endpoint_name, found, None)


def judged(fleet: Fleet, items: Sequence[_Item], known: Known = NOTHING) -> Fleet:
    """Put items into a fleet that has none yet: each with its claims, or broken for them."""
    named = _without_shared_names(fleet.name, items)
    settled = _without_shared_paths(fleet.name, _with_owners(fleet.name, named, known), known)
    broken = sorted((item for item in settled if isinstance(item, Broken)), key=_name)
    wrong = (violation for item in broken for violation in item.violations)
    return replace(
        fleet,
        holdings=tuple(item for item in settled if isinstance(item, Holding)),
        broken=tuple(broken),
        violations=tuple(sorted((*fleet.violations, *wrong))),
        as_read=() if settled == named else tuple(items),
    )


def _without_shared_names(environment: str, items: Sequence[_Item]) -> list[_Item]:
    """Break those whose names differ in case alone; a guess gives way to who has the endpoint."""
    names = Counter(item.name for item in items)
    sure = {item.endpoint_name for item in items if not _is_guess(item)}

    def judge(item: _Item) -> _Item:
        if isinstance(item, Broken) and item.is_guess and item.endpoint_name in sure:
            item = replace(item, endpoint_name=EndpointName(item.name))
        if names[item.name] == 1:
            return item
        sentence = f"another definition is called {item.name!r} too, ignoring case: rename one."
        return _broken(item, Violation("LH1004", _file(environment, item), "/name", sentence))

    return [_guarded(environment, item, judge) for item in items]


def _with_owners(environment: str, items: Sequence[_Item], known: Known) -> list[_Item]:
    """Break those that claim an endpoint which another one has."""

    def owner(endpoint_name: EndpointName, group: Sequence[_Item]) -> _Item | None:
        entry = known.record.entry(endpoint_name)
        tagged, noted = known.tagged.get(endpoint_name), entry.name if entry else None
        return (
            _only(group, lambda item: item.name == tagged)
            or _only(group, lambda item: item.name == noted)
            or _only_leased(group)
        )

    def judge(item: _Item) -> _Item:
        group = [] if _is_guess(item) else groups[item.endpoint_name]
        if len({each.name for each in group}) <= 1 or (first := owners[item.endpoint_name]) is item:
            return item
        others = _others(item, [first] if first else group)
        sentence = (
            f"{item.endpoint_name!r} is the endpoint of {others}"
            f" {'already' if first else 'too'}: choose another endpoint_name, or remove one."
        )
        violation = Violation("LH1004", _file(environment, item), "/endpoint_name", sentence)
        broken = _broken(item, violation)
        return replace(broken, endpoint_name=EndpointName(item.name)) if first else broken

    groups = _grouped((item.endpoint_name, item) for item in items if not _is_guess(item))
    owners = {name: _first(partial(owner, name, group), group) for name, group in groups.items()}
    return [_guarded(environment, item, judge) for item in items]


def _without_shared_paths(environment: str, items: Sequence[_Item], known: Known) -> list[_Item]:
    """Break those whose path leads to another endpoint."""

    def first_at(path: str, group: Sequence[Holding]) -> Holding | None:
        def entry(item: Holding) -> bool:
            return known.record.entry(item.endpoint_name) is not None

        def noted(item: Holding) -> bool:
            found = known.record.entry(item.endpoint_name)
            return found is not None and found.api_resource_name == path

        return _only(group, noted) or _only(group, entry) or _only_leased(group)

    def judge(item: _Item) -> _Item:
        path = item.api_resource_name if isinstance(item, Holding) else None
        if path is None or len(groups[path]) == 1 or (first := owners[path]) is item:
            return item
        others = _others(item, [first] if first else groups[path])
        sentence = (
            f"/{path} is the path of {others} {'already' if first else 'too'}: choose another"
            " api_resource_name."
        )
        pointer = "/integration/properties/api_resource_name"
        return _broken(item, Violation("LH1015", _file(environment, item), pointer, sentence))

    holdings = [item for item in items if isinstance(item, Holding)]
    groups = _grouped((path, item) for item in holdings if (path := item.api_resource_name))
    owners = {path: _first(partial(first_at, path, group), group) for path, group in groups.items()}
    return [_guarded(environment, item, judge) for item in items]


def with_lost_lease(holding: Holding, record: Record, now: datetime) -> Holding:
    """Note the lease that the record knows of a holding that has none, as long as it would run."""
    entry = record.entry(holding.endpoint_name)
    ends = entry.lease_end if entry else None
    if ends is None or ends <= now or not _may_have_lost_lease(holding):
        return holding
    return replace(holding, lost_lease=Lease(ends))


def _may_have_lost_lease(holding: Holding) -> bool:
    return holding.lease is None and not holding.definition.schedule.always_on


def _broken(item: _Item, violation: Violation) -> Broken:
    if isinstance(item, Broken):
        return replace(item, violations=(*item.violations, violation))
    return Broken(item.name, item.endpoint_name, (violation,))


def _only(group: Iterable[_Claim], fits: Callable[[_Claim], bool]) -> _Claim | None:
    """Return the one that fits, if just one does."""
    found = [item for item in group if fits(item)]
    return found[0] if len(found) == 1 else None


def _only_leased(group: Sequence[_Claim]) -> _Claim | None:
    """Return the only one with a lease; of one that is broken nobody can tell."""
    if any(isinstance(item, Broken) for item in group):
        return None
    return _only(group, lambda item: isinstance(item, Holding) and item.lease is not None)


def _grouped(pairs: Iterable[tuple[_Key, _Claim]]) -> Mapping[_Key, list[_Claim]]:
    groups: defaultdict[_Key, list[_Claim]] = defaultdict(list)
    for key, item in pairs:
        groups[key].append(item)
    return groups


def _others(item: _Item, group: Iterable[_Item]) -> str:
    """Name the files of the others."""
    return " and ".join(f"{each.name}.endpoint.json" for each in group if each is not item)


def _is_guess(item: _Item) -> bool:
    return isinstance(item, Broken) and item.is_guess


def _file(environment: str, item: _Item) -> str:
    return document_path(environment, item.name, "endpoint")


def _name(item: _Item) -> Name:
    return item.name
