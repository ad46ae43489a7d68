"""How the person at the keyboard signs commits, as their git does: by `commit.gpgsign` and SSH.

The key stays where it is, with an agent or a token perhaps: the program that git would run makes
the signature. It must not know what is signed.
"""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from ledger.errors import Refused

_LITERAL = ("key::", "ssh-", "ecdsa-", "sk-")  # how git knows a key from the name of a file


def signer() -> Callable[[bytes], str] | None:
    """Return what signs a commit; None where git would not sign, or not in SSH's format."""
    if _setting("commit.gpgsign", "--type=bool") != "true" or _setting("gpg.format") != "ssh":
        return None
    return _sign


def _sign(payload: bytes) -> str:
    """Sign as git does. Raises Refused LH2043 where there is no key, or it does not sign."""
    key, program = _setting("user.signingkey"), _setting("gpg.ssh.program") or "ssh-keygen"
    if not key:
        raise _refused("user.signingkey is not set")
    with tempfile.TemporaryDirectory(prefix="leasehold-") as folder:
        buffer = Path(folder) / "buffer"
        buffer.write_bytes(payload)
        named = [str(Path(key).expanduser())]
        if key.startswith(_LITERAL):
            public = Path(folder) / "key.pub"
            public.write_text(f"{key.removeprefix('key::')}\n")
            named = [str(public), "-U"]  # the agent has the other half
        command = [program, "-Y", "sign", "-n", "git", "-f", *named, str(buffer)]
        try:
            done = subprocess.run(  # noqa: S603  (what the person's git runs)
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            if done.returncode == 0:
                return (Path(folder) / "buffer.sig").read_text().strip()
        except OSError as error:
            raise _refused(str(error)) from error
    raise _refused(" ".join(done.stderr.split()) or f"{program} ended with {done.returncode}")


def _setting(name: str, *options: str) -> str:
    """Return what git has for a setting; nothing where it has none, or is not there."""
    try:
        done = subprocess.run(  # noqa: S603  (the names above)
            ["git", "config", *options, "--get", name],  # noqa: S607  (the person's own git)
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip()


def _refused(said: str) -> Refused:
    return Refused(
        "LH2043",
        f"git is set to sign commits, and this one cannot be signed ({said}): try `git commit"
        " --allow-empty -S`, and look at user.signingkey and at your SSH agent.",
    )
