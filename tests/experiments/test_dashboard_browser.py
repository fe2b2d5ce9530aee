"""The dashboard and the report in a real browser, with nothing reachable but this machine."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import dashboard_app as app
import dashboard_screens as screens
import pytest

pytestmark = pytest.mark.slow(reason="a browser, and a server that computes every view")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
REQUIRED = os.environ.get("NULLCLINE_REQUIRE_BROWSER") == "1"
if not CHROMIUM and not REQUIRED:
    pytest.skip("no chromium on this machine: apt-get install chromium", allow_module_level=True)

from axe_playwright_python.sync_playwright import Axe  # noqa: E402
from playwright.sync_api import (  # noqa: E402
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIZE: ViewportSize = {"width": 1280, "height": 900}
ARTIFACTS = Path(__file__).parents[2] / "artifacts"
VIEWS = (
    *("overview", "family", "table", "scan", "card", "dynamics", "frontier", "inside", "claims"),
)
#: A shared machine may be slow: a view that is computed for the first time takes seconds.
PATIENCE = 120_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def server():
    """`nullcline dashboard` as anybody starts it, with the views that other tests have computed."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(app.shared())}
    command = [sys.executable, "-m", "nullcline", "dashboard", "--port", "0"]
    process = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr is not None
    address = re.search(r"http://\S+", process.stderr.readline())
    assert address is not None
    reader = threading.Thread(target=process.stderr.read, daemon=True)
    reader.start()
    yield address[0]
    process.terminate()
    process.wait(timeout=20)
    reader.join(timeout=20)
    process.stderr.close()


@pytest.fixture(scope="module")
def report() -> str:
    return app.report_file().as_uri()


class Watched:
    """A page that remembers what it asked for and what went wrong."""

    def __init__(self, context: BrowserContext):
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on(
            "console",
            lambda message: self.problems.append(message.text) if message.type == "error" else None,
        )

    def open(self, address: str) -> Page:
        self.page.goto("about:blank")
        self.page.goto(address)
        self.settle()
        return self.page

    def follow(self, address: str) -> None:
        """Another view in the page that is open: as wide as at first, with nothing of the last."""
        self.page.evaluate(
            "(blocks => { blocks.replaceChildren(); blocks.setAttribute('aria-busy', 'true'); })"
            "(document.getElementById('blocks'))"
        )
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(SIZE)
        self.page.goto(address)
        self.settle()

    def settle(self) -> None:
        expect(self.page.locator("#blocks[aria-busy='false']")).to_be_attached()
        first = self.page.locator(".plot").first
        if first.count():
            expect(first).to_have_attribute("data-drawn", re.compile(r"\d+"))

    def stayed_on(self, base: str) -> bool:
        return all(url.startswith((base, "data:", "blob:", "about:")) for url in self.requests)


@pytest.fixture(scope="module")
def context(browser):
    """One memory for all pages that do not ask for their own: plotly.js is compiled once."""
    with browser.new_context(viewport=SIZE, accept_downloads=True) as made:
        yield made


@pytest.fixture
def watched(browser, context):
    """Makes pages; one that is `new` knows nothing of the others, as another reader's."""
    pages, own = [], []

    def make(*, new: bool = False, offline: bool = False) -> Watched:
        if new or offline:
            own.append(browser.new_context(viewport=SIZE, offline=offline, accept_downloads=True))
        pages.append(Watched(own[-1] if new or offline else context))
        return pages[-1]

    yield make
    for one in pages:
        one.page.close()
    for one in own:
        one.close()


def assert_accessible(page: Page, name: str, *rules: str) -> None:
    """No violation of axe's rules, or of the `rules` named, outside of what plotly draws: figures
    are images with words for them, and test_dashboard_colours.py looks at their colours."""
    # What is no violation is not described: half the time that axe takes.
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found = (
        Axe().run(page, context={"exclude": [[".plot"]]}, options=options).response["violations"]
    )
    said = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]
    assert not said, f"{name}: {said}"


