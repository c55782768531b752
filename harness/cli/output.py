"""How the commands print what they found."""

from __future__ import annotations

from rich.console import Console, RenderableType


def show(what: RenderableType, *, wrap: bool = True) -> None:
    """Print to stdout; brackets in the name of a reader or a holder are text, never markup."""
    Console(markup=False, emoji=False, highlight=False).print(what, soft_wrap=not wrap)
