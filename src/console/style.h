/* What a cell means; how that looks is the terminal's table alone. Meaning never hangs on colour:
 * words, letters and marks carry it. */
#ifndef WINCH_CONSOLE_STYLE_H
#define WINCH_CONSOLE_STYLE_H

enum style {
    STYLE_TEXT,
    STYLE_FAINT, /* less important; never carries meaning alone */
    STYLE_STRONG,
    STYLE_HEADING, /* a screen's or a pane's title line */
    STYLE_LABEL,   /* the name before a value */
    STYLE_KEY,     /* a key in the key bar and in help */
    STYLE_SELECTED,
    STYLE_MATCH, /* what the search found */
    STYLE_GOOD,
    STYLE_PENDING,
    STYLE_WARNING,
    STYLE_ERROR,
    STYLE_BANNER, /* development */
    STYLE_BANNER_STAGING,
    STYLE_BANNER_UNKNOWN,
    STYLE_BANNER_PRODUCTION,
    STYLE_BANNER_RUNNING,
    STYLE_SQL_KEYWORD,
    STYLE_SQL_STRING,
    STYLE_SQL_COMMENT,
    STYLE_SQL_NUMBER,
    STYLE_COUNT
};

#endif
