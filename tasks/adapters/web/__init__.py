"""HTTP: who may ask a server of ours, who is let in, and how a small process asks one."""
