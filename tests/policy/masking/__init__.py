"""The exam of the mask: lines with secrets and lines without, a third of them sealed."""
