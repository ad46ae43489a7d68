"""A plan with its price as a comment for a pull request, in GitHub's Markdown. Pure.

The first line is the verdict. Pipe tables are all that it needs, so GitHub, GitLab and a terminal
render it; `<details>` can be left out for a host that has none. No figure is in a picture.
"""

from collections.abc import Iterator, Sequence

from controller.bill import Bill, Row
from controller.plan_words import (
    cost_of,
    counted,
    footer,
    instances,
    lease_cost,
    of_the_environment,
    refusals,
    totals,
    verdict,
    why,
    word_of,
)
from controller.planning.action import Verb
from controller.pricing import bill
from controller.report import unsaid
from controller.tick import Tick
from ledger.money import rate
from ledger.printable import in_code, in_markdown

_MINUS, _NOTHING = "\N{MINUS SIGN}", "\N{EN DASH}"


def as_markdown(tick: Tick, found: Bill | None = None, *, summary_only: bool = False) -> str:
    """Return a plan as a comment. With `summary_only` it has no lists that fold away."""
    found = found or bill(tick)
    lines = [*_head(tick, found), *_refused(tick), *_table(tick, found), *_totals(tick, found)]
    lines += _rest(tick, found)
    if not summary_only:
        lines += _ends(found)
    lines += [f"<sub>{' '.join(map(_words, footer(tick, found)))}</sub>", ""]
    lines += [f"<!-- leasehold:{in_markdown(tick.plan.environment)} -->"]
    return "\n".join(lines) + "\n"


def _head(tick: Tick, found: Bill) -> Iterator[str]:
    said = verdict(found)
    name = in_code(tick.plan.environment)
    yield f"### Leasehold plan for {name}{f': {_minus(said)}' if said else ''}"
    yield ""


def _refused(tick: Tick) -> Iterator[str]:
    count, sentences = refusals(tick)
    if not sentences:
        return
    left = (
        "Its endpoint is left as it is." if count == 1 else "Their endpoints are left as they are."
    )
    said = " ".join(map(in_markdown, sentences))
    number = f"**{count} refused.**" if count else "**Not in order.**"
    yield f"{number} {said}{f' {left}' if count else ''}"
    yield ""


def _table(tick: Tick, found: Bill) -> Iterator[str]:
    rows = [row for row in found.rows if not _is_leftover(row) and not _is_told(tick, row)]
    if not rows:
        return
    yield "| | endpoint | instances | $/h before | $/h after | this lease | why |".replace(
        "$/h", _rate_head(found)
    )
    yield "|:--|:--|:--|--:|--:|--:|:--|"
    for row in rows:
        sign, word = word_of(row)
        cells = [
            f"**{_minus(sign)} {word}**",
            in_code(row.action.name),
            in_markdown(instances(row)),
            _dash(cost_of(row.before, row.hourly_before)),
            _dash(cost_of(row.after, row.hourly_after)),
            _dash(lease_cost(row, found.prices)),
            in_markdown(why(row, tick.now, found, tick.plan.environment)),
        ]
        yield _line(cells)
    yield ""


def _totals(tick: Tick, found: Bill) -> Iterator[str]:
    lines = list(totals(found))
    if not lines or not (found.moves_money or found.moves_promises):
        return
    yield f"| all of {in_code(tick.plan.environment)} | before | after | change |"
    yield "|:--|--:|--:|--:|"
    for number, (what, before, after, change) in enumerate(lines):
        yield _line([what, before, after, _minus(f"**{change}**" if number == 0 else change)])
    yield ""


def _rest(tick: Tick, found: Bill) -> Iterator[str]:
    """Yield what is neither an action nor money: warnings, and how much there is in all."""
    warnings = (each for each in unsaid(tick) if each.level == "warning")
    said = [
        *(f"warning: {violation}" for violation in warnings),
        *tick.troubles,
        *of_the_environment(found, tick.plan.environment),
    ]
    yield from (f"- {in_markdown(each)}" for each in said)
    if said:
        yield ""
    yield counted(tick, found)
    yield ""


def _ends(found: Bill) -> Iterator[str]:
    if not found.ends:
        return
    summed_up = f"Ends in the next 24 h: {len(found.ends)} of {found.on}"
    yield f"<details><summary>{summed_up}</summary>"
    yield ""
    yield f"| endpoint | ends (UTC) | {_rate_head(found)} | why | kept by |"
    yield "|:--|:--|--:|:--|:--|"
    for each in found.ends:
        at = f"{each.at:%Y-%m-%d %H:%M}"
        keeper = in_markdown(each.kept_by) or "-"
        yield _line([in_code(each.name), at, rate(each.hourly), in_markdown(each.reason), keeper])
    yield ""
    yield "</details>"
    yield ""


def _is_leftover(row: Row) -> bool:
    return row.action.verb is Verb.COLLECT


def _is_told(tick: Tick, row: Row) -> bool:
    """Tell whether the refusals above have said it: a document that is broken."""
    return row.action.verb is Verb.REPORT and any(
        str(each) in row.action.reason for each in tick.fleet.errors
    )


def _rate_head(found: Bill) -> str:
    currency = found.prices.currency if found.prices else "USD"
    return "$/h" if currency == "USD" else f"{currency}/h"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(sentence: str) -> str:
    return in_markdown(sentence).replace("`", "")


def _dash(text: str) -> str:
    return _NOTHING if text == "-" else text


def _minus(text: str) -> str:
    return text.replace("-", _MINUS) if text.startswith(("-", "**-")) else text
