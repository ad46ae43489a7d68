"""The gateway's log: one line for each record, whatever a caller has put into it.

Names, headers and what AWS or git answered stand in failures' messages. A line feed in one would
begin a line of its own in the log, and other characters move a terminal's cursor or turn text
around. So `logger` gives every logger of the gateway a filter that writes such characters as
escapes; a traceback becomes part of the line. Called wherever the gateway logs.
"""

import logging

from ledger.printable import printable

_FORMATTER = logging.Formatter()


class _OneLine(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if record.exc_info:
            said = f"{said} {_FORMATTER.formatException(record.exc_info)}"
        record.msg, record.args = printable(said), None
        record.exc_info = record.exc_text = None
        return True


_ONE_LINE = _OneLine()


def logger(name: str) -> logging.Logger:
    found = logging.getLogger(name)
    found.addFilter(_ONE_LINE)  # once, however often
    return found
