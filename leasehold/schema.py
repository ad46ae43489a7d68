"""`leasehold schema DIR`: the JSON Schemas of documents, for editors that check while one types.

Each file of a ledger names its schema by a path that begins at the file, so a clone that has these
needs no network and no address that could move. They are of the version that writes them: after an
upgrade, write them again and commit what changed.
"""

from pathlib import Path

import click

from leasehold.clone import write
from leasehold.console import dim, say
from leasehold.new_environment import DOCUMENTS
from ledger.json_files import SCHEMAS


@click.command
@click.argument("folder", metavar="[DIR]", default=Path("schema"), type=click.Path(path_type=Path))
def schema(folder: Path) -> None:
    """Write the schemas of documents into DIR, by default schema/.

    In a ledger that is schema/ at its root, beside environments/: there the files look for them.
    What is there is replaced; other files are left alone.
    """
    names = [f"{each}.schema.json" for each in DOCUMENTS]
    wanted = {name: (SCHEMAS / name).read_bytes() for name in names}
    stale = {name: text for name, text in wanted.items() if _content(folder / name) != text}
    write(folder, stale)
    for name in names:
        say(f"{'Wrote' if name in stale else 'Kept '} {folder / name}")
    if stale and folder.name != SCHEMAS.name:
        say(dim("Files of a ledger look for them in schema/, beside environments/."))


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:  # it is not there, or is no file: writing it says why not
        return None
