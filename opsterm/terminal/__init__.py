"""Bytes in, screen out: the emulator and the encoding of keys."""
