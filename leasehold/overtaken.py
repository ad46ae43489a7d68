"""What is said of a push that a lease's change has overtaken: why, what to type, why it is safe.

The server says only that it has commits that the clone has not, and git refuses to push.
"""

from ledger.errors import Unavailable

ADVICE = (
    "If git says `fetch first`, a lease has changed meanwhile: `git pull --rebase`, and push again."
    " Leases are files of their own, so yours stay as they are. [LH5207]"
)
_SAID_BY_GIT = ("fetch first", "non-fast-forward", "cannot lock ref", "failed to update ref")


def is_overtaken(said: str) -> bool:
    """Tell whether git refused a push only because somebody else's came first."""
    return any(words in said for words in _SAID_BY_GIT)


def overtaken() -> Unavailable:
    """Return the failure of a push that was overtaken again and again."""
    return Unavailable(
        "LH5207",
        "others pushed first each time: `git pull --rebase` takes their commits below yours, and"
        " `git push` brings yours. Leases are files of their own, so nothing conflicts.",
    )
