"""Each field of the predecessor's file, whatever is in it: where it goes, and what is said."""

from datetime import timedelta

import pytest

from leasehold.predecessor.configs import read_configs
from leasehold.predecessor.expiries import Expiry
from leasehold.predecessor.found import Found, TokensFound
from leasehold.predecessor.move import move
from leasehold.predecessor.settings import Wish
from ledger.documents import parse_definition, parse_environment, parse_lease
from ledger.errors import Refused
from ledger.json_files import dump_json
from ledger.names import EndpointName
from tests.leasehold.predecessor.account_of import (
    FALCON,
    FLAN,
    NOW,
    ROLE,
    config,
    document,
    file_of,
    model,
    moved,
    running,
    settings,
    told,
)

NAME = EndpointName("demo-Falcon40B-Endpoint")


class TestTheSettings:
    def test_are_the_files_own_and_what_it_does_not_say(self) -> None:
        made = moved(model())
        assert settings(made) == {
            "$schema": "../../schema/environment.schema.json",
            "ledger_id": "0123456789abcdef",
            "project_prefix": "demo",
            "region_name": "us-east-1",
            "ddb_auth_table_name": "demo-dev-tokens",
            "execution_role_arn": ROLE,
            "async_output_path": "s3://demo-answers/",
            "identities": {"legacy_token_table": "auth"},
        }
        assert not isinstance(parse_environment("", dump_json(settings(made))), tuple)

    def test_name_the_table_that_the_predecessor_made_where_its_file_named_none(self) -> None:
        configs = read_configs("", b'{"project_prefix": "a", "region_name": "b"}')
        assert (configs.token_table, configs.names_table) == ("AuthTable", False)

    def test_never_call_the_new_table_as_the_old_one(self) -> None:
        made = moved(ddb_auth_table_name="demo-dev-tokens")
        assert settings(made)["ddb_auth_table_name"] == "demo-dev-tokens-2"
        assert settings(made)["identities"] == {"legacy_token_table": "demo-dev-tokens"}

    def test_leave_out_a_table_that_is_not_there(self) -> None:
        made = moved(found=Found(tokens=TokensFound(problem="no", is_absent=True)))
        assert "identities" not in settings(made)
        assert told(made, "ddb_auth_table_name").startswith("! left out")

    def test_keep_a_table_that_could_not_be_read(self) -> None:
        made = moved(found=Found(tokens=TokensFound(problem="denied")))
        assert settings(made)["identities"] == {"legacy_token_table": "auth"}

    @pytest.mark.parametrize(
        ("former", "now"),
        [
            ("a-prefix-of-more-than-thirty-letters", "a-prefix-of-more-than-thirty-l"),
            ("two--hyphens", "two-hyphens"),
            ("Gräte_1", "Grate-1"),
            ("___", "project"),
        ],
    )
    def test_fit_a_prefix_and_keep_the_endpoints_names(self, former: str, now: str) -> None:
        made = moved(model(), project_prefix=former)
        assert settings(made)["project_prefix"] == now
        assert told(made, "project_prefix").startswith(f"! {now}")
        kept = document(made, "Falcon40B").get("endpoint_name")
        deployable = former in {"a-prefix-of-more-than-thirty-letters", "two--hyphens"}
        assert kept == (f"{former}-Falcon40B-Endpoint" if deployable else None)

    def test_allow_a_lease_that_is_longer_than_a_week(self) -> None:
        until = NOW + timedelta(days=9)
        found = Found(
            expiries={NAME: Expiry(NAME, "cfg", until)},
            endpoints={NAME: running(NAME, "cfg")},
            configs={"cfg": config()},
        )
        assert settings(moved(model(), found=found))["limits"] == {"max_lease_minutes": 9 * 1440}
        assert "limits" not in settings(moved(model()))


