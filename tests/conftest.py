"""What integration tests share: a git server, a sandbox, and the scene that puts them together.

It also says how all tests run: which of them are pure, and which come first.
"""

from __future__ import annotations

import atexit
import gc
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from sandbox.git.server import GitServer
from sandbox.server import Sandbox
from tests import purity
from tests.gateway.api import ANA, Api, deployed
from tests.ledger.forge import Colleague, Forge, hosted
from tests.scene import STARTUP, Account, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

os.environ["TZ"] = "UTC"  # wherever a test runs, unless it says where it is
ACCOUNTS: list[Account] = []  # that no scene has just now
HERE = Path(__file__).parent

# Folders whose tests need more than `make test` installs: each has a make target, which names it.
LONGER = ("browser", "deployment", "jumpstart")

# What starts whole programs to kill them, to let them meet trouble, or to play a long story, and
# what runs packages, builds or lints for long. `make test` leaves it to `make whole`.
WHOLE = frozenset(
    {
        *("controller/test_crash.py", "controller/test_hanging_server.py"),
        *("controller/test_stale.py", "controller/test_stories.py"),
        *("examples/test_ci.py", "examples/test_ci_locks.py"),
        *("gateway/group_commit/test_shared_changes.py", "gateway/test_hanging_server.py"),
        *("infra/test_lambda_connections.py", "ledger/repository/test_flat.py"),
        *("ledger/repository/test_repository_deadlines.py",),
        *("ledger/repository/test_repository_races.py",),
        *("leasehold/test_damaged_home.py", "leasehold/test_doctor.py"),
        *("leasehold/test_machine.py", "leasehold/test_migrate_guide.py"),
        "leasehold/test_wheel.py",
        *("leasehold/test_tour.py", "leasehold/test_up.py", "leasehold/test_verify_push.py"),
        *("ledger/repository/test_repository_transports.py", "sandbox/test_state.py"),
        "examples/test_notebook.py",
        *("infra/test_app.py", "infra/test_cold_start.py", "infra/test_controller_build.py"),
        *("infra/test_lambda_runtime.py", "infra/test_linted.py", "infra/test_lock_project.py"),
        "leasehold/test_drawn_pictures.py",
        *("test_chaos.py", "test_kills.py", "test_open_files.py"),
        *("test_resilience.py", "test_story.py", "test_throttled.py"),
    }
)


# mutmut runs a test again in one process, with another object of its class; it has to do the same.
settings.register_profile(
    "mutants",
    suppress_health_check=[HealthCheck.differing_executors],
    deadline=None,
    derandomize=True,
)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(purity.Guard())
    # How long an example takes says how busy the machine is.
    settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out a folder of longer tests, unless the command line names it."""
    if collection_path.parent != HERE or collection_path.name not in LONGER:
        return None
    named = [
        Path(each.partition("::")[0]).resolve()
        for each in config.invocation_params.args
        if isinstance(each, str)
    ]
    return None if any(collection_path in (each, *each.parents) for each in named) else True


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> None:
    if module_path.name == "test_schemathesis.py":
        parent.config.pluginmanager.import_plugin("schemathesis.pytest.plugin")


@pytest.hookimpl(tryfirst=True)  # before `-m` looks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which are pure. Those of the whole take longest and come first, pure ones last."""
    for test in items:
        if test.path.is_relative_to(HERE) and str(test.path.relative_to(HERE)) in WHOLE:
            test.add_marker("whole")
        if purity.is_pure(test):
            test.add_marker("pure")
    items.sort(key=lambda test: (bool(test.get_closest_marker("pure")), test.path.parent != HERE))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # thousands of tests, and what they import: they stay to the end


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Give a file's tests to one process, so that what they share is made once, in our order."""
    from tests.scheduling import ByFile  # noqa: PLC0415  (xdist may be switched off)

    config.option.loadscopereorder = False
    return ByFile(config, log)


@contextmanager
def staged(root: Path) -> Iterator[Scene]:
    """Give a scene in an empty account, whose clock stands still until a test lets time pass."""
    account = ACCOUNTS.pop() if ACCOUNTS else _started()
    account.ask("DELETE", "")
    account.ask("POST", "/clock", {"running": False})
    bare = hosted(root / "hosted", "fleet.git")
    try:
        with GitServer(bare.parent) as server:
            forge = Forge(bare, server.repository_url("fleet.git"))
            yield Scene(forge, server, account, Colleague(root / "ben", str(bare)), root)
    finally:
        ACCOUNTS.append(account)


def _started() -> Account:
    """Start a sandbox for one scene after the other, and so also the clients of their accounts."""
    sandbox = Sandbox(startup_seconds=STARTUP).start()
    atexit.register(sandbox.stop)
    return Account(sandbox.url)


@contextmanager
def served(scene: Scene) -> Iterator[Api]:
    server, table = deployed(scene)
    with server:
        token, _ = table.create(ANA, scene.now)
        yield Api(scene, server.url, table, token)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with staged(tmp_path) as made:
        yield made


@pytest.fixture
def api(scene: Scene) -> Iterator[Api]:
    """The API over the scene, with Falcon40B leased for an hour."""
    scene.define("Falcon40B", 60)
    with served(scene) as running:
        yield running


@pytest.fixture(scope="module")
def quiet_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The same, shared by the tests of one module: for requests that change nothing."""
    with staged(tmp_path_factory.mktemp("quiet")) as made:
        made.define("Falcon40B", 60)
        with served(made) as running:
            yield running
