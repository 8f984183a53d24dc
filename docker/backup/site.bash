# shellcheck shell=bash
# Read by mxopendata-backup and mxopendata-restore, beside which it lies: where the site's database and files are.
# Sets $database and $storage; $ini is CKAN's configuration.
ini="${CKAN_INI:-/etc/ckan/default/ckan.ini}"

stop() { # why
    echo "${0##*/}: $1" >&2
    exit 2
}

option() { # name -> its last value in CKAN's configuration, where %% stands for %
    [[ -r "$ini" ]] || return 0
    sed -n "s/^[[:space:]]*${1//./\\.}[[:space:]]*=[[:space:]]*//p" "$ini" | tail -n 1 | sed 's/%%/%/g; s/[[:space:]]*$//'
}

find_site() { # The password leaves the address: other users of the machine could read it in the list of processes.
    local url="${CKAN_SQLALCHEMY_URL:-$(option sqlalchemy.url)}"
    [[ -n "$url" ]] || stop "falta la dirección de la base de datos: no se puede leer $ini; dé CKAN_INI o CKAN_SQLALCHEMY_URL"
    # shellcheck disable=SC2034 # for whoever reads this file
    storage="${CKAN_STORAGE_PATH:-$(option ckan.storage_path)}"
    database="postgresql://${url#*://}"
    if [[ "$database" =~ ^postgresql://([^:@/]*):([^@/]*)@(.*)$ ]]; then
        database="postgresql://${BASH_REMATCH[1]}@${BASH_REMATCH[3]}"
        local quoted="${BASH_REMATCH[2]//\\/\\\\}"
        PGPASSWORD="$(printf '%b' "${quoted//%/\\x}")"
        export PGPASSWORD
    fi
}

ask() { # SQL -> the answer
    psql --no-psqlrc --dbname="$database" --tuples-only --no-align --command="$1"
}
