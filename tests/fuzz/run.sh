#!/bin/sh
# make fuzz: runs each target named as argument for FUZZ_SECONDS seconds from a copy of its corpus.
# The working directory is the fuzzing build tree; SOURCE is the source tree, never written to.
set -eu

# fuzz PROGRAM: what it finds stays in found/NAME, new inputs in corpus/NAME.
fuzz() {
    name=$(basename "$1" | sed 's/^fuzz_//')
    seed=$SOURCE/tests/fuzz/corpus/$name
    dictionary=$SOURCE/tests/fuzz/dict/$name.dict
    mkdir -p "corpus/$name" "found/$name"
    set -- "$1" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
        -artifact_prefix="found/$name/" -print_final_stats=1
    [ -f "$dictionary" ] && set -- "$@" -dict="$dictionary"
    set -- "$@" "corpus/$name"
    [ -d "$seed" ] && set -- "$@" "$seed"
    printf '%s for %s s ... ' "$name" "$FUZZ_SECONDS"
    if "$@" >"found/$name.log" 2>&1; then
        printf 'nothing found in %s runs\n' "$(sed -n 's/^stat::number_of_executed_units: *//p' "found/$name.log")"
    else
        printf 'FAILED\n'
        tail -n 40 "found/$name.log"
        printf 'the input is in %s/found/%s\n' "$PWD" "$name"
        return 1
    fi
}

# What libraries leak is not what is looked for.
export LSAN_OPTIONS="suppressions=$SOURCE/tests/support/lsan.supp:print_suppressions=0"

status=0
for program in "$@"; do
    fuzz "$program" || status=1
done
exit "$status"
