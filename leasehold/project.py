"""Where the project's folders are: in a checkout, or in what is installed of it."""

from leasehold import BUNDLED

ROOT = BUNDLED if BUNDLED.is_dir() else BUNDLED.parent.parent
