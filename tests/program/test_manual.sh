#!/bin/sh
# winch(1) as it was built: names every command, option and exit status of the program, and mandoc
# has nothing to say about it.
page=$WINCH_BUILD/man/winch.1
winch=$WINCH_BUILD/winch
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

# says STATUS WHAT: a line of TAP
says() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        sed 's/^/# /' "$scratch/wrong"
        echo "not ok $number - $2"
    fi
}

# missing PATTERN: the names on standard input that no line of the page has
missing() {
    while read -r name; do
        # shellcheck disable=SC2059 # the pattern is the format
        grep -q -e "$(printf "$1" "$name")" "$page" || echo "$name"
    done >"$scratch/wrong"
    ! [ -s "$scratch/wrong" ]
}

echo 1..4
"$winch" help --json | sed -n 's/^ *"name": "\(.*\)".*/\1/p' >"$scratch/commands"
{ [ "$(wc -l <"$scratch/commands")" -gt 15 ] && missing '^\.It Cm %s\( \|$\)' <"$scratch/commands"; }
says $? "every command is there"

{ "$winch" help; while read -r command; do "$winch" help "$command"; done <"$scratch/commands"; } |
    sed -n 's/^  --\([a-z0-9-]*\).*/\1/p' | sort -u >"$scratch/options"
{ [ "$(wc -l <"$scratch/options")" -gt 30 ] && missing '^\.It Fl -%s\( \|$\)' <"$scratch/options"; }
says $? "every option is there"

"$winch" help | sed -n '/^Exit status/,/^$/s/^  \([0-9][0-9]*\) .*/\1/p' |
    sort -u >"$scratch/statuses"
{ [ "$(wc -l <"$scratch/statuses")" -gt 8 ] && missing '^\.It %s$' <"$scratch/statuses"; }
says $? "every exit status is there"

if command -v mandoc >/dev/null; then
    mandoc -T lint -W style "$page" >"$scratch/wrong" 2>&1
    says $? "mandoc has nothing to say"
else
    echo "ok 4 # SKIP no mandoc"
fi