class TestAModel:
    def test_goes_over_field_by_field(self) -> None:
        source = {"type": "lambda", "properties": {"lambda_src": "functions/falcon"}}
        source["properties"]["api_resource_name"] = "falcon"  # type: ignore[index]
        made = moved(
            model(
                integration=source,
                public=True,
                async_api_enabled=True,
                inference_instance_count=2,
            )
        )
        assert document(made, "Falcon40B") == {
            "$schema": "../../schema/endpoint.schema.json",
            "name": "Falcon40B",
            "model_id": FALCON,
            "inference_instance_type": "ml.g5.12xlarge",
            "inference_instance_count": 2,
            "inference_type": "realtime",
            "schedule": {"initial_provision_minutes": 90},
            "integration": {
                "type": "lambda",
                "properties": {
                    "lambda_src": "functions/text_generation",
                    "api_resource_name": "falcon",
                },
            },
            "public": True,
            "async_api_enabled": True,
        }
        assert made.frozen == ()
        fields = {each.field.removeprefix("Falcon40B: ") for each in made.notes}
        assert {
            *("name", "model_id", "inference_instance_type", "inference_instance_count"),
            *("inference_type", "schedule.initial_provision_minutes", "integration.type"),
            *("integration.properties.lambda_src", "integration.properties.api_resource_name"),
            *("public", "async_api_enabled", "demo-Falcon40B-Endpoint: lease"),
        } <= fields

    def test_of_realtime_gets_an_ended_lease(self) -> None:
        made = moved(model())
        lease = document(made, "Falcon40B", "lease")
        assert lease["expires_at"] == "2026-11-22T12:00:00Z"
        assert not isinstance(parse_lease("", dump_json(lease)), tuple)

    def test_of_async_has_no_meter_whatever_its_schedule_says(self) -> None:
        made = moved(model("Flan", model_id=FLAN, inference_type="async"))
        assert document(made, "Flan") == {
            "$schema": "../../schema/endpoint.schema.json",
            "name": "Flan",
            "model_id": FLAN,
            "inference_instance_type": "ml.g5.12xlarge",
            "inference_type": "async",
        }
        assert "environments/dev/Flan.lease.json" not in made.files
        assert told(made, "Flan: schedule").startswith("! left out")
        assert told(made, "Flan: integration").startswith("! left out")
        assert "a merge of its lock starts it" in told(made, "demo-Flan-Endpoint: lease")

    def test_may_lack_what_the_predecessor_could_not_do_without(self) -> None:
        made = moved(model(schedule=None, integration=None))
        assert document(made, "Falcon40B").keys() & {"schedule", "integration"} == set()
        assert told(made, "Falcon40B: schedule").startswith("none")

    @pytest.mark.parametrize("name", ["Falcon_40B", "Falcon 40B", "Falcon.40B"])
    def test_with_a_name_that_no_endpoint_has_gets_one(self, name: str) -> None:
        made = moved(model(name))
        assert document(made, "Falcon-40B")["name"] == "Falcon-40B"
        assert told(made, f"{name}: name").startswith("! Falcon-40B")
        assert "endpoint_name" not in document(made, "Falcon-40B")

    def test_with_a_name_that_is_too_long_gets_a_shorter_endpoint(self) -> None:
        made = moved(model("x" * 63), model("x" * 62))
        names = [document(made, "x" * length)["endpoint_name"] for length in (63, 62)]
        assert names == [f"demo-{'x' * 58}", f"demo-{'x' * 56}-2"]
        assert told(made, f"{'x' * 63}: endpoint").startswith("! ")

    def test_keeps_its_endpoints_name_where_it_gets_another_itself(self) -> None:
        made = moved(model("-Falcon-"))
        assert document(made, "Falcon")["endpoint_name"] == "demo--Falcon--Endpoint"

    def test_loses_no_name_to_one_that_had_to_be_changed(self) -> None:
        made = moved(model("Fl_an"), model("Fl-an", model_id=FLAN))
        assert document(made, "Fl-an")["model_id"] == FLAN
        assert "endpoint_name" not in document(made, "Fl-an")
        assert "endpoint_name" not in document(made, "Fl-an-2")

    def test_without_a_name_is_called_by_its_place(self) -> None:
        made = moved(model(None), model(5))
        assert document(made, "jumpstart-models-0")["model_id"] == FALCON
        assert document(made, "jumpstart-models-1")["model_id"] == FALCON

    def test_does_not_take_the_name_of_another(self) -> None:
        made = moved(model("Flan"), model("FLAN"), model("Fl_an"), model("Fl-an"))
        names = {each.partition(".")[0] for each in made.files}
        assert {f"environments/dev/{each}" for each in ("Flan", "FLAN-2", "Fl-an", "Fl-an-2")} < (
            names
        )

    def test_does_not_take_the_path_of_another(self) -> None:
        same = {"type": "api", "properties": {"api_resource_name": "flan"}}
        made = moved(model("A", integration=same), model("B", integration=same))
        paths = [
            document(made, each)["integration"]["properties"]["api_resource_name"] for each in "AB"
        ]
        assert paths == ["flan", "flan-2"]
        assert told(made, "B: integration.properties.api_resource_name").startswith("! /flan-2")

    @pytest.mark.parametrize(
        ("former", "now"),
        [("invoke", "invoke-model"), ("falcon/40b", "falcon-40b"), ("", "model-model")],
    )
    def test_gets_a_path_that_the_api_has(self, former: str, now: str) -> None:
        path = {"type": "api", "properties": {"api_resource_name": former}}
        made = moved(model(integration=path))
        assert made.frozen == ()
        said = document(made, "Falcon40B")["integration"]["properties"]
        assert said == {"api_resource_name": now}

    @pytest.mark.parametrize(
        ("former", "now"),
        [
            ("functions/falcon", "functions/text_generation"),
            ("./functions/flan/", "functions/text2text"),
            ("functions/ours", "functions/ours"),
        ],
    )
    def test_is_answered_by_the_function_that_is_here(self, former: str, now: str) -> None:
        path = {
            "type": "lambda",
            "properties": {"lambda_src": former, "api_resource_name": "falcon"},
        }
        made = moved(model(integration=path))
        assert document(made, "Falcon40B")["integration"]["properties"]["lambda_src"] == now
        field = "Falcon40B: integration.properties.lambda_src"
        assert told(made, field).startswith("! ") is (former == now)


