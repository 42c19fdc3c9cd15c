"""The viewer over the answer, in a real browser: walking, looking closely, parts, and leaving."""

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.axe import AXE, found_by_axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

RANK = re.compile(r"[?&]rank=(\d+)")
FOCUSED = "document.activeElement.closest('.tile')?.id"


def opened(
    page: "Page", address: str, rank: int = 1, query: str = "?q=green&copies=1"
) -> "Locator":
    """Open a hit of an answer, and return the viewer when the page of the picture is in it."""
    page.goto(f"{address}{query}")
    page.locator(f"#hit-{rank} .frame").click()
    viewer = page.get_by_role("dialog")
    viewer.locator(".top").wait_for()
    return viewer


def rank_of(page: "Page") -> int:
    """Return the rank that the address names."""
    found = RANK.search(page.url)
    assert found, page.url
    return int(found[1])


def middle(locator: "Locator") -> tuple[float, float]:
    """Return the middle of an element in the window."""
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def scale(page: "Page") -> float:
    """Return how many times the picture is enlarged."""
    transform = "new DOMMatrix(getComputedStyle(document.querySelector('.paper')).transform).a"
    return float(page.evaluate(transform))


def test_it_lies_over_the_answer_and_back_leads_to_the_same_place(
    page: "Page", address: str
) -> None:
    page.goto(f"{address}?q=green&copies=1")
    page.evaluate("document.querySelector('main').dataset.same = 'yes'")
    steps = page.evaluate("history.length")
    page.locator("#hit-2 .frame").click()
    page.get_by_role("dialog").locator(".top").wait_for()
    assert rank_of(page) == 2 and page.evaluate("history.length") == steps + 1
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**rank=3*")
    page.go_back()
    page.wait_for_url("**rank=2*")
    page.go_back()
    page.wait_for_url("**/?q=green&copies=1")
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.locator("main[data-same=yes]").count() == 1, "the answer was not made anew"
    assert page.title() == "green · Limn"
    page.go_forward()
    page.get_by_role("dialog").locator(".top").wait_for()
    assert rank_of(page) == 2


def test_escape_undoes_one_thing_at_a_time(page: "Page", address: str) -> None:
    viewer = opened(page, address, 2)
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**rank=3*")
    page.keyboard.press("p")
    viewer.get_by_role("link", name="Search by this part").wait_for()
    page.keyboard.press("Escape")
    viewer.get_by_role("link", name="Search by this part").wait_for(state="hidden")
    page.keyboard.press("z")
    assert scale(page) > 2
    page.keyboard.press("Escape")
    assert scale(page) == 1
    page.keyboard.press("Escape")
    viewer.wait_for(state="detached")
    page.wait_for_url("**/?q=green&copies=1")
    page.wait_for_function(f"() => {FOCUSED} === 'hit-3'")


def test_it_opened_by_its_address_is_a_page(page: "Page", address: str) -> None:
    viewer = opened(page, address, 2)
    page.reload()
    assert page.get_by_role("dialog").count() == 0
    assert page.locator("main > .viewer .strip [aria-current]").count() == 1
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**rank=3*")
    page.wait_for_function("() => document.querySelector('main > .viewer').dataset.rank === '3'")
    page.keyboard.press("Escape")
    page.wait_for_url("**/?q=green&copies=1#hit-3")
    assert viewer.count() == 0


def test_back_after_a_reload_leads_to_the_answer(page: "Page", address: str) -> None:
    opened(page, address, 2)
    page.reload()
    page.go_back()
    page.locator("#hit-1").wait_for()
    assert page.url.endswith("/?q=green&copies=1")


def test_wheel_and_keys_look_closely_and_arrows_then_pan(page: "Page", address: str) -> None:
    opened(page, address)
    page.mouse.move(*middle(page.locator(".paper")))
    page.mouse.wheel(0, -400)
    page.wait_for_function("() => document.querySelector('.paper.zoomed')")
    assert scale(page) > 1.5
    page.wait_for_function("() => document.querySelector('.large').src.includes('/original')")
    before = page.locator(".paper").bounding_box()
    page.keyboard.press("ArrowRight")
    after = page.locator(".paper").bounding_box()
    assert before and after and after["x"] < before["x"] and rank_of(page) == 1
    for _ in range(3):
        page.keyboard.press("-")
    assert scale(page) == 1


def test_a_frame_is_drawn_and_searched_by_alone_or_with_the_words(
    page: "Page", address: str
) -> None:
    viewer = opened(page, address, query="?q=red&copies=1")
    x, y = middle(viewer.locator(".large"))
    page.mouse.move(x - 60, y - 60)
    page.mouse.down()
    page.mouse.move(x + 60, y + 60, steps=3)
    page.mouse.up()
    alone = viewer.get_by_role("link", name="Search by this part")
    alone.wait_for()
    assert re.search(r"similar=\d+%40\d+%2C\d+%2C\d+%2C\d+", alone.get_attribute("href") or "")
    viewer.get_by_role("link", name="Add it to the question").click()
    page.wait_for_url(re.compile(r"\?q=red&.*similar=\d+%40"))
    page.locator("[data-chip]").wait_for()


def test_the_frame_is_moved_and_enlarged_by_keys(page: "Page", address: str) -> None:
    viewer = opened(page, address)
    page.keyboard.press("p")
    link = viewer.get_by_role("link", name="Search by this part")
    link.wait_for()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert (link.get_attribute("href") or "").endswith("%4027%2C23%2C79%2C75")
    assert rank_of(page) == 1, "nothing walks meanwhile"
    page.keyboard.press("Enter")
    page.wait_for_url("**similar=*%4027*")


