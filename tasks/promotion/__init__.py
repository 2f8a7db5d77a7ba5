"""Room 7, promotion: evidence, guards and the gate; and the way back."""