class TestWhatIsNeitherFieldNorModel:
    def test_is_left_out_and_its_value_kept_in_the_notes(self) -> None:
        inner = {"type": "api", "x": 4, "properties": {"api_resource_name": "falcon", "y": 5}}
        made = moved(
            model(owner="Ana", integration=inner, schedule={"z": 6}), "text", extra={"a": [1]}
        )
        kept = {each.field: each.was for each in made.notes if "no such field" in each.now}
        assert kept == {
            "extra": '{"a": [1]}',
            "Falcon40B: owner": '"Ana"',
            "Falcon40B: integration.x": "4",
            "Falcon40B: integration.properties.y": "5",
            "Falcon40B: schedule.z": "6",
        }
        assert told(made, "jumpstart_models[1]").startswith("! left out")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("inference_type", "serverless"),
            ("inference_type", None),
            ("inference_instance_type", "g5.12xlarge"),
            ("inference_instance_type", None),
            ("inference_instance_count", "2"),
            ("model_id", None),
            ("model_id", "Not An Id"),
            ("public", "yes"),
            ("schedule", 5),
            ("schedule", {"initial_provision_minutes": "90"}),
            ("integration", "api"),
            ("integration", {"type": "http", "properties": {"api_resource_name": "a"}}),
            ("integration", {"type": "api"}),
            ("integration", {"type": "api", "properties": {"api_resource_name": 5}}),
            ("schedule", [{"days": ["mo"], "start_time": "9", "stop_time": "17:00"}]),
        ],
    )
    def test_a_value_that_no_definition_may_have_is_kept_and_freezes_its_own(
        self, field: str, value: object
    ) -> None:
        made = moved(model(**{field: value}), model("Flan"))
        assert {each.file for each in made.frozen} == {"environments/dev/Falcon40B.endpoint.json"}
        assert "environments/dev/Flan.endpoint.json" in made.files
        if isinstance(value, str):
            assert document(made, "Falcon40B")[field] == value

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"[]",
            b"{",
            b"[" * 10_000,
            b"{}",
            file_of(project_prefix=""),
            file_of(region_name=5),
            file_of(region_name=""),
            file_of(ddb_auth_table_name=5),
            b'{"project_prefix": "a", "region_name": "b", "jumpstart_models": {}}',
        ],
    )
    def test_another_file_is_refused(self, content: bytes) -> None:
        with pytest.raises(Refused, match=r"LH5081: configs\.json cannot be imported"):
            read_configs("configs.json", content)


