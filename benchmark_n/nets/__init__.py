"""Networks in plain torch, which their modules import at once: import these where they are used."""