def test_every_view_is_drawn_accessible_and_stays_on_this_machine(server, watched):
    one = watched()
    page = one.open(f"{server}#view={VIEWS[0]}")
    for view in VIEWS:
        if view != VIEWS[0]:
            one.follow(f"{server}#view={view}")
        assert page.locator("h1").inner_text()
        expect(page.locator("nav a[aria-current='page']")).to_have_count(1)
        for width, themes in screens.SCREENS:
            screens.show_whole(page, width)
            for theme in themes:
                page.emulate_media(color_scheme=theme)
                page.wait_for_timeout(100)
                screens.save_screen(page, view, width, theme)
                # Each width and each theme once: the themes have the same elements, whose colours
                # test_dashboard_colours.py holds in both.
                if (width, theme) in ((1280, "light"), (400, "dark")):
                    assert_accessible(page, f"{view} at {width} px, {theme}")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{view} is {wide} px wide on a page of {width}"
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("summary").first.click()
    assert_accessible(page, "an open claim")
    assert one.problems == []
    assert one.stayed_on(server)


def test_a_csv_is_dropped_and_its_views_open(server, watched, tmp_path):
    one = watched()
    page = one.open(f"{server}#view=table")
    given = page.evaluate_handle(
        """text => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "my <b>scores.csv", { type: "text/csv" }));
            return transfer;
        }""",
        app.GOOD,
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": given})
    expect(page.locator("h1")).to_have_text("my <b>scores.csv")
    one.settle()
    expect(page.get_by_role("cell", name="mine", exact=True).first).to_be_visible()
    sizes = page.get_by_role("heading", name="mine: the next sizes")
    expect(sizes).to_have_count(0)  # computed once they are asked for
    page.locator("summary", has_text="The next sizes").click()
    expect(sizes).to_be_visible(timeout=120_000)
    assert_accessible(page, "an uploaded table")
    page.get_by_role("link", name="mine", exact=True).click()
    expect(page.locator("h1")).to_have_text("mine")
    one.settle()
    expect(page.get_by_text("<script>alert(1)</script>").first).to_be_visible()
    page.locator(".plot").first.scroll_into_view_if_needed()
    shared = page.url
    other = watched(new=True)
    again = other.open(shared)
    expect(again.locator("h1")).to_have_text("mine")
    assert one.problems == other.problems == []
    assert one.stayed_on(server)


def test_cells_are_pasted_and_the_two_scores_change_places(server, watched):
    one = watched()
    page = one.open(f"{server}#view=table")
    assert_accessible(page, "the form")
    cells = "family\tmodel\tparams\tgpqa\tswe_bench\n" + "".join(
        f"a\ta-{n}b\t{n}e9\t{20 + n}\t{2 * n}\n" for n in (1, 3, 8)
    )
    page.get_by_label("Cells of a spreadsheet").fill(cells)
    page.get_by_role("button", name="Read the text").click()
    expect(page.locator("h1")).to_have_text("pasted.tsv")
    one.settle()
    expect(page.get_by_text("Shown first: GPQA", exact=False)).to_be_visible()
    page.locator("#choose-truth").select_option("gpqa")
    expect(page.locator("#choose-reasoning")).to_have_value("swe_bench_verified")
    one.settle()
    expect(page.get_by_text("Shown first", exact=False)).to_have_count(0)
    page.get_by_role("link", name="Claims").click()
    one.settle()
    expect(page.get_by_role("heading", name="Shipped data")).to_be_visible()
    page.get_by_role("link", name="Your table").click()
    one.settle()
    page.get_by_text("Give another table").click()
    assert_accessible(page, "a pasted table")
    page.get_by_role("button", name="Read the example table").click()
    expect(page.locator("h1")).to_have_text("my_scores.csv")
    one.settle()
    with page.expect_download() as waiting:
        page.get_by_text("Give another table").click()
        page.get_by_role("link", name="Download an example").click()
    assert waiting.value.suggested_filename == "my_scores.csv"
    page.evaluate(
        """text => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            window.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
        }""",
        app.BAD,
    )
    expect(page.locator(".refused")).to_contain_text("pasted.csv, row 3")
    assert all("422" in problem for problem in one.problems)


@pytest.mark.parametrize(
    ("address", "given", "near"),
    [
        ("view=famly", "famly", "family"),
        ("table=unifrm", "unifrm", "uniform"),
        ("view=family&family=Pythai", "Pythai", "Pythia"),
        ("truth=truthfulqa", "truthfulqa", "truthfulqa_mc2"),
        ("view=family&family=Nobody+at+all", "Nobody at all", None),
    ],
)
def test_what_the_address_names_and_is_not_there_is_said(server, watched, address, given, near):
    one = watched()
    page = one.open(f"{server}#{address}")
    notice = page.get_by_role("alert").first
    expect(notice).to_contain_text(f"“{given}”")
    expect(page.locator("nav a")).to_have_count(len(VIEWS))
    assert_accessible(page, address)
    if near is None:
        expect(notice).to_contain_text("there are OPT, Pythia")
        return
    notice.get_by_role("link", name=near).click()
    one.settle()
    expect(page.get_by_role("alert")).to_have_count(0)
    # The browser itself remarks that the server knows no such table.
    assert all("404" in problem for problem in one.problems)


def test_a_chosen_view_takes_the_place_of_the_old_one_before_it_is_there(server, watched):
    one = watched()
    page = one.open(f"{server}#view=family&family=Pythia")
    held = []
    page.route("**/api/views/**", lambda route: held.append(route))
    page.select_option("#choose-family", "OPT")
    expect(page.locator("h1")).to_have_text("OPT")
    expect(page.locator(".skeleton")).to_be_attached()
    expect(page.locator("#blocks .block")).to_have_count(0)
    page.get_by_role("link", name="Claims").click()
    expect(page.locator("h1")).to_have_text("Claims")
    expect(page.locator(".skeleton")).to_be_attached()
    for route in held:
        route.continue_()
    page.unroute("**/api/views/**")
    one.settle()
    expect(page.locator("h1")).to_have_text("Claims")
    assert page.evaluate("document.activeElement.textContent") == "Claims"
    assert one.problems == []


def test_a_server_that_has_gone_is_said(server, watched):
    one = watched()
    page = one.open(f"{server}#view=family&family=Pythia")
    page.route("**/api/views/**", lambda route: route.abort())
    page.select_option("#choose-family", "OPT")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")


def test_a_bad_csv_is_answered_with_the_row(server, watched, tmp_path):
    one = watched()
    page = one.open(f"{server}#view=table")
    (tmp_path / "bad.csv").write_text(app.BAD)
    page.set_input_files("#choose-file", tmp_path / "bad.csv")
    expect(page.locator(".refused")).to_contain_text("bad.csv, row 3:")
    assert_accessible(page, "a refused table")
    (tmp_path / "big.csv").write_bytes(b"x" * 5_000_001)
    page.set_input_files("#choose-file", tmp_path / "big.csv")
    expect(page.locator(".refused")).to_contain_text("at most 5 MB")
    # The browser itself remarks on the refusal of the server.
    assert all("422" in problem for problem in one.problems)


def test_a_folder_of_results_is_sent_with_its_paths(server, watched, tmp_path):
    folder = tmp_path / 'our "results", été'
    for model, score in (("mine-1b", 0.4), ("mine-7b", 0.6)):
        path = folder / f"org__{model}" / "results_2026-01-02T03-04-05.000001.json"
        path.parent.mkdir(parents=True)
        scores = {"hellaswag": {"acc_norm,none": score}, "truthfulqa_mc2": {"acc,none": 0.4}}
        path.write_text(json.dumps({"results": scores}))  # the model's name is its folder's
    (folder / "models.csv").write_text("model,family\norg/mine-1b,ours\norg/mine-7b,ours\n")
    (folder / "notes.txt").write_text("not sent")
    one = watched()
    page = one.open(f"{server}#view=table")
    page.set_input_files("#choose-folder", folder)
    expect(page.locator("h1")).to_have_text('our "results", été')
    one.settle()
    expect(page.get_by_role("link", name="ours", exact=True)).to_be_visible()
    assert one.problems == []


def test_a_link_reproduces_the_view(server, watched):
    one = watched()
    page = one.open(f"{server}#view=family&table=uniform&family=Pythia")
    expect(page.locator("h1")).to_have_text("Pythia")
    page.select_option("#choose-family", "OPT")
    expect(page.locator("h1")).to_have_text("OPT")
    assert "family=OPT" in page.url
    page.go_back()
    expect(page.locator("h1")).to_have_text("Pythia")
    page = one.open(f"{server}#view=dynamics&n=7")
    slider = page.get_by_label("parameters N")
    assert slider.input_value() == "7"
    shown = page.locator(".slider output").inner_text()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert "n=6" in page.url
    assert page.locator(".slider output").inner_text() != shown
    other = watched(new=True)
    assert other.open(page.url).get_by_label("parameters N").input_value() == "6"
    assert one.problems == []


def test_scores_that_are_typed_make_a_card_whose_link_shows_the_same(server, watched):
    one = watched()
    page = one.open(f"{server}#view=card")
    page.get_by_role("button", name="Show this model").click()
    expect(page.locator(".refused")).to_have_text("No score is given.")
    page.get_by_label("Name").fill("<b>Mine</b> & $x$")
    page.get_by_label("Scores and size").fill("HellaSwag: 78.2\nTruthfulQA MC2: 43.1 %\nsize 7B")
    page.get_by_role("button", name="Show this model").click()
    expect(page.locator("h1")).to_have_text("Mine & $x$")
    one.settle()
    expect(page.get_by_text("Its own coupling: undetermined.", exact=False)).to_be_visible()
    expect(page.get_by_role("heading", name="Nearest models")).to_be_visible()
    assert_accessible(page, "a card")
    page.screenshot(path=ARTIFACTS / "card-typed.png", full_page=True)
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    other = watched(new=True)
    again = other.open(page.url)
    expect(again.locator("h1")).to_have_text("Mine & $x$")
    expect(again.get_by_label("Scores and size")).to_have_value(
        "HellaSwag: 78.2\nTruthfulQA MC2: 43.1 %\nsize 7B"
    )
    again.locator("#choose-model").select_option("huggyllama/llama-13b")
    expect(again.locator("h1")).to_have_text("huggyllama/llama-13b")
    other.settle()
    assert one.problems == other.problems == []
    bad = watched()
    page = bad.open(f"{server}#view=card&scores=helaswag%3D3")
    expect(page.get_by_role("alert").first).to_be_attached()
    expect(page.get_by_text("nearest: hellaswag", exact=False)).to_be_visible()
    expect(page.get_by_label("Scores and size")).to_have_value("helaswag=3")
    # The browser itself remarks on the refusal of the server.
    assert all("422" in problem for problem in bad.problems)


def test_everything_is_reached_by_keyboard(server, watched):
    one = watched()
    page = one.open(server)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the view"
    reached = []
    for _ in range(17):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent"))
    assert reached[:9] == [
        "Overview", "Family", "Your table", "Every pair", "One model", "Dynamics", "Frontier",
        "Inside a model",
        "Claims",
    ]  # fmt: skip
    assert reached[9] == "Dark theme"
    assert reached[13:16] == ["PNG", "SVG", "CSV"]  # after the three choices
    page.get_by_role("link", name="Claims").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Claims")
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details[open]")).to_have_count(1)


def drawn(page: Page) -> dict:
    """Whose line has which opacity in the first figure."""
    return page.evaluate(
        "Object.fromEntries(document.querySelector('.plot').data.filter((t) => t.meta)"
        ".flatMap((t) => t.meta.map((name) => [name, t.opacity ?? 1])))"
    )


def test_a_family_is_highlighted_by_row_key_click_and_address(server, watched):
    one = watched()
    page = one.open(f"{server}#view=overview")
    circle = page.get_by_role("button", name="Highlight Pythia", exact=True)
    circle.focus()
    page.keyboard.press("Enter")
    expect(circle).to_have_attribute("aria-pressed", "true")
    assert "family=Pythia" in page.url
    screens.until(page, "document.querySelector('.plot').data.some((t) => t.opacity < 0.5)")
    assert [name for name, opacity in drawn(page).items() if opacity == 1] == ["Pythia"]
    expect(page.get_by_role("status").filter(has_text="Pythia is highlighted")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(circle).to_have_attribute("aria-pressed", "false")
    assert "family=" not in page.url
    screens.until(page, "document.querySelector('.plot').data.every((t) => !(t.opacity < 0.5))")
    where = """() => {
        const plot = document.querySelector('.plot');
        const line = plot.data.find((one) => one.meta?.includes('GPT-Neo/J'));
        const last = line.meta.lastIndexOf('GPT-Neo/J') - 1; // a gap ends the line
        const { xaxis, yaxis } = plot._fullLayout;
        const box = plot.getBoundingClientRect();
        return [box.x + xaxis._offset + xaxis.l2p(line.x[last]),
                box.y + yaxis._offset + yaxis.l2p(line.y[last])];
    }"""
    for said in (True, False):  # a click, and the same again
        page.locator(".plot").first.scroll_into_view_if_needed()
        page.mouse.move(5, 5)
        page.mouse.click(*page.evaluate(where))
        screens.until(page, f"location.hash.includes('GPT-Neo') === {str(said).lower()}")
        page.wait_for_timeout(500)  # two clicks at once are plotly's double click
    page = one.open(f"{server}#view=overview&family=OPT")
    screens.until(page, "document.querySelector('.plot').data.some((t) => t.opacity < 0.5)")
    assert [name for name, opacity in drawn(page).items() if opacity == 1] == ["OPT"]
    page.get_by_role("link", name="Family", exact=True).click()
    expect(page.locator("h1")).to_have_text("OPT")
    assert one.problems == []


def test_names_in_the_figure_do_not_lie_on_one_another(server, watched):
    one = watched()
    page = one.open(f"{server}#view=overview")
    for width in (1280, 400, 1280):
        screens.show_whole(page, width)
        # The legend stands above the plot, or below it on a narrow page.
        legend, plotted = (
            page.locator(f".plot {part}").first.bounding_box() for part in (".legend", ".nsewdrag")
        )
        assert legend is not None
        assert plotted is not None
        above = legend["y"] + legend["height"] <= plotted["y"] + 1
        assert above if width > 1000 else legend["y"] >= plotted["y"] + plotted["height"]
        boxes = page.evaluate(
            "[...document.querySelectorAll('.plot .annotation-text')]"
            ".map((text) => text.getBoundingClientRect())"
            ".map((box) => [box.left, box.top, box.right, box.bottom])"
        )
        assert len(boxes) > (20 if width > 1000 else 4)
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                across = min(a[2], b[2]) - max(a[0], b[0])
                down = min(a[3], b[3]) - max(a[1], b[1])
                assert across < 1 or down < 1
        named = page.get_by_text(re.compile(r"^\d+ of 39 lines are named"))
        assert named.inner_text().startswith(f"{len(boxes)} of 39")


def test_a_table_is_sorted_and_filtered_by_keyboard(server, watched):
    one = watched()
    page = one.open(f"{server}#view=overview")
    table = page.locator(".table", has=page.get_by_role("heading", name="Families", exact=True))

    def column(name: str) -> list[str]:
        at = table.locator("th").all_inner_texts().index(name)
        return [
            row[at]
            for row in (r.locator("td").all_inner_texts() for r in table.locator("tbody tr").all())
        ]

    before = column("family")
    head = table.get_by_role("button", name="sizes", exact=True)
    head.focus()
    page.keyboard.press("Enter")
    expect(table.locator("th[aria-sort='ascending']")).to_have_text("sizes")
    sizes = [size.split("–")[0] for size in column("sizes")]
    counts = [float(s[:-1]) * {"M": 1e6, "B": 1e9}[s[-1]] for s in sizes]
    assert counts == sorted(counts)
    page.keyboard.press("Enter")
    expect(table.locator("th[aria-sort='descending']")).to_have_text("sizes")
    page.keyboard.press("Enter")
    expect(table.locator("th[aria-sort]")).to_have_count(0)
    assert column("family") == before
    table.get_by_role("button", name=re.compile("γ now")).click()
    couplings = [float(re.match(r"-?[\d.]+", cell)[0]) for cell in column("γ now [95 %]")]  # type: ignore[index]
    assert couplings == sorted(couplings)
    table.get_by_role("searchbox").fill("tax 13B")
    assert len(column("family")) < len(before)
    table.get_by_role("searchbox").fill("QWEN")
    assert sorted(column("family")) == ["Qwen", "Qwen1.5", "Qwen2"]
    expect(table.get_by_role("status")).to_have_text("3 of 39 rows")
    page.set_viewport_size({"width": 400, "height": 800})
    expect(table.locator(".cue")).to_be_visible()
    scroll = table.locator(".scroll")
    scroll.evaluate("(one) => one.scrollTo(one.scrollWidth, 0)")
    expect(table.locator(".cue")).to_be_hidden()
    assert one.problems == []


def test_the_theme_is_switched_followed_by_figures_and_remembered(server, watched):
    one = watched(new=True)
    page = one.open(f"{server}#view=overview")
    ground = "getComputedStyle(document.querySelector('.plot .main-svg')).backgroundColor"
    button = page.get_by_role("button", name="Dark theme")
    expect(button).to_have_attribute("aria-pressed", "false")
    light = page.evaluate(ground)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    screens.until(page, f"{ground} !== '{light}'")
    dark = page.evaluate(ground)
    assert dark == page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.reload()
    one.settle()
    expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="Dark theme").click()
    screens.until(page, f"{ground} === '{light}'")
    page.emulate_media(color_scheme="dark")  # without a choice the page follows the system
    screens.until(page, f"{ground} === '{dark}'")
    assert one.problems == []


def test_the_dynamics_follow_another_clock_and_say_how_far_a_family_lies(server, watched):
    window = watched()
    page = window.open(f"{server}#view=dynamics&table=checkpoints&along=tokens&unseen=pythia-1.4b")
    expect(page.locator("#choose-along")).to_have_value("tokens")
    expect(page.locator("#choose-unseen")).to_have_value("pythia-1.4b")
    expect(page.locator("#choose-trained_on")).to_have_count(0)
    expect(page.get_by_text("s = log tokens", exact=False).first).to_be_visible()
    expect(page.get_by_text("pythia-1.4b predicted unseen").first).to_be_visible()
    expect(page.get_by_text("distance", exact=True).first).to_be_visible()
    page.screenshot(path=ARTIFACTS / "dynamics-tokens.png", full_page=True)
    page.locator("#choose-along").select_option("params")
    window.settle()
    expect(page.locator("#choose-trained_on")).to_have_value("both")
    assert not window.problems


def test_a_cell_of_the_map_of_pairs_opens_its_pair(server, watched):
    one = watched()
    page = one.open(f"{server}#view=scan&table=leaderboard")
    expect(page.locator("h1")).to_have_text("Every pair")
    drawn = page.locator(".plot .heatmaplayer").first
    box = drawn.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 6, box["y"] + 6)  # the first cell; with itself no pair is paired
    if "view=overview" not in page.url:
        page.mouse.click(box["x"] + box["width"] - 6, box["y"] + 6)
    expect(page.locator("h1")).to_have_text("Overview")
    assert "reasoning=" in page.url
    assert "table=leaderboard" in page.url
    page.go_back()
    expect(page.locator("h1")).to_have_text("Every pair")
    first = page.locator("table").nth(1).get_by_role("link").first
    first.click()
    expect(page.locator("h1")).to_have_text("Overview")
    assert one.problems == []


