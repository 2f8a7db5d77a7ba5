"""The prediction service: the live model of one or several pipelines answers over HTTP."""
