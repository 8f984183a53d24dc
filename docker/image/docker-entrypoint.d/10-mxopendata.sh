# shellcheck shell=bash
# Read by the image's start script before the web server starts: tables of the plugins in their newest form. A site whose
# tables are behind must not serve: leaving here stops the container, which then starts anew.
if ! ckan -c "$CKAN_INI" db pending-migrations --apply; then
    echo "10-mxopendata.sh: the tables of the plugins could not be brought up to date; the site is not started" >&2
    exit 1
fi
