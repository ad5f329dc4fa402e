"""Networks in plain torch, trained from scratch."""