def test_where_it_shows_the_words_is_told_on_the_picture(page: "Page", address: str) -> None:
    viewer = opened(page, address)
    assert viewer.locator(".places").count() == 0
    page.keyboard.press("w")
    viewer.locator("image.places").wait_for(state="attached")
    assert "look=places" in page.url
    steps = page.evaluate("history.length")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**rank=2*")
    viewer.locator("image.places").wait_for(state="attached")
    page.keyboard.press("w")
    viewer.locator("image.places").wait_for(state="detached")
    assert page.evaluate("history.length") == steps + 1, "a look is no step"


def test_it_is_put_on_a_board_without_leaving(page: "Page", address: str) -> None:
    viewer = opened(page, address)
    page.keyboard.press("b")
    viewer.get_by_label("Name of the new board").fill("seen large")
    viewer.get_by_role("button", name="Make it").click()
    board = viewer.get_by_role("link", name="Open the board")
    board.wait_for()
    board.click()
    page.get_by_role("heading", name="seen large").wait_for()


def test_it_is_selected_for_the_tray(page: "Page", address: str) -> None:
    viewer = opened(page, address, 2)
    page.keyboard.press("x")
    button = viewer.get_by_role("button", name="Select the picture")
    assert button.get_attribute("aria-pressed") == "true"
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**rank=3*")
    viewer.locator("[data-select][aria-pressed=false]").wait_for()
    page.keyboard.press("Escape")
    viewer.wait_for(state="detached")
    page.locator("[data-selected]", has_text="1 selected").wait_for()
    assert page.locator("#hit-2 .select").is_checked()
    page.keyboard.press("Escape")


def test_the_side_stays_closed_for_the_next_picture(page: "Page", address: str) -> None:
    viewer = opened(page, address)
    assert viewer.get_by_role("complementary").is_visible()
    page.keyboard.press("i")
    viewer.get_by_role("complementary").wait_for(state="hidden")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**rank=2*")
    viewer.get_by_role("complementary").wait_for(state="hidden")
    page.keyboard.press("i")
    viewer.get_by_role("complementary").wait_for()


def test_a_similar_picture_opens_in_the_viewer(page: "Page", address: str) -> None:
    viewer = opened(page, address)
    viewer.locator(".near a").first.click()
    page.wait_for_url("**similar=*")
    viewer.locator(".strip").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_url("**/?q=green&copies=1")


@pytest.fixture
def phone(browser: "Browser") -> Any:
    """Yield a page of a phone with a touch screen."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    yield context.new_page()
    context.close()


SWIPE = """([x, y, right, down]) => {
    const stage = document.querySelector('.stage');
    const at = (kind, part) => stage.querySelector('.large').dispatchEvent(new PointerEvent(kind, {
        bubbles: true, cancelable: true, pointerId: 9, pointerType: 'touch', isPrimary: true,
        clientX: x + right * part, clientY: y + down * part,
    }));
    stage.setPointerCapture = () => {};
    at('pointerdown', 0); at('pointermove', 0.5); at('pointermove', 1); at('pointerup', 1);
}"""


def test_swipes_walk_sideways_and_leave_downwards(phone: "Page", address: str) -> None:
    viewer = opened(phone, address, 2)
    x, y = middle(viewer.locator(".large"))
    phone.evaluate(SWIPE, [x, y, -120, 5])
    phone.wait_for_url("**rank=3*")
    phone.wait_for_function("() => document.querySelector('.viewer').dataset.rank === '3'")
    phone.evaluate(SWIPE, [x, y, 120, 5])
    phone.wait_for_url("**rank=2*")
    phone.wait_for_function("() => document.querySelector('.viewer').dataset.rank === '2'")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.evaluate(SWIPE, [x, y, 5, 150])
    viewer.wait_for(state="detached")


def test_the_server_is_gone_and_what_is_shown_stays(browser: "Browser", address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}?q=green&copies=1")
    page.locator("#hit-2 .shot").evaluate("image => image.decode()")
    page.route("**/pictures/*?*", lambda route: route.abort())
    page.locator("#hit-2 .frame").click()
    viewer = page.get_by_role("dialog")
    viewer.get_by_role("alert").get_by_text("The server does not answer").wait_for()
    assert viewer.locator(".large").is_visible(), "the small picture, large"
    page.keyboard.press("Escape")
    viewer.wait_for(state="detached")
    assert page.url.endswith("/?q=green&copies=1")
    page.close()


def test_without_a_script_its_links_walk_and_look(browser: "Browser", address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}?q=green&copies=1")
    page.locator("#hit-1 .frame").click()
    page.get_by_role("link", name="The next picture").click()
    assert rank_of(page) == 2
    page.get_by_role("link", name="Where").click()
    assert page.locator("image.places").count() == 1
    page.locator("summary[aria-label='Put on a board']").click()
    assert page.get_by_role("button", name="Make it").is_visible()
    page.get_by_role("link", name="Back to the pictures").click()
    assert page.url.endswith("/?q=green&copies=1#hit-2")
    context.close()


@pytest.mark.skipif(not AXE, reason="axe-core is not there")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(browser: "Browser", address: str, scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    viewer = opened(page, address)
    assert found_by_axe(page) == []
    page.keyboard.press("b")
    viewer.get_by_label("Name of the new board").wait_for()
    assert found_by_axe(page) == []
    page.reload()
    assert found_by_axe(page) == []
    context.close()
