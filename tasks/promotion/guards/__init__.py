"""Guards: each may veto a promotion, none votes. One file each; `configs.plugs` has them in order."""
