"""Room: experiments, which replay what a pipeline has taken in under other settings, beside the live models."""
