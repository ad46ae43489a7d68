"""When endpoints were last used, asked of CloudWatch's metrics by a real client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from controller.aws.activity import Activity
from controller.planning.idleness import Use
from controller.planning.looks import Question
from ledger.names import EndpointName
from sandbox.server import Sandbox
from tests.scene import NOON, REGION, SETTLE, STARTUP, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = EndpointName("demo-Falcon")
LLAMA = EndpointName("demo-Llama")
AT_NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def account() -> Iterator[Account]:
    """An account with one endpoint, made an hour before noon; it is noon."""
    with Sandbox(startup_seconds=STARTUP) as sandbox:
        made = Account(sandbox.url)
        at(made, -60)
        made.sagemaker.create_endpoint(
            EndpointName=NAME, EndpointConfigName=made.make_config("by-hand")
        )
        at(made, 0)
        made.calls()
        yield made


def at(account: Account, minutes: float) -> datetime:
    moment = NOON + timedelta(minutes=minutes)
    account.ask("POST", "/clock", {"now": moment.strftime("%Y-%m-%dT%H:%M:%SZ")})
    return moment


def invoke(account: Account, minute: str, name: str = NAME, **fields: object) -> None:
    """Let it be invoked at HH:MM:SS of the day."""
    wish = {"count": 1, "at": f"2026-11-23T{minute}Z", **fields}
    account.ask("POST", f"/endpoints/{name}/invocations", wish)


def ask(account: Account, question: Question, now: datetime = NOON) -> Use:
    answers = Activity(account.client("cloudwatch")).last_used([question], now)
    assert list(answers) == [question.endpoint_name]
    return answers[question.endpoint_name]


def requests_of(account: Account) -> list[dict[str, Any]]:
    """All that is asked from now on, as it is sent."""
    sent: list[dict[str, Any]] = []
    account.client("cloudwatch").meta.events.register(
        "provide-client-params.cloudwatch.GetMetricData",
        lambda params, **_: sent.append(params),
    )
    return sent


def about(minutes: int = 30, *variants: str) -> Question:
    return Question(NAME, variants or ("main",), is_async=False, minutes=minutes)


def clock(hour_minute: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T{hour_minute}:00+00:00")


class TestTheLastUse:
    def test_is_the_end_of_its_minute(self, account: Account) -> None:
        invoke(account, "11:40:00")
        invoke(account, "11:47:12")
        assert ask(account, about()) == Use(clock("11:48"))

    def test_is_none_where_there_was_none(self, account: Account) -> None:
        assert ask(account, about()) == Use(None)

    def test_is_none_where_it_lies_further_back_than_was_asked(self, account: Account) -> None:
        invoke(account, "11:26:59")
        assert ask(account, about(30)) == Use(None)
        assert ask(account, about(31)) == Use(clock("11:27"))

    def test_is_never_after_now(self, account: Account) -> None:
        invoke(account, "12:00:00")
        now = at(account, 0.5)
        assert ask(account, about(), now) == Use(now)

    def test_is_the_last_one_of_all_variants(self, account: Account) -> None:
        invoke(account, "11:47:00")
        assert ask(account, about(30, "other", "main", "third")) == Use(clock("11:48"))

    def test_of_a_week_is_told_to_the_hour(self, account: Account) -> None:
        invoke(account, "11:07:00")
        now = at(account, 3 * 24 * 60)
        assert ask(account, about(7 * 24 * 60), now) == Use(AT_NOON)

    def test_is_asked_by_the_endpoint_s_exact_name(self, account: Account) -> None:
        invoke(account, "11:47:00")
        other = Question(EndpointName(NAME.upper()), ("main",), is_async=False, minutes=30)
        assert ask(account, other) == Use(None)


class TestAnAsynchronousEndpoint:
    @pytest.fixture
    def question(self, account: Account) -> Question:
        model = {"ModelName": "by-hand-model", "VariantName": "main", "InitialInstanceCount": 1}
        account.sagemaker.create_endpoint_config(
            EndpointConfigName="queue",
            ProductionVariants=[{**model, "InstanceType": "ml.g5.xlarge"}],
            AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://answers/"}},
        )
        account.sagemaker.create_endpoint(EndpointName="demo-queue", EndpointConfigName="queue")
        at(account, SETTLE / 60)
        account.calls()
        return Question(EndpointName("demo-queue"), ("main",), is_async=True, minutes=30)

    def test_is_in_use_while_requests_wait(self, account: Account, question: Question) -> None:
        account.ask("POST", "/endpoints/demo-queue/backlog", {"size": 3})
        now = at(account, 20)
        assert ask(account, question, now) == Use(now, backlog=True)

    def test_was_last_used_when_its_queue_ran_empty(
        self, account: Account, question: Question
    ) -> None:
        account.ask("POST", "/endpoints/demo-queue/backlog", {"size": 3})
        at(account, 10)
        account.ask("POST", "/endpoints/demo-queue/backlog", {"size": 0})
        now = at(account, 20)
        assert ask(account, question, now) == Use(clock("12:10"))

    def test_with_a_queue_that_was_always_empty_was_never_used(
        self, account: Account, question: Question
    ) -> None:
        now = at(account, 20)
        assert ask(account, question, now) == Use(None)

    def test_is_asked_for_what_aws_publishes_of_it(
        self, account: Account, question: Question
    ) -> None:
        """Not `Invocations`: that an asynchronous endpoint does not have."""
        sent = requests_of(account)
        ask(account, question)
        stats = [query["MetricStat"] for query in sent[0]["MetricDataQueries"]]
        assert [(stat["Metric"]["MetricName"], stat["Stat"]) for stat in stats] == [
            ("InvocationsProcessed", "Sum"),
            ("ApproximateBacklogSize", "Maximum"),
        ]


class TestTheCost:
    @pytest.mark.parametrize(("variants", "calls"), [(1, 1), (500, 1), (501, 2), (1001, 3)])
    def test_is_a_call_for_each_five_hundred_metrics(
        self, account: Account, variants: int, calls: int
    ) -> None:
        invoke(account, "11:47:00")
        names = [f"v{number}" for number in range(1, variants)]
        assert ask(account, about(30, *names, "main")) == Use(clock("11:48"))
        assert account.calls() == {"GetMetricData": calls}

    def test_of_many_endpoints_with_the_same_resolution_is_one_call(self, account: Account) -> None:
        questions = [
            Question(
                EndpointName(f"demo-{number}"), ("AllTraffic",), is_async=False, minutes=5 + number
            )
            for number in range(100)
        ]
        answers = Activity(account.client("cloudwatch")).last_used(questions, NOON)
        assert set(answers.values()) == {Use(None)}
        assert account.calls() == {"GetMetricData": 1}

    def test_of_no_question_is_nothing(self, account: Account) -> None:
        assert Activity(account.client("cloudwatch")).last_used([], NOON) == {}
        assert account.calls() == {}

    @pytest.mark.parametrize("minutes", [5, 30, 195, 196, 1000, 1440, 3000, 10_080])
    def test_keeps_to_what_a_call_can_return(self, account: Account, minutes: int) -> None:
        """500 metrics, 100,800 points: also with a point in each period there is one page."""
        sent = requests_of(account)
        ask(account, about(minutes))
        (request,) = sent
        (query,) = request["MetricDataQueries"]
        period = query["MetricStat"]["Period"]
        span = request["EndTime"] - request["StartTime"]
        assert 500 * span.total_seconds() / period <= 100_800
        assert request["StartTime"].timestamp() % period == 0
        assert span >= timedelta(minutes=minutes)
        assert period <= max(60, minutes * 60 / 10)


def unknown(answer: str) -> Use:
    sentence = f"LH3022: CloudWatch does not say whether it is used: {answer}"
    return Use(known=False, problem=sentence)


class TestWhatCannotBeRead:
    def test_leaves_every_endpoint_of_the_call_unknown(self, account: Account) -> None:
        invoke(account, "11:47:00")
        account.order_fault("denied", operation="GetMetricData")
        use = ask(account, about())
        assert not use.known
        assert use.problem.startswith("LH3022: CloudWatch does not say whether it is used: AWS")
        assert "GetMetricData" in use.problem
        assert ask(account, about()) == Use(clock("11:48"))

    def test_leaves_other_calls_alone(self, account: Account) -> None:
        account.order_fault("throttle", operation="GetMetricData")
        questions = [about(30), Question(LLAMA, ("main",), is_async=False, minutes=3000)]
        answers = Activity(account.client("cloudwatch")).last_used(questions, NOON)
        assert [answers[name].known for name in (NAME, LLAMA)] == [False, True]

    @pytest.mark.parametrize("status", ["InternalError", "Forbidden", "PartialData"])
    def test_of_one_metric_leaves_its_endpoint_unknown(self, status: str) -> None:
        first = result("q0", "Complete", ["11:40"])
        answers = answered([first, result("q1", status, [])], "A", "B")
        assert answers["A"] == Use(clock("11:41"))
        assert answers["B"] == unknown(f"its answer for Invocations is {status}.")

    def test_of_a_metric_that_is_not_answered_leaves_its_endpoint_unknown(self) -> None:
        answers = answered([result("q0", "Complete", [])], "A", "B")
        assert answers["B"] == unknown("its answer for Invocations is nothing.")

    def test_at_first_is_known_once_the_next_page_completes_it(self) -> None:
        pages = [
            [result("q0", "PartialData", ["11:50"])],
            [result("q0", "Complete", ["11:40"])],
        ]
        assert answered(pages, "A")["A"] == Use(clock("11:51"))

    def test_on_one_page_is_not_mended_by_another(self) -> None:
        pages = [[result("q0", "InternalError", [])], [result("q0", "Complete", ["11:40"])]]
        assert not answered(pages, "A")["A"].known


def result(query: str, status: str, minutes: list[str]) -> dict[str, Any]:
    return {
        "Id": query,
        "Label": "Invocations",
        "Timestamps": [clock(minute) for minute in minutes],
        "Values": [1.0 for _ in minutes],
        "StatusCode": status,
    }


def answered(results: list[Any], *names: str) -> dict[str, Use]:
    """Answers that the sandbox never gives, page by page, to a client that calls nobody."""
    pages = results if isinstance(results[0], list) else [results]
    client: Any = boto3.Session("testing", "testing", region_name=REGION).client("cloudwatch")
    with Stubber(client) as stubber:
        for number, page in enumerate(pages, start=1):
            token = {"NextToken": str(number)} if number < len(pages) else {}
            stubber.add_response("get_metric_data", {"MetricDataResults": page, **token})
        questions = [
            Question(EndpointName(name), ("main",), is_async=False, minutes=30) for name in names
        ]
        found = Activity(client).last_used(questions, NOON)
        return {str(name): use for name, use in found.items()}
