"""CodeCarbon's files as its versions write them: one reader for packages, for studies and for the command line."""
