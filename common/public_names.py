"""The public names of a package, each imported when it is first used."""

from collections.abc import Callable
from typing import Any, cast

import lazy_loader  # pyright: ignore[reportMissingTypeStubs]

#: `__getattr__`, `__dir__` and `__all__` of a package.
Names = tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]


def public_names(package: str, file: str) -> Names:
    """`__getattr__`, `__dir__` and `__all__` of a package, as the `.pyi` beside `file` lists them.

    A name whose module needs a package that is not installed **raises** `ModuleNotFoundError` that
    says what to install.
    """
    import_name, names, listed = cast(Names, lazy_loader.attach_stub(package, file))

    def imported(name: str) -> Any:
        try:
            return import_name(name)
        except ModuleNotFoundError as error:
            from .extras import what_to_install

            said = what_to_install(error, package.rpartition(".")[2])
            if said is None:
                raise
            raise ModuleNotFoundError(f"{package}.{name}: {said}", name=error.name) from None

    return imported, names, listed
