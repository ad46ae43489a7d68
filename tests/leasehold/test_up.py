"""`leasehold up` as a process: it goes on where it stopped, and says what stands in its way."""

import json
import signal
import socket
import stat
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from leasehold import seeds
from leasehold.cli import main
from leasehold.state_dir import StateDir
from leasehold.welcome import _home
from tests.leasehold.running import HANGS_SECONDS, Leasehold, Up, variables

FALCON = "demo-Falcon40B-Endpoint"


def lease_of(up: Up, endpoint: str) -> str:
    status, lease = up.ask("GET", query=f"?EndpointName={endpoint}")
    assert status == 200, lease
    expires_at: str = lease["ExpiresAt"]
    return expires_at


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(start: Callable[..., Up], number: int) -> None:
    up = start()
    assert up.stop(number) == 0
    assert "Traceback" not in up.log.read_text()
    assert up.log.read_text().endswith("The next `leasehold up` goes on from here.\n")
    assert not up.announcement.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_next_one_goes_on_where_it_stopped_or_was_killed(
    start: Callable[..., Up], number: int
) -> None:
    first = start()
    first.await_status(FALCON, "InService")
    assert first.ask("POST", body={"EndpointName": FALCON, "minutes": 15})[0] == 200
    expiry = lease_of(first, FALCON)
    first.git("status")
    first.stop(number)

    second = start()
    assert second.says == first.says, "addresses and token are as before"
    assert second.statuses()[FALCON] == "InService"
    assert lease_of(second, FALCON) == expiry
    assert "extend Falcon40B by 15 min" in second.git("log", "-5", "--format=%s")


def test_what_a_killed_one_left_behind_does_not_pass_for_a_running_one(
    start: Callable[..., Up],
) -> None:
    up = start()
    up.stop(signal.SIGKILL)
    assert up.announcement.exists()
    done = up.leasehold("status")
    assert done.returncode == 1
    assert done.stderr.endswith("[LH5001]\n")


def test_it_is_found_from_a_folder_below_its_own_whatever_lies_between(
    up: Up, tmp_path: Path
) -> None:
    below = up.folder / "examples" / "deeper"
    below.mkdir(parents=True)
    assert Leasehold(below)("where", "token").stdout.strip() == up.says["token"]
    (below / ".leasehold").mkdir()
    assert Leasehold(below)("where", "token").stdout.strip() == up.says["token"]
    (tmp_path / "here" / ".leasehold").mkdir(parents=True)
    dead = Leasehold(tmp_path / "here")("where", "token")
    assert f"no `leasehold up` runs in {tmp_path / 'here' / '.leasehold'}: " in dead.stderr
    assert "runs in .leasehold: " in Leasehold(tmp_path)("where", "token").stderr


