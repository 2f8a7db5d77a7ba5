"""Rules for `verify`, over values: does what is stored agree with what was recorded?"""
