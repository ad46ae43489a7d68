"""A model is asked only if it is this environment's own, whatever it is called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gateway.models.noted_cache import NotedCache
from ledger.errors import Wait
from ledger.names import EndpointName
from tests.conftest import staged
from tests.gateway.serving import FALCON, PROMPT, Models, serving, start_fleet
from tests.ledger.forge import git
from tests.scene import SETTLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STATUS = "leasehold/status"
WAYS = {
    "by name": f"/invoke/{FALCON}",
    "as a stream": f"/invoke/{FALCON}/stream",
    "at its path": "/falcon",
    "for long": "/startexecution",
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    with staged(tmp_path_factory.mktemp("whose")) as scene:
        start_fleet(scene)
        with serving(scene) as running:
            yield running


@pytest.fixture(autouse=True)
def in_order(models: Models) -> Iterator[None]:
    """Let each test change what is noted, and put it back."""
    before = noted(models)
    yield
    note(models, before)
    models.look_again()


def noted(models: Models) -> str:
    return git(models.scene.forge.bare, "show", f"{STATUS}:dev.json")


def note(models: Models, content: str) -> None:
    """Commit the record as it is given, whatever that is."""
    bare = models.scene.forge.bare
    blob = git(bare, "hash-object", "-w", "--stdin", given=content).strip()
    tree = git(bare, "mktree", given=f"100644 blob {blob}\tdev.json\n").strip()
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    commit = git(bare, *author, "commit-tree", tree, "-p", STATUS, "-m", "note").strip()
    git(bare, "update-ref", f"refs/heads/{STATUS}", commit)


def change(models: Models, alter: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads(noted(models))
    alter(record["endpoints"])
    note(models, json.dumps(record))


def ask(models: Models, where: str) -> Any:  # noqa: ANN401
    body = {"endpointname": FALCON, "body": PROMPT} if where == "/startexecution" else PROMPT
    return models.ask(where, body)


def asked_models(models: Models) -> set[str]:
    calls = models.scene.account.calls()
    return {name for name in calls if name.startswith(("InvokeEndpoint", "StartExecution"))}


@pytest.mark.parametrize("where", WAYS.values(), ids=WAYS)
def test_an_endpoint_that_is_another_ones_hears_no_prompt(models: Models, where: str) -> None:
    change(models, lambda entries: entries[FALCON].update(foreign=True))
    models.look_again()
    models.scene.account.calls()
    answer = ask(models, where)
    assert (answer.status, answer.code) == (409, "LH4227")
    assert answer.error.startswith(f"{FALCON} is not asked: the endpoint of this name at SageMaker")
    assert asked_models(models) == set()


def test_an_endpoint_of_another_one_that_is_gone_is_no_obstacle_any_more(models: Models) -> None:
    change(models, lambda entries: entries[FALCON].update(foreign=True, status="absent"))
    models.look_again()
    assert models.ask(f"/invoke/{FALCON}").code == "LH4301"


@pytest.mark.parametrize("where", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("status", ["absent", "Deleting", None])
def test_an_endpoint_that_no_tick_knows_hears_none_either(
    models: Models, where: str, status: str | None
) -> None:
    """It may be somebody's who took the name after ours was gone."""
    change(
        models,
        lambda entries: entries[FALCON].update(status=status) if status else entries.pop(FALCON),
    )
    models.look_again()
    models.scene.account.calls()
    answer = ask(models, where)
    assert (answer.status, answer.code) == (503, "LH4301")
    assert answer.headers["X-Leasehold-Status"] == (status or "absent")
    assert asked_models(models) == set()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"endpoints": 5}'])
@pytest.mark.parametrize("where", WAYS.values(), ids=WAYS)
def test_where_nobody_can_tell_nothing_is_asked(models: Models, where: str, content: str) -> None:
    assert models.ask(f"/invoke/{FALCON}").status == 200
    note(models, content)
    with serving(models.scene) as fresh:
        models.scene.account.calls()
        answer = ask(fresh, where)
        assert (answer.status, answer.code) == (503, "LH4228")
        assert answer.headers["Retry-After"] == "5"
        assert asked_models(models) == set()
    # A process that could tell before goes on: no tick deletes anything meanwhile.
    models.look_again()
    assert models.ask(f"/invoke/{FALCON}").status == 200


def test_without_a_branch_to_read_nobody_can_tell(models: Models) -> None:
    cache = NotedCache(None, "dev", lambda: models.scene.now)
    with pytest.raises(Wait, match="LH4228"):
        cache.look(EndpointName(FALCON))


def test_a_broken_entry_is_no_entry_of_ours(models: Models) -> None:
    change(models, lambda entries: entries.update({FALCON: {"status": 5}}))
    models.look_again()
    assert models.ask(f"/invoke/{FALCON}").code == "LH4228"
    assert models.ask("/invoke/Open").status == 200


@pytest.mark.parametrize("status", ["Creating", "Updating", "Failed", "Hibernating"])
def test_what_is_ours_is_asked_for_the_last_tick_is_a_while_ago(
    models: Models, status: str
) -> None:
    change(models, lambda entries: entries[FALCON].update(status=status))
    models.look_again()
    assert models.ask(f"/invoke/{FALCON}").status == 200


def test_what_was_just_started_is_asked_at_once(models: Models) -> None:
    """The entry is written in the tick that makes the endpoint, and looked for again."""
    scene = models.scene
    scene.define("Fresh", 60)
    assert models.ask("/invoke/Fresh").code == "LH4301"
    scene.tick()
    scene.account.ask("POST", "/clock", {"advance_seconds": SETTLE})
    assert models.ask("/invoke/Fresh").status == 200
