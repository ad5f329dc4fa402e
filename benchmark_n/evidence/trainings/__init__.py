"""What trainings on the labels as given tell of single annotations, one method a file."""
