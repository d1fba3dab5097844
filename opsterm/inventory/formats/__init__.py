"""Foreign inventories read and written; none of these modules opens a file, the text is handed in."""
