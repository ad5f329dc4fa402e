"""What a published annotation file tells of its errors, without a picture and without the truth."""
