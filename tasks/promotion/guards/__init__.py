"""Guards: each may veto a promotion, none votes. One file each; `listed` has them in order."""
