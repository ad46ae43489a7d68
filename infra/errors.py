"""What ends a synthesis before it begins."""


class SettingsError(Exception):
    """Every reason why there is nothing to synthesise, one sentence a line."""
