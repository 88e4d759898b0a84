"""What the service did each day, for anyone to read (after GOV.UK Notify's page of figures): the bad days too."""
