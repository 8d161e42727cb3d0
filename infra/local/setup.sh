#!/usr/bin/env bash
# Makes the virtual environments of the local AWS, the builds and the tests:
#   infra/local/setup.sh [ministack] [moto] [lambda] [tools]      all of them when none is named
# Needs python3 and python3-venv. Done once for each pinned list; afterwards it takes no time.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${GARDEFOU_CACHE:-$HOME/.cache/gardefou}

make_environment() {
    local name=$1 list=$here/requirements-$1.txt place=$cache/venv-$1 stamp
    [[ -f $list ]] || { echo "setup.sh: there is no environment \`$name\`" >&2; exit 2; }
    stamp="$(python3 -c 'import sys; print(sys.version.split()[0])') $(sha256sum < "$list")"
    if [[ -x $place/bin/python && -f $place/stamp && $(< "$place/stamp") == "$stamp" ]]; then
        return
    fi
    echo "setup.sh: making $place" >&2
    if ! "$place/bin/python" -c '' 2> /dev/null; then
        python3 -m venv --clear "$place"
    fi
    "$place/bin/pip" install --quiet --disable-pip-version-check --requirement "$list"
    echo "$stamp" > "$place/stamp"
}

mkdir -p "$cache"
exec 9> "$cache/setup.lock"
flock 9
names=("$@")
((${#names[@]})) || names=(ministack moto lambda tools)
for name in "${names[@]}"; do
    make_environment "$name"
done
