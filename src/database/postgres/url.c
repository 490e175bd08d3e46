/* Reads golang-migrate's URLs, libpq's URLs and conninfo strings, and single parts, into what libpq
 * takes. */
#include "database/postgres/url.h"

#include <libpq-fe.h>
#include <string.h>

#include "base/duration.h"

#define DEFAULT_TABLE "schema_migrations"

const char *const postgres_schemes[] = {"postgres", "postgresql", "pgx5", "pgx", "pgx4", NULL};

/* ---- quoting --------------------------------------------------------------------------------- */

static void append_doubled(GString *to, const char *text, const char *doubled)
{
    for (; *text != '\0'; text++) {
        if (strchr(doubled, *text) != NULL)
            g_string_append_c(to, *text);
        g_string_append_c(to, *text);
    }
}

char *postgres_quote(const char *name)
{
    GString *quoted = g_string_new("\"");
    append_doubled(quoted, name, "\"");
    g_string_append_c(quoted, '"');
    return g_string_free(quoted, FALSE);
}

char *postgres_literal(const char *text)
{
    gboolean escapes = strchr(text, '\\') != NULL;
    GString *literal = g_string_new(escapes ? " E'" : "'");
    append_doubled(literal, text, escapes ? "'\\" : "'");
    g_string_append_c(literal, '\'');
    return g_string_free(literal, FALSE);
}

/* ---- the table's name ------------------------------------------------------------------------ */

/* One part of a name, up to its dot; *text moves behind it. NULL when it is not one. */
static char *take_part(const char **text)
{
    const char *p = *text;
    if (*p != '"') {
        gsize length = strcspn(p, ".\"");
        *text = p + length;
        return length > 0 && p[length] != '"' ? g_strndup(p, length) : NULL;
    }
    g_autoptr(GString) part = g_string_new(NULL);
    for (p++; *p != '\0'; p++) {
        if (*p == '"' && *++p != '"') {
            *text = p;
            return part->len > 0 ? g_strdup(part->str) : NULL;
        }
        g_string_append_c(part, *p);
    }
    return NULL;
}

gboolean postgres_table_parse(const char *text, char **schema, char **table, GError **error)
{
    const char *p = text;
    g_autofree char *first = take_part(&p);
    g_autofree char *second = NULL;
    gboolean ok = first != NULL;
    if (ok && *p == '.') {
        p++;
        second = take_part(&p);
        ok = second != NULL;
    }
    if (!ok || *p != '\0') {
        error_set(error, ERROR_CONFIG, "\"%s\" is not the name of a version table", text);
        error_advise(error,
                     "write table or schema.table; a part with a dot in it in double quotes");
        return FALSE;
    }
    *schema = second != NULL ? g_steal_pointer(&first) : NULL;
    *table = second != NULL ? g_steal_pointer(&second) : g_steal_pointer(&first);
    return TRUE;
}

/* ---- parameters for libpq -------------------------------------------------------------------- */

struct parameters {
    GPtrArray *keywords, *values;
};

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
}

static void free_wiped(char *text)
{
    wipe(text);
    g_free(text);
}

static const char *parameters_get(const struct parameters *parameters, const char *keyword)
{
    for (guint i = 0; i < parameters->keywords->len; i++)
        if (g_str_equal(parameters->keywords->pdata[i], keyword))
            return parameters->values->pdata[i];
    return NULL;
}

/* The first to say something about a keyword is heard. */
static void parameters_add(struct parameters *parameters, const char *keyword, const char *value)
{
    if (value == NULL || parameters_get(parameters, keyword) != NULL)
        return;
    g_ptr_array_add(parameters->keywords, g_strdup(keyword));
    g_ptr_array_add(parameters->values, g_strdup(value));
}

void postgres_parameters_free(char **keywords, char **values)
{
    for (char **value = values; value != NULL && *value != NULL; value++)
        free_wiped(*value);
    g_free(values);
    g_strfreev(keywords);
}

static PQconninfoOption *libpq_options(void)
{
    return PQconninfoParse("", NULL);
}

static gboolean is_known(const PQconninfoOption *known, const char *keyword)
{
    for (; known->keyword != NULL; known++)
        if (g_str_equal(known->keyword, keyword))
            return TRUE;
    return g_str_equal(keyword, "ssl"); /* JDBC's, which libpq's URLs know too */
}

