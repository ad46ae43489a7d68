"""`leasehold report`: what was leased, in service, paid and saved, from git alone.

Two histories are read: the ledger's, for who bought what and at which prices, and the status
branch's, for what SageMaker did. AWS is not asked.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from leasehold import report_words as words
from leasehold.console import dim, note, show_json, show_table, tell
from leasehold.context import Context, clock, connected
from leasehold.histories import read_histories
from leasehold.pictures import costs, timeline
from leasehold.pictures.files import Files, charts, picture_option
from leasehold.pictures.page import Page
from ledger.accounting.account import Account, enter
from ledger.accounting.lines import Line, line_of, second
from ledger.accounting.tariff import Tariff
from ledger.errors import Refused
from ledger.zones import is_accepted, refusal

_FIRST = datetime(2000, 1, 1, tzinfo=UTC)  # no endpoint is older
_DAY, _MANY_DAYS = 86400, 366
_LAST_DAY = date(9999, 12, 29)


@click.command
@connected
@click.option("--since", required=True, metavar="DATE", help="From this day or instant on.")
@click.option("--until", metavar="DATE", help="Up to and with this day, or up to this instant.")
@click.option(
    "--by",
    type=click.Choice(words.DIMENSIONS),
    default="person",
    show_default=True,
    help="person is who bought the hours: the author of each change of a lease.",
)
@click.option("--zone", default="UTC", show_default=True, metavar="KEY", help="Whose days.")
@click.option(
    "--prices",
    type=click.Choice(["then", "today"]),
    default="then",
    show_default=True,
    help="The prices that git had at each moment, or those of now.",
)
@click.option(
    "--output",
    type=click.Choice(["table", "json", "csv", "markdown", "html"]),
    default="table",
    show_default=True,
)
@picture_option("cost by day and owner")
def report(  # noqa: PLR0913  (click hands over each option by itself)
    context: Context,
    *,
    since: str,
    until: str | None,
    by: str,
    zone: str,
    prices: str,
    output: str,
    picture: Path | None,
) -> None:
    """Tell what ran, what it cost, who kept it on, and what was saved."""
    files = Files.of(picture) if picture else None
    now = clock()
    begin, end = _period(since, until, _zone(zone), now)
    ledger = context.repository()
    fleet = context.fleet(ledger.read())
    account = Account(second(begin), second(end), _zone(zone), second(now))
    histories = read_histories(context, ledger, fleet, account.since)
    tariff = Tariff.fixed(fleet.prices) if prices == "today" else histories.tariff
    lines = []
    for book in histories.books(account.now):
        enter(account, book, tariff)
        if output == "html":
            lines.append(line_of(book, fleet, begin, end, end))
    account.gaps = histories.gaps(account.since, account.until)
    account.noted_at = histories.noted_at
    account.unread, account.undated = histories.unread, histories.undated
    examples = any(each.is_example for _, each in tariff.versions if each)
    told = words.Report(
        fleet.name,
        by,
        account,
        "today" if prices == "today" else "each day",
        examples,
        fleet.prices.savings_plan_factor if fleet.prices else None,
        has_prices=fleet.prices is not None,
    )
    if files:
        paid = costs.picture_of(told)
        files.write(paid, Page(paid.title, costs.HEADERS, tuple(costs.rows(told))))
    if output == "html":
        click.echo(words.as_html(told, _drawn(told, lines)), nl=False)
    else:
        _show(told, output)


def _drawn(told: words.Report, lines: Sequence[Line]) -> str:
    """Return the pictures of a page, each with its table, or why there are none."""
    try:
        draw = charts().drawn
    except Refused as refusal:
        note(f"The page has no pictures: {refusal.message} [{refusal.code}]")
        return f"<p>Without pictures: {escape(refusal.message)}</p>\n"
    account = told.account
    moments = _first_drawn(account, lines), account.until, account.until
    pictures: dict[str, tuple[timeline.Timeline | costs.Costs, Page]] = {}
    paid = costs.picture_of(told)
    pictures["costs"] = paid, Page(paid.title, costs.HEADERS, tuple(costs.rows(told)))
    if lines:
        ran = timeline.picture_of(told.environment, lines, moments)
        table = Page(ran.title, timeline.HEADERS, tuple(timeline.rows(lines)))
        pictures["timeline"] = ran, table
    return "".join(
        page.as_html(
            name,
            draw(picture, "svg", dark=False).decode(),
            draw(picture, "svg", dark=True).decode(),
        )
        for name, (picture, page) in pictures.items()
    )


def _first_drawn(account: Account, lines: Sequence[Line]) -> int:
    """Return where a timeline begins: of many years, a day before anything ran."""
    ran = (begin for line in lines for begin, _ in (*line.starting, *line.in_service))
    is_long = account.until - account.since > _MANY_DAYS * _DAY
    first = min(ran, default=account.until) - _DAY
    return max(account.since, first) if is_long else account.since


def _show(told: words.Report, output: str) -> None:
    match output:
        case "json":
            show_json(words.as_data(told))
        case "csv":
            click.echo(words.as_csv(told), nl=False)
        case "markdown":
            click.echo(words.as_markdown(told), nl=False)
        case _:
            tell(dim(words.headline(told)))
            tell()
            show_table(told.headers, words.as_rows(told))
            tell()
            for sentence in words.sentences(told):
                tell(sentence)


def _zone(key: str) -> ZoneInfo:
    if not is_accepted(key):
        raise Refused("LH5135", f"--zone {key}: {refusal(key)}")
    return ZoneInfo(key)


def _period(
    since: str, until: str | None, zone: ZoneInfo, now: datetime
) -> tuple[datetime, datetime]:
    """Read the period in UTC, which ends now at the latest. Raises Refused LH5134 for none."""
    begin = max(_moment("--since", since, zone), _FIRST)
    end = now if until is None else min(_moment("--until", until, zone, days=1), now)
    if begin >= end:
        raise Refused(
            "LH5134",
            f"there is no time from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC: a report"
            " begins before it ends, and ends now at the latest.",
        )
    return begin, end


def _moment(option: str, text: str, zone: ZoneInfo, *, days: int = 0) -> datetime:
    """Read an instant, or the begin of a day, or of the one so many days after it.

    A day is one of the zone, and what has no offset of its own is by the zone's clock.
    """
    try:
        found = _day(text)
        if found is None:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        day = min(found, _LAST_DAY) + timedelta(days=days)
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(
            "LH5134",
            f"{option} {text} is no date: write a day such as 2026-11-23, or an instant such as"
            " 2026-11-23T12:00:00Z.",
        ) from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
