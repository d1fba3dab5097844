"""What a secret looks like, as data and a few small readers; `opsterm.policy.mask` is the door."""
