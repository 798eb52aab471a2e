"""The gallery's page in a real browser: Debian's chromium, driven by selenium."""

import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gallery_sets
import numpy as np
import pytest
from gallery_sets import IDS, PERCENTS
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from alignment_importance.report.gallery import content, page

DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Chromium without a window."""
    programs = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    program, driver = next(filter(None, programs), None), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no chromium with chromedriver here; on Debian: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    # As root, as in containers, chromium only runs without its sandbox; that is safe with a page of our own.
    for argument in (
        "--headless=new",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        *["--no-sandbox"] * (os.geteuid() == 0),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of two comparisons by two networks, in a folder whose name must be escaped in an address."""
    folder = tmp_path_factory.mktemp("gallery") / "a folder #1 of 100 %"
    folder.mkdir()
    views = [
        gallery_sets.view("made-up"),
        gallery_sets.view("made-up", model="net.2", seed=3),
        gallery_sets.view("people", ids=IDS[:0:-1], seed=2),
    ]
    (folder / "built").mkdir()
    page.build([gallery_sets.image_set(folder / "images", views)], PERCENTS, folder / "built", "image")
    return folder / "built"


class Gallery:
    """The page, opened from disk, and what a reader does with it."""

    def __init__(self, browser: webdriver.Chrome, folder: Path, size: tuple[int, int] = DESKTOP, scheme: str = "light"):
        self.browser = browser
        media = {"media": "", "features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        screen = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        browser.get("about:blank")
        browser.get((folder / "index.html").as_uri())

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def shown(self) -> list[str]:
        """Ids of the tiles in their order."""
        names = "return [...document.querySelectorAll('.tile .heading b')].map((name) => name.textContent)"
        return list(self.run(names))

    def choose(self, selector: str, value: str) -> None:
        Select(self.find(selector)).select_by_value(value)

    def open(self, place: int) -> None:
        self.all(".tile button")[place].click()

    def is_open(self) -> bool:
        return bool(self.run("return document.getElementById('large').open"))

    def press(self, *keys: str) -> None:
        self.browser.switch_to.active_element.send_keys(*keys)

    def focus(self) -> str:
        """The id of the image whose tile has the focus."""
        return str(self.run("return document.activeElement.querySelector?.('.heading b')?.textContent ?? ''"))

    def wait_for_pictures(self) -> None:
        """Scroll every picture into view and wait until it is there."""
        ready = """
            const images = [...document.querySelectorAll('img')].filter((image) => image.checkVisibility());
            for (const image of images) { image.loading = 'eager'; }
            return images.every((image) => image.complete);
        """
        WebDriverWait(self.browser, 30).until(lambda _: self.run(ready))


@pytest.fixture
def opened(browser: webdriver.Chrome, built: Path) -> Gallery:
    return Gallery(browser, built)


def test_it_opens_from_disk_without_a_word_in_the_console(opened: Gallery) -> None:
    opened.wait_for_pictures()
    opened.open(1)
    opened.wait_for_pictures()
    broken = (
        "return [...document.images].filter((one) => one.checkVisibility() && !one.naturalWidth).map((one) => one.src)"
    )
    assert opened.run(broken) == []
    assert opened.browser.get_log("browser") == []
    loaded = opened.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert all(address.startswith("file:") for address in loaded)


def test_names_of_images_run_nothing(opened: Gallery) -> None:
    assert set(opened.shown()) == set(IDS)
    hostile = opened.shown().index("<img src=x onerror=run()>")
    opened.open(hostile)
    assert opened.find("#large-title").text == "<img src=x onerror=run()>"
    assert opened.all("img[src='x']") == opened.all("main b b") == []
    assert opened.browser.get_log("browser") == []


def test_the_first_thing_seen_are_two_comparisons_side_by_side(opened: Gallery) -> None:
    assert opened.find("#lead-title").text == "Same network, two comparisons"  # one lacks an image
    assert opened.find("#about").text.startswith("6 images, 2 comparisons, 2 networks")
    assert [row.text.split("\n")[0] for row in opened.all(".samples-row > span")] == [
        "image",
        "made-up, net.1 simulated observers random weights",
        "people, net.1 random weights",
    ]
    lowest = max(row.rect["y"] + row.rect["height"] for row in opened.all(".samples-row"))
    assert lowest < DESKTOP[1]
    # The observers of one comparison are simulated, the weights of one network random.
    sides = [side.text for side in opened.all(".sides li")]
    assert ["simulated observers" in side for side in sides] == [True, False]
    assert all("random weights" in side for side in sides)
    opened.choose("#right", "view:1")
    assert opened.find("#lead-title").text == "Same images, same observers, different networks"
    assert ["random weights" in side.text for side in opened.all(".sides li")] == [True, False]
    opened.choose("#left", "view:2")
    assert opened.find("#lead-title").text == "Two ways to look"


def test_sorting(opened: Gallery) -> None:
    opened.choose("#sort", "alignment-left")
    assert opened.shown() == IDS[::-1]  # the alignment falls from the first image to the last
    opened.find("#order").click()
    assert opened.shown() == IDS
    # Undefined values come last in either direction: the other comparison lacks the first image.
    opened.choose("#sort", "alignment-right")
    assert opened.shown() == [*IDS[1:], IDS[0]]
    opened.find("#order").click()
    assert opened.shown() == [*IDS[:0:-1], IDS[0]]
    opened.choose("#sort", "overlap-right-gaze")
    assert opened.shown() == [*IDS[:0:-1], IDS[0]]
    opened.choose("#sort", "category")
    categories = [gallery_sets.CATEGORIES[IDS.index(image)] for image in opened.shown()]
    assert categories == ["<b>bold</b>", "a", "a", "a", "b", "b"]
    opened.choose("#sort", "agreement")
    [one] = told(opened)["sets"]
    values = next(pair["values"] for pair in one["agreement"] if pair["views"] == [0, 2])
    found = [values[IDS.index(image)] for image in opened.shown()]
    assert found == [*sorted(found[:4]), None, None]


def told(opened: Gallery) -> dict[str, Any]:
    return dict(json.loads(opened.run("return document.getElementById('data').textContent")))


def test_filtering(opened: Gallery) -> None:
    opened.choose("#category", "=a")
    assert set(opened.shown()) == {IDS[1], IDS[3], IDS[4]}
    assert opened.find("#count").text == "3 of 6 images"
    opened.find("#search").send_keys("É")
    assert opened.shown() == ["é b"]
    opened.find("#search").send_keys("x")
    assert opened.shown() == []
    assert opened.find("#nothing").is_displayed()
    opened.find("#reset").click()
    assert len(opened.shown()) == 6
    opened.find("#ranges summary").click()
    opened.find("input[data-range='alignment-left low']").send_keys("0.1")
    opened.find("input[data-range='alignment-left high']").send_keys("0.4")
    assert set(opened.shown()) == {IDS[1], IDS[2], IDS[3]}
    # An image without the number does not pass the filter.
    opened.find("input[data-range='agreement low']").send_keys("-1")
    assert set(opened.shown()) == {IDS[1], IDS[2], IDS[3]}
    opened.find("input[data-range='alignment-left low']").send_keys(*[Keys.BACKSPACE] * 3)
    opened.find("input[data-range='alignment-left high']").send_keys(*[Keys.BACKSPACE] * 3)
    assert set(opened.shown()) == {IDS[1], IDS[2], IDS[3], IDS[5]}


def test_the_slider_moves_the_line_between_left_and_right(opened: Gallery) -> None:
    opened.find("input[value=slider]").click()
    judged = opened.all(".tile")[opened.shown().index(IDS[1])]
    over, under = (judged.find_element(By.CSS_SELECTOR, f".{which}") for which in ("over", "under"))
    assert "made-up/net.1/small" in (over.get_attribute("src") or "")
    assert "people/net.1/small" in (under.get_attribute("src") or "")
    hidden = (
        "return /calc\\((.*?)%\\)|inset\\(0px (.*?)%/.exec(getComputedStyle(arguments[0]).clipPath).slice(1).join('')"
    )
    assert opened.run(hidden, over) == "50"
    opened.find("#wipe").send_keys(Keys.HOME)
    assert opened.run(hidden, over) == "100"
    unjudged = opened.all(".tile")[opened.shown().index(IDS[0])]
    assert "not judged" in unjudged.text
    opened.open(opened.shown().index(IDS[1]))
    handle = opened.find("#large .wipe input")
    handle.send_keys(Keys.ARROW_RIGHT)
    assert opened.run("return document.querySelector('#large .wipe').style.getPropertyValue('--wipe')") == "51%"
    assert opened.is_open()


def test_the_large_view(opened: Gallery) -> None:
    opened.open(opened.shown().index(IDS[2]))
    assert opened.is_open()
    titles = [title.text for title in opened.all("#large h3")]
    assert titles == ["Layers", "Overlap with saliency", "Feature maps that made the heatmap", "Nearest images"]
    layers = opened.all("#large .figures:not(.wide) img")
    assert len(layers) == 1 + 3 + 1  # image, heatmaps, saliency map
    outlines = opened.all("#large .stack img[src$='.svg']")
    assert len(outlines) == 2
    maps = opened.all("#large .is-left ol.six")[0].text
    assert "map 2" in maps
    assert "AIS 0.5" in maps
    headings = [heading.text for heading in opened.all("#large .is-left .soft-heading")]
    assert headings == [
        "according to people",
        "according to the network, all 4 feature maps",
        "according to the network, 2 retained feature maps",
    ]
    # Here the full network's similarities are those of people plus one: the same neighbours, and they say so.
    people, full = (
        [one.get_attribute("aria-label") or "" for one in row.find_elements(By.CSS_SELECTOR, "button")]
        for row in opened.all("#large .is-left ol.six")[1:3]
    )
    assert [label.split(", similarity")[0] for label in people] == [label.split(", similarity")[0] for label in full]
    assert all(label.endswith("also among the nearest according to people") for label in full)
    # A neighbour whose pair with this image is not explained is opened by itself.
    neighbours = opened.all("#large .is-left ol.six")[1].find_elements(By.CSS_SELECTOR, "button")
    wanted = next(one for one in neighbours if "explained" not in (one.get_attribute("aria-label") or ""))
    name = wanted.get_attribute("title")
    wanted.click()
    assert opened.find("#large-title").text == name


def open_pair(opened: Gallery) -> tuple[WebElement, WebElement]:
    """Open the first explained pair from its first image, by clicking the second; return both, covered by maps."""
    opened.open(opened.shown().index(IDS[1]))
    neighbours = opened.all("#large .is-left ol.six button")
    next(one for one in neighbours if ", explained" in (one.get_attribute("aria-label") or "")).click()
    first, second = opened.all("#large .two .covered")
    return first, second


def brightest(opened: Gallery, image: WebElement) -> int | None:
    """Number of the place, among 3 x 3, that the map over an image lights most; None if it lights none."""
    # A page cannot read the pixels of a canvas with pictures from disk: take a screenshot, with the image hidden.
    opened.run("arguments[0].querySelector('img').style.visibility = 'hidden'", image)
    opened.run("arguments[0].style.background = '#000'", image)
    picture = Image.open(io.BytesIO(image.find_element(By.CSS_SELECTOR, "canvas").screenshot_as_png)).convert("L")
    height, width = picture.height // 3, picture.width // 3
    inside = np.asarray(picture)[height // 4 :: height, width // 4 :: width][:3, :3]
    return int(inside.argmax()) if inside.max() > 20 else None


def test_a_neighbour_whose_pair_is_explained_is_shown_beside_the_image(opened: Gallery) -> None:
    open_pair(opened)
    assert opened.find("#large-title").text == f"Why these two? {IDS[1]} and {IDS[2]}"
    assert opened.run("return document.activeElement.id") == "large-title"
    told_of_it = opened.find("#large .large-body").text
    assert "people +1 SD, according to the network +0.5 SD (with the retained feature maps alone +1 SD)" in told_of_it
    assert "Share of r: +0.125." in told_of_it
    assert "most to the agreement of people and network" in told_of_it
    labels = [one.get_attribute("aria-label") for one in opened.all("#large .two canvas")]
    assert labels == [f"Heatmap of {IDS[at]} in the light of {IDS[3 - at]}" for at in (1, 2)]
    maps = [one.text.split("\n") for one in opened.all("#large ol.six li")]
    assert maps == [["map 0", "+0.3"], ["map 2", "+0.2"], ["map 3", "0"], ["map 1", "−0.1"]]
    # No place is lit until one is pointed at.
    assert not any(place.is_displayed() for place in opened.all("#large .place"))
    opened.all("#large figcaption button")[1].click()
    assert opened.find("#large-title").text == IDS[2]
    assert opened.browser.get_log("browser") == []


def test_pointing_at_a_place_lights_what_it_meets_in_the_other_image(opened: Gallery) -> None:
    first, second = open_pair(opened)
    width, height = first.size["width"], first.size["height"]
    pointer = ActionChains(opened.browser)
    # The upper right place, number 2, meets the lower left, number 6.
    pointer.move_to_element_with_offset(first, width // 3, -height // 3).perform()
    assert opened.find("#large .said").text == f"In {IDS[1]}, row 1, column 3: meets row 3, column 1 of {IDS[2]} most."
    WebDriverWait(opened.browser, 10).until(lambda _: brightest(opened, second) == 6)
    pointer.move_to_element_with_offset(second, 0, 0).perform()
    assert opened.find("#large .said").text == f"In {IDS[2]}, row 2, column 2: meets row 2, column 2 of {IDS[1]} most."
    WebDriverWait(opened.browser, 10).until(lambda _: brightest(opened, first) == 4)
    pointer.move_to_element(opened.find("#large-title")).perform()
    assert opened.find("#large .said").text == ""
    assert not any(place.is_displayed() for place in opened.all("#large .place"))


def test_places_are_reached_with_the_keyboard_and_told(opened: Gallery) -> None:
    open_pair(opened)
    opened.choose("#pair-image", str(IDS.index(IDS[5])))
    assert opened.find("#large-title").text == f"Why these two? {IDS[5]} and {IDS[2]}"
    assert opened.run("return document.activeElement.id") == "pair-image"
    assert "they disagree" in opened.find("#large .large-body").text
    assert "No heatmap: no feature map has a positive contribution." in opened.all("#large .two figcaption")[0].text
    assert [one.get_attribute("value") for one in opened.all("#pair-other option")] == ["2"]
    opened.press(Keys.TAB, Keys.TAB)
    assert opened.run("return document.activeElement.getAttribute('role')") == "application"
    # From the middle to the last place, which meets nothing; the arrows do not lead out of the grid.
    opened.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    said = opened.find("#large .said")
    assert said.get_attribute("aria-live") == "polite"
    assert said.text == f"In {IDS[5]}, row 3, column 3: meets nothing in {IDS[2]}."
    opened.press(Keys.ARROW_UP)
    assert said.text == f"In {IDS[5]}, row 2, column 3: meets row 2, column 1 of {IDS[2]} most."
    assert opened.find("#large-title").text.endswith(IDS[2])  # arrows do not turn the pages of the large view here
    opened.press(Keys.TAB)
    assert said.text == ""
    opened.press(Keys.ESCAPE)
    assert not opened.is_open()
    assert opened.focus() == IDS[5]


def test_any_explained_pair_is_reached_from_its_images(opened: Gallery) -> None:
    opened.open(opened.shown().index(IDS[2]))
    why = opened.find("#large .is-left .why")
    assert why.text == "Why these two? 2 explained pairs of this image"
    why.click()
    assert [one.text for one in opened.all("#pair-image option")] == sorted(IDS[at] for at in (1, 2, 5))
    opened.choose("#pair-other", "5")
    assert opened.find("#large-title").text == f"Why these two? {IDS[2]} and {IDS[5]}"
    opened.press(Keys.ESCAPE)
    opened.open(opened.shown().index(IDS[4]))
    assert opened.all("#large .why") == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_pair_is_readable_and_everything_in_it_has_a_name(
    browser: webdriver.Chrome, built: Path, scheme: str, size: tuple[int, int]
) -> None:
    opened = Gallery(browser, built, size, scheme)
    open_pair(opened)
    texts = "#large h2, #large h3, #large p, #large label, #large button, #large .soft, #large .tag"
    assert min(opened.run(CONTRAST, texts)) > 4.5
    assert opened.run("const one = document.getElementById('large'); return one.scrollWidth - one.clientWidth") <= 0
    assert opened.run(NAMELESS) == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_long_names_stay_within_their_place(
    browser: webdriver.Chrome, built: Path, size: tuple[int, int], tmp_path: Path
) -> None:
    shutil.copytree(built, tmp_path / "built")
    page = tmp_path / "built" / "index.html"
    page.write_text(page.read_text(encoding="utf-8").replace(IDS[1], 45 * "long"), encoding="utf-8")
    opened = Gallery(browser, tmp_path / "built", size)
    place = opened.shown().index(45 * "long")
    too_wide = (
        "const one = document.querySelectorAll(arguments[0])[arguments[1]]; return one.scrollWidth - one.clientWidth"
    )
    assert opened.run(too_wide, ".tile .heading span", place) <= 0
    opened.open(opened.shown().index(IDS[2]))
    assert opened.run(too_wide, "#large", 0) <= 0
    opened.find("#large .is-left .why").click()
    opened.choose("#pair-other", "1")
    assert opened.run(too_wide, "#large", 0) <= 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pictures_of_a_high_image_fit_the_window(
    browser: webdriver.Chrome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(gallery_sets, "SIZES", [(24, 24), (40, 20), (20, 120), *gallery_sets.SIZES[3:]])
    (tmp_path / "built").mkdir()
    views = [gallery_sets.view("first"), gallery_sets.view("second", seed=2)]
    page.build([gallery_sets.image_set(tmp_path / "images", views)], PERCENTS, tmp_path / "built", "image")
    opened = Gallery(browser, tmp_path / "built", size)
    highest = "return Math.max(...[...document.querySelectorAll('#large img')].map((one) => one.clientHeight))"
    opened.open(opened.shown().index(IDS[2]))
    opened.wait_for_pictures()
    assert 0 < opened.run(highest) <= size[1]
    opened.find("#large .is-left .why").click()
    opened.wait_for_pictures()
    assert 0 < opened.run(highest) <= size[1]
    covered = (
        "return [...document.querySelectorAll('#large .two .covered > ' + arguments[0])].map((one) => one.clientHeight)"
    )
    assert opened.run(covered, "canvas") == opened.run(covered, "img")


def test_an_image_without_heatmap_and_one_that_was_not_judged_say_so(opened: Gallery) -> None:
    opened.open(opened.shown().index(IDS[4]))
    assert "No feature map has a positive score." in opened.find("#large").text
    assert "No heatmap, crossed out" in (opened.all("#large img[src*='heatmap']")[0].get_attribute("alt") or "")
    opened.press(Keys.ESCAPE)
    opened.open(opened.shown().index(IDS[0]))
    assert "This image was not judged." in opened.find("#large .is-right").text


def test_the_keyboard_is_enough(opened: Gallery) -> None:
    opened.run("document.getElementById('reset').focus()")
    opened.press(Keys.TAB)
    assert opened.focus() == opened.shown()[0]
    outline = "const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);"
    assert opened.run(outline + "return outlineStyle + outlineWidth") == "solid3px"
    opened.press(Keys.ARROW_RIGHT)
    assert opened.focus() == opened.shown()[1]
    opened.press(Keys.ARROW_DOWN)  # three tiles in a row
    assert opened.focus() == opened.shown()[4]
    opened.press(Keys.END)
    assert opened.focus() == opened.shown()[5]
    opened.press(Keys.HOME)
    opened.press(Keys.ENTER)
    assert opened.is_open()
    assert opened.find("#large-title").text == opened.shown()[0]
    opened.press(Keys.ARROW_RIGHT)
    opened.press(Keys.ARROW_RIGHT)
    opened.press(Keys.ARROW_LEFT)
    assert opened.find("#large-title").text == opened.shown()[1]
    # The focus stays inside the large view.
    for _ in range(40):
        opened.press(Keys.TAB)
        assert opened.run(
            "const here = document.activeElement; return here === document.body || here.closest('#large') !== null"
        )
    # Arrows also work when tabbing through the browser's own controls has left nothing focused.
    opened.run("document.activeElement.blur()")
    opened.press(Keys.ARROW_RIGHT)
    opened.press(Keys.ARROW_LEFT)
    assert opened.find("#large-title").text == opened.shown()[1]
    opened.press(Keys.ESCAPE)
    assert not opened.is_open()
    assert opened.focus() == opened.shown()[1]
    opened.press(Keys.ARROW_RIGHT)
    assert opened.focus() == opened.shown()[2]
    # Tab reaches a single tile, the one used last.
    assert opened.run("return document.querySelectorAll('.tile button[tabindex=\"0\"]').length") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ring_around_the_tile_with_the_focus_can_be_seen(
    browser: webdriver.Chrome, built: Path, scheme: str
) -> None:
    opened = Gallery(browser, built, scheme=scheme)
    opened.wait_for_pictures()
    opened.run("document.getElementById('reset').focus()")
    opened.press(Keys.TAB)
    tile = opened.all(".tile")[0]
    assert opened.run("return arguments[0].contains(document.activeElement)", tile)
    ring = opened.run("return getComputedStyle(document.activeElement).outlineColor.match(/\\d+/g).map(Number)")
    pixels = np.asarray(Image.open(io.BytesIO(tile.screenshot_as_png)).convert("RGB")).astype(int)
    coloured = (np.abs(pixels - ring) <= 2).all(axis=2)
    height, width = coloured.shape
    assert coloured.sum() > 0.9 * 3 * 2 * (height + width)


CLOSING = {
    "key": lambda opened: opened.press(Keys.ESCAPE),
    "button": lambda opened: opened.find("#close").click(),
    "backdrop": lambda opened: opened.run("document.getElementById('large').click()"),
}


@pytest.mark.parametrize("close", CLOSING.values(), ids=CLOSING)
def test_the_focus_is_on_the_image_last_seen_as_soon_as_the_large_view_is_closed(
    opened: Gallery, close: Callable[[Gallery], None]
) -> None:
    # The browser's close event comes later, and a key may be pressed before it.
    opened.run("""
        const told = () => { window.focusAtClosing = document.activeElement.querySelector('.heading b').textContent; };
        document.addEventListener('close', told, { capture: true });
    """)
    opened.open(0)
    opened.find("#next").click()
    close(opened)
    told = WebDriverWait(opened.browser, 10).until(lambda _: opened.run("return window.focusAtClosing"))
    assert told == opened.focus() == opened.shown()[1]
    assert not opened.is_open()


def test_closing_leads_back_to_where_the_large_view_was_opened(opened: Gallery) -> None:
    samples = opened.all(".samples button")
    samples[-1].click()
    opened.press(Keys.ESCAPE)
    assert opened.run("return document.activeElement") == samples[-1]
    assert opened.run("return window.scrollY") == 0
    # An image that the filters hide has no tile to return to.
    opened.choose("#category", "=b")
    opened.open(0)
    hidden = next(
        button for button in opened.all("#large ol.six button") if button.get_attribute("title") not in opened.shown()
    )
    hidden.click()
    opened.press(Keys.ESCAPE)
    assert opened.focus() == opened.shown()[0]


NAMELESS = """
    const named = (element) => element.getAttribute('aria-label') || element.textContent.trim() || element.title
        || element.labels?.length || element.querySelector('img[alt]');
    return [...document.querySelectorAll('button, input, select, summary, dialog')]
        .filter((element) => !named(element)).map((element) => element.outerHTML)
        .concat([...document.images].filter((image) => !image.alt).map((image) => image.outerHTML));
"""


def test_everything_has_a_name(opened: Gallery) -> None:
    opened.open(0)
    assert opened.run(NAMELESS) == []
    ids = opened.run("return [...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))


CONTRAST = """
    const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (text) => {
        const [r, g, b] = numbers(text).map((value) => channel(value / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const colour = getComputedStyle(one).backgroundColor;
            if (numbers(colour)[3] !== 0) return colour;
        }
    };
    const visible = [...document.querySelectorAll(arguments[0])].filter((element) => element.checkVisibility());
    return visible.map((element) => {
        const [a, b] = [light(getComputedStyle(element).color), light(background(element))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_readable_in_dark_and_light_at_the_desk_and_on_a_phone(
    browser: webdriver.Chrome, built: Path, scheme: str, size: tuple[int, int], tmp_path: Path
) -> None:
    opened = Gallery(browser, built, size, scheme)
    opened.wait_for_pictures()
    browser.save_screenshot(str(tmp_path / "page.png"))
    with Image.open(tmp_path / "page.png") as picture:
        corner = np.asarray(picture.convert("L"))[2, 2]
    assert (corner > 200) == (scheme == "light")
    coloured = ".soft, .name-left, .name-right, .tag, .heading b, .heading span, .foot"
    assert min(opened.run(CONTRAST, f"h1, h2, p, dd, td, figcaption, label, button, {coloured}")) > 4.5
    assert opened.run("return document.documentElement.scrollWidth") <= size[0]
    opened.open(3)
    opened.wait_for_pictures()
    assert (
        min(opened.run(CONTRAST, "#large h2, #large h3, #large p, #large td, #large th, #large small, #large .tag"))
        > 4.5
    )
    assert (
        opened.run("const large = document.getElementById('large'); return large.scrollWidth - large.clientWidth") <= 0
    )


def test_it_prints_all_images_or_the_one_that_is_open(opened: Gallery) -> None:
    def printed() -> dict[str, Any]:
        opened.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        return dict(
            opened.run("""
                window.dispatchEvent(new Event('beforeprint'));
                const visible = (one) => one.checkVisibility();
                const seen = (selector) => [...document.querySelectorAll(selector)].filter(visible).length;
                const lazy = seen('img[loading=lazy]');
                return { bar: seen('#bar'), tiles: seen('.tile'), large: seen('#large h3'), lazy };
            """)
        )

    assert printed() == {"bar": 0, "tiles": 6, "lazy": 0, "large": 0}
    opened.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    opened.open(0)
    assert printed() == {"bar": 0, "tiles": 0, "lazy": 0, "large": 4}
    assert len(opened.browser.print_page()) > 10_000


def test_comparisons_of_other_images_are_not_set_side_by_side(browser: webdriver.Chrome, tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    apart = [gallery_sets.view("first", ids=IDS[:2]), gallery_sets.view("second", ids=IDS[2:])]
    page.build([gallery_sets.image_set(tmp_path / "images", apart)], PERCENTS, tmp_path / "built", "image")
    opened = Gallery(browser, tmp_path / "built")
    assert opened.find("#left").get_property("value") == "image"
    assert set(opened.shown()) == set(IDS[:2])
    opened.choose("#right", "view:1")
    assert set(opened.shown()) == set(IDS[2:])
    assert opened.find("#count").text == "4 of 6 images"


def test_observers_of_the_same_images_are_called_so(browser: webdriver.Chrome, tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    both = [gallery_sets.view("first"), gallery_sets.view("second", seed=2)]
    page.build([gallery_sets.image_set(tmp_path / "images", both)], PERCENTS, tmp_path / "built", "image")
    headline = Gallery(browser, tmp_path / "built").find("#lead-title").text
    assert headline == "Same images, same network, different observers"


def test_the_ends_of_a_shared_scale_stand_beside_its_colours(browser: webdriver.Chrome, tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    shown = gallery_sets.image_set(tmp_path / "images", [gallery_sets.view("people")])
    page.build([shown], PERCENTS, tmp_path / "built", "set")
    opened = Gallery(browser, tmp_path / "built")
    [view] = told(opened)["sets"][0]["views"]
    low, high = view["limits"]
    assert opened.find("#made-of td:last-child").text.split() == [f"{low:g}", f"{high:g}"]
    assert opened.find("#made-of th:last-child").text == "heatmap: activation, weighted by AIS"
    assert opened.run("return document.documentElement.scrollWidth") <= DESKTOP[0]


def test_ablation_by_means_is_said_wherever_a_heatmap_is_named(browser: webdriver.Chrome, tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    view = gallery_sets.view("people")
    view.heatmaps.attrs["ablation"] = "mean"
    page.build([gallery_sets.image_set(tmp_path / "images", [view])], PERCENTS, tmp_path / "built", "image")
    opened = Gallery(browser, tmp_path / "built")
    for place in ("#about", ".sides", "#samples", "#made-of"):
        assert "random weights ablated maps replaced by their means" in opened.find(place).text


def test_a_single_comparison_stands_beside_the_image(browser: webdriver.Chrome, tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    one = gallery_sets.image_set(tmp_path / "images", [gallery_sets.view("people")])
    bare = content.ImageSet("bare", one.table.assign(category=float("nan")), {}, one.views)
    page.build([one, bare], PERCENTS, tmp_path / "built", "image")
    opened = Gallery(browser, tmp_path / "built")
    assert len(opened.all(".tile:first-child img")) == 2
    assert "agreement" not in [option.get_attribute("value") for option in opened.all("#sort option")]
    opened.choose("#set", "1")
    assert not opened.find("#category-field").is_displayed()
    opened.open(0)
    assert "Overlap with saliency" not in opened.find("#large").text
    assert opened.browser.get_log("browser") == []


# ----------------------------------------------------------------------------------------------------------------------
# A thousand images


@pytest.fixture(scope="module")
def thousand(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page that shows the six images under new names until there are 1,002, each with picture files of its own."""
    folder = tmp_path_factory.mktemp("thousand")
    text = (built / "index.html").read_text(encoding="utf-8")
    content = json.loads(text.split('id="data">')[1].split("</script>")[0])
    times, n = 167, len(IDS)

    def repeated(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: repeated(inner, name) for name, inner in value.items()}
        if isinstance(value, list) and len(value) == n:
            return [f"{one} {again}" if key == "images" else one for again in range(times) for one in value]
        return [repeated(one, key) for one in value] if isinstance(value, list) else value

    content["sets"] = [repeated(one, "") for one in content["sets"]]
    page.write(content, folder / "index.html")
    for file in [file for file in (built / "pictures").rglob("*.*") if file.is_file()]:
        to = folder / file.relative_to(built)
        to.parent.mkdir(parents=True, exist_ok=True)
        for again in range(times):
            os.link(file, to.with_name(f"{int(file.stem) + again * n:04d}{file.suffix}"))
    return folder


def test_a_thousand_images_stay_fluent(browser: webdriver.Chrome, thousand: Path) -> None:
    """Counted, not timed: how many elements the page has and how many pictures it loads."""
    opened = Gallery(browser, thousand)
    assert (thousand / "index.html").stat().st_size < 3_000_000
    assert opened.find("#count").text == "1002 of 1002 images"

    def work() -> tuple[int, int, int]:
        counted = opened.run("""
            const loaded = [...document.images].filter((image) => image.complete && image.naturalWidth).length;
            return [document.querySelectorAll('.tile').length, document.querySelectorAll('*').length, loaded];
        """)
        return counted[0], counted[1], counted[2]

    for act in (lambda: None, lambda: opened.choose("#sort", "agreement"), lambda: opened.find("#order").click()):
        act()
        tiles, elements, loaded = work()
        assert 40 <= tiles <= 240
        assert elements < 8_000
        assert loaded < 800
    # All images can be reached.
    opened.run("document.querySelector('.tile button').focus()")
    opened.press(Keys.END)
    tiles, elements, loaded = work()
    assert tiles == 1002
    assert elements < 40_000
    assert loaded < 2_500
    assert opened.focus() == opened.shown()[-1]
    assert opened.browser.get_log("browser") == []
