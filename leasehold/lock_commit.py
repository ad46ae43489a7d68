"""`leasehold lock --commit`: locks for what has no current one, in one commit, for a job of CI.

One bad thing stops only itself: what cannot be locked is named with its reason, and the others are
committed all the same. Nothing is pushed from a clone; `lock_push` needs none.
"""

from collections.abc import Sequence
from pathlib import Path

from leasehold import clone as clones
from leasehold.console import dim, say, tell
from leasehold.git_author import author as author_of
from leasehold.jumpstart.changes import changes, headline
from leasehold.jumpstart.resolving import Locked, Unlocked
from leasehold.jumpstart.wanted import Unreadable
from leasehold.overtaken import ADVICE
from ledger.errors import Refused

_LONGEST_SUBJECT = 60


def commit_locks(
    clone: Path, found: Sequence[Locked | Unlocked | Unreadable], author: str | None
) -> None:
    """Commit what is locked anew. Raises Refused LH5077 where something could not be."""
    changed = changed_locks(found)
    if changed:
        files = {each.wanted.lock_file: each.content for each in changed}
        message = message_of(changed)
        commit = clones.commit(clone, files, message, author_of(author))
        say(message.rstrip())
        say(dim(f"Committed {commit}; it is not pushed."))
        tell(dim(ADVICE))
    refuse_left(found)


def changed_locks(found: Sequence[Locked | Unlocked | Unreadable]) -> list[Locked]:
    """Return the locks that are to be committed; say why others cannot be, or that none is."""
    changed = [each for each in found if isinstance(each, Locked) and each.is_new]
    left = _left(found)
    for violation in dict.fromkeys(one for each in left for one in each.violations):
        say(str(violation))
    if not changed and not left:
        say(dim("Every lock is up to date: nothing to commit."))
    return changed


def refuse_left(found: Sequence[Locked | Unlocked | Unreadable]) -> None:
    """Raise Refused LH5077 where something could not be locked."""
    if left := _left(found):
        raise Refused(
            "LH5077",
            f"{len(left)} of {len(found)} definitions cannot be locked and stay as they are, for"
            " the reasons above. Mend them in another commit.",
        )


def _left(found: Sequence[Locked | Unlocked | Unreadable]) -> list[Unlocked | Unreadable]:
    return [each for each in found if not isinstance(each, Locked)]


def message_of(changed: Sequence[Locked]) -> str:
    names = [each.wanted.label for each in changed]
    subject = f"Lock {', '.join(names)}"
    if len(subject) > _LONGEST_SUBJECT:
        subject = f"Lock {len(names)} definitions"
    lines = [subject, ""]
    for each in changed:
        lines.append(headline(each.wanted, each.content))
        lines += [f"  {change}" for change in changes(each.wanted.current, each.content)]
    return "\n".join(lines) + "\n"