/* libpq quotes what it could not read, which may be the password: only single characters stay. */
static char *without_secrets(const char *message)
{
    GString *clean = g_string_new(NULL);
    const char *quote = strchr(message, '"');
    if (g_str_has_prefix(message, "invalid percent-encoded") && quote != NULL)
        return g_string_free(g_string_append_len(clean, message, quote - message), FALSE);
    while (quote != NULL) {
        const char *end = strchr(quote + 1, '"');
        if (end != quote + 2)
            break;
        g_string_append_len(clean, message, end + 1 - message);
        message = end + 1;
        quote = strchr(message, '"');
    }
    g_string_append_len(clean, message, quote != NULL ? quote - message : (gssize)strlen(message));
    return g_string_free(clean, FALSE);
}

/* Reads what libpq itself can read. what names it in errors. */
static gboolean read_conninfo(const char *text, const char *what, struct parameters *parameters,
                              GError **error)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &why);
    if (options == NULL) {
        g_autofree char *clean = without_secrets(why != NULL ? why : "out of memory");
        g_strchomp(clean);
        if (g_str_has_suffix(clean, ":"))
            clean[strlen(clean) - 1] = '\0';
        error_set(error, ERROR_CONFIG, "the %s cannot be read: %s", what, clean);
        error_advise(error, "in a URL, special characters are written as %%XX: %% as %%25, @ as "
                            "%%40; in a conninfo string, values with spaces stand in '...'");
        PQfreemem(why);
        return FALSE;
    }
    for (PQconninfoOption *option = options; option->keyword != NULL; option++) {
        parameters_add(parameters, option->keyword, option->val);
        wipe(option->val);
    }
    PQconninfoFree(options);
    return TRUE;
}

/* ---- the URL's query ------------------------------------------------------------------------- */

/* Knobs of the Go drivers and their pools, which mean nothing to libpq. */
static const char *const driver_knobs[] = {
    "binary_parameters",
    "disable_prepared_binary_result",
    "default_query_exec_mode",
    "statement_cache_capacity",
    "statement_cache_mode",
    "description_cache_capacity",
    "prefer_simple_protocol",
    "pool_max_conns",
    "pool_min_conns",
    "pool_min_idle_conns",
    "pool_max_conn_lifetime",
    "pool_max_conn_lifetime_jitter",
    "pool_max_conn_idle_time",
    "pool_health_check_period",
    NULL,
};

/* A URL, taken apart. */
struct url_parts {
    GString *kept;       /* the URL with what libpq knows */
    GString *settings;   /* the rest, as "-c name=value" for the server */
    GHashTable *migrate; /* golang-migrate's x- parameters */
};

/* Go reads a plus in a query as a space. */
static char *decode(const char *text, gssize length, gboolean is_query)
{
    g_autofree char *raw = length < 0 ? g_strdup(text) : g_strndup(text, (gsize)length);
    if (is_query)
        g_strdelimit(raw, "+", ' ');
    return g_uri_unescape_string(raw, NULL);
}

/* A setting's name, perhaps of an extension: "search_path", "winch.x". */
static gboolean is_setting_name(const char *name)
{
    return g_regex_match_simple("^[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)*$", name, 0,
                                0);
}

static void append_setting(GString *settings, const char *name, const char *value)
{
    g_string_append_printf(settings, "%s-c %s=", settings->len > 0 ? " " : "", name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || g_ascii_isspace(*value))
            g_string_append_c(settings, '\\');
        g_string_append_c(settings, *value);
    }
}

/* A URL that does not say clearly where its password ends. Nothing of it is repeated. */
static gboolean refuse_unclear(const char *what, GError **error)
{
    error_set(error, ERROR_CONFIG, "the database URL cannot be read: %s", what);
    error_advise(error, "write special characters of user, password and database as %%XX: @ is "
                        "%%40, / is %%2F, ? is %%3F, : is %%3A");
    return FALSE;
}