def test_figures_and_their_data_are_saved(server, watched):
    one = watched()
    page = one.open(f"{server}#view=family&family=Pythia")
    starts = {"PNG": b"\x89PNG", "SVG": b"<svg", "CSV": b"model,params,hellaswag"}
    for kind, start in starts.items():
        with page.expect_download() as waiting:
            page.get_by_role("button", name=kind).first.click()
        saved = waiting.value
        assert saved.suggested_filename == f"truth-against-reasoning.{kind.lower()}"
        content = Path(saved.path()).read_bytes()
        assert content.startswith(start)
        assert len(content) > 300
    assert one.problems == []
    assert one.stayed_on(server)


def test_the_report_opens_from_disk_without_a_network(report, watched):
    ARTIFACTS.mkdir(exist_ok=True)
    one = watched(offline=True)
    page = one.open(f"{report}#view=family&family=mine")
    for view in (
        "overview",
        "family&family=mine",
        "table",
        "scan",
        "card",
        "dynamics",
        "frontier",
        "inside",
    ):
        one.follow(f"{report}#view={view}")
        assert_accessible(page, f"report, {view}")
        name = view.split("&")[0]
        page.screenshot(path=ARTIFACTS / f"report-{name}.png", full_page=True)
    page = one.open(f"{report}#view=family&family=nine")
    expect(page.get_by_role("alert")).to_contain_text("nearest: mine.")
    page = one.open(f"{report}#view=claims")
    expect(page.get_by_role("heading", name="Shipped data")).to_be_visible()
    page.get_by_text("C02").first.click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the data as CSV: All claims").click()
    assert Path(waiting.value.path()).read_text().startswith("claim,number")
    page.get_by_role("link", name="Overview").click()
    one.settle()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="PNG").first.click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"\x89PNG")
    assert one.problems == []
    assert one.stayed_on("file://")
