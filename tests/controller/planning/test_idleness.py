"""When an endpoint counts as idle, and how far its use carries its lease."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.planning.idleness import LAG, Use, bump, idle_since, may_be_idle

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
HALF_HOUR = 30


def before(minutes: float) -> datetime:
    return NOON - timedelta(minutes=minutes)


UNKNOWN = Use(known=False, problem="LH3022: CloudWatch does not say.")
seconds = st.integers(0, 30 * 86_400)
instants = seconds.map(lambda back: NOON - timedelta(seconds=back))
periods = st.integers(1, 10_080)


class TestIdle:
    @pytest.mark.parametrize(
        ("use", "in_service", "since"),
        [
            pytest.param(Use(before(34)), 600, before(34), id="last used longer ago than that"),
            pytest.param(Use(before(33)), 600, before(33), id="last used just so long ago"),
            pytest.param(Use(before(32)), 600, None, id="CloudWatch may be three minutes late"),
            pytest.param(Use(before(1)), 600, None, id="used a minute ago"),
            pytest.param(Use(), 33, before(33), id="never used, in service the whole time"),
            pytest.param(Use(), 32, None, id="never used, in service not long enough"),
            pytest.param(Use(), 600, before(33), id="not used for as long as was asked"),
            pytest.param(Use(before(50)), 40, before(40), id="used before it was made again"),
            pytest.param(Use(before(500)), 10, None, id="used by a former one of its name"),
            pytest.param(Use(before(90), backlog=True), 600, None, id="requests wait"),
            pytest.param(UNKNOWN, 600, None, id="nobody knows"),
        ],
    )
    def test_since(self, use: Use, in_service: float, since: datetime | None) -> None:
        assert idle_since(use, before(in_service), HALF_HOUR, NOON) == since

    def test_time_is_told_in_utc(self) -> None:
        berlin = timezone(timedelta(hours=1))
        since = idle_since(Use(before(60).astimezone(berlin)), before(600), HALF_HOUR, NOON)
        assert since is not None
        assert since.tzinfo is UTC

    @given(
        instants, st.none() | instants, st.booleans(), periods, st.integers(-600, 3600).map(float)
    )
    def test_unknown_is_never_idle(
        self,
        in_service: datetime,
        last_used: datetime | None,
        backlog: bool,  # noqa: FBT001
        minutes: int,
        late: float,
    ) -> None:
        use = Use(last_used, backlog, known=False)
        assert idle_since(use, in_service, minutes, NOON + timedelta(seconds=late)) is None

    @given(instants, st.none() | instants, periods)
    def test_needs_a_whole_period_in_service_and_without_use(
        self, in_service: datetime, last_used: datetime | None, minutes: int
    ) -> None:
        since = idle_since(Use(last_used), in_service, minutes, NOON)
        whole = timedelta(minutes=minutes) + LAG
        quiet = NOON - in_service >= whole and (last_used is None or NOON - last_used >= whole)
        assert (since is not None) == quiet
        if since is not None:
            assert since >= in_service
            assert may_be_idle(in_service, minutes, NOON)

    @given(instants, instants, periods, st.integers(0, 10_000))
    def test_once_idle_it_stays_so_until_it_is_used(
        self, in_service: datetime, last_used: datetime, minutes: int, later: int
    ) -> None:
        use = Use(last_used)
        if idle_since(use, in_service, minutes, NOON) is not None:
            assert idle_since(use, in_service, minutes, NOON + timedelta(seconds=later)) is not None


class TestABump:
    @pytest.mark.parametrize(
        ("on_for", "use", "until"),
        [
            pytest.param(10, Use(before(2)), 58, id="gains more than half an hour"),
            pytest.param(28, Use(before(2)), None, id="gains just half an hour"),
            pytest.param(27, Use(before(2)), 58, id="gains a minute more than that"),
            pytest.param(10, Use(), None, id="never used"),
            pytest.param(10, Use(before(55)), None, id="used too long ago"),
            pytest.param(10, Use(before(55), backlog=True), 60, id="requests wait"),
            pytest.param(10, Use(None, backlog=True), 60, id="requests wait, none was answered"),
            pytest.param(10, UNKNOWN, None, id="nobody knows"),
            pytest.param(0, Use(before(2)), None, id="it has just ended"),
            pytest.param(-5, Use(before(2)), None, id="it ended a while ago"),
        ],
    )
    def test_of_an_hour(self, on_for: float, use: Use, until: float | None) -> None:
        wanted = None if until is None else before(-until)
        assert bump(before(-on_for), use, 60, NOON) == wanted

    @given(instants, st.none() | instants, st.booleans(), periods, st.integers(-86_400, 86_400))
    def test_never_shortens(
        self,
        now: datetime,
        last_used: datetime | None,
        backlog: bool,  # noqa: FBT001
        minutes: int,
        left: int,
    ) -> None:
        on_until = now + timedelta(seconds=left)
        until = bump(on_until, Use(last_used, backlog), minutes, now)
        if until is not None:
            assert until > on_until
            assert until <= now + timedelta(minutes=minutes)
            assert until.microsecond == 0

    @given(
        st.lists(st.integers(0, 6 * 3600), unique=True, max_size=60).map(sorted),
        st.integers(5, 240),
        st.integers(1, 14_400),
    )
    def test_comes_at_most_once_in_each_half_on_any_pattern_of_use(
        self, uses: list[int], minutes: int, left: int
    ) -> None:
        on_until, last_used = NOON + timedelta(seconds=left), None
        bumped: list[datetime] = []
        for minute in range(6 * 60 + 1):
            now = NOON + timedelta(minutes=minute)
            seen = [at for at in uses if at <= minute * 60]
            last_used = NOON + timedelta(seconds=seen[-1]) if seen else None
            if until := bump(on_until, Use(last_used), minutes, now):
                bumped.append(now)
                on_until = until
        half = timedelta(minutes=minutes) / 2
        # The use that moves it is up to a minute older than the tick that sees it.
        gaps = [later - earlier for earlier, later in pairwise(bumped)]
        assert all(gap + timedelta(minutes=1) > half for gap in gaps)

    @given(st.integers(10, 240), st.integers(1, 14_400))
    def test_steady_use_keeps_it_on(self, minutes: int, left: int) -> None:
        on_until = NOON + timedelta(seconds=left)
        for minute in range(6 * 60):
            now = NOON + timedelta(minutes=minute)
            if now >= on_until:
                break
            use = Use(now - LAG)
            on_until = bump(on_until, use, minutes, now) or on_until
        else:
            assert on_until > now
            return
        assert left <= 60, "it ended before the first minute that could carry it on"