/* One "key=value" of the query, sorted into who it is for. */
static gboolean sort_query_part(const char *part, const PQconninfoOption *known,
                                struct url_parts *parts, GError **error)
{
    const char *equals = strchr(part, '=');
    g_autofree char *key = decode(part, equals != NULL ? equals - part : -1, TRUE);
    g_autofree char *value = equals != NULL ? decode(equals + 1, -1, TRUE) : g_strdup("");
    if (key == NULL || value == NULL) {
        error_set(error, ERROR_CONFIG,
                  "the database URL's parameters are not well percent-encoded");
        error_advise(error, "write %% as %%25");
        return FALSE;
    }
    if (g_str_has_prefix(key, "x-")) {
        g_hash_table_insert(parts->migrate, g_steal_pointer(&key), g_steal_pointer(&value));
    } else if (is_known(known, key)) {
        /* Go takes a bare "=" in a value, libpq does not. */
        g_auto(GStrv) sides = g_strsplit(part, "=", 2);
        g_auto(GStrv) rest =
            g_strsplit(sides[0] != NULL && sides[1] != NULL ? sides[1] : "", "=", -1);
        g_autofree char *escaped = g_strjoinv("%3D", rest);
        g_string_append_printf(parts->kept, "%c%s=%s",
                               strchr(parts->kept->str, '?') != NULL ? '&' : '?', sides[0],
                               escaped);
    } else if (!g_strv_contains(driver_knobs, key)) {
        if (equals == NULL)
            return refuse_unclear("a parameter behind its ? has no value", error);
        if (!is_setting_name(key)) {
            if (strchr(part, '@') != NULL)
                return refuse_unclear("there is an @ in its parameters' names", error);
            error_set(error, ERROR_CONFIG, "the database URL has an unknown parameter \"%s\"", key);
            error_advise(error, "it is no parameter of libpq, and no setting of a server");
            return FALSE;
        }
        append_setting(parts->settings, key, value);
        if (g_str_equal(key, "statement_timeout"))
            g_hash_table_insert(parts->migrate, g_steal_pointer(&key), g_steal_pointer(&value));
    }
    return TRUE;
}

/* "host:port,[address]:port": what stands where a port should may be half a password. */
static gboolean ports_are_numbers(const char *hosts, gsize length)
{
    g_autofree char *copy = g_strndup(hosts, length);
    g_auto(GStrv) all = g_strsplit(copy, ",", -1);
    for (char **host = all; *host != NULL; host++) {
        const char *bracket = strrchr(*host, ']');
        const char *colon = strchr(bracket != NULL ? bracket : *host, ':');
        if (colon != NULL && strspn(colon + 1, "0123456789") != strlen(colon + 1))
            return FALSE;
    }
    return TRUE;
}

/* Where the hosts begin, behind user and password. golang-migrate takes the last @ before the path
 * for that, libpq the first one; libpq alone takes a "?" before it. */
static const char *place_of_hosts(const char *text)
{
    gssize before_path = (gssize)strcspn(text, "/"), before_query = (gssize)strcspn(text, "/?");
    const char *at = g_strrstr_len(text, before_query, "@");
    if (at == NULL)
        at = g_strrstr_len(text, before_path, "@");
    return at != NULL ? at + 1 : text;
}

/* Every @ but the last, as libpq wants it. */
static void keep_user(GString *kept, const char *text, const char *place)
{
    for (; text < place; text++)
        if (*text == '@' && text + 1 < place)
            g_string_append(kept, "%40");
        else
            g_string_append_c(kept, *text);
}

/* text follows the scheme's "://". */
static gboolean split_url(const char *text, struct url_parts *parts, char **path, GError **error)
{
    const char *place = place_of_hosts(text);
    const char *query = strchr(place, '?');
    gsize place_length = query != NULL ? (gsize)(query - place) : strlen(place);
    const char *slash = memchr(place, '/', place_length);
    if (!ports_are_numbers(place, strcspn(place, "/?")))
        return refuse_unclear("a port in it is not a number", error);
    if (slash != NULL && memchr(text, ':', (gsize)(slash - text)) != NULL &&
        memchr(slash, '@', (gsize)(place + place_length - slash)) != NULL)
        return refuse_unclear("there is an @ behind a /", error);
    if (slash != NULL)
        *path = decode(slash, place + place_length - slash, FALSE);
    g_string_append(parts->kept, "postgres://");
    keep_user(parts->kept, text, place);
    g_string_append_len(parts->kept, place, (gssize)place_length);
    if (query == NULL)
        return TRUE;
    PQconninfoOption *known = libpq_options();
    g_auto(GStrv) pieces = g_strsplit(query + 1, "&", -1);
    gboolean ok = known != NULL;
    for (char **piece = pieces; ok && *piece != NULL; piece++)
        ok = **piece == '\0' || sort_query_part(*piece, known, parts, error);
    PQconninfoFree(known);
    return ok;
}

/* ---- golang-migrate's parameters ------------------------------------------------------------- */

/* Go's strconv.ParseBool. */
static gboolean read_bool(GHashTable *given, const char *key, gboolean *value, GError **error)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True", NULL};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False", NULL};
    const char *text = g_hash_table_lookup(given, key);
    *value = text != NULL && g_strv_contains(yes, text);
    if (text == NULL || *text == '\0' || *value || g_strv_contains(no, text))
        return TRUE;
    error_set(error, ERROR_CONFIG, "%s=%s in the database URL is neither true nor false", key,
              text);
    error_advise(error, "write true or false");
    return FALSE;
}

