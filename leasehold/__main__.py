"""Lets `python -m leasehold VERB` do what `leasehold VERB` does."""

from leasehold.cli import main

if __name__ == "__main__":
    main()
