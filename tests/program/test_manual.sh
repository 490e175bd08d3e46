#!/bin/sh
# The pages as they were built: winch(1) names every command, option and exit status of the program,
# winch-console(1) every action, key and letter of the console, and mandoc has nothing to say.
page=$WINCH_BUILD/man/winch.1
console=$WINCH_TESTS/../src/console
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

echo 1..10
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

"$winch" lint --rules --json | sed -n 's/^ *"name": "\(.*\)".*/\1/p' >"$scratch/rules"
{ [ "$(wc -l <"$scratch/rules")" -gt 50 ] && missing '^\.It Sy %s Pq' <"$scratch/rules"; }
says $? "every rule of lint is there"

grep -q '^\.Xr winch-console 1' "$page" 2>"$scratch/wrong"
says $? "winch(1) names winch-console(1)"

# keys as mdoc has them: one that is no letter or digit stands behind \\&, a backslash is \e
page=$WINCH_BUILD/man/winch-console.1
sed -n 's/^    {ACTION_[A-Z_]*, ACTION_[A-Z]*, [^"]*"\([^"]*\)", "\(.*\)", \("\|NULL\).*, \("\|NULL\).*/\1/p' \
    "$console/action.c" | sort -u >"$scratch/actions"
{ [ "$(wc -l <"$scratch/actions")" -gt 50 ] && missing '^\.Pq Ic :%s$' <"$scratch/actions"; }
says $? "every action of the console is there"

sed -n 's/^    {ACTION_[A-Z_]*, ACTION_[A-Z]*, [^"]*"[^"]*", "\([^"]*\)".*/\1/p' "$console/action.c" |
    tr ' ' '\n' | sed '/^$/d' | sort -u | while read -r key; do
    # shellcheck disable=SC1003 # a backslash, as C writes it
    case $key in '\\') key='\e' ;; esac
    sed -n 's/^\.It Ic //p' "$page" | tr ' ' '\n' | sed 's/^\\&//' | grep -qxF -e "$key" ||
        echo "$key"
done >"$scratch/wrong"
! [ -s "$scratch/wrong" ]
says $? "every key of the console is there"

sed -n 's/^    {SCREEN_[A-Z]*, "[^"]*", "\([a-z ]*\).*/\1/p' "$console/legend.c" >"$scratch/letters"
tr '\n' ' ' <"$page" | tr '[:upper:]' '[:lower:]' >"$scratch/page"
while read -r means; do
    grep -qF -e "$means" "$scratch/page" || echo "$means"
done <"$scratch/letters" >"$scratch/wrong"
{ [ "$(wc -l <"$scratch/letters")" -gt 10 ] && ! [ -s "$scratch/wrong" ]; }
says $? "every letter of the console is explained"

# A page that is not installed yet, and one that this machine lacks, are no mistakes of ours.
for name in winch winch-console; do
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W style "$WINCH_BUILD/man/$name.1" 2>&1 |
            grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$scratch/wrong"
        ! [ -s "$scratch/wrong" ]
        says $? "mandoc has nothing to say about $name(1)"
    else
        number=$((number + 1))
        echo "ok $number # SKIP no mandoc"
    fi
done