/* golang-migrate's, or the server's own setting, which golang-migrate's drivers hand on. */
static gboolean read_statement_timeout(GHashTable *given, gint64 *milliseconds, GError **error)
{
    const char *text = g_hash_table_lookup(given, "x-statement-timeout");
    guint64 value = 0;
    *milliseconds = 0;
    if (text == NULL || *text == '\0') {
        const char *setting = g_hash_table_lookup(given, "statement_timeout");
        if (setting != NULL && !duration_parse(setting, 1, milliseconds, NULL))
            *milliseconds = 0; /* the server says what it thinks of it */
        return TRUE;
    }
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &value, NULL)) {
        error_set(error, ERROR_CONFIG,
                  "x-statement-timeout=%s in the database URL is not a number of milliseconds",
                  text);
        error_advise(error, "write a whole number from 0 (none) to 2147483647");
        return FALSE;
    }
    *milliseconds = (gint64)value;
    return TRUE;
}

/* x-migrations-table is one name, dots and all; with x-migrations-table-quoted it is "table" or
 * "schema"."table". */
static gboolean read_table(GHashTable *given, struct postgres_url *url, GError **error)
{
    const char *text = g_hash_table_lookup(given, "x-migrations-table");
    gboolean is_quoted;
    if (!read_bool(given, "x-migrations-table-quoted", &is_quoted, error))
        return FALSE;
    if (text == NULL || *text == '\0')
        return TRUE;
    if (!is_quoted) {
        url->table = g_strdup(text);
        return TRUE;
    }
    if (*text == '"' && g_str_has_suffix(text, "\"") &&
        postgres_table_parse(text, &url->schema, &url->table, NULL))
        return TRUE;
    error_set(error, ERROR_CONFIG,
              "x-migrations-table=%s in the database URL is not quoted as "
              "x-migrations-table-quoted asks",
              text);
    error_advise(error, "write \"table\" or \"schema\".\"table\" with the quotes");
    return FALSE;
}

/* golang-migrate's old pgx driver may lock with a table: that lock and ours would not see each
 * other. Its other drivers ignore the parameter. */
static gboolean refuse_lock_table(const char *scheme, GHashTable *given, GError **error)
{
    const char *strategy = g_hash_table_lookup(given, "x-lock-strategy");
    if (strategy == NULL || !g_str_equal(strategy, "table") ||
        (g_ascii_strcasecmp(scheme, "pgx") != 0 && g_ascii_strcasecmp(scheme, "pgx4") != 0))
        return TRUE;
    error_set(error, ERROR_CONFIG, "x-lock-strategy=table in the database URL is not supported");
    error_advise(error,
                 "leave it away here and in golang-migrate, so that both use advisory locks");
    return FALSE;
}

