"""CSS of the cursor, the same in every widget, for themes with their own colours and for ANSI themes."""

CURSOR = "background: $primary 60%; color: $text; text-style: bold;"
"""Cursor of the focused widget."""


def cursor_css(widget: str, component: str, *, focusable: bool = True) -> str:
    """Return the CSS rules of a widget's cursor.

    Args:
        widget: Name of the widget's type.
        component: The component class of its cursor.
        focusable: Draw the cursor fainter while another widget has the focus.
    """
    ansi = "background: ansi_default; color: ansi_default; text-style:"
    focused = f"""
    {widget}{":focus" * focusable} > .{component} {{ {CURSOR} }}
    {widget}:ansi{":focus" * focusable} > .{component} {{ {ansi} bold reverse; }}
    """
    if not focusable:
        return focused
    return f"""
    {widget} > .{component} {{
      background: $block-cursor-blurred-background; color: $foreground; text-style: bold;
    }}
    {widget}:ansi > .{component} {{ {ansi} reverse; }}
    {focused}"""
