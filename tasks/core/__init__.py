"""The core: values in, values out. No Prefect, MLflow, Evidently, network, clock, environment or hidden randomness."""
