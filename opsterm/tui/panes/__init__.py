"""The six panes of the home screen, one module each."""
