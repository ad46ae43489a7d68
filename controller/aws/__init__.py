"""One adapter for each AWS service. They decide nothing, and foreign errors end here."""
