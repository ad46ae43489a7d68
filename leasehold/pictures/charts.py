"""Pictures as SVG and PNG. Nothing else imports altair and vl-convert, and this decides nothing.

What it has to know of them:
- time is drawn in the machine's zone unless its scale is of UTC;
- an order that is not given is one of the alphabet, also of legends and stacks;
- a `description` is what a screen reader says of a mark.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

from leasehold.pictures import costs, timeline

# Okabe and Ito's colours, which differ for all eyes; beside each other they differ in brightness.
_BLUE, _ORANGE, _GREEN, _VERMILLION = "#0072b2", "#e69f00", "#009e73", "#d55e00"
_OWNERS = (_BLUE, _ORANGE, _GREEN, "#cc79a7", "#56b4e9", _VERMILLION, "#f0e442", "#999999")
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_DAY = dict.fromkeys(("date", "week", "month", "quarter", "year"), "%a %d %b")
_TICKS = {"format": {"hours": "%H:%M", **_DAY}, "labelOverlap": True, "labelFlush": False}
_NAME = 420  # pixels: SageMaker lets a name have 63 letters
_HIGH, _LOW = 30, 15  # pixels for an endpoint
_MOST_LEVEL = 10  # days that have room to be written beside each other
_MOST_TOTALS = 14  # days whose sums have room above their bars
_CLIP = re.compile(r"(?<=\bid=\")clip\d+(?=\")|(?<=url\(#)clip\d+(?=\))")
_VERSION = "_".join(alt.SCHEMA_VERSION.split(".")[:2])
# Two strokes that cross, as Vega writes a shape.
_CROSS = "M-.7,-.7L.7,.7M-.7,.7L.7,-.7"
_IDLE = {"shape": _CROSS, "size": 90, "strokeWidth": 2.2, "opacity": 1}


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of what is no datum."""

    background: str
    text: str
    grid: str
    outline: str


LIGHT = Look("#ffffff", "#1f2328", "#d8dee4", _BLUE)
DARK = Look("#0d1117", "#e6edf3", "#30363d", "#56b4e9")


def drawn(picture: timeline.Timeline | costs.Costs, kind: str, *, dark: bool) -> bytes:
    """Draw a picture as `svg` or `png`; the same one is always the same bytes."""
    look = DARK if dark else LIGHT
    if isinstance(picture, timeline.Timeline):
        spec = _timeline(picture, look).to_dict()
    else:
        spec = _costs(picture, look).to_dict()
    if kind == "svg":
        return _numbered(vl_convert.vegalite_to_svg(spec, vl_version=_VERSION)).encode() + b"\n"
    return bytes(vl_convert.vegalite_to_png(spec, vl_version=_VERSION, scale=2))


def _numbered(svg: str) -> str:
    """Write clips numbered from 1: the drawer counts those of a whole process."""
    found = dict.fromkeys(_CLIP.findall(svg))
    numbers = {name: f"clip{number}" for number, name in enumerate(found, start=1)}
    return _CLIP.sub(lambda match: numbers[match[0]], svg)


def _timeline(picture: timeline.Timeline, look: Look) -> alt.VConcatChart:
    step = _HIGH if picture.is_labelled else _LOW
    size, down = (12, 5) if picture.is_labelled else (11, 0)
    time = alt.X(
        "begin:T",
        scale=alt.Scale(type="utc", domain=[picture.begin * 1000, picture.end * 1000], nice=False),
        axis=alt.Axis(
            title=None, orient="top", values=[each * 1000 for each in picture.ticks], **_TICKS
        ),
    )
    row = alt.Y(
        "endpoint:N",
        scale=alt.Scale(domain=list(picture.endpoints)),
        axis=alt.Axis(title=None, ticks=False, labelLimit=_NAME, grid=True),
    )
    bars = [_bar(each) for each in picture.bars]
    moments = [_moment(each) for each in picture.moments]
    layers = [
        _of(bars, what)
        .mark_bar(height=size, yOffset=down, clip=True, **_style(what, look))
        .encode(x=time, x2="end:T", y=row, description="said:N")
        for what in timeline.STRETCHES
    ]
    labels = _of([each for each in moments if each["label"]], timeline.EXTENDED)
    place = {"align": "left", "dx": -1, "dy": -9, "fontSize": 10, "aria": False}
    layers += [
        _values([{"begin": picture.now * 1000}])
        .mark_rule(color=look.text, strokeWidth=1.2)
        .encode(x=time, description=alt.value("now")),
        _of(moments, timeline.EXTENDED)
        .mark_tick(size=size + 4, yOffset=down, thickness=2.5, color=_ORANGE, opacity=1)
        .encode(x=time, y=row, description="said:N"),
        # Around letters there is a margin, for a line may pass behind them.
        labels.mark_text(
            **place, color=look.background, stroke=look.background, strokeWidth=3
        ).encode(x=time, y=row, text="label:N"),
        labels.mark_text(**place, color=look.text).encode(x=time, y=row, text="label:N"),
        _of(moments, timeline.IDLE)
        .mark_point(**_IDLE, yOffset=down, stroke=look.text)
        .encode(x=time, y=row, description="said:N"),
    ]
    whole = alt.layer(*layers).properties(
        width=timeline.WIDTH, height=step * max(1, len(picture.endpoints))
    )
    return _styled(alt.vconcat(_legend(look), whole, spacing=8), picture.title, "", look)


