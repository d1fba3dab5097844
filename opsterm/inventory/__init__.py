"""What we look after and how it hangs together: targets, groups, tags, selectors, folding, import formats."""
