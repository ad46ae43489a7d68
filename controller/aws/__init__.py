"""One adapter for each AWS service. They decide nothing, and turn AWS's errors into `Failure`."""
