"""What a path below `environments/` is by its name: a document, plainly none, or perhaps one. Pure.

    path below environments/NAME/                     what it is
    ------------------------------------------------  ------------------------------------------
    environment.json                                  the settings
    people.allowed_signers, bots.allowed_signers      whose signatures count
    prices.json                                       prices; without readable ones nothing stops
    X.endpoint.json, X.lease.json, X.lock.json        a document of X
    a name with `.json` or `.endpoint` elsewhere in   perhaps a definition: somebody renamed it,
    it, whatever the case, blanks or look-alikes      or an editor did
    README*, *.md, *.txt, .git*, what systems and     plainly none, in a folder too
    editors drop
    anything else, and whatever lies in a folder      perhaps a definition

What is in doubt may be a definition: it is better to look at one file too many than to take an
endpoint for one that nobody wants any more.
"""

import re
import unicodedata
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import cast

from ledger.fleet import BOTS, ENVIRONMENT_FILE, PEOPLE, PRICES_FILE, ROOT, Kind, environment_path
from ledger.json_files import Violation
from ledger.snapshot import Entries, NotAFile

_DOCUMENT = re.compile(r"([^/]+)\.(endpoint|lease|lock)\.json")
_DOCUMENT_WORDS = (".json", ".endpoint")
_DOCUMENTATION = ("readme*", "*.md", "*.txt", ".gitkeep", ".gitignore", ".gitattributes")
_DROPPINGS = (".ds_store", "thumbs.db", "desktop.ini", "*.swp", "*~")  # of systems and editors
_PLAINLY_NONE = (*_DOCUMENTATION, *_DROPPINGS)
_OTHER_FILES = frozenset({ENVIRONMENT_FILE, PRICES_FILE, PEOPLE, BOTS})
_FOLDERS = frozenset({NotAFile.SUBMODULE, NotAFile.DEEP_FOLDER, NotAFile.HUGE_FOLDER})
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_READ = f"only {ENVIRONMENT_FILE}, NAME.endpoint.json, NAME.lease.json and NAME.lock.json are read"


@lru_cache(maxsize=65_536)
def document_of(file: str) -> tuple[str, Kind] | None:
    """Return the name and the kind of a document by its file's name."""
    match = _DOCUMENT.fullmatch(file)
    return (match[1], cast("Kind", match[2])) if match else None


def strays(entries: Entries, environment: str) -> Iterator[Violation]:
    """Yield what may be a definition of this environment, and lies where none is read."""
    for path, content in entries.items():
        root, _, rest = path.partition("/")
        folder, _, below = rest.partition("/")
        if root != ROOT or (below and (folder != environment or _is_document(below))):
            continue
        if not _may_be_definition(below or folder, content):
            continue
        if below:
            yield _stray(path, content, _read_here(below, environment))
        elif not in_place_of_one(folder, content):
            yield _stray(path, content, f"{_READ}, in a folder {ROOT}/NAME")


def homeless(entries: Entries, environment: str) -> Iterator[Violation]:
    """Yield what is beside this folder and no environment: it may hold what is its own.

    They are wrong by themselves, so this is not said of the environment: it only knows of them.
    """
    known = {environment}  # folders of which all is said
    for path, content in entries.items():
        root, _, rest = path.partition("/")
        folder, _, below = rest.partition("/")
        if root != ROOT or folder in known:
            continue
        if not below:
            if isinstance(content, NotAFile) and in_place_of_one(folder, content):
                yield unreadable(path, content)
        elif environment_path(folder) in entries:
            known.add(folder)
        elif is_of_environment(below, content):
            known.add(folder)
            sentence = f"it has no {ENVIRONMENT_FILE}, so what is in it is in no environment."
            yield Violation("LH1017", f"{ROOT}/{shown(folder)}", "", sentence)


def unreadable(path: str, what: NotAFile) -> Violation:
    """Say what git has at a path in place of a file or a folder that is read."""
    sentence = (
        f"it is {what}, so what it stands for is not in this repository: put the file or folder"
        " itself there."
        if what in (NotAFile.LINK, NotAFile.SUBMODULE)
        else f"it is {what}, so nobody knows what it is: rename, move or remove it."
    )
    return Violation("LH1018", shown(path), "", sentence)


def shown(path: str) -> str:
    """Write a path so that what cannot be seen in it is seen."""
    seen = path.isprintable() and not path.endswith(" ")
    return path if seen else path.encode("unicode_escape").decode().replace(" ", "\\x20")


def is_of_environment(below: str, content: bytes | NotAFile) -> bool:
    """Tell whether a path in a folder makes that folder an environment: documentation does not."""
    return _is_document(below) or _may_be_definition(below, content)


def in_place_of_one(name: str, content: bytes | NotAFile) -> bool:
    """Tell whether it stands where an environment's folder would, and may be one."""
    return isinstance(content, NotAFile) and not _has_document_words(name)


def _is_document(path: str) -> bool:
    return path in _OTHER_FILES or ("/" not in path and document_of(path) is not None)


def _may_be_definition(path: str, content: bytes | NotAFile) -> bool:
    file = path.rpartition("/")[2]
    if _has_document_words(file) or content in _FOLDERS:
        return True
    return not any(fnmatchcase(_plain(file), pattern) for pattern in _PLAINLY_NONE)


def _has_document_words(file: str) -> bool:
    return any(word in _plain(file) for word in _DOCUMENT_WORDS)


def _plain(file: str) -> str:
    """Return a name without what the eye passes over: case, blanks, forms of a letter."""
    text = unicodedata.normalize("NFKC", file).casefold()
    return "".join(letter for letter in text if unicodedata.category(letter) not in _INVISIBLE)


def _read_here(below: str, environment: str) -> str:
    if "/" in below:
        return f"{_READ}, and not in a folder: move it to environments/{environment}"
    return _READ


def _stray(path: str, content: bytes | NotAFile, sentence: str) -> Violation:
    if isinstance(content, NotAFile):
        return unreadable(path, content)
    sentence = f"it may be a definition, and it is not read: {sentence}. Rename or remove it."
    return Violation("LH1017", shown(path), "", sentence)
