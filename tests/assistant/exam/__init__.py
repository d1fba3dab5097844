"""Sentences that nothing was fitted to, and the tool that fits the classifier to those that ship."""
