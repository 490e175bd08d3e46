#!/bin/sh
# The walls of the code, checked by `make check`; the output is TAP. Which room may include what,
# headers that stand alone, lengths, tests that nobody runs, symbols that libwinch exports.
# Expects WINCH_TESTS and WINCH_BUILD as every test does, and CC, LIBRARY_CFLAGS, LIBRARIES.
set -u
LC_ALL=C
export LC_ALL

# Each room of src/ and the rooms whose headers it may include beside its own. Downwards only.
rooms() {
    cat <<'END'
base
config     base
source     base
analysis   base
database   base
engine     base config source analysis database
libwinch   base config source analysis database engine winch
service    base config source analysis database engine
console    base config source analysis database engine service
cli        base config source analysis database engine service console winch
END
}

# Each foreign library's headers (extended regular expression) and the only rooms that see them.
libraries() {
    cat <<'END'
(ncursesw?/)?(n?cursesw?|panel|menu|form|term)\.h   console
histedit\.h|editline/readline\.h                    console
libpq-fe\.h|libpq-events\.h|libpq/.*|postgres.*\.h  database
sqlite3.*\.h                                        database
yaml\.h                                             config
pg_query.*\.h                                       analysis
microhttpd\.h                                       service
END
}

file_lines=800
function_lines=100

count=0