def test_the_token_is_readable_by_its_owner_alone(up: Up) -> None:
    home = up.folder / ".leasehold"
    for name in ("token", "up.json"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert (home / "token").read_text().strip() == up.says["token"]


def test_its_home_is_its_owners_alone(up: Up) -> None:
    assert stat.S_IMODE((up.folder / ".leasehold").stat().st_mode) == 0o700


@pytest.mark.parametrize("server", ["gateway_url", "git_url", "aws_endpoint_url"])
@pytest.mark.parametrize(
    "header", [{"Origin": "https://evil.example"}, {"Host": "evil.example:8321"}]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_no_web_page_may_call_any_of_its_servers(
    up: Up, server: str, header: dict[str, str], method: str
) -> None:
    headers = {"Authorization": up.says["token"], **header}
    request = urllib.request.Request(up.says[server], b"", headers, method=method)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value as answer:
        assert answer.code == 403
        assert json.load(answer)["error"].endswith(".")


def test_all_its_servers_answer_at_a_name_that_is_forwarded(start: Callable[..., Up]) -> None:
    up = start("--allow-host", "box.example")
    for server in ("gateway_url", "git_url", "aws_endpoint_url"):
        for host, is_admitted in (("box.example", True), ("other.example", False)):
            request = urllib.request.Request(up.says[server], headers={"Host": host})
            try:
                with urllib.request.urlopen(request) as answer:
                    said = answer.read()
            except urllib.error.HTTPError as error:
                with error:
                    said = error.read()
            assert (b"start it with --allow-host" not in said) is is_admitted


def test_a_name_that_is_no_hosts_is_not_allowed() -> None:
    done = CliRunner().invoke(main, ["up", "--allow-host", "https://box.example"])
    assert done.exit_code == 2
    assert "'https://box.example' is no name of a host" in done.output


def test_what_it_suggests_can_be_pasted_as_it_is(start: Callable[..., Up]) -> None:
    up = start()
    for folder in ("ledger", "environments"):  # as in a checkout
        (up.folder / folder).mkdir()
    up.await_status("demo-Summarizer-Endpoint", "InService")
    pasted = "\n".join(line for line in up.log.read_text().splitlines() if line.startswith("  "))
    pasted = pasted[pasted.index("  curl ") :]
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail"],
        input=pasted,
        cwd=up.folder,
        env=variables(up.folder, PATH="/usr/bin:/bin"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{pasted}\n{done.stdout}\n{done.stderr}"
    assert "lease(dev): extend Falcon40B by 10 min" in done.stdout
    assert "SAGEMAKER" in done.stdout
    assert "Serve summarizer 1.5.0" in up.git("log", "--format=%s", "-5")


def test_a_folder_of_its_own_choice_is_named_where_it_suggests_a_verb() -> None:
    assert _home(Path(".leasehold")) == ""
    assert _home(Path("my home")) == " --home 'my home'"


def test_an_address_that_is_not_as_before_is_said(start: Callable[..., Up]) -> None:
    first = start()
    assert "was at port" not in first.log.read_text()
    former = StateDir(first.folder / ".leasehold").ports()["git"]
    first.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", former))
        taken.listen()
        second = start()
    told = f"The address of the ledger was at port {former}, and is {second.says['git_url']} now"
    assert told in second.log.read_text()
    assert second.log.read_text().count("was at port") == 1


def test_the_log_tells_what_happened_and_is_quiet_when_nothing_does(
    start: Callable[..., Up],
) -> None:
    up = start()
    up.await_(lambda: up.log.read_text().count("InService ") == 3)
    told = up.log.read_text()
    up.let_tick(3)
    assert up.log.read_text() == told
    assert told.count("its first lease of 30 min is due: it runs until ") == 1
    assert f"InService {FALCON}\n" in told


def test_a_broken_definition_is_told_once_and_hides_no_other(up: Up) -> None:
    path = "environments/dev/Odd.endpoint.json"
    up.publish(path, "{")
    odd = "report    demo-Odd-Endpoint"
    up.await_(lambda: odd in up.log.read_text())
    up.let_tick(3)
    assert up.log.read_text().count(odd) == 1
    assert up.leasehold("plan").returncode == 1
    assert up.statuses()[FALCON] == "InService"
    up.publish(path, None)


def test_two_cannot_share_a_folder(up: Up) -> None:
    done = up.leasehold("up", "--port", "0")
    assert done.returncode == 1
    assert done.stderr.endswith("[LH5013]\n")
    assert up.announcement.exists()


def test_a_port_in_use_is_named(leasehold: Leasehold) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = leasehold("up", "--port", str(port))
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr
    assert done.stderr.endswith("[LH5010]\n")


def test_a_folder_that_cannot_be_made_is_named(leasehold: Leasehold, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = leasehold("up", "--home", "file/inside", "--port", "0")
    assert done.returncode == 1
    assert done.stderr.endswith("[LH5011]\n")


def test_a_machine_without_git_is_told_so(leasehold: Leasehold, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = leasehold("up", "--port", "0", PATH=str(tmp_path / "bin"))
    assert done.returncode == 1
    assert done.stderr.endswith("[LH5012]\n")


def test_a_damaged_memory_of_the_account_is_named(leasehold: Leasehold, tmp_path: Path) -> None:
    home = StateDir(tmp_path / ".leasehold")
    with home.occupied():
        seeds.ledger_of(home)
    home.account.write_text("nonsense\n")
    done = leasehold("up", "--port", "0")
    assert done.returncode == 1
    assert done.stderr.endswith("[LH5015]\n")


def test_fifty_may_ask_at_once(up: Up) -> None:
    with ThreadPoolExecutor(50) as callers:
        answers = list(callers.map(lambda _: up.ask("GET")[0], range(50)))
    assert answers == [200] * 50
    assert json.loads(up.announcement.read_bytes())["environment"] == "dev"


def test_nobody_may_ask_more_often_than_the_settings_said_at_its_start(
    start: Callable[..., Up],
) -> None:
    up = start()
    up.git("status")
    file = "environments/dev/environment.json"
    settings = json.loads((up.folder / "clone" / file).read_text())
    settings["limits"]["requests_per_minute"] = 3
    up.publish(file, json.dumps(settings))
    up.stop()
    again = start()
    told = [again.ask("GET")[0] for _ in range(7)]  # two minutes of the clock hold six
    assert told[:3] == [200] * 3
    assert 429 in told


def test_a_push_that_a_webhook_tells_of_is_not_waited_for(start: Callable[..., Up]) -> None:
    secret = "the-webhook-secret"
    up = start("--tick", "600", LEASEHOLD_WEBHOOK_SECRET_VALUE=secret)
    up.await_(lambda: "grant" in up.log.read_text())
    assert FALCON not in up.statuses(), "the next tick is ten minutes away"
    url = f"{up.says['gateway_url']}/webhooks/git"
    headers = {"X-Gitlab-Token": secret}
    request = urllib.request.Request(url, b'{"ref": "refs/heads/main"}', headers, method="POST")
    with urllib.request.urlopen(request, timeout=HANGS_SECONDS) as answer:
        assert answer.status == 202
    up.await_status(FALCON, "InService")
    assert up.stop() == 0