class TestHours:
    HOURS = ("09:00", "17:00", "Australia/Melbourne")

    def entry(self, **fields: object) -> dict[str, object]:
        start, stop, zone = self.HOURS
        said = {
            "name": "workdays",
            "start_time": start,
            "stop_time": stop,
            "days": ["mon", "tue"],
            "timezone": zone,
            **fields,
        }
        return {key: value for key, value in said.items() if value is not None}

    def test_of_one_time_zone_are_windows(self) -> None:
        made = moved(model(schedule=[self.entry(), self.entry(days=["fri"], stop_time="12:00")]))
        assert document(made, "Falcon40B")["schedule"] == {
            "timezone": "Australia/Melbourne",
            "windows": [
                {"days": ["mon", "tue"], "start": "09:00", "end": "17:00"},
                {"days": ["fri"], "start": "09:00", "end": "12:00"},
            ],
        }
        assert made.frozen == ()
        assert "environments/dev/Falcon40B.lease.json" in made.files

    @pytest.mark.parametrize(
        ("other", "why"),
        [
            ({"date": "31/12/2026", "days": None}, "no single dates"),
            ({"timezone": "Europe/Berlin"}, "the hours before it are in Australia/Melbourne"),
            ({"timezone": None}, "the hours before it are in Australia/Melbourne"),
            ({"days": None}, "it has no days"),
            ({"start_time": None, "stop_time": None}, "no start_time and no stop_time"),
        ],
    )
    def test_that_are_none_of_a_week_are_left_out_and_said(
        self, other: dict[str, object], why: str
    ) -> None:
        made = moved(model(schedule=[self.entry(), self.entry(**other)]))
        assert len(document(made, "Falcon40B")["schedule"]["windows"]) == 1
        assert why in told(made, "Falcon40B: schedule[1]")
        assert told(made, "Falcon40B: schedule[1]").startswith("! ")

    def test_that_leave_none_make_no_schedule(self) -> None:
        made = moved(model(schedule=[5, self.entry(date="01/01/2024")]))
        assert "schedule" not in document(made, "Falcon40B")
        assert "no object" in told(made, "Falcon40B: schedule[0]")

    def test_without_a_zone_are_in_utc(self) -> None:
        made = moved(model(schedule=[self.entry(timezone=None)]))
        assert document(made, "Falcon40B")["schedule"]["timezone"] == "UTC"
        assert made.frozen == ()


