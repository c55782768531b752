"""How the commands print what they found."""

from __future__ import annotations

from rich.console import Console, RenderableType

_WIDE = 160  # characters


def show(what: RenderableType, *, wrap: bool = True) -> None:
    """Print to stdout; brackets in the name of a reader or a holder are text, never markup."""
    Console(markup=False, emoji=False, highlight=False).print(what, soft_wrap=not wrap)


def show_wide(what: RenderableType) -> None:
    """Print to stdout; into a file or pipe, tables keep the width that their columns want."""
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    console.print(what)
