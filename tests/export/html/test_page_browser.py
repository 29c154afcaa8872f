"""The page in a real browser: nothing overlaps, nothing complains, keys work, and hostile names do nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, start_browser
from export.html.hostile_process import LONG, PROCESS_NAME, record_hostile_process
from places import DATA
from recorded_runs import family_readings, read_service

from smapstop.export.html.page import comparison_page, run_page
from smapstop.export.html.recorded_run import read_run

HOSTILE = "</script><script>window.pwned=1</script>\"><img src=x onerror='window.pwned=1'>{{7*7}}"
OVERLAPS = """(() => {
  const boxes = [];
  for (const element of document.querySelectorAll("main *, footer *")) {
    if (element.closest("script, style, title, [hidden]") || !element.checkVisibility()) continue;
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        let [left, top, right, bottom] = [rect.left, rect.top + 2, rect.right, rect.bottom - 2];
        for (let around = element; around; around = around.parentElement) {
          if (getComputedStyle(around).overflow === "visible" && around.localName !== "svg") continue;
          const clip = around.getBoundingClientRect();
          [left, top, right, bottom] = [Math.max(left, clip.left), Math.max(top, clip.top),
                                        Math.min(right, clip.right), Math.min(bottom, clip.bottom)];
        }
        if (right - left > 1 && bottom - top > 1) boxes.push({node, left, top, right, bottom});
      }
    }
  }
  boxes.sort((one, other) => one.top - other.top);
  const found = [];
  boxes.forEach((one, at) => {
    for (const other of boxes.slice(at + 1)) {
      if (other.top >= one.bottom) break;
      const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      if (wide > 1 && one.node !== other.node) found.push([one.node.data.trim(), other.node.data.trim()]);
    }
  });
  return found;
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with start_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of the service, of a real recording, and of a comparison."""
    folder = tmp_path_factory.mktemp("pages")
    service, server = read_service(folder, family=family_readings()), read_run(DATA / "recordings/server.smaps")
    texts = {"service": run_page(service), "server": run_page(server), "comparison": comparison_page(server, service)}
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("width", [390, 1280, 2560])
@pytest.mark.parametrize("name", ["service", "server", "comparison"])
def test_nothing_overlaps_and_nothing_complains(
    browser: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    browser.open(pages[name], width)
    browser.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert browser.evaluate(OVERLAPS) == []
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert browser.complaints == []
    assert browser.requests == [pages[name].as_uri()]


def test_what_overlaps_would_be_found(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["service"])
    browser.evaluate("document.querySelector('.facts dd').style.marginLeft = '-5rem'")
    assert browser.evaluate(OVERLAPS) == [["command", "program"]]


def test_it_is_dark_where_the_reader_likes_that(browser: Browser, pages: dict[str, Path]) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    browser.open(pages["service"], dark=True)
    assert browser.evaluate(ground) == "rgb(18, 18, 18)"
    browser.open(pages["service"])
    assert browser.evaluate(ground) == "rgb(255, 255, 255)"


def test_on_paper_it_is_light_and_has_the_titles_of_its_columns(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["service"], dark=True, paper=True)
    assert browser.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.evaluate(
        "[...document.querySelectorAll('[data-table] th button')].every(each => each.offsetWidth)"
    )
    assert not browser.evaluate("document.querySelector('.choices').offsetWidth")
    assert browser.evaluate(OVERLAPS) == []


def test_without_a_script_the_chart_the_table_and_the_choices_are_there(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["service"], script=False)
    areas = "[...document.querySelectorAll('.area')].filter(each => each.getBoundingClientRect().width > 100).length"
    assert browser.evaluate(areas) == 2
    assert browser.evaluate("document.querySelector('[data-search]').checkVisibility()") is False
    browser.evaluate("document.querySelector('input[name=plot][value=\"1\"]').click()")
    assert browser.evaluate(areas) == 1
    assert browser.evaluate("document.querySelectorAll('tbody tr[data-kind]').length") == 3


def test_the_table_is_sorted_and_searched_by_keys(browser: Browser, pages: dict[str, Path]) -> None:
    names = "[...document.querySelectorAll('tr[data-kind]:not([hidden])')].map(row => row.cells[0].dataset.value)"
    sorting = "[...document.querySelectorAll('[aria-sort]')].map(each => [each.textContent, each.ariaSort])"
    browser.open(pages["service"])
    first = browser.evaluate(names)
    browser.evaluate("document.querySelector('[data-table] th button').focus()")
    browser.press("Enter")
    assert browser.evaluate(sorting) == [["Mapping", "ascending"]]
    assert browser.evaluate(names) == sorted(first)
    browser.press("Enter")
    assert browser.evaluate(names) == sorted(first, reverse=True)
    browser.press("Tab", "Tab", "Tab", "Enter")
    assert browser.evaluate(sorting) == [["End", "descending"]]
    assert browser.evaluate(names) == ["[heap]", "libfoo.so .text", "anon bb8000"]

    browser.evaluate("document.querySelector('[data-search] input').focus()")
    browser.press(*"heap")
    assert browser.evaluate(names) == ["[heap]"]
    assert browser.evaluate("document.querySelector('[data-search] [role=status]').textContent") == "1 of 3"
    browser.press("Escape")
    assert len(browser.evaluate(names)) == 3


def test_the_chart_is_read_and_zoomed_by_keys_and_by_the_mouse(browser: Browser, pages: dict[str, Path]) -> None:
    box = "document.querySelector('[data-canvas] svg').getAttribute('viewBox')"
    reading = "document.querySelector('[data-reading]').textContent"
    browser.open(pages["service"])
    whole = browser.evaluate(box)
    browser.evaluate("document.querySelector('[data-canvas]').focus()")
    browser.press("Home", "ArrowRight", "ArrowRight", "ArrowRight")
    assert browser.evaluate(reading).endswith("anonymous 2.68 M + file 80 K = 2.76 M")
    browser.press("+")
    assert browser.evaluate(box) != whole
    browser.press("Escape")
    assert browser.evaluate(box) == "0 0 1000 240"

    browser.evaluate("document.querySelector('[data-canvas]').scrollIntoView()")
    canvas = "document.querySelector('[data-canvas]').getBoundingClientRect()"
    left, top = browser.evaluate(f"[{canvas}.left, {canvas}.top]")
    for what, x in (("mousePressed", 100), ("mouseMoved", 300), ("mouseReleased", 300)):
        browser.call("Input.dispatchMouseEvent", type=what, x=left + x, y=top + 50, button="left", clickCount=1)
    assert browser.evaluate(box) != whole
    browser.evaluate("document.querySelector('[data-all]').click()")
    assert browser.evaluate(box) == "0 0 1000 240"


def test_the_flame_graph_is_zoomed_by_keys(browser: Browser, pages: dict[str, Path]) -> None:
    shown = (
        "[...document.querySelectorAll('.frame-box')].filter(each => each.style.display !== 'none')"
        ".map(each => [each.querySelector('text').textContent, each.getAttribute('width')])"
    )
    browser.open(pages["service"])
    every = browser.evaluate(shown)
    assert [name for name, _ in every] == ["all", "main", "map", "parse", "remember"]
    browser.evaluate("document.querySelector('.frame-box').focus()")
    browser.press("ArrowDown", "ArrowRight", "Enter")
    assert browser.evaluate(shown) == [["all", "100%"], ["map", "100%"]]
    browser.press("Escape")
    assert browser.evaluate(shown) == every


def test_a_link_to_a_mapping_opens_it(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["service"])
    browser.evaluate("document.querySelector('.movers a').click()")
    look = "document.querySelector('details[open]') ? done() : setTimeout(look, 10)"
    browser.evaluate(f"new Promise(done => {{ const look = () => {look}; look() }})")
    assert browser.evaluate("document.querySelectorAll('details[open]').length") == 1


@pytest.mark.parametrize("where", ["library", "name", "stack"])
def test_hostile_names_are_shown_and_do_nothing(browser: Browser, tmp_path: Path, where: str) -> None:
    names = {"library": f"/usr/lib/{HOSTILE}", "name": HOSTILE, "stack": f"{HOSTILE} < main"}
    page = tmp_path / "page.html"
    page.write_text(run_page(read_service(tmp_path, **{where: names[where]})), "utf-8")
    browser.open(page)
    assert browser.evaluate("window.pwned") is None
    assert browser.evaluate("document.querySelectorAll('main img').length") == 0
    assert browser.evaluate("document.body.textContent.includes('onerror=')")
    assert browser.complaints == []
    assert browser.requests == [page.as_uri()]


@pytest.fixture(scope="module")
def hostile_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of a real process with hostile names, alone and compared with another run."""
    folder = tmp_path_factory.mktemp("hostile")
    run, other = read_run(record_hostile_process(folder)), read_service(tmp_path_factory.mktemp("other"))
    texts = {"run": run_page(run), "comparison": comparison_page(other, run)}
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("width", [390, 1280, 2560])
@pytest.mark.parametrize("name", ["run", "comparison"])
def test_hostile_names_of_a_real_process_are_text(
    browser: Browser, hostile_pages: dict[str, Path], name: str, width: int
) -> None:
    browser.open(hostile_pages[name], width)
    browser.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert browser.evaluate("window.pwned") is None
    assert (
        browser.evaluate("document.querySelectorAll('#pwned, main img, main script:not([data-series])').length") == 0
    )
    text = browser.evaluate("document.querySelector('main').textContent + document.title")
    titles = browser.evaluate("[...document.querySelectorAll('[title]')].map(each => each.title).join()")
    said = [
        PROCESS_NAME,
        "onerror=window.pwned=1>",
        "{{7*7}}",
        r"line\012end",
        r"\x1b[31m",
        "שלום",
        r"\u202edrawkcab",
    ]
    assert [each for each in [*said, r"bytes-\xff\xfe"] if each not in text] == []
    assert LONG in titles
    assert browser.evaluate(OVERLAPS) == []
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert browser.complaints == []
    assert browser.requests == [hostile_pages[name].as_uri()]
