"""What `verify` looks at, one module for each kind of thing: everything is read again, nothing is changed."""
