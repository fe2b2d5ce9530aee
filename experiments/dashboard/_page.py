"""The page, live or as one file: the same script and the same style in both."""

import base64
import gzip
import hashlib
import importlib.util
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

#: One script, in this order; served as one file and put into the report as one block.
_SCRIPTS = (
    "plain_styles.js",
    "elements.js",
    "choices.js",
    "theme.js",
    "picks.js",
    "labels.js",
    "figures.js",
    "tables.js",
    "blocks.js",
    "card.js",
    "give.js",
    "unknown.js",
    "app.js",
)
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


def check_packages() -> None:
    """**Raises** `ValueError` where a package is missing that the page is made with."""
    for name in ("jinja2", "plotly"):
        if importlib.util.find_spec(name) is None:
            raise ValueError(f"{name} is not installed: pip install 'nullcline[dashboard]'")


@lru_cache(maxsize=1)
def plotly_script() -> bytes:
    """plotly.js of the installed package, which is not imported for it (`check_packages`)."""
    spec = importlib.util.find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_bytes()


def live_page() -> bytes:
    """The dashboard's page."""
    return _rendered("live.html", title="nullcline")


def report_page(title: str, data: Mapping[str, object], *, made: str = "") -> bytes:
    """The report: views, script, style and plotly.js in one file, which needs no network.

    `made` stands in its header: of what it is, of which day, by which version.
    """
    style, code, plotly = static("style.css"), script(), plotly_script()
    policy = (
        f"default-src 'none'; script-src {_digest(code)} {_digest(plotly)}; "
        f"style-src {_digest(style)} {_digest(_EMPTY)}; img-src data: blob:; base-uri 'none'; "
        "form-action 'none'"
    )
    content = json.dumps(data, allow_nan=False, separators=(",", ":")).encode("utf-8")
    return _rendered(
        "report.html",
        title=f"{title} · nullcline",
        made=made,
        policy=policy,
        style=style.decode("utf-8"),
        script=code.decode("utf-8"),
        data=_packed(content),
        plotly=_packed(plotly),
    )


def _packed(content: bytes) -> str:
    """Compressed, the same bytes each time, in letters that HTML does not read."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode("ascii")


def _rendered(name: str, **values: str) -> bytes:
    """A template with its values, which are escaped unless it says otherwise."""
    return _templates().get_template(name).render(values).encode("utf-8")


@lru_cache(maxsize=1)
def _templates() -> "jinja2.Environment":
    import jinja2  # here: to ask whether packages are there needs none of them

    return jinja2.Environment(
        loader=jinja2.PackageLoader(__package__ or ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
