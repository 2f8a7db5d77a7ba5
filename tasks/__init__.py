"""One folder per room: rules (values in, values out), steps and tasks; what rooms share; and the adapters."""
