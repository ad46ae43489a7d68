"""What the controller remembers of SageMaker: a record, how it goes on, and where it is kept."""
