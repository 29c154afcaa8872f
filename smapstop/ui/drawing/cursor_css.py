"""CSS of the cursor: the same in every widget that has one, with and without colours of our own."""

CURSOR = "background: $primary 60%; color: $text; text-style: bold;"
"""The cursor of the widget that has the focus."""


def cursor_css(widget: str, component: str, *, focusable: bool = True) -> str:
    """CSS rules of a widget's cursor.

    Args:
        widget: The type of the widget.
        component: The component class of its cursor.
        focusable: Whether the cursor is fainter while another widget has the focus.
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
