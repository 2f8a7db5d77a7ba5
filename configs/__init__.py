"""What is to be done (one YAML file per pipeline), where it is done (the environment), and what can go wrong."""
