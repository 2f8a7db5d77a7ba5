"""The page in a real browser: no error on its console, and no sideways scrolling."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from html import escape
from pathlib import Path

import pytest

from tasks.reporting import overview, page
from tests.reporting import test_overview, worlds

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
WIDTHS = (360, 390, 640, 820, 1100, 1440)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--v=0",
    "--virtual-time-budget=2000",
)


def browse(html: str, folder: Path, width: int) -> tuple[str, list[str]]:
    """The page as the browser has it after its script, and what was said on the console."""
    file = folder / "page.html"
    file.write_text(html, encoding="utf-8")
    size = (f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900")
    ran = subprocess.run(
        [str(CHROMIUM), *FLAGS, *size, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=120
    )
    said = re.findall(r'CONSOLE[:(].*?"(.*)", source', ran.stderr)
    said += [line for line in ran.stderr.splitlines() if "Content Security Policy" in line]
    return ran.stdout, said


@pytest.mark.parametrize("world", [worlds.hostile, worlds.year])
def test_there_is_no_error_on_the_console_and_the_script_ran(world: object, tmp_path: Path) -> None:
    html = page.render(world(), worlds.settings(), written=worlds.WRITTEN)  # type: ignore[operator]

    dom, said = browse(html, tmp_path, 1440)

    assert said == []
    assert "</html>" in dom
    assert '<button class="all" type="button">' in dom


def test_a_script_that_is_not_ours_would_be_refused_and_heard(tmp_path: Path) -> None:
    html = page.render(worlds.first_turn(), worlds.settings(), written=worlds.WRITTEN)

    dom, said = browse(html.replace("</main>", "<script>document.title = 'mine'</script></main>"), tmp_path, 1440)

    assert "<title>mine</title>" not in dom
    assert any("Content Security Policy" in line for line in said)


def too_wide(html: str, element: str, folder: Path, widths: Sequence[int] = WIDTHS) -> list[str]:
    """How wide the element wants to be where it has less room, at each of the widths."""
    tell = f"parent.postMessage({element}.scrollWidth + ' in ' + {element}.clientWidth, '*')"
    measured = POLICY.sub("", html).replace("</body>", f"<script>{tell}</script></body>")
    frames = [f'<iframe width="{width}" height="800" srcdoc="{escape(measured)}"></iframe>' for width in widths]
    listen = "<script>addEventListener('message', (e) => { document.title += `[${e.data}]` })</script>"
    dom, _ = browse(f"<!DOCTYPE html><title></title>{listen}{''.join(frames)}", folder, 1440)
    found = re.findall(r"\[(\d+) in (\d+)\]", dom)
    assert len(found) == len(widths)
    return [wide for wide, room in found if int(wide) > int(room)]


@pytest.mark.parametrize("world", [worlds.year, worlds.hostile, worlds.gone_back])
def test_nothing_scrolls_sideways_from_phone_to_laptop(world: object, tmp_path: Path) -> None:
    html = page.render(world(), worlds.settings(), written=worlds.WRITTEN)  # type: ignore[operator]

    assert too_wide(html, "document.documentElement", tmp_path) == []


def test_no_column_of_the_promotions_is_cut_at_any_width(tmp_path: Path) -> None:
    told = worlds.gone_back(worlds.gone_back(), reason="the answers for the night were off, said the tower")

    html = page.render(told, worlds.settings(), written=worlds.WRITTEN)

    assert too_wide(html, "document.querySelector('[aria-label=Promotions]')", tmp_path) == []


def test_the_page_over_all_pipelines_has_the_whole_width_of_a_laptop(tmp_path: Path) -> None:
    pipelines = [test_overview.FRESH, test_overview.SOUND, test_overview.HELD, test_overview.BROKEN]

    html = overview.render(pipelines, written=worlds.WRITTEN)

    assert too_wide(html, "document.documentElement", tmp_path) == []
    assert too_wide(html, "document.querySelector('.scroll')", tmp_path, (1100, 1300, 1440)) == []