class TestWhatRuns:
    UNTIL = NOW + timedelta(hours=2)

    def found(self, status: str | None = "InService", **more: object) -> Found:
        endpoints = {NAME: running(NAME, "cfg-A1", status)} if status else {}
        expiry = Expiry(NAME, "cfg-A1", self.UNTIL)
        said = {
            "expiries": {NAME: expiry},
            "endpoints": endpoints,
            "configs": {"cfg-A1": config()},
            **more,
        }
        return Found(**said)  # type: ignore[arg-type]

    @pytest.mark.parametrize("status", ["InService", "Updating", "Creating", "SystemUpdating"])
    def test_goes_on_as_it_is_until_its_expiry(self, status: str) -> None:
        made = moved(model(), found=self.found(status))
        definition = document(made, "Falcon40B")
        assert definition["endpoint_config_name"] == "cfg-A1"
        assert (definition["adopt"], "model_id" in definition) == (True, False)
        assert document(made, "Falcon40B", "lease")["expires_at"] == "2026-11-23T14:00:00Z"
        assert made.frozen == ()
        assert [each.endpoint_name for each in made.adopted] == [NAME]
        assert (made.waiting, made.to_lock, made.borrowed) == (("Falcon40B",), (), ("cfg-A1",))

    def test_without_an_expiry_to_come_is_left_as_it_is(self) -> None:
        for expiry, said in (
            (Expiry(NAME, "cfg-A1", NOW - timedelta(hours=1)), "past since 2026-11-23T11:00:00Z"),
            (Expiry(NAME, problem="it is no object"), "its expiry is it is no object"),
            (None, "its expiry is not known"),
        ):
            expiries = {NAME: expiry} if expiry else {}
            made = moved(model(), found=self.found(expiries=expiries))
            assert said in told(made, f"{NAME}: lease")
            assert told(made, f"{NAME}: lease").startswith("! ")
            lease = parse_lease("", made.files["environments/dev/Falcon40B.lease.json"])
            assert not isinstance(lease, tuple)
            assert not lease.is_live(NOW)

    def test_an_end_that_is_known_is_kept(self) -> None:
        past = Expiry(NAME, "cfg-A1", NOW - timedelta(minutes=1))
        made = moved(model(), found=self.found(None, expiries={NAME: past}))
        assert document(made, "Falcon40B", "lease")["expires_at"] == "2026-11-23T11:59:00Z"
        assert told(made, f"{NAME}: lease").startswith("ended at 2026-11-23T11:59:00Z")

    @pytest.mark.parametrize("status", [None, "Failed", "Deleting"])
    def test_what_does_not_run_is_not_started_whatever_its_expiry(self, status: str | None) -> None:
        made = moved(model(), found=self.found(status))
        definition = document(made, "Falcon40B")
        assert (definition["endpoint_config_name"], "adopt" in definition) == ("cfg-A1", False)
        assert document(made, "Falcon40B", "lease")["expires_at"] == "2026-11-22T12:00:00Z"
        assert told(made, f"{NAME}: lease").startswith("! ended, though its parameter says")
        named = [each.field for each in made.notes if each.field == f"{NAME}: at AWS"]
        assert bool(named) is (status is not None)

    def test_what_is_on_a_config_that_is_gone_runs_on_but_starts_by_its_model_id(self) -> None:
        gone = {"cfg-A1": config()}
        gone["cfg-A1"] = type(gone["cfg-A1"])(problem="it is not in SageMaker any more")
        runs = moved(model(), found=self.found(configs=gone))
        assert document(runs, "Falcon40B")["endpoint_config_name"] == "cfg-A1"
        assert told(runs, f"{NAME}: at AWS").startswith("! its endpoint config cannot be used")
        does_not = moved(model(), found=self.found(None, configs=gone))
        assert document(does_not, "Falcon40B")["model_id"] == FALCON

    def test_is_told_where_the_file_wants_another_type(self) -> None:
        made = moved(model(), found=self.found(configs={"cfg-A1": config("ml.g5.48xlarge")}))
        assert "ml.g5.48xlarge; the second step brings ml.g5.12xlarge" in told(
            made, f"{NAME}: at AWS"
        )

    def test_asynchronous_keeps_its_outputs_and_has_no_meter(self) -> None:
        outputs = {"s3_output_path": "s3://b/async_inference_output"}
        found = self.found(
            expiries={},
            endpoints={NAME: running(NAME, "cfg-A1", is_async=True)},
            configs={"cfg-A1": config(**outputs)},
        )
        made = moved(model(inference_type="async"), found=found)
        definition = document(made, "Falcon40B")
        assert definition["async_inference"] == outputs
        assert "schedule" not in definition
        assert "environments/dev/Falcon40B.lease.json" not in made.files
        assert made.frozen == ()

    def test_is_of_the_kind_that_it_is_at_aws(self) -> None:
        asynchronous = {NAME: running(NAME, "cfg-A1", is_async=True)}
        made = moved(model(), found=self.found(endpoints=asynchronous))
        definition = document(made, "Falcon40B")
        assert definition["inference_type"] == "async"
        assert definition["schedule"] == {"initial_provision_minutes": 90}  # it had a meter
        assert told(made, "Falcon40B: inference_type") == "! async, which it is at AWS"
        other = moved(model(inference_type="async"), found=self.found())
        assert document(other, "Falcon40B")["inference_type"] == "realtime"
        odd = moved(model(inference_type="batch"), found=self.found())
        assert odd.frozen == ()

    def test_what_the_api_added_is_a_definition_of_any_name(self) -> None:
        names = [EndpointName("other-Endpoint"), EndpointName("by-api")]
        found = Found(
            expiries={
                names[0]: Expiry(names[0], "cfg-1", self.UNTIL),
                names[1]: Expiry(names[1], "cfg-2", self.UNTIL),
            },
            endpoints={each: running(each, f"cfg-{n}") for n, each in enumerate(names, 1)},
            configs={"cfg-1": config(), "cfg-2": config(s3_output_path="s3://b/")},
        )
        made = moved(model(), found=found)
        assert document(made, "other-Endpoint") == {
            "$schema": "../../schema/endpoint.schema.json",
            "name": "other-Endpoint",
            "endpoint_name": "other-Endpoint",
            "endpoint_config_name": "cfg-1",
            "inference_type": "realtime",
            "adopt": True,
        }
        # It had a meter there, asynchronous as it is, so it has one here.
        assert document(made, "by-api")["schedule"] == {}
        assert document(made, "by-api", "lease")["expires_at"] == "2026-11-23T14:00:00Z"
        assert made.frozen == ()

    def test_what_the_api_added_is_called_as_models_are_where_its_name_is(self) -> None:
        names = [EndpointName("demo-Chat-Endpoint"), EndpointName("demo-falcon40b-Endpoint")]
        found = Found(
            expiries={each: Expiry(each, "cfg", self.UNTIL) for each in names},
            endpoints={each: running(each, "cfg") for each in names},
        )
        made = moved(model(), found=found)
        assert "endpoint_name" not in document(made, "Chat")
        # A name differs from the model's in case alone, so it is the model's.
        assert document(made, "Falcon40B")["endpoint_config_name"] == "cfg"
        taken = Found(expiries={names[0]: Expiry(names[0], "cfg", self.UNTIL)})
        both = moved(model("Chat", inference_type="x"), model("chat"), found=taken)
        assert document(both, "Chat")["endpoint_config_name"] == "cfg"

    def test_what_is_being_changed_is_to_be_looked_at_again(self) -> None:
        made = moved(model(), found=self.found("Updating"))
        assert told(made, f"{NAME}: at AWS").startswith("! it is Updating: import again")

    def test_what_the_api_added_under_no_possible_name_is_kept_and_frozen(self) -> None:
        name = EndpointName("my_chat")
        made = moved(model(), found=Found(expiries={name: Expiry(name, "cfg", self.UNTIL)}))
        assert {each.file for each in made.frozen} == {"environments/dev/my-chat.endpoint.json"}
        assert document(made, "my-chat")["endpoint_name"] == "my_chat"

    def test_a_parameter_that_says_nothing_is_said_and_stops_no_other(self) -> None:
        name = EndpointName("broken")
        made = moved(model(), found=Found(expiries={name: Expiry(name, problem="it is no object")}))
        assert told(made, "parameter of broken").startswith("! left out: it is no object")
        assert "environments/dev/Falcon40B.endpoint.json" in made.files

    def test_the_hours_of_a_parameter_win_over_the_files(self) -> None:
        hours = [{"days": ["mon"], "start_time": "09:00", "stop_time": "17:00", "timezone": "UTC"}]
        found = self.found(expiries={NAME: Expiry(NAME, "cfg-A1", schedule=hours)})
        made = moved(model(), found=found)
        assert document(made, "Falcon40B")["schedule"]["windows"][0]["days"] == ["mon"]
        assert told(made, f"{NAME}: lease") == "ended: it runs by its hours"
        alone = Found(expiries={NAME: Expiry(NAME, "cfg-A1", schedule=hours)})
        assert document(moved(found=alone), "Falcon40B")["schedule"]["timezone"] == "UTC"

    def test_what_another_environment_defines_is_left_out(self) -> None:
        configs = read_configs("", file_of(model()))
        wish = Wish("dev", "0123456789abcdef", ROLE, "us-east-1")
        added = EndpointName("by-api")
        found = Found(expiries={added: Expiry(added, "cfg", self.UNTIL)})
        made = move(configs, wish, found, NOW, frozenset({NAME, added}))
        assert [*made.files] == ["environments/dev/environment.json"]
        assert told(made, NAME).startswith("! left out: another environment of this ledger")

    def test_what_is_leaseholds_already_is_left_out(self) -> None:
        ours = {"leasehold:environment": "prod"}
        found = self.found(endpoints={NAME: running(NAME, "cfg-A1", tags=ours)})
        made = moved(model(), found=found)
        assert "environments/dev/Falcon40B.endpoint.json" not in made.files
        assert told(made, NAME).startswith("! left out: it bears Leasehold's tags")
        agreed = {"leasehold:adoptable": "demo/dev"}
        found = self.found(endpoints={NAME: running(NAME, "cfg-A1", tags=agreed)})
        assert "environments/dev/Falcon40B.endpoint.json" in moved(model(), found=found).files


def test_every_definition_of_a_move_can_be_read_again() -> None:
    made = moved(model(), model("Flan", inference_type="async"))
    for file, content in made.files.items():
        if file.endswith(".endpoint.json"):
            assert not isinstance(parse_definition(file, content), tuple)
