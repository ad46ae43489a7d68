"""What is left to a person, in the order in which it is done."""

import pytest

from leasehold.predecessor.advice import Import, advice
from leasehold.predecessor.found import TICK, Found, Rule
from ledger.names import EndpointName
from tests.leasehold.predecessor.account_of import config, model, moved, running

NAME = EndpointName("demo-Falcon40B-Endpoint")


def aws(*words: str) -> str:
    return " ".join(words)


def said(found: Found | None, *models: object, consents: tuple[str, ...] = ()) -> list[str]:
    made = moved(*models, found=found)
    steps = advice(Import("dev", "configs.json", ".", made, found, consents), aws)
    return [line for step in steps for line in (step.sentence, *step.commands)]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (None, f"events list-rules --query Rules[?Description=='{TICK}'].Name --output text"),
        (Found(), f"events list-rules --query Rules[?Description=='{TICK}'].Name --output text"),
        (Found(rules=(Rule("R-1", is_enabled=True),)), "events disable-rule --name R-1"),
        (
            Found(rules=(Rule("R-1", is_enabled=False),)),
            f"The predecessor's rule ({TICK}) is switched off already.",
        ),
        (Found(rules=()), f"The predecessor's rule ({TICK}) is not in this account and region."),
    ],
)
def test_the_old_rule_comes_first(found: Found | None, line: str) -> None:
    assert line in said(found, model())[:2]


def test_what_runs_is_agreed_to_adopted_and_then_brought_to_its_model() -> None:
    found = Found(endpoints={NAME: running(NAME, "cfg-A1")}, configs={"cfg-A1": config()}, rules=())
    lines = said(found, model(), consents=("add-tags one", "add-tags two"))
    assert lines.index("add-tags two") < lines.index("leasehold plan -e dev --ref HEAD")
    assert lines.index("leasehold plan -e dev --ref HEAD") < lines.index(
        "leasehold import configs.json -e dev --second-step"
    )
    assert "Do not run `cdk destroy`" in lines[-1]
    assert "(endpoint configs: cfg-A1)" in lines[-1]


def test_commands_can_be_pasted_whatever_paths_are_called() -> None:
    found = Found(endpoints={NAME: running(NAME, "cfg-A1")}, configs={"cfg-A1": config()})
    made = moved(model(), found=found)
    done = Import("dev", "my configs.json", "my ledger", made, found)
    lines = [line for step in advice(done, aws) for line in step.commands]
    step = "leasehold import 'my configs.json' -e dev --second-step --into 'my ledger'"
    assert step in lines


def test_what_does_not_run_is_locked() -> None:
    lines = said(None, model(), model("Flan"))
    assert "leasehold lock dev/Flan" in lines
    assert any("Merging it starts nothing" in line for line in lines)
    assert not any("--second-step" in line for line in lines)