static gboolean read_migrate(const char *scheme, GHashTable *given, struct postgres_url *url,
                             GError **error)
{
    return refuse_lock_table(scheme, given, error) && read_table(given, url, error) &&
           read_statement_timeout(given, &url->statement_timeout, error) &&
           read_bool(given, "x-multi-statement", &url->is_multi_statement, error);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* The scheme of text when it is one of ours, and where the rest begins; NULL for a conninfo. */
static char *take_scheme(const char *text, const char **rest)
{
    const char *colon = strstr(text, "://");
    if (colon == NULL)
        return NULL;
    g_autofree char *scheme = g_ascii_strdown(text, colon - text);
    if (!g_strv_contains(postgres_schemes, scheme))
        return NULL;
    *rest = colon + 3;
    return g_steal_pointer(&scheme);
}

static gboolean read_url(const char *scheme, const char *rest, struct parameters *parameters,
                         GString *settings, struct postgres_url *url, GError **error)
{
    struct url_parts parts = {
        .kept = g_string_new(NULL),
        .settings = settings,
        .migrate = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
    };
    gboolean ok = split_url(rest, &parts, &url->path, error) &&
                  read_migrate(scheme, parts.migrate, url, error) &&
                  read_conninfo(parts.kept->str, "database URL", parameters, error);
    wipe(parts.kept->str);
    g_string_free(parts.kept, TRUE);
    g_hash_table_unref(parts.migrate);
    return ok;
}

/* The table that options name; a URL's own must not contradict it. */
static gboolean choose_table(const struct database_options *options, struct postgres_url *url,
                             GError **error)
{
    g_autofree char *schema = NULL, *table = NULL;
    const char *named = options->version_table;
    if (named != NULL && !postgres_table_parse(named, &schema, &table, error))
        return FALSE;
    if (url->table == NULL) {
        url->schema = g_steal_pointer(&schema);
        url->table = table != NULL ? g_steal_pointer(&table) : g_strdup(DEFAULT_TABLE);
        return TRUE;
    }
    if (named == NULL || g_str_equal(named, DEFAULT_TABLE) ||
        (g_strcmp0(schema, url->schema) == 0 && g_str_equal(table, url->table)))
        return TRUE;
    error_set(error, ERROR_CONFIG,
              "the database URL says x-migrations-table=%s, but version_table "
              "says %s",
              url->table, named);
    error_advise(error, "keep one of them");
    return FALSE;
}

static void add_settings(const struct database_options *options, GString *settings,
                         struct parameters *parameters)
{
    if (options->is_read_only)
        append_setting(settings, "default_transaction_read_only", "on");
    if (settings->len == 0)
        return;
    const char *given = parameters_get(parameters, "options");
    if (given == NULL)
        given = g_getenv("PGOPTIONS");
    g_autofree char *all =
        g_strjoin(given != NULL ? " " : "", given != NULL ? given : "", settings->str, NULL);
    for (guint i = 0; i < parameters->keywords->len; i++)
        if (g_str_equal(parameters->keywords->pdata[i], "options")) {
            g_free(parameters->values->pdata[i]);
            parameters->values->pdata[i] = g_steal_pointer(&all);
            return;
        }
    parameters_add(parameters, "options", all);
}

/* What a connection of ours has unless it was said otherwise. A dead peer is noticed in about two
 * minutes. */
static const char *const defaults[][2] = {
    {"fallback_application_name", "winch"}, {"keepalives_idle", "60"},
    {"keepalives_interval", "15"},          {"keepalives_count", "4"},
    {"tcp_user_timeout", "120000"},
};

static void add_parts(const struct database_options *options, struct parameters *parameters)
{
    parameters_add(parameters, "host", options->host);
    parameters_add(parameters, "port", options->port);
    parameters_add(parameters, "dbname", options->name);
    parameters_add(parameters, "user", options->user);
    parameters_add(parameters, "password", options->password);
    parameters_add(parameters, "sslmode", options->sslmode);
    const char *environment = g_getenv("PGAPPNAME");
    gboolean is_default =
        options->application_name == NULL || g_str_equal(options->application_name, "winch");
    parameters_add(parameters, "application_name",
                   is_default && environment != NULL ? environment
                   : is_default                      ? "winch"
                                                     : options->application_name);
    for (gsize i = 0; i < G_N_ELEMENTS(defaults); i++)
        parameters_add(parameters, defaults[i][0], defaults[i][1]);
}

/* libpq takes whole seconds, at least two, and nothing or less for none. */
static gint64 choose_connect_timeout(const struct database_options *options,
                                     const struct parameters *parameters)
{
    if (options->connect_timeout > 0)
        return options->connect_timeout;
    const char *text = parameters_get(parameters, "connect_timeout");
    if (text == NULL)
        text = g_getenv("PGCONNECT_TIMEOUT");
    gint64 seconds = text != NULL ? g_ascii_strtoll(text, NULL, 10) : 0;
    return seconds > 0 ? CLAMP(seconds, 2, G_MAXINT / 1000) * 1000 : 0;
}

gboolean postgres_url_read(const struct database_options *options, struct postgres_url *url,
                           GError **error)
{
    struct parameters parameters = {
        .keywords = g_ptr_array_new(),
        .values = g_ptr_array_new(),
    };
    g_autoptr(GString) settings = g_string_new(NULL);
    const char *rest = NULL;
    g_autofree char *scheme = options->url != NULL ? take_scheme(options->url, &rest) : NULL;
    gboolean ok = TRUE;
    memset(url, 0, sizeof *url);
    parameters_add(&parameters, "client_encoding", "UTF8");
    if (scheme != NULL)
        ok = read_url(scheme, rest, &parameters, settings, url, error);
    else if (options->url != NULL)
        ok = read_conninfo(options->url, "connection string", &parameters, error);
    ok = ok && choose_table(options, url, error);
    add_parts(options, &parameters);
    add_settings(options, settings, &parameters);
    url->connect_timeout = choose_connect_timeout(options, &parameters);
    g_ptr_array_add(parameters.keywords, NULL);
    g_ptr_array_add(parameters.values, NULL);
    url->keywords = (char **)g_ptr_array_free(parameters.keywords, FALSE);
    url->values = (char **)g_ptr_array_free(parameters.values, FALSE);
    if (!ok)
        postgres_url_clear(url);
    return ok;
}

void postgres_url_clear(struct postgres_url *url)
{
    postgres_parameters_free(url->keywords, url->values);
    g_free(url->path);
    g_free(url->schema);
    g_free(url->table);
    memset(url, 0, sizeof *url);
}
