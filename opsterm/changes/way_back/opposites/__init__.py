"""Ways back that are text alone: what does the opposite, on devices and on Windows. Nothing is kept for them."""
