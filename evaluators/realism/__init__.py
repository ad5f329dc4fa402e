"""Whether noisy masks can be told from masks that a second person drew."""
