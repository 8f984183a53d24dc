"""Going back to the site that was there before: what ``ckan mxopendata uninstall`` looks for, mends and says."""