def _legend(look: Look) -> alt.LayerChart:
    """Draw what each mark is, by the marks themselves."""
    names = (*timeline.STRETCHES, timeline.EXTENDED, timeline.IDLE, "now")
    entries, place = [], 0
    for what in names:
        entries.append({"what": what, "at": place, "to": place + 18})
        place += 38 + 6 * len(what)
    at, to = (alt.X("at:Q", scale=None, axis=None), alt.X2("to:Q"))
    layers = [
        _of(entries, what).mark_bar(height=12, **_style(what, look)).encode(x=at, x2=to)
        for what in timeline.STRETCHES
    ]
    layers += [
        _of(entries, timeline.EXTENDED)
        .mark_tick(size=16, thickness=2.5, color=_ORANGE, opacity=1, xOffset=9)
        .encode(x=at),
        _of(entries, timeline.IDLE).mark_point(**_IDLE, stroke=look.text, xOffset=9).encode(x=at),
        _of(entries, "now").mark_rule(color=look.text, strokeWidth=1.2, xOffset=9).encode(x=at),
        _values(entries)
        .mark_text(align="left", dx=6, fontSize=11, color=look.text)
        .encode(x=alt.X("to:Q", scale=None, axis=None), text="what:N"),
    ]
    return alt.layer(*layers).properties(
        width=timeline.WIDTH, height=18, view=alt.ViewBackground(stroke=None)
    )


def _style(what: str, look: Look) -> dict[str, Any]:
    """Return how a stretch looks: by its filling and its outline, and not by its colour alone."""
    filled = {"strokeWidth": 0.6, "stroke": look.text}
    outlined = {"fillOpacity": 0, "stroke": look.outline, "strokeWidth": 1.5}
    match what:
        case timeline.STARTING:
            return {"color": _ORANGE, **filled}
        case timeline.IN_SERVICE:
            return {"color": _BLUE, **filled}
        case timeline.LEASED:
            return {"color": look.background, **outlined}
        case timeline.SCHEDULED:
            return {"color": look.background, **outlined, "strokeDash": [3, 2]}
    return {"color": look.background, **outlined, "stroke": look.text, "strokeDash": [1, 2]}


def _costs(picture: costs.Costs, look: Look) -> alt.VConcatChart:
    charts = [_paid(each, look) for each in picture.charts]
    if not charts:
        charts = [
            _values([{"said": "nothing was paid"}]).mark_text(color=look.text).encode(text="said:N")
        ]
    whole = alt.vconcat(*charts).resolve_scale(color="independent")
    return _styled(whole, picture.title, picture.left_out, look)


def _paid(paid: costs.Paid, look: Look) -> alt.LayerChart:
    parts = [
        {
            "day": each.day,
            "owner": each.owner,
            "amount": float(each.amount),
            "rank": paid.owners.index(each.owner),
            "said": each.said,
        }
        for each in paid.parts
    ]
    colours = alt.Scale(domain=list(paid.owners), range=list(_OWNERS[: len(paid.owners)]))
    day = alt.X(
        "day:O",
        scale=alt.Scale(domain=list(paid.days), paddingInner=0.15, paddingOuter=0.1),
        axis=alt.Axis(
            title=None, labelAngle=-90 if len(paid.days) > _MOST_LEVEL else 0, labelOverlap=True
        ),
    )
    bars = (
        _values(parts)
        .mark_bar(stroke=look.background, strokeWidth=1)
        .encode(
            x=day,
            y=alt.Y(
                "amount:Q",
                stack="zero",
                scale=alt.Scale(domain=[0, 1.1 * float(paid.most)], nice=False),
                axis=alt.Axis(title=paid.currency, tickCount=5),
            ),
            color=alt.Color("owner:N", scale=colours, legend=alt.Legend(title=None)),
            order=alt.Order("rank:Q"),
            description="said:N",
        )
    )
    layers = [bars]
    if len(paid.days) <= _MOST_TOTALS:
        totals = [
            {"day": day, "amount": float(amount), "said": said} for day, amount, said in paid.totals
        ]
        layers.append(
            _values(totals)
            .mark_text(dy=-7, fontSize=10, color=look.text)
            .encode(x=day, y="amount:Q", text="said:N")
        )
    return alt.layer(*layers).properties(width=timeline.WIDTH, height=240)


def _styled(chart: alt.VConcatChart, title: str, subtitle: str, look: Look) -> alt.VConcatChart:
    lines = {"subtitle": subtitle} if subtitle else {}
    text, grid = look.text, look.grid
    return (
        chart.properties(
            title=alt.TitleParams(title, anchor="start", offset=10, **lines),
            background=look.background,
            padding=12,
        )
        .configure(font=_FONT)
        .configure_title(color=text, subtitleColor=text, fontSize=14)
        .configure_axis(
            labelColor=text, titleColor=text, gridColor=grid, domainColor=grid, tickColor=grid
        )
        .configure_legend(labelColor=text, titleColor=text, labelLimit=_NAME)
        .configure_view(stroke=grid)
    )


def _bar(bar: timeline.Bar) -> dict[str, Any]:
    begin, end = bar.span
    return {
        "endpoint": bar.endpoint,
        "what": bar.what,
        "begin": begin * 1000,
        "end": end * 1000,
        "said": bar.said,
    }


def _moment(moment: timeline.Moment) -> dict[str, Any]:
    return {
        "endpoint": moment.endpoint,
        "what": moment.what,
        "begin": moment.at * 1000,
        "said": moment.said,
        "label": moment.label,
    }


def _of(rows: Iterable[dict[str, Any]], what: str) -> alt.Chart:
    return _values([each for each in rows if each.get("what") == what])


def _values(rows: Sequence[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=list(rows)))
