"""`pip install` by uv, which takes a third of the time, or by pip where that does not work.

    python .ci/install.py ARGUMENTS-OF-PIP-INSTALL

uv does not read pip's own settings, so where packages come from and what certificate holds is
handed on; where pip has a setting that is not known here, pip installs.
"""

import ast
import os
import subprocess
import sys

#: A setting of pip -> the variable in which uv expects it, and what stands between several.
HANDED_ON = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "constraint": ("UV_CONSTRAINT", " "),
    "cert": ("SSL_CERT_FILE", " "),
}
#: What changes nothing of what is installed.
HARMLESS = {
    *("cache-dir", "default-timeout", "disable-pip-version-check", "no-cache-dir", "no-color"),
    *("no-input", "progress-bar", "quiet", "require-virtualenv", "retries", "root-user-action"),
    *("timeout", "verbose"),
}
#: Where settings stand; the later ones hold.
SECTIONS = ("global", "install", ":env:")
PIP = (sys.executable, "-m", "pip")
QUIET = ("--quiet", "--disable-pip-version-check")


def environment(listed: str) -> dict[str, str] | None:
    """Variables for uv that say what `pip config list` listed; None where they cannot."""
    # As pip: the newest release of all indexes, not of the first that has one.
    found = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    settings = {section: {} for section in SECTIONS}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in settings:
            settings[section][key] = ast.literal_eval(value)
    for key, value in {k: v for of in settings.values() for k, v in of.items()}.items():
        if key in HANDED_ON:
            variable, between = HANDED_ON[key]
            found[variable] = between.join(value.split())
        elif key not in HARMLESS:
            return None
    return found


def by_uv(arguments: list[str]) -> bool:
    """Whether uv has installed."""
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True)
    settings = environment(listed.stdout) if listed.returncode == 0 else None
    get_uv = [*PIP, "install", *QUIET, "-c", "constraints.txt", "uv"]
    if settings is None or subprocess.call(get_uv) != 0:
        return False
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    return subprocess.call([*uv, *arguments], env={**settings, **os.environ}) == 0


if __name__ == "__main__":
    if not by_uv(sys.argv[1:]):
        print("uv did not install; pip does, which takes longer", file=sys.stderr)
        sys.exit(subprocess.call([*PIP, "install", *QUIET, *sys.argv[1:]]))
