"""What is published and how it is checked: pure, except for the command line entry."""
