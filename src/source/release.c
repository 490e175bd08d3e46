/* Release numbers: validity and order. */
#include "source/release.h"

#include <string.h>

#define RELEASE_MAX_BYTES  63
#define RELEASE_MAX_DIGITS 9

static gboolean is_suffix(const char *text)
{
    if (*text == '\0')
        return FALSE;
    for (; *text != '\0'; text++)
        if (!g_ascii_isalnum(*text) && *text != '.' && *text != '-')
            return FALSE;
    return TRUE;
}

gboolean release_is_valid(const char *text)
{
    if (strlen(text) > RELEASE_MAX_BYTES)
        return FALSE;
    for (int parts = 1; parts <= 3; parts++) {
        gsize digits = strspn(text, "0123456789");
        if (digits == 0 || digits > RELEASE_MAX_DIGITS)
            return FALSE;
        text += digits;
        if (parts > 1 && (*text == '\0' || (*text == '-' && is_suffix(text + 1))))
            return TRUE;
        if (*text++ != '.')
            return FALSE;
    }
    return FALSE;
}

/* The next number of a release; 0 when there is none left. */
static gint64 take_number(const char **text)
{
    gint64 number = 0;
    if (**text == '.')
        (*text)++;
    for (; g_ascii_isdigit(**text); (*text)++)
        number = number * 10 + (**text - '0');
    return number;
}

/* Runs of digits by value: as a number is longer, so it is greater, once zeros are off its head. */
static int compare_digits(const char **left, const char **right)
{
    *left += strspn(*left, "0");
    *right += strspn(*right, "0");
    gsize left_length = strspn(*left, "0123456789");
    gsize right_length = strspn(*right, "0123456789");
    int order = left_length == right_length  ? strncmp(*left, *right, left_length)
                : left_length < right_length ? -1
                                             : 1;
    *left += left_length;
    *right += right_length;
    return order;
}

static int compare_suffixes(const char *left, const char *right)
{
    while (*left != '\0' && *right != '\0') {
        if (g_ascii_isdigit(*left) && g_ascii_isdigit(*right)) {
            int order = compare_digits(&left, &right);
            if (order != 0)
                return order;
        } else if (*left != *right) {
            return (guchar)*left < (guchar)*right ? -1 : 1;
        } else {
            left++;
            right++;
        }
    }
    return (*left != '\0') - (*right != '\0');
}

int release_compare(const char *left, const char *right)
{
    for (int part = 0; part < 3; part++) {
        gint64 a = take_number(&left), b = take_number(&right);
        if (a != b)
            return a < b ? -1 : 1;
    }
    if (*left == '\0' || *right == '\0')
        return (*left == '\0') - (*right == '\0');
    return compare_suffixes(left, right);
}
