"""A definition that somebody hid by mistake: its endpoint runs on, and the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.planning.action import Verb
from controller.planning.artifact import ResourceKind
from tests.ledger.forge import git
from tests.scene import definition, path, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from controller.reconcile import Tick
    from tests.scene import Scene

A, DEV = path("A"), "environments/dev"
CHAT = "chat"  # the endpoint of A: its name alone does not tell
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{7:064}\nsize 640\n"


def moved(target: str) -> Callable[[Path], None]:
    def move(clone: Path) -> None:
        (clone / target).parent.mkdir(parents=True, exist_ok=True)
        git(clone, "mv", A, target)

    return move


def moved_with_a_comma(clone: Path) -> None:
    """Rename definition and lease, and spoil the definition."""
    git(clone, "mv", A, f"{DEV}/New.endpoint.json")
    git(clone, "mv", path("A", "lease"), f"{DEV}/New.lease.json")
    file = clone / f"{DEV}/New.endpoint.json"
    file.write_text(file.read_text().replace("}", ",}").replace('"A"', '"New"'))
    git(clone, "add", ".")


def linked(clone: Path) -> None:
    moved("common/A.json")(clone)
    (clone / A).symlink_to("../../common/A.json")
    git(clone, "add", ".")


def linked_elsewhere(clone: Path) -> None:
    moved("common/A.endpoint.json")(clone)
    (clone / DEV / "common").symlink_to("../../common")
    git(clone, "add", ".")


def submodule(at: str) -> Callable[[Path], None]:
    def put(clone: Path) -> None:
        head = git(clone, "rev-parse", "HEAD")
        git(clone, "rm", "--quiet", "--cached", A)
        git(clone, "update-index", "--add", "--cacheinfo", f"160000,{head},{at}")

    return put


def pointer(clone: Path) -> None:
    (clone / A).write_text(POINTER)
    git(clone, "add", ".")


def as_lease(clone: Path) -> None:
    git(clone, "rm", "--quiet", path("A", "lease"))
    git(clone, "mv", A, f"{DEV}/B2.lease.json")


def renamed_file(clone: Path) -> None:
    """Rename the file alone: in it stands the former name, and its endpoint has the default."""
    file = clone / A
    file.write_text(file.read_text().replace(f', "endpoint_name": "{CHAT}"', ""))
    git(clone, "mv", A, f"{DEV}/New.endpoint.json")
    git(clone, "add", ".")


HIDDEN = {
    "a stray comma": moved_with_a_comma,
    "a name that was not changed with it": renamed_file,
    "capitals": moved(f"{DEV}/A.endpoint.JSON"),
    "a blank": moved(f"{DEV}/A.endpoint.json\u00a0"),
    "an editor's copy": moved(f"{DEV}/A.endpoint.json.orig"),
    "an unknown kind": moved(f"{DEV}/A.component.json"),
    "a folder": moved(f"{DEV}/nlp/A.endpoint.json"),
    "beside the environments": moved("environments/A.endpoint.json"),
    "a folder beside the environment": moved("environments/nlp/A.endpoint.json"),
    "a link": linked,
    "a linked folder": linked_elsewhere,
    "a submodule": submodule(A),
    "a submodule that is a folder": submodule(f"{DEV}/nlp"),
    "a pointer of LFS": pointer,
    "a lease's name": as_lease,
}


def change(scene: Scene, hide: Callable[[Path], None]) -> None:
    """Let Ben stage something in his clone, commit it and push it."""
    scene.ben.pull()
    hide(scene.ben.home)
    git(scene.ben.home, "commit", "--quiet", "--message", "tidy up")
    scene.ben.push()


def after(scene: Scene, *, ticks: int = 5) -> Tick:
    tick = scene.tick()
    for _ in range(ticks - 1):
        scene.let_pass(minutes=1)
        tick = scene.tick()
    return tick


@pytest.mark.parametrize("how", HIDDEN)
def test_a_hidden_definition_is_not_one_that_is_gone(scene: Scene, how: str) -> None:
    scene.start("A", endpoint_name=CHAT)
    scene.define("B", 3)
    scene.tick()
    scene.push({path("C"): definition("C")})
    change(scene, HIDDEN[how])
    configs = scene.account.configs()
    tick = after(scene)
    assert scene.account.status(CHAT) == "InService"
    assert scene.account.status("demo-B-Endpoint") != "InService", "its lease has ended"
    assert told(tick, "demo-C-Endpoint") == "keep: no lease"
    assert tick.plan.needs_a_person
    assert tick.fleet.unreadable != ()
    assert scene.account.configs() == configs
    scene.restart()
    assert Verb.DELETE not in {action.verb for action in after(scene, ticks=1).plan.actions}


def test_what_hides_it_is_in_the_plan_as_something_for_a_person(scene: Scene) -> None:
    scene.start("A", endpoint_name=CHAT)
    change(scene, HIDDEN["a folder"])
    tick = scene.tick()
    [report] = [each for each in tick.plan.actions if each.kind is ResourceKind.DOCUMENT]
    assert (report.verb, report.name) == (Verb.REPORT, f"{DEV}/nlp/A.endpoint.json")
    assert report.resource_name == "nlp/A.endpoint.json"
    assert told(tick, CHAT) == (
        "report: no definition is found for it, but what cannot be read may be its own:"
        " environments/dev/nlp/A.endpoint.json. It is kept until that is mended or removed."
    )


def test_a_definition_that_leaves_the_environments_is_gone(scene: Scene) -> None:
    scene.start("A", endpoint_name=CHAT)
    change(scene, moved("attic/A.endpoint.json"))
    after(scene)
    assert scene.account.status(CHAT) == "absent"


def test_what_was_hidden_and_is_removed_then_is_gone(scene: Scene) -> None:
    scene.start("A", endpoint_name=CHAT)
    change(scene, HIDDEN["capitals"])
    scene.tick()
    scene.push({f"{DEV}/A.endpoint.JSON": None})
    after(scene)
    assert scene.account.status(CHAT) == "absent"


@pytest.mark.parametrize("folder", ["environments", DEV])
def test_an_environment_behind_a_link_is_left_as_it_is(scene: Scene, folder: str) -> None:
    endpoint = scene.start("A", 3)

    def link(clone: Path) -> None:
        git(clone, "mv", folder, "elsewhere")
        (clone / folder).symlink_to("elsewhere")
        git(clone, "add", ".")

    change(scene, link)
    tick = after(scene)
    assert scene.account.status(endpoint) == "InService"
    [report] = tick.plan.actions
    assert f"{folder}: /: it is a symbolic link, " in report.reason


def test_many_that_are_hidden_are_counted(scene: Scene) -> None:
    scene.start("A", endpoint_name=CHAT)
    files = {f"{DEV}/nlp/{number}.endpoint.json": "{}" for number in range(4)}
    scene.push({A: None, **files})
    assert " and 1 more. It is kept " in told(scene.tick(), CHAT)
