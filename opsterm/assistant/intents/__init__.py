"""What kind of thing a sentence wants, where no rule has read it whole."""
