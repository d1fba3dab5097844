"""The exam of the risk grades: labelled command lines, a third of them sealed, and the marks they give.

`python -m tests.policy.exam` prints the marks of the program in this checkout.
"""
