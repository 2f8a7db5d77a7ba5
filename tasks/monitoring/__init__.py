"""Room 5, monitoring: have the inputs moved (`drift`), and is the live model well (`health`)?"""
