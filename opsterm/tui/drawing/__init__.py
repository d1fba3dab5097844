"""Pictures made of cells: what to draw is decided here, without a widget, an app or a clock."""
