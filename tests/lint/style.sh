#!/bin/sh
# make lint: what other people's programs have to say about the sources. Runs in the source tree;
# `./bootstrap developer` installs the programs. Every complaint is a failure.
set -u

# Files under version control, or those of an unpacked release.
files() {
    if [ -e .git ]; then
        git -c safe.directory='*' ls-files -- "$@"
    else
        for pattern in "$@"; do
            find . -path ./_build -prune -o -path "./$pattern" -print
        done
    fi
}

scripts() {
    for file in $(files '*' '.ci/*'); do
        [ -f "$file" ] && head -n 1 "$file" | grep -q '^#!/bin/sh' && echo "$file"
    done | grep -Ev '(^|/)(configure|build-aux/.*|config\.status|libtool)$' | sort -u
}

check_format() {
    files '*.c' '*.h' | xargs clang-format --dry-run -Werror
}

# cppcheck reads no GLib headers: its own description of them (gtk.cfg) serves. Left out is what
# only a whole-program view could know, and what cmocka's and libFuzzer's callbacks look like.
check_code() {
    files 'src/*.c' 'man/*.c' 'tests/*.c' | xargs cppcheck --quiet --std=c11 --library=gtk --library=posix \
        --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=normalCheckLevelMaxBranches \
        -D__GNUC__ -Isrc -Iinclude -j "$(nproc 2>/dev/null || echo 1)"
}

check_scripts() {
    scripts | xargs shellcheck
}

check_manual() {
    pages=$(files '*.1' '*.3' '*.5' '*.7')
    [ -z "$pages" ] && return
    # shellcheck disable=SC2086 # one word a page
    mandoc -T lint -W style $pages
}

# said_nothing PROGRAM STATUS
said_nothing() {
    if [ "$2" -eq 0 ]; then
        echo "$1: nothing to say"
    else
        status=1
    fi
}

for program in clang-format cppcheck shellcheck mandoc; do
    command -v "$program" >/dev/null && continue
    echo "lint: $program is missing: ./bootstrap developer installs it" >&2
    exit 1
done

status=0
check_format
said_nothing clang-format $?
check_code
said_nothing cppcheck $?
check_scripts
said_nothing shellcheck $?
check_manual
said_nothing mandoc $?
exit "$status"
