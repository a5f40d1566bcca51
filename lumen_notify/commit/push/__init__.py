"""What is to be pushed, and how far it is: see `lumen_notify.push`."""
