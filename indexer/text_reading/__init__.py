"""The text in pictures: which are worth reading, what they say, and the job that reads them."""
