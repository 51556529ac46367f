"""What is void on one side becomes void on the other."""
