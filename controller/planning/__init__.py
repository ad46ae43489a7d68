"""What a plan is made of, and the rows of its table: pure, every module of it."""
