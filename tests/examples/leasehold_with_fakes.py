"""The command line with a catalogue of our own in the place of JumpStart's.

python -m tests.examples.leasehold_with_fakes lock --commit
"""

from dataclasses import replace

from leasehold.cli import main
from leasehold.jumpstart import extra
from tests.leasehold.jumpstart.catalogue import FakeCatalogue, header

CATALOGUE = FakeCatalogue(versions=(header("1.0.0"), header("1.1.0")))

if __name__ == "__main__":
    extra.catalogues = lambda *_: lambda region: replace(CATALOGUE, region_name=region)
    main()
