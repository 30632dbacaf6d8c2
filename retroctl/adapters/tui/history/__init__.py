"""Past sessions on a screen: a list, and one of them opened. Nothing is connected; nothing is changed."""
