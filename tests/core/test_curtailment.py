"""No export while it earns nothing: when that begins, when it is over, what helps."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.core.curtailment import (
    CurtailmentMemory,
    CurtailmentTerms,
    curtailment_wants,
    follow_feed_in,
    is_active,
    overrule,
    reapply,
)
from custom_components.power_sync.core.model.decisions import Feature, Lever, Reason
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    GridStatus,
    LiveStatus,
)

from .episode_reference import Look, expected, looks
from .support import CURRENT, MINUTE, point, utc

# covers B-08

T = utc("2026-06-15 02:00")
TERMS = CurtailmentTerms()
NEVER, PV_ONLY, BATTERY_OK = (
    ExportRule.NEVER,
    ExportRule.PV_ONLY,
    ExportRule.BATTERY_OK,
)
SECOND = timedelta(seconds=1)


def look(
    memory: CurtailmentMemory,
    number: int,
    price: float,
    after: float = 0.5,
    *,
    minutes: int = 5,
    terms: CurtailmentTerms = TERMS,
) -> CurtailmentMemory:
    """Look at an interval counted from T, some minutes after its beginning."""
    start = T + number * minutes * MINUTE
    running = point(start, price, minutes=minutes, kind=CURRENT)
    return follow_feed_in(memory, running, terms, start + after * MINUTE)


def after(
    *prices: float | None, minutes: int = 5, terms: CurtailmentTerms = TERMS
) -> CurtailmentMemory:
    """Return the memory after a look into each of some intervals, None for no look."""
    memory = CurtailmentMemory()
    for number, price in enumerate(prices):
        if price is not None:
            memory = look(memory, number, price, minutes=minutes, terms=terms)
    return memory


def on(memory: CurtailmentMemory) -> bool:
    """Return whether export is unwanted in the moment of the newest look."""
    moment = memory.episode.counted_from
    return is_active(memory, (moment or T) + 0.5 * MINUTE)


# --- beginning and end


@pytest.mark.parametrize(
    ("price", "begins"), [(0.0, True), (-0.05, True), (0.0001, False), (0.1, False)]
)
def test_it_begins_when_export_earns_nothing(price: float, begins: bool) -> None:
    assert on(after(price)) is begins


@pytest.mark.parametrize("minutes", [5, 30])
@pytest.mark.parametrize(
    ("prices", "goes_on"),
    [
        ((0.0, 0.01), True),
        ((0.0, 0.01, 0.01), False),
        ((0.01, 0.0, 0.01), True),
        ((0.0, 0.01, -0.01, 0.01), True),
        ((0.0, 0.01, 0.001, 0.01), True),
        ((0.0, 0.002, 0.002, 0.002), True),
        ((0.0, 0.0021, 0.0021), False),
        ((0.0, 0.01, None, 0.01), True),
        ((0.0, 0.01, None, 0.01, 0.01), False),
        ((0.0, 0.01, 0.01, 0.001), False),
        ((0.0, 0.01, 0.01, 0.0), True),
    ],
)
def test_two_good_intervals_in_a_row_end_it(
    prices: tuple[float | None, ...], goes_on: bool, minutes: int
) -> None:
    memory = after(*prices, minutes=minutes)

    assert on(memory) is goes_on
    assert memory.ended is (None if goes_on else Reason.FEED_IN_BACK)


def test_without_a_margin_anything_is_good() -> None:
    terms = CurtailmentTerms(margin=0.0)

    assert not on(after(0.0, 0.0001, 0.0001, terms=terms))
    assert on(after(0.0, 0.0, 0.0, terms=terms))


@pytest.mark.parametrize("minutes", [5, 30])
def test_an_interval_counts_once(minutes: int) -> None:
    memory = after(0.0, 0.05, minutes=minutes)
    for share in (0.3, 0.6, 0.99):
        memory = look(memory, 1, 0.05, after=share * minutes, minutes=minutes)

    assert on(memory)
    assert not on(look(memory, 2, 0.05, minutes=minutes))


def test_a_correction_within_an_interval_turns_nothing_round() -> None:
    assert on(look(after(0.05, 0.05, 0.0), 2, 0.05, after=2))
    memory = look(after(0.0, 0.05, 0.05), 2, 0.0, after=2)
    assert not on(memory)
    assert on(look(memory, 3, 0.0))


@pytest.mark.parametrize("minutes", [5.0, 6.0, 600.0])
def test_a_price_that_is_over_begins_nothing(minutes: float) -> None:
    memory = look(CurtailmentMemory(), 0, -0.1, after=minutes)

    assert not is_active(memory, T + minutes * MINUTE)


def test_an_unknown_price_holds_for_two_hours() -> None:
    memory = after(-0.01)
    end = T + 5 * MINUTE + timedelta(hours=2)
    [want] = curtailment_wants(memory, T)
    assert want.expires == end
    last = end - SECOND
    memory = follow_feed_in(memory, None, TERMS, last)
    assert is_active(memory, last)
    assert curtailment_wants(memory, end) == ()

    memory = follow_feed_in(memory, None, TERMS, end)

    assert not is_active(memory, end)
    assert memory.ended is Reason.PRICES_MISSING


# --- the user


def test_overruled_until_export_was_worth_it() -> None:
    memory = overrule(after(-0.01))
    for number, price in enumerate((-0.01, 0.05, -0.01, 0.05), start=1):
        assert not on(memory)
        assert curtailment_wants(memory, T) == ()
        memory = look(memory, number, price)
    memory = look(memory, 5, 0.05)

    assert on(look(memory, 6, 0.0))
    assert overrule(after(0.05)) == after(0.05)


def test_switched_off_it_ends_at_once() -> None:
    running = point(T, -0.1, minutes=5, kind=CURRENT)
    memory = follow_feed_in(after(-0.1), running, None, T + 2 * MINUTE)

    assert not is_active(memory, T + 2 * MINUTE)
    assert memory.ended is Reason.CANCELLED
    assert on(look(memory, 0, -0.1, after=3))


def test_what_is_wanted() -> None:
    [want] = curtailment_wants(after(-0.1), T)

    assert (want.lever, want.value) == (Lever.EXPORT_RULE, NEVER)
    assert want.feature is Feature.CURTAILMENT
    assert want.reason is Reason.NEGATIVE_FEED_IN
    assert curtailment_wants(after(0.1), T) == ()


@pytest.mark.parametrize("margin", [-0.001, float("nan"), float("inf")])
def test_margins_that_make_no_sense(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        CurtailmentTerms(margin=margin)


# --- setting the rule once more

AGAIN = CurtailmentTerms(reapply=True)


def live(at: datetime, grid: float | None = -2000.0) -> LiveStatus:
    """Return power at a moment; export is negative."""
    return LiveStatus(
        measured_at=at,
        solar_power=3000.0,
        grid_power=grid,
        battery_power=0.0,
        load_power=1000.0,
        state_of_charge=100.0,
        energy_left=13.5,
        grid_status=GridStatus.ON_GRID,
        storm_mode_active=False,
        grid_services_active=False,
    )


class Site:
    """A site in the middle of a day of negative prices, looked at now and then."""

    def __init__(self) -> None:
        self.now = T
        self.memory = CurtailmentMemory()
        self.rule: ExportRule | None = NEVER
        self.owner: ExportRule | None = BATTERY_OK
        self.terms: CurtailmentTerms | None = AGAIN
        self.live: LiveStatus | None = live(T)
        self.steady = True

    def look(self, seconds: float) -> tuple[ExportRule, Reason] | None:
        """Let time pass; return what is wanted then."""
        self.now += seconds * SECOND
        start = self.now - (self.now - T) % (5 * MINUTE)
        running = point(start, -0.05, minutes=5, kind=CURRENT)
        self.memory = follow_feed_in(self.memory, running, self.terms, self.now)
        if self.steady and self.live is not None:
            self.live = replace(self.live, measured_at=self.now)
        self.memory = reapply(
            self.memory,
            self.terms,
            site_rule=self.rule,
            owner_rule=self.owner,
            live=self.live,
            now=self.now,
        )
        wants = curtailment_wants(self.memory, self.now)
        if not wants:
            return None
        [want] = wants
        assert isinstance(want.value, ExportRule)
        return want.value, want.reason


KEPT = (NEVER, Reason.NEGATIVE_FEED_IN)
LIFTED = (PV_ONLY, Reason.EXPORTS_ANYWAY)


@pytest.fixture
def site() -> Site:
    """Return a site whose rule has just read never."""
    site = Site()
    assert site.look(0) == KEPT
    return site


def test_a_rule_that_is_not_obeyed_is_set_once_more(site: Site) -> None:
    assert site.look(119) == KEPT
    assert site.look(1) == LIFTED
    assert site.look(20) == LIFTED
    site.rule = PV_ONLY
    assert site.look(5) == KEPT
    assert site.look(30) == KEPT
    # It still flows out: at most every quarter of an hour.
    site.rule = NEVER
    for _ in range(28):
        assert site.look(30) == KEPT
    assert site.now == T + timedelta(seconds=120 + 55 + 28 * 30)
    assert site.look(4.9) == KEPT
    assert site.look(0.1) == LIFTED


def test_pv_only_that_never_reads_back_is_given_up(site: Site) -> None:
    assert site.look(120) == LIFTED
    assert site.look(179) == LIFTED
    assert site.look(1) == KEPT
    assert not site.memory.lifting
    assert site.look(300) == KEPT
    assert site.look(420) == LIFTED


def test_a_clock_that_is_set_back_does_not_keep_the_rule_lifted(site: Site) -> None:
    assert site.look(120) == LIFTED
    assert site.look(-86_400) == KEPT
    assert site.look(120) == LIFTED


def test_an_unknown_rule_while_it_is_lifted(site: Site) -> None:
    assert site.look(120) == LIFTED
    site.rule = None
    assert site.look(60) == LIFTED
    assert site.look(120) == KEPT


@pytest.mark.parametrize(
    "change",
    [
        {"terms": TERMS},
        {"owner": NEVER},
        {"owner": None},
        {"rule": None},
        {"rule": BATTERY_OK},
        {"live": None},
        {"live": live(T, grid=None)},
        {"live": live(T, grid=-100.0)},
        {"live": live(T, grid=2000.0)},
        {"live": replace(live(T), grid_services_active=True)},
    ],
    ids=str,
)
def test_what_is_no_reason_to_lift_the_rule(
    site: Site, change: dict[str, object]
) -> None:
    for name, value in change.items():
        setattr(site, name, value)

    assert {site.look(60) for _ in range(10)} == {KEPT}


def test_export_of_just_more_than_any_meter_shows(site: Site) -> None:
    site.live = live(T, grid=-100.1)

    assert site.look(120) == LIFTED


@pytest.mark.parametrize(("age", "acts"), [(90, True), (91, False), (-91, False)])
def test_only_fresh_power_shows_export(site: Site, age: int, acts: bool) -> None:
    site.steady = False
    site.live = live(T + (120 - age) * SECOND)

    assert site.look(120) == (LIFTED if acts else KEPT)


def test_the_rule_must_have_read_never_all_the_time(site: Site) -> None:
    assert site.look(60) == KEPT
    site.rule = None
    assert site.look(30) == KEPT
    site.rule = NEVER
    assert site.look(30) == KEPT
    assert site.look(119) == KEPT
    assert site.look(1) == LIFTED


@pytest.mark.parametrize(
    "change", [{"owner": NEVER}, {"terms": TERMS}], ids=["owner", "option"]
)
def test_what_puts_the_rule_down_again_at_once(
    site: Site, change: dict[str, object]
) -> None:
    assert site.look(120) == LIFTED
    for name, value in change.items():
        setattr(site, name, value)

    assert site.look(1) == KEPT


def test_nothing_is_lifted_when_curtailment_is_over(site: Site) -> None:
    assert site.look(120) == LIFTED
    site.memory = overrule(site.memory)
    assert site.look(1) is None
    assert not site.memory.lifting
    site.terms = None
    assert site.look(1) is None
    site.terms = AGAIN
    assert site.look(1) == KEPT
    # Not before a quarter of an hour after the last time.
    assert site.look(200) == KEPT
    assert site.look(700) == LIFTED


@given(
    st.lists(
        st.tuples(
            st.integers(1, 200),
            st.sampled_from((NEVER, NEVER, NEVER, PV_ONLY, BATTERY_OK, None)),
            st.sampled_from((-2000.0, -2000.0, -50.0, 500.0, None)),
            st.sampled_from((BATTERY_OK, BATTERY_OK, PV_ONLY, NEVER)),
        ),
        max_size=60,
    )
)
@settings(max_examples=100, deadline=None)
def test_the_rule_is_lifted_rarely_and_for_a_short_time(
    course: list[tuple[int, ExportRule | None, float | None, ExportRule]],
) -> None:
    site, began, reads_never = Site(), None, None
    was_lifted = False
    for seconds, rule, grid, owner in course:
        site.rule, site.live, site.owner = rule, live(T, grid), owner
        wanted = site.look(seconds)
        assert wanted in {KEPT, LIFTED}
        reads_never = (reads_never or site.now) if rule is NEVER else None
        is_lifted = wanted == LIFTED
        if is_lifted:
            assert owner is not NEVER
            assert rule in {NEVER, None}
        if is_lifted and not was_lifted:
            assert rule is NEVER
            assert grid == -2000.0
            assert reads_never is not None
            assert site.now - reads_never >= 2 * MINUTE
            assert began is None or site.now - began >= 15 * MINUTE
            began = site.now
        elif is_lifted:
            assert began is not None
            assert site.now - began < 3 * MINUTE
        was_lifted = is_lifted


# --- any course of prices


PRICES = (-1.0, 0.0, 0.001, 0.002, 0.0021, 0.3)


def walked(course: list[Look], terms: CurtailmentTerms) -> list[CurtailmentMemory]:
    """Return the memory after each look."""
    memory, memories = CurtailmentMemory(), []
    for seen in course:
        running = None
        if (heard := seen.heard) is not None:
            minutes = (heard.end - heard.start) // MINUTE
            running = point(heard.start, heard.price, minutes=minutes, kind=CURRENT)
        memory = follow_feed_in(memory, running, terms, seen.now)
        memories.append(memory)
    return memories


@given(looks(PRICES), st.sampled_from((0.0, 0.001, 0.002)))
@settings(max_examples=250, deadline=None)
def test_on_any_course_it_is_on_when_it_should_be(
    course: list[Look], margin: float
) -> None:
    memories = walked(course, CurtailmentTerms(margin=margin))

    assert [
        is_active(memory, seen.now)
        for memory, seen in zip(memories, course, strict=True)
    ] == expected(
        course,
        sets_off=lambda price: price <= 0,
        is_calm=lambda price: price > margin,
        patience=timedelta(hours=2),
        lateness=timedelta(0),
    )


@given(looks(PRICES))
@settings(max_examples=100, deadline=None)
def test_it_never_changes_to_and_fro_within_an_interval(course: list[Look]) -> None:
    changed_in: list[datetime | None] = []
    was_on = False
    for memory, seen in zip(walked(course, TERMS), course, strict=True):
        is_on = is_active(memory, seen.now)
        if is_on is not was_on and memory.ended is not Reason.PRICES_MISSING:
            changed_in.append(memory.episode.counted_from)
        was_on = is_on

    assert len(changed_in) == len(set(changed_in))
