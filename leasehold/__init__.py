"""The command line. Where it is installed, it brings the project's other packages along.

In a checkout these are the folders beside this one. An installed `leasehold` has them below
`_packages`, so that names such as `controller` and `schema` are taken from nobody: what is first in
the path of imports is Leasehold's own, in a process that is Leasehold's own. See
docs/decisions/0073.
"""

import sys
from pathlib import Path

BUNDLED = Path(__file__).resolve().with_name("_packages")
if BUNDLED.is_dir():
    sys.path.insert(0, str(BUNDLED))