# verdict TITLE OUTPUT: one test; it holds when OUTPUT is empty.
verdict() {
    count=$((count + 1))
    if [ -z "$2" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
    fi
}

sources() {
    find "$@" -name '*.[ch]' | sort
}

# "FILE:LINE:<name" or "FILE:LINE:"name" for every include below the folders given.
includes() {
    # shellcheck disable=SC2016 # awk's dollars
    sources "$@" | xargs awk '
        match($0, /^[ \t]*#[ \t]*include[ \t]*[<"][^>"]*/) {
            name = substr($0, RSTART, RLENGTH)
            sub(/^[^<"]*/, "", name)
            print FILENAME ":" FNR ":" name
        }'
}

foreign_includes() {
    libraries | while read -r pattern owner; do
        includes src include | grep -E ":[<\"]($pattern)\$" | grep -v "^src/$owner/"
    done
}

rooms_without_row() {
    for folder in src/*/; do
        room=$(basename "$folder")
        rooms | grep -q "^$room\( \|\$\)" || echo "$folder: not in the table of rooms"
    done
}

# An include in quotes names the room: "base/text.h". config.h is the build's.
upward_includes() {
    rooms | while read -r room below; do
        [ -d "src/$room" ] || continue
        includes "src/$room" | sed -n 's/:"/ /p' | while read -r place header; do
            case " config.h $room/ " in *" ${header%%/*}/ "* | *" $header "*) continue ;; esac
            case " $below " in *" ${header%%/*} "*) continue ;; esac
            echo "$place: $room may not include $header"
        done
    done
}

# Rooms are never reached around the quotes either: <base/text.h> would escape the check above.
angled_includes() {
    rooms | while read -r room below; do
        includes src include | grep ":<$room/"
    done
    includes include | grep ':"' | grep -v ':"winch/'
}

# compile_alone HEADER FLAG...: twice, so that a missing include guard shows as well.
compile_alone() {
    header=$1
    shift
    # shellcheck disable=SC2086 # "ccache gcc" is two words
    printf '#include "%s"\n#include "%s"\nextern int unit;\n' "$header" "$header" |
        $CC -x c -fsyntax-only "$@" - 2>&1 || echo "$header: does not compile alone"
}

# The installed headers: plain C, nothing of winch's inside or of GLib in them. No GLib on the path.
public_headers() {
    find include -name '*.h' | sort | while read -r header; do
        compile_alone "${header#include/}" -std=c99 -pedantic -Wall -Wextra -Werror -Iinclude
    done
}

# A build without the parser has not its headers either.
has_parser() {
    # shellcheck disable=SC2086 # "ccache gcc" is two words
    printf '#include <pg_query/pg_query.pb-c.h>\n' |
        $CC -x c -fsyntax-only $LIBRARY_CFLAGS - 2>/dev/null
}

headers_alone() {
    find src -name '*.h' | sort | while read -r header; do
        ! grep -q '<pg_query' "$header" || has_parser || continue
        # shellcheck disable=SC2086 # several flags
        compile_alone "${header#src/}" -std=gnu11 -Isrc -Iinclude -I"$WINCH_BUILD" $LIBRARY_CFLAGS
    done
}

without_purpose() {
    sources src include tests | while read -r file; do
        head -n 1 "$file" | grep -q '^/\*' || echo "$file: does not begin by saying what it is for"
    done
}

long_files() {
    sources src include tests | while read -r file; do
        lines=$(($(wc -l <"$file")))
        [ "$lines" -le "$file_lines" ] || echo "$file: $lines lines, at most $file_lines"
    done
}

# A function's body is what stands between { and } in the first column.
long_functions() {
    sources src include tests | xargs awk -v limit="$function_lines" '
        FNR == 1 { start = 0 }
        /^\{/ { start = FNR }
        /^\}/ && start {
            if (FNR - start - 1 > limit)
                print FILENAME ":" start ": a function of " FNR - start - 1 " lines, at most " limit
            start = 0
        }'
}

# A test that is in the tree and not in the makefile never runs, and looks as if it did.
unregistered() {
    for file in $(find src -name '*.c') $(find tests -name 'test_*.c' -o -name 'fuzz_*.c'); do
        grep -q "\\(^\\|[ 	]\\)$file\\([ 	]\\|\$\\)" Makefile.am || echo "$file: not in Makefile.am"
    done | sort
}

# What the linker and instrumented builds add to any library is nobody's API.
foreign_symbols() {
    if [ -e "$1.dylib" ]; then
        nm -gUj "$1.dylib" | sed 's/^_//'
    else
        nm -D --defined-only "$1.so" | awk '{ print $NF }'
    fi | sed 's/@.*//' | grep -Ev '^winch_|^(_init|_fini|_edata|_end|__bss_start)$' |
        grep -Ev '^__?(asan|odr_asan|ubsan|sancov|sanitizer|gcov|llvm|start_|stop_)'
}

# libpg_query exports PostgreSQL's own names (palloc, lappend, equal ...): a function of ours with
# one of them would be called by it, or call it. Hidden ones do no harm in a program; in a static
# link they would.
names_of_the_parser() {
    # shellcheck disable=SC2086 # "ccache gcc" is two words
    parser=$($CC -print-file-name=libpg_query.so)
    [ -e "$parser" ] || return 0
    exported=$(mktemp) || exit 1
    nm -D --defined-only "$parser" | awk '{ print $NF }' | sort -u >"$exported"
    [ -s "$exported" ] || echo "$parser: no symbols to compare with"
    nm -g --defined-only "$WINCH_BUILD"/.libs/*.a 2>/dev/null | awk 'NF == 3 { print $3 }' |
        sort -u | comm -12 - "$exported" | sed 's/$/: exported by libpg_query too/'
    rm -f "$exported"
}

# The check of symbols must itself be able to see them.
own_symbols_missing() {
    [ -e "$1.so" ] || [ -e "$1.dylib" ] || echo "$1: not built"
}

cd "$WINCH_TESTS/.." || exit 1

# An empty list of files would let everything pass.
[ -n "$(includes src)" ] || { echo "Bail out! no sources below $PWD"; exit 1; }

verdict "every room of src/ is in the table of rooms" "$(rooms_without_row)"
verdict "a room includes only itself and rooms below it" "$(upward_includes)"
verdict "own headers are included in quotes, by room" "$(angled_includes)"
verdict "a foreign library is seen by its own room only" "$(foreign_includes)"
verdict "installed headers are plain C and compile alone" "$(public_headers)"
verdict "every header compiles alone, and twice" "$(headers_alone)"
verdict "every file begins by saying what it is for" "$(without_purpose)"
verdict "no file is longer than $file_lines lines" "$(long_files)"
verdict "no function is longer than $function_lines lines" "$(long_functions)"
verdict "every source, test and fuzz target is built" "$(unregistered)"
for library in $LIBRARIES; do
    path=$WINCH_BUILD/.libs/${library%.la}
    verdict "${library%.la} is there to be looked at" "$(own_symbols_missing "$path")"
    verdict "${library%.la} exports winch_* only" "$(foreign_symbols "$path")"
done
verdict "no name of ours is one of the parser's" "$(names_of_the_parser)"

echo "1..$count"
