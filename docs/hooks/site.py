"""What the site needs beyond Markdown: packages to read docstrings from, and formulas."""

import ast
import shutil
from pathlib import Path

from latex2mathml.converter import convert

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "build" / "packages" / "nullcline"
FOLDERS = ("common", "configs", "data", "dynamics", "experiments", "interp", "organisms")
_LIST = "<!-- public list: "
_README = "<!-- README.md -->"


def on_startup(command, dirty):
    """Lay the packages out as a wheel holds them."""
    shutil.rmtree(PACKAGES, ignore_errors=True)
    PACKAGES.mkdir(parents=True)
    for source in (*(ROOT / "src" / "nullcline").glob("*.py"), *(ROOT / f for f in FOLDERS)):
        (PACKAGES / source.name).symlink_to(source)


def on_config(config):
    """Render fences ```math as MathML, which browsers show without a script."""
    fences = config.mdx_configs.setdefault("pymdownx.superfences", {})
    fences["custom_fences"] = [{"name": "math", "class": "math", "format": _formula}]
    return config


def on_page_markdown(markdown, page, config, files):
    """Put the README, or the public list of a package, where a page asks for it."""
    lines = []
    for line in markdown.splitlines():
        if line == _README:
            readme = (ROOT / "README.md").read_text("utf-8")
            lines += (
                readme.replace("](docs/", "](")
                .replace("](CONTRIBUTING", "](contributing")
                .splitlines()
            )
        elif line.startswith(_LIST):
            lines += _public(line.removeprefix(_LIST).removesuffix(" -->"))
        else:
            lines.append(line)
    return "\n".join(lines)


def _public(module: str) -> list[str]:
    """Markdown that asks for every name of a package's list, by the folder it comes from."""
    path = ROOT / Path(*module.split("."))
    stub = path / "__init__.pyi" if path.is_dir() else path.with_suffix(".py")
    groups: dict[str, list[str]] = {}
    for node in ast.parse(stub.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            group = node.module.split(".")[0].lstrip("_")
            groups.setdefault(group, []).extend(alias.name for alias in node.names)
    lines = []
    for group, names in groups.items():
        lines += [f"## {group.replace('_', ' ')}", ""]
        for name in names:
            lines += [f"::: nullcline.{module}.{name}", ""]
    return lines


def _formula(source, language, css_class, options, md, **kwargs):
    return f'<div class="{css_class}">{convert(source, display="block")}</div>'
