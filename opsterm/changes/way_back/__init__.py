"""The way back: what a change touches, how that is kept on the target beforehand, and how it is put back."""
