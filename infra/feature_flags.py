"""The CDK's feature flags, as `cdk.json` pins them: a newer CDK must not change what is deployed.

The CDK's command line hands them to the app by itself; a synthesis by hand and the tests do not go
by it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "cdk.json"


def feature_flags() -> dict[str, Any]:
    """Return the context that every synthesis has; none beside an installation without cdk.json."""
    return dict(json.loads(FILE.read_bytes())["context"]) if FILE.is_file() else {}
