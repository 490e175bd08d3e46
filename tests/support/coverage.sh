#!/bin/sh
# make coverage: how many lines of each file of src/ the tests have run. The working directory is
# a build tree configured with --enable-coverage in which they have been run.
set -eu
GCOV=${GCOV:-gcov}

find src -name '*.gcda' | sort | xargs "$GCOV" -n 2>/dev/null | awk '
    /^File / {
        file = $2
        gsub(/\047/, "", file)
        sub(/^.*\/src\//, "src/", file)
    }
    /^Lines executed:/ && file ~ /^src\/.*\.c$/ {
        split($2, part, /[:%]/)
        total[file] = $NF
        run[file] = part[2] * $NF / 100
    }
    END {
        for (file in total) {
            split(file, path, "/")
            room_total[path[2]] += total[file]
            room_run[path[2]] += run[file]
            all_total += total[file]
            all_run += run[file]
            printf "%6.1f %% of %5d lines  %s\n", 100 * run[file] / total[file], total[file], file | "sort -k 6"
        }
        close("sort -k 6")
        print ""
        for (room in room_total)
            printf "%6.1f %% of %5d lines  src/%s/\n", 100 * room_run[room] / room_total[room], \
                room_total[room], room | "sort -k 6"
        close("sort -k 6")
        if (!all_total) {
            print "coverage: nothing was measured" > "/dev/stderr"
            exit 1
        }
        printf "%6.1f %% of %5d lines  in all\n", 100 * all_run / all_total, all_total
    }'
