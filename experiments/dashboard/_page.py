"""The page, live or as one file: the same script and the same style in both."""

import base64
import gzip
import hashlib
import html
import importlib.util
import json
from functools import lru_cache
from pathlib import Path

#: One script, in this order; served as one file and put into the report as one block.
_SCRIPTS = ("plain_styles.js", "elements.js", "figures.js", "blocks.js", "choices.js", "app.js")
_EMPTY = b""


def _digest(content: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode('ascii')}'"


#: plotly makes one empty style element and fills it through the object model: the hash of nothing.
LIVE_POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {_digest(_EMPTY)}; "
    "img-src data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@lru_cache(maxsize=16)
def static(name: str) -> bytes:
    """A file of the page."""
    return (Path(__file__).parent / "static" / name).read_bytes()


@lru_cache(maxsize=1)
def script() -> bytes:
    """The page's script."""
    return b"".join(static(name) for name in _SCRIPTS)


@lru_cache(maxsize=1)
def plotly_script() -> bytes:
    """plotly.js of the installed package, which is not imported for it.

    Raises ValueError where the package is not installed.
    """
    found = importlib.util.find_spec("plotly")
    if found is None or found.origin is None:
        raise ValueError("plotly is not installed: pip install 'nullcline[dashboard]'")
    return (Path(found.origin).parent / "package_data" / "plotly.min.js").read_bytes()


def live_page() -> bytes:
    """The dashboard's page."""
    head = (
        '<link rel="stylesheet" href="/static/style.css"><link rel="icon" href="data:,">'
        '<link rel="preload" as="script" href="/static/plotly.min.js">'
    )
    tail = '<script src="/static/app.js"></script>'
    return _page("nullcline", head, tail).encode("utf-8")


def report_page(title: str, data: dict) -> bytes:
    """The report: views, script, style and plotly.js in one file, nothing asked of a network."""
    style, code, plotly = static("style.css"), script(), plotly_script()
    policy = (
        f"default-src 'none'; script-src {_digest(code)} {_digest(plotly)}; "
        f"style-src {_digest(style)} {_digest(_EMPTY)}; img-src data: blob:; base-uri 'none'; "
        "form-action 'none'"
    )
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<link rel="icon" href="data:,"><style>{style.decode("utf-8")}</style>'
    )
    content = json.dumps(data, allow_nan=False, separators=(",", ":")).encode("utf-8")
    tail = (
        f'<script type="text/plain" id="report-data">{_packed(content)}</script>'
        f'<script type="text/plain" id="report-plotly">{_packed(plotly)}</script>'
        f"<script>{code.decode('utf-8')}</script>"
    )
    return _page(f"{title} · nullcline", head, tail).encode("utf-8")


def _packed(content: bytes) -> str:
    """Compressed, the same bytes each time, in letters that HTML does not read."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode("ascii")


def _page(title: str, head: str, tail: str) -> str:
    shell = static("page.html").decode("utf-8")
    # One pass, so that nothing that is put in is looked into again.
    before, after = shell.split("<!--head-->")
    middle, end = after.split("<!--tail-->")
    return before.replace("{title}", html.escape(title)) + head + middle + tail + end
