#!/bin/sh
# The example of the manual, compiled and run against the installed library. Speaks TAP.
set -u
echo 1..3
work=$(mktemp -d "${TMPDIR:-/tmp}/winch-test-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT INT TERM

verdict() {
    if [ "$1" -eq 0 ]; then
        echo "ok $2 - $3"
    else
        sed 's/^/# /' "$work/log"
        echo "not ok $2 - $3"
    fi
}

cd "$WINCH_BUILD" || exit 1
"${MAKE:-make}" install DESTDIR="$work/root" >"$work/log" 2>&1
verdict $? 1 'libwinch__install__succeeds'

prefix=$work/root$WINCH_PREFIX
PKG_CONFIG_PATH=$prefix/lib/pkgconfig
PKG_CONFIG_SYSROOT_DIR=$work/root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
# Word splitting is meant: these are lists of flags.
# shellcheck disable=SC2046,SC2086
$WINCH_CC $WINCH_CFLAGS -Wall -Wextra -Werror -o "$work/example" \
    "$WINCH_TESTS/../docs/example.c" $(pkg-config --cflags --libs winch) >"$work/log" 2>&1
verdict $? 2 'libwinch__example__compiles_against_the_installed_library'

mkdir "$work/migrations"
echo 'CREATE TABLE a (i int);' >"$work/migrations/1_a.up.sql"
echo 'DROP TABLE a;' >"$work/migrations/1_a.down.sql"
LD_LIBRARY_PATH=$prefix/lib "$work/example" "sqlite3://$work/app.db" "$work/migrations" \
    >"$work/log" 2>&1 && grep -q 'up 1 a (1 of 1)' "$work/log" &&
    grep -q 'version 1: 1 applied, 0 pending' "$work/log" &&
    grep -q 'version -1: 0 applied, 1 pending' "$work/log"
verdict $? 3 'libwinch__example__migrates_and_goes_back'
