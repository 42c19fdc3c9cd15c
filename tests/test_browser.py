"""The page in a real browser, against the real `limn serve`: words, pictures, and stopping."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from tests.browsing import served
from tests.colour_web import picture_bytes
from tests.commands import limn_command

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

GIVE_FILE = """async ([kind, url]) => {
    const blob = await (await fetch(url)).blob();
    const data = new DataTransfer();
    data.items.add(new File([blob], "given.webp", {type: "image/webp"}));
    const options = {bubbles: true, cancelable: true};
    document.body.dispatchEvent(kind === "paste"
        ? new ClipboardEvent("paste", {...options, clipboardData: data})
        : new DragEvent(kind, {...options, dataTransfer: data}));
}"""


def first_picture(page: "Page") -> str | None:
    page.locator("main:not([aria-busy])").wait_for()
    return page.locator("#hit-1 .shot").get_attribute("alt")


@pytest.mark.browser
def test_words_are_typed_and_pictures_appear(page: "Page", address: str) -> None:
    page.goto(address)
    steps = page.evaluate("history.length")
    page.keyboard.type("a blue wall", delay=30)  # the box has the focus
    page.wait_for_url("**/?q=a+blue+wall")
    assert page.evaluate("history.length") == steps + 1, "half words leave no trail"
    page.locator("#hit-1").wait_for()
    assert first_picture(page) == "a blue wall"
    dark = page.locator("[data-swap=theme] a", has_text="Dark")
    assert dark.get_attribute("href") == "/?q=a+blue+wall&theme=dark"
    page.wait_for_load_state("load")
    page.locator("#hit-1 .shot").evaluate("image => image.decode()")
    assert page.locator("#hit-1 .shot").evaluate("image => image.naturalWidth") > 0
    page.go_back()
    page.get_by_role("heading", name="Find pictures by what they show").wait_for()
    assert page.get_by_role("combobox", name="Words").input_value() == ""
    page.go_forward()
    page.get_by_role("heading", name="a blue wall").wait_for()  # the first page has hits too
    page.wait_for_function("document.getElementById('q').value === 'a blue wall'")


@pytest.mark.browser
def test_similar_pictures_and_the_page_of_one_are_a_click_away(page: "Page", address: str) -> None:
    page.goto(f"{address}?q=red")
    page.get_by_role("link", name="Similar to a red wall").click()
    page.wait_for_url("**similar=*")
    assert first_picture(page) == "红色的墙"
    page.locator("#hit-1 .frame").click()
    page.wait_for_url("**/pictures/*")
    viewer = page.get_by_role("dialog", name="红色的墙")
    assert viewer.get_by_text("wide.png").is_visible()
    assert viewer.locator(".caption").get_attribute("lang") == "zh"


@pytest.mark.browser
def test_a_chosen_picture_is_searched_by_and_words_are_added(
    page: "Page", address: str, tmp_path: Path
) -> None:
    photo = tmp_path / "mine.png"
    photo.write_bytes(picture_bytes("blue"))
    page.goto(address)
    page.get_by_label("Search by a picture").set_input_files(photo)
    page.wait_for_url("**picture=*")
    assert first_picture(page) == "a blue wall"
    assert page.get_by_text("like your picture").is_visible()
    page.get_by_role("combobox", name="Words").fill("yellow")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=yellow*picture=*")
    page.get_by_label("How much your picture counts").fill("0.1")
    page.wait_for_url("**weight=0.1*")
    assert first_picture(page) == "a yellow wall"
    page.reload()
    assert first_picture(page) == "a yellow wall"
    page.get_by_label("Search without your picture").click()
    page.wait_for_url("**/?q=yellow")


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_picture_is_pasted_or_dropped(page: "Page", address: str, kind: str) -> None:
    page.goto(f"{address}?q=orange")
    thumbnail = page.locator("#hit-1 .shot").get_attribute("src")
    page.goto(address)
    page.evaluate(GIVE_FILE, [kind, thumbnail])
    page.wait_for_url("**picture=*")
    assert first_picture(page) == "a orange wall"


@pytest.mark.browser
def test_a_file_that_is_no_picture_is_refused_before_it_is_sent(
    page: "Page", address: str, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    page.goto(address)
    page.get_by_label("Search by a picture").set_input_files(tmp_path / "notes.txt")
    page.get_by_text("notes.txt is not a picture").wait_for()
    assert page.url == address


@pytest.mark.browser
def test_a_picture_is_searched_by_without_a_script(
    browser: "Browser", address: str, tmp_path: Path
) -> None:
    photo = tmp_path / "mine.png"
    photo.write_bytes(picture_bytes("purple"))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    chooser = page.locator("input[type=file]")
    assert chooser.bounding_box()["width"] > 100  # type: ignore[index]
    chooser.set_input_files(photo)
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**picture=*")
    assert first_picture(page) == "a purple wall"
    context.close()


@pytest.mark.browser
def test_terms_are_added_turned_around_and_left_out(page: "Page", address: str) -> None:
    page.goto(f"{address}?q=red")
    box = page.get_by_role("combobox", name="Words")
    box.focus()
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("blue")
    page.wait_for_url("**/?q=blue&text=red")
    page.locator("#completions li").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Without this").click()
    page.wait_for_url("**/?q=blue&text=red&weight=-1")
    assert first_picture(page) == "a blue wall"
    page.get_by_role("button", name="Less like").first.click()
    page.wait_for_url("**weight=-1&less=*")
    assert page.locator("[data-chip]").count() == 1
    page.get_by_role("link", name="Search without red").click()
    page.wait_for_url("**/?q=blue&less=*")
    page.go_back()
    page.locator("[data-chip]").first.wait_for()


@pytest.mark.browser
def test_a_part_of_a_picture_is_drawn_and_searched_by(page: "Page", address: str) -> None:
    page.goto(f"{address}?similar=9")
    page.get_by_role("button", name="Search by a part of it").click()
    page.locator(".canvas img").evaluate("image => image.decode()")
    box = page.locator(".canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.9, steps=3)
    page.mouse.up()
    page.get_by_label("Right").press("ArrowRight")
    page.get_by_role("button", name="Search by this part").click()
    page.wait_for_url(re.compile(r"similar=9%40(9|10|11)%2C(19|20|21)%2C5[0-2]%2C(89|90|91)$"))
    assert first_picture(page) in ("红色的墙", "a red wall")


@pytest.mark.browser
def test_the_keyboard_alone_is_enough(page: "Page", address: str) -> None:
    page.goto(f"{address}?q=green&copies=1")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    focused = "document.activeElement.closest('.tile')?.id"
    assert page.evaluate(focused) == "hit-1"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "hit-2"
    page.keyboard.press("ArrowDown")
    below = page.evaluate(focused)
    assert below not in ("hit-1", "hit-2")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pictures/*rank=1*")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/pictures/*rank=2*")
    page.keyboard.press("Escape")
    page.wait_for_url("**/?q=green&copies=1")
    page.wait_for_function(f"() => {focused} === 'hit-2'")


@pytest.mark.browser
def test_a_picture_is_downloaded_and_its_path_copied(page: "Page", address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}pictures/1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "red.png"
    page.get_by_role("button", name="Copy path").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").endswith("/pictures/red.png")


@pytest.mark.browser
def test_a_server_that_is_gone_is_told(browser: "Browser", address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}?q=green")
    page.route("**/?q=blue*", lambda route: route.abort())
    page.get_by_role("combobox", name="Words").fill("blue")
    page.get_by_text("The server does not answer").wait_for()
    assert page.locator("#hit-1").count() == 1
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("path", ["", "?q=red", "?similar=1", "pictures/9", "?q=red&weight=0"])
def test_nothing_is_wider_than_a_phone(browser: "Browser", address: str, path: str) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": 360, "height": 740},
            color_scheme=scheme,
        )
        page = context.new_page()
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        context.close()


@pytest.mark.browser
def test_pictures_of_a_row_are_equally_high_and_keep_their_aspect(
    page: "Page", address: str
) -> None:
    page.goto(f"{address}?q=green&copies=1")
    page.locator(".grid.laid").wait_for()
    boxes = [frame.bounding_box() for frame in page.locator(".frame").all()]
    rows: dict[int, set[int]] = {}
    for box in boxes:
        assert box is not None
        rows.setdefault(round(box["y"]), set()).add(round(box["height"]))
    assert all(max(heights) - min(heights) <= 1 for heights in rows.values())
    assert len(rows) < len(boxes)
    for frame in page.locator(".tile:not(.whole) .frame .shot").all():
        shown, told = frame.evaluate(
            "image => [image.clientWidth / image.clientHeight,"
            " image.getAttribute('width') / image.getAttribute('height')]"
        )
        assert abs(shown - told) < 0.05


@pytest.mark.slow
def test_serve_ends_cleanly_when_it_is_told_to(tmp_path: Path) -> None:
    for told in (signal.SIGTERM, signal.SIGINT):
        with served(tmp_path / "data") as (process, url):
            with urlopen(f"{url}healthz", timeout=30) as answer:
                assert answer.status == 200
            process.send_signal(told)
            _, said = process.communicate(timeout=30)
            assert process.returncode == 0, said
            assert "Limn has ended" in said and "Traceback" not in said


@pytest.mark.slow
def test_serve_finishes_requests_before_it_ends(tmp_path: Path) -> None:
    with served(tmp_path / "data") as (process, url):
        port = int(url.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\n")
            client.sendall(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
            with urlopen(f"{url}healthz", timeout=30) as answer:
                assert answer.status == 200, "the half request has been seen by now"
            process.send_signal(signal.SIGTERM)
            refused(port)
            client.sendall(b"}")
            assert client.recv(100).startswith(b"HTTP/1.1 400")
        _, said = process.communicate(timeout=30)
        assert (process.returncode, "Limn has ended." in said) == (0, True), said


def refused(port: int) -> None:
    """Wait until no server listens at the port."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=30).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:
            continue  # the connection was queued at a closed listener


@pytest.mark.slow
def test_serve_wants_a_token_where_others_can_reach_it(tmp_path: Path) -> None:
    environment = {**os.environ, "LIMN_DATA_DIR": str(tmp_path / "data")}
    command = ["serve", "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(
        limn_command(command), env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "make one first: limn token create NAME" in done.stderr


@pytest.mark.slow
def test_a_port_in_use_is_told_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            limn_command(["serve", "--port", str(port)]),
            env={**os.environ, "LIMN_DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert f"port {port} is in use; choose another with --port" in done.stderr
    assert "Traceback" not in done.stderr
