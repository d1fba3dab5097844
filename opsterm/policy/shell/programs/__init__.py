"""What programs do with the words that they are given, as data where it can be."""
