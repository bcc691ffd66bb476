"""Charts: what is in them (`chart`), drawn as SVG inside a page (`svg`) and as files (`files`)."""
