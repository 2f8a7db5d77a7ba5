"""Room 2, validation: what every row must be (`contract`), and is the batch as a whole faulty (`triage`)?"""
