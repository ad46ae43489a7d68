"""`leasehold lock`: the exact artifacts of each definition's JumpStart model, in its lock file.

It reads definitions and writes locks in a clone, all that it was asked for or none, and touches
nothing else. What a `model_id` means it asks JumpStart, by the SageMaker SDK.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from leasehold.clone import into_option
from leasehold.console import counted, dim, note, say
from leasehold.jumpstart import extra
from leasehold.jumpstart.changes import changes, headline
from leasehold.jumpstart.files import write_all
from leasehold.jumpstart.model import Catalogues
from leasehold.jumpstart.resolving import Locked, Unlocked, resolve
from leasehold.jumpstart.wanted import Unreadable, Wanted, Which, all_wanted
from leasehold.lock_commit import commit_locks
from leasehold.lock_push import Target, push_locks, pushing
from ledger.checkout import documents
from ledger.errors import Refused, Unknown
from ledger.holdings import environments
from ledger.snapshot import Entries

_MOST_NAMED = 8


@click.command
@click.argument("which", metavar="[ENV[/NAME]]...", nargs=-1)
@click.option(
    "--upgrade",
    "upgraded",
    metavar="NAME",
    multiple=True,
    help="Take the newest version that this definition allows, whatever is locked.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a lock is stale.")
@click.option(
    "--commit", is_flag=True, help="Commit the locks; what cannot be locked stops no other."
)
@pushing
@click.option("--author", metavar='"NAME <EMAIL>"', help="Author of the commit; by default you.")
@into_option
def lock(  # noqa: PLR0913  (one for each option)
    which: tuple[str, ...],
    *,
    upgraded: tuple[str, ...],
    check: bool,
    commit: bool,
    target: Target | None,
    author: str | None,
    into: Path,
) -> None:
    """Resolve the model_id of each definition to exact artifacts, in NAME.lock.json.

    All definitions below environments/, or those that are named. A version that is locked stays
    as long as its definition allows it. Needs the extra: pip install 'leasehold[jumpstart]'.
    """
    names = [*which, *upgraded]
    if commit and check:
        raise click.UsageError("--check writes nothing, so it does not go with --commit.")
    if target and not commit:
        raise click.UsageError("--push goes with --commit.")
    if target:
        push_locks(target, lambda read: found_in(read.entries, names, upgraded), author)
        return
    if commit:
        commit_locks(into, found_in(documents(into), names, upgraded), author)
        return
    _lock_here(into, names, upgraded, check=check)


def _lock_here(clone: Path, names: Sequence[str], upgraded: Sequence[str], *, check: bool) -> None:
    """Write the locks of a clone, all or none; with `check`, only say which are stale."""
    wanted = named(documents(clone), names)
    if not wanted:
        say("Nothing to lock: no definition here has a model_id.")
        return
    note(f"Loading the SageMaker SDK for {counted(len(wanted), 'definition')} ...")
    found = resolve_all(wanted, extra.catalogues(), upgraded)
    _refuse([each for each in found if isinstance(each, Unlocked)], len(found))
    locked = [each for each in found if isinstance(each, Locked)]
    for each in locked:
        _show(each)
    changed = [each for each in locked if each.is_new]
    if check:
        _refuse_stale(changed)
    elif changed:
        write_all(clone, {each.wanted.lock_file: each.content for each in changed})
        files = " ".join(each.wanted.lock_file for each in changed)
        say(dim(f"Wrote {counted(len(changed), 'lock')}; next: git add {files}"))
        return
    say(dim(f"{counted(len(locked), 'lock')} up to date."))


def found_in(
    entries: Entries, names: Sequence[str], upgraded: Iterable[str]
) -> list[Locked | Unlocked | Unreadable]:
    """Resolve what is named, or all; one bad thing stops only itself. Raises Refused LH5073."""
    readable, unreadable = chosen(entries, names)
    found = resolve_all(readable, extra.catalogues(), upgraded) if readable else []
    return [*found, *unreadable]


def resolve_all(
    wanted: Sequence[Wanted], catalogues: Catalogues, upgraded: Iterable[str] = ()
) -> list[Locked | Unlocked]:
    """Resolve definitions, those of a region together: JumpStart is asked in one at a time."""
    names = [Which(each) for each in upgraded]
    found = []
    for number, each in enumerate(sorted(wanted, key=_by_region), start=1):
        note(f"[{number}/{len(wanted)}] {each.label}: {each.source.model_id} in {each.region_name}")
        upgrade = any(name.covers(each.environment, each.name) for name in names)
        found.append(resolve(each, catalogues(each.region_name), upgrade=upgrade))
    return sorted(found, key=lambda each: (each.wanted.environment, each.wanted.name))


def _by_region(wanted: Wanted) -> tuple[str, str, str]:
    return wanted.region_name, wanted.environment, wanted.name


def named(entries: Entries, names: Sequence[str]) -> list[Wanted]:
    """Return the definitions that are named, or all of them, that have a `model_id`.

    Raises Refused LH5073 where a name is nobody's, and LH5074 where one cannot be read.
    """
    readable, unreadable = chosen(entries, names)
    _refuse(unreadable, len(readable) + len(unreadable))
    return readable


def chosen(entries: Entries, names: Sequence[str]) -> tuple[list[Wanted], list[Unreadable]]:
    """Return the same, and apart from them those that cannot be read. Raises Refused LH5073."""
    found, wishes = list(all_wanted(entries)), [Which(each) for each in names]
    for wish in wishes:
        if not any(wish.covers(each.environment, each.name) for each in found):
            _refuse_name(wish, entries, [f"{each.environment}/{each.name}" for each in found])
    meant = [
        each
        for each in found
        if not wishes or any(wish.covers(each.environment, each.name) for wish in wishes)
    ]
    readable = [each for each in meant if isinstance(each, Wanted)]
    return readable, [each for each in meant if isinstance(each, Unreadable)]


def _refuse_name(wish: Which, entries: Entries, known: Sequence[str]) -> None:
    """Raise Refused LH5073, unless it is an environment that has nothing to lock."""
    if wish.text in environments(entries):
        return
    there = ", ".join(known[:_MOST_NAMED]) + (", ..." if len(known) > _MOST_NAMED else "")
    names = [each.partition("/")[2] for each in known]
    raise Unknown(
        "LH5073",
        f"no definition with a model_id is called {wish.text:.80}: name an environment, or one of"
        f" {there or 'its definitions'}.",
        wish.text,
        [*known, *names, *environments(entries)],
    )


def _show(locked: Locked) -> None:
    say(headline(locked.wanted, locked.content))
    if locked.is_new:
        for change in changes(locked.wanted.current, locked.content):
            say(f"  {change}")
    for remark in locked.remarks:
        say(dim(f"  {remark}"))


def _refuse(unfit: Sequence[Unlocked | Unreadable], count: int) -> None:
    """Say what speaks against each. Raises Refused LH5074 where there is one."""
    for violation in dict.fromkeys(one for each in unfit for one in each.violations):
        say(str(violation))
    if unfit:
        raise Refused(
            "LH5074",
            f"{len(unfit)} of {counted(count, 'definition')} cannot be locked, so no lock is"
            " written: mend what is said above, or name the others.",
        )


def _refuse_stale(changed: Sequence[Locked]) -> None:
    if changed:
        names = " ".join(each.wanted.label for each in changed)
        raise Refused(
            "LH5072",
            f"{counted(len(changed), 'lock')} of these do not say what is deployed by them: run"
            f" `leasehold lock {names}` and commit what it writes.",
        )
