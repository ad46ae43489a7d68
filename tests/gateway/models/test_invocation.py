"""Models are asked over HTTP: by name, at a path of their own, through a function, in public."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.http.routes import MODEL_BODY
from ledger.lease import stamp
from tests import debian
from tests.conftest import staged
from tests.gateway.serving import FALCON, FLEET, Models, integration, serving, start_fleet
from tests.scene import definition, environment, lease, path

if TYPE_CHECKING:
    from collections.abc import Iterator

HAIKU = [{"generated_text": "write a haiku"}]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    with staged(tmp_path_factory.mktemp("models")) as scene:
        start_fleet(scene)
        with serving(scene) as running:
            yield running


class TestByName:
    @pytest.mark.parametrize("name", [FALCON, "Falcon40B", "falcon40b"])
    def test_an_endpoint_is_asked_by_its_name_or_its_definitions(
        self, models: Models, name: str
    ) -> None:
        answer = models.ask(f"/invoke/{name}")
        assert (answer.status, answer.body) == (200, HAIKU)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Amzn-Invoked-Production-Variant"] == "AllTraffic"

    def test_custom_attributes_reach_the_model_and_come_back(self, models: Models) -> None:
        name = "X-Amzn-SageMaker-Custom-Attributes"
        answer = models.ask(f"/invoke/{FALCON}", headers={name: "accept_eula=true"})
        came_back = {key.lower(): value for key, value in answer.headers.items()}
        assert came_back[name.lower()] == "accept_eula=true"

    def test_whoever_may_only_read_may_not_invoke(self, models: Models) -> None:
        answer = models.ask(f"/invoke/{FALCON}", token=models.reader)
        assert (answer.status, answer.code) == (403, "LH4031")

    def test_without_a_token_nobody_passes(self, models: Models) -> None:
        assert models.ask(f"/invoke/{FALCON}", token=None).code == "LH4010"

    def test_a_name_that_nobody_has_is_not_found(self, models: Models) -> None:
        answer = models.ask("/invoke/Nobody%2Dhere")
        assert (answer.status, answer.code) == (404, "LH4106")
        assert answer.error.startswith("no endpoint is called Nobody-here in dev: check the name.")

    def test_what_can_be_no_name_is_refused(self, models: Models) -> None:
        answer = models.ask("/invoke/Nobody%20here")
        assert (answer.status, answer.code) == (400, "LH4003")

    def test_a_definition_that_was_merged_is_there_at_once(self, models: Models) -> None:
        models.scene.define("Fresh")
        assert models.ask("/invoke/Fresh").code == "LH4301"


class TestAtItsPath:
    def test_an_integration_of_type_api_is_asked_directly(self, models: Models) -> None:
        answer = models.ask("/falcon")
        assert (answer.status, answer.body) == (200, HAIKU)

    def test_it_asks_for_the_scope(self, models: Models) -> None:
        """API Gateway itself refuses, for behind a direct integration nobody else would."""
        answer = models.ask("/falcon", token=models.reader)
        assert (answer.status, answer.code) == (403, "LH4030")
        assert "invoke" in answer.error
        assert models.ask("/falcon", token=None).code == "LH4010"

    def test_a_path_that_no_definition_has_is_not_found(self, models: Models) -> None:
        answer = models.ask("/penguin")
        assert (answer.status, answer.code) == (404, "LH4041")

    def test_a_path_that_two_definitions_have_is_refused_with_both_names(
        self, models: Models
    ) -> None:
        answer = models.ask("/twin")
        assert (answer.status, answer.code) == (409, "LH4309")
        assert "TwinA and TwinB" in answer.error


class TestThroughAFunctionOfItsOwn:
    def test_text_generation_passes_on_its_request(self, models: Models) -> None:
        answer = models.ask("/writer")
        assert (answer.status, answer.body) == (200, HAIKU)

    def test_text2text_passes_on_its_request(self, models: Models) -> None:
        answer = models.ask("/flan", {"text_inputs": "hello big world", "max_length": 2})
        assert (answer.status, answer.body) == (200, {"generated_texts": ["hello big"]})

    def test_the_function_is_behind_the_token(self, models: Models) -> None:
        assert models.ask("/writer", token=None).code == "LH4010"

    @pytest.mark.parametrize("where", ["/writer", "/flan"])
    def test_a_function_is_reached_with_the_scope_alone(self, models: Models, where: str) -> None:
        answer = models.ask(where, token=models.reader)
        assert (answer.status, answer.code) == (403, "LH4030")

    def test_what_the_function_refuses_never_reaches_the_model(self, models: Models) -> None:
        models.scene.account.calls()
        answer = models.ask("/writer", {"prompt": "?"})
        assert (answer.status, answer.code) == (400, "LH4002")
        assert "InvokeEndpoint" not in models.scene.account.calls()

    @pytest.mark.parametrize("name", ["lost", "outside"])
    def test_a_function_that_is_not_the_projects_is_never_run_and_never_bypassed(
        self, models: Models, name: str
    ) -> None:
        models.scene.account.calls()
        answer = models.ask(f"/{name}")
        assert (answer.status, answer.code) == (501, "LH4310")
        assert "InvokeEndpoint" not in models.scene.account.calls()


class TestInPublic:
    @pytest.mark.parametrize("where", ["/open", "/chat"])
    def test_a_public_endpoint_is_asked_without_a_token(self, models: Models, where: str) -> None:
        answer = models.ask(where, token=None)
        assert (answer.status, answer.body) == (200, HAIKU)

    def test_public_is_its_path_alone(self, models: Models) -> None:
        assert models.ask("/invoke/Open", token=None).code == "LH4010"

    def test_what_is_public_no_more_asks_for_a_token(self, models: Models) -> None:
        models.scene.push({path("Open"): definition("Open", **FLEET["Open"], owner="ana@x.org")})
        assert models.ask("/open", token=None).status == 200
        private = FLEET["Open"] | {"public": False}
        models.scene.push({path("Open"): definition("Open", **private)}, "close it")
        models.look_again()
        assert models.ask("/open", token=None).code == "LH4010"
        assert models.ask("/open").status == 200
        models.scene.push({path("Open"): definition("Open", **FLEET["Open"])}, "open it")
        models.look_again()


class TestWhatDoesNotRun:
    def test_a_stopped_endpoint_says_so_and_the_curl_it_shows_starts_it(
        self, models: Models
    ) -> None:
        debian.require("curl", package="curl")
        models.scene.define("Idle", **FLEET["Falcon40B"] | {"integration": INTEGRATION})
        models.look_again()
        answer = models.ask("/idle")
        assert (answer.status, answer.code) == (503, "LH4301")
        assert answer.headers["Retry-After"] == "60"
        assert answer.headers["X-Leasehold-Status"] == "absent"
        said, _, call = answer.error.partition(" Start it with: ")
        assert said == "demo-Idle-Endpoint is stopped (absent): no lease."
        shell = {"TOKEN": models.token, "PATH": os.environ["PATH"]}
        started = subprocess.run(call, shell=True, env=shell, capture_output=True, check=True)  # noqa: S602
        assert json.loads(started.stdout)["EndpointName"] == "demo-Idle-Endpoint"
        models.scene.tick()
        models.look_again()
        assert models.ask("/idle").headers["X-Leasehold-Status"] == "Creating"

    @pytest.mark.parametrize("source", ["functions/text_generation", "functions/text2text"])
    def test_a_function_says_so_too_and_its_curl_starts_the_endpoint(
        self, models: Models, source: str
    ) -> None:
        debian.require("curl", package="curl")
        name = source.rpartition("/")[2].title().replace("_", "")
        models.scene.define(name, **integration("lambda", name, source))
        models.look_again()
        answer = models.ask(f"/{name}")
        assert (answer.status, answer.code) == (503, "LH4301")
        assert answer.headers["Retry-After"] == "60"
        assert answer.headers["X-Leasehold-Status"] == "NotInService"
        call = answer.error.partition(" Start it with: ")[2]
        shell = {"TOKEN": models.token, "PATH": os.environ["PATH"]}
        started = subprocess.run(call, shell=True, env=shell, capture_output=True, check=True)  # noqa: S602
        assert json.loads(started.stdout)["EndpointName"] == f"demo-{name}-Endpoint"

    def test_a_starting_endpoint_says_when_to_ask_again(self, models: Models) -> None:
        models.scene.define("Late", 60)
        leased = stamp(models.scene.now + timedelta(minutes=60))
        models.scene.tick()
        answer = models.ask("/invoke/Late")
        assert (answer.status, answer.code) == (503, "LH4301")
        assert answer.headers["Retry-After"] == "30"
        assert answer.error == (
            f"demo-Late-Endpoint is not in service yet (Creating): leased until {leased}."
            " Ask again in 30 s."
        )

    @pytest.mark.parametrize("minutes", [60, None], ids=["leased", "not leased"])
    def test_a_suspended_one_says_so_and_not_that_it_comes_soon(
        self, models: Models, minutes: float | None
    ) -> None:
        """Neither waiting nor a lease starts it."""
        models.scene.define("Held", minutes, suspended={"reason": "the model is audited"})
        models.look_again()
        answer = models.ask("/invoke/Held")
        assert (answer.status, answer.code) == (503, "LH4301")
        assert answer.headers["Retry-After"] == "60"
        assert answer.error == (
            "demo-Held-Endpoint does not run (absent): suspended: the model is audited."
        )

    def test_a_suspended_one_that_runs_is_asked(self, models: Models) -> None:
        models.scene.define("Plain", 60, suspended={"reason": "the model is audited"})
        models.look_again()
        assert models.ask("/invoke/Plain").status == 200

    def test_an_ended_lease_is_told_with_its_end(self, models: Models) -> None:
        ended = lease(models.scene.now - timedelta(hours=1))
        files = {path("Past"): definition("Past"), path("Past", "lease"): ended}
        models.scene.push(files, "define Past")
        answer = models.ask("/invoke/Past")
        assert f"is stopped (absent): lease ended at {ended['expires_at']}." in answer.error

    def test_an_endpoint_with_a_broken_file_is_asked_as_long_as_it_runs(
        self, models: Models
    ) -> None:
        models.scene.push({path("Plain"): "{"}, "break Plain")
        models.look_again()
        assert models.ask("/invoke/Plain").status == 200
        models.scene.push({path("Never"): "{"}, "break Never")
        assert models.ask("/invoke/Never").error == (
            "demo-Never-Endpoint does not run (absent): frozen until its documents are mended."
        )

    def test_no_call_of_sagemakers_control_plane_is_spent_on_it(self, models: Models) -> None:
        models.scene.define("Quiet")
        models.look_again()
        models.ask("/invoke/Quiet")
        models.scene.account.calls()
        assert models.ask("/invoke/Quiet").code == "LH4301"
        asked = models.scene.account.calls()
        assert asked.keys() - {"GetItem", "UpdateItem"} == set()

    def test_no_call_of_sagemakers_control_plane_is_spent_on_what_runs(
        self, models: Models
    ) -> None:
        assert models.ask(f"/invoke/{FALCON}").status == 200
        models.look_again()
        models.scene.account.calls()
        assert models.ask(f"/invoke/{FALCON}").status == 200
        asked = models.scene.account.calls()
        assert asked.keys() - {"GetItem", "UpdateItem"} == {"InvokeEndpoint"}

    def test_models_answer_while_git_is_out_of_reach(self, models: Models) -> None:
        assert models.ask(f"/invoke/{FALCON}").status == 200
        models.scene.git_server.stop()
        models.look_again()
        assert models.ask(f"/invoke/{FALCON}").status == 200
        models.scene.git_server.start()

    def test_models_answer_while_the_environments_settings_are_broken(self, models: Models) -> None:
        assert models.ask(f"/invoke/{FALCON}").status == 200
        settings = "environments/dev/environment.json"
        models.scene.push({settings: "{"}, "break the settings")
        models.look_again()
        assert models.ask(f"/invoke/{FALCON}").status == 200
        with serving(models.scene) as fresh:
            answer = fresh.ask(f"/invoke/{FALCON}")
            assert (answer.status, answer.code) == (409, "LH4109")
            assert fresh.ask("/chat", token=None).code == "LH4010"
        models.scene.push({settings: environment()}, "mend the settings")
        models.look_again()


class TestWhatGoesWrong:
    @pytest.mark.parametrize("status", [400, 429, 503])
    @pytest.mark.parametrize("where", ["/falcon", "/writer"])
    def test_what_the_model_refuses_comes_with_its_status_and_in_its_words(
        self, models: Models, where: str, status: int
    ) -> None:
        answer = models.ask(where, {"inputs": "hi", "parameters": {"fail_with": status}})
        assert (answer.status, answer.text) == (status, "the model fails as it was told")
        assert answer.headers["Content-Type"].startswith("text/plain")

    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            ("throttle", 429, "LH4305"),
            ("unavailable", 503, "LH4304"),
            ("denied", 502, "LH4308"),
            ("lost-answer", 502, "LH4307"),
        ],
    )
    def test_what_sagemaker_refuses_is_one_sentence(
        self, models: Models, fault: str, status: int, code: str
    ) -> None:
        models.scene.account.order_fault(fault, operation="InvokeEndpoint")
        answer = models.ask("/falcon")
        assert (answer.status, answer.code) == (status, code)
        assert ("Retry-After" in answer.headers) == (status in {429, 503})
        assert models.ask("/falcon").status == 200

    def test_a_body_of_more_than_six_megabytes_is_too_large(self, models: Models) -> None:
        answer = models.ask("/falcon", b"x" * (MODEL_BODY.most_bytes + 1))
        assert (answer.status, answer.code) == (413, "LH4302")

    def test_an_answer_that_does_not_fit_is_not_sent_in_half(self, models: Models) -> None:
        answer = models.ask("/falcon", {"inputs": '"' * 2_000_000})
        assert (answer.status, answer.code) == (502, "LH4303")

    def test_what_is_no_text_reaches_the_model_as_it_is(self, models: Models) -> None:
        answer = models.ask("/falcon", b"\xff\xfe")
        assert (answer.status, answer.text) == (400, "the body is not JSON")

    def test_an_asynchronous_endpoint_says_what_it_is(self, models: Models) -> None:
        scene = models.scene
        scene.define("Batch", 60, inference_type="async")
        scene.tick()
        scene.let_pass(seconds=90)
        answer = models.ask("/invoke/Batch")
        assert (answer.status, answer.code) == (501, "LH4283")
        assert "async_input_path" in answer.error


INTEGRATION = {"type": "api", "properties": {"api_resource_name": "idle"}}
