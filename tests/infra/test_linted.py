"""What the templates say is read by cfn-lint: half a minute, so `make whole` has it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.infra.synthesis import Synthesis


def test_cfn_lint_has_nothing_to_say(
    synthesis: Synthesis, chosen: Synthesis, built: Synthesis
) -> None:
    """Of what is chosen by default, of what is chosen otherwise, and of builds."""
    program = Path(sys.executable).with_name("cfn-lint")
    templates = [str(path) for each in (synthesis, chosen, built) for path in each.templates()]
    assert len(templates) == 7
    # W3005: aws-cdk-lib itself makes every function depend on its role a second time.
    command = [str(program), "--ignore-checks", "W3005", "--", *templates]
    linted = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (linted.stdout, linted.stderr, linted.returncode) == ("", "", 0)
