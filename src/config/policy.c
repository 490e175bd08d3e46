/* Policies: one table of fields and words, one of the built-in environments. */
#include "config/policy.h"

static const char *const up_words[] = {"free", "confirm", "typed", NULL};
static const char *const rollback_words[] = {"any", "last-stable", "last-known-good", NULL};
static const char *const confirm_words[] = {"none", "yes", "typed", NULL};
static const char *const backup_words[] = {"off", "on", "required", NULL};
static const char *const rule_words[] = {"off", NULL, "required", NULL};
static const char *const rule_choices[] = {"off", "required", NULL};

/* words by value (a hole has no word); choices the same without holes. */
static const struct {
    const char *name;
    gsize offset;
    const char *const *words;
    const char *const *choices;
} fields[POLICY_FIELD_COUNT] = {
    {"up", G_STRUCT_OFFSET(struct policy, up), up_words, up_words},
    {"rollback_to", G_STRUCT_OFFSET(struct policy, rollback_to), rollback_words, rollback_words},
    {"confirm", G_STRUCT_OFFSET(struct policy, confirm), confirm_words, confirm_words},
    {"backup", G_STRUCT_OFFSET(struct policy, backup), backup_words, backup_words},
    {"preview", G_STRUCT_OFFSET(struct policy, preview), rule_words, rule_choices},
    {"reason", G_STRUCT_OFFSET(struct policy, reason), rule_words, rule_choices},
    {"history", G_STRUCT_OFFSET(struct policy, history), rule_words, rule_choices},
    {"approval", G_STRUCT_OFFSET(struct policy, approval), rule_words, rule_choices},
};

/* Every word is one of three values. */
enum { VALUE_COUNT = 3 };
G_STATIC_ASSERT(sizeof(enum policy_up) == sizeof(guint));
G_STATIC_ASSERT(sizeof(enum policy_rule) == sizeof(guint));

/* Unknown: raising is what every deploy does, going back is what cannot be undone; its backup may
 * be declined, since nobody said that the data is worth one. */
static const struct policy builtins[] = {
    {"development", UP_FREE, ROLLBACK_ANY, CONFIRM_NONE, RULE_OFF, RULE_OFF, RULE_OFF, RULE_OFF,
     RULE_OFF},
    {"staging", UP_FREE, ROLLBACK_LAST_STABLE, CONFIRM_YES, RULE_ON, RULE_OFF, RULE_OFF,
     RULE_REQUIRED, RULE_OFF},
    {"production", UP_CONFIRM, ROLLBACK_LAST_KNOWN_GOOD, CONFIRM_TYPED, RULE_REQUIRED,
     RULE_REQUIRED, RULE_REQUIRED, RULE_REQUIRED, RULE_OFF},
    {"unknown", UP_FREE, ROLLBACK_ANY, CONFIRM_TYPED, RULE_ON, RULE_OFF, RULE_OFF, RULE_OFF,
     RULE_OFF},
};

static guint value_of(const struct policy *policy, guint field)
{
    return *(const guint *)((const char *)policy + fields[field].offset);
}

static void set_value(struct policy *policy, guint field, guint value)
{
    G_STRUCT_MEMBER(guint, policy, fields[field].offset) = value;
}

const char *policy_field_name(guint field)
{
    return fields[field].name;
}

const char *policy_field_word(const struct policy *policy, guint field)
{
    return fields[field].words[value_of(policy, field)];
}

const char *const *policy_field_words(guint field)
{
    return fields[field].choices;
}

gboolean policy_field_set(struct policy *policy, guint field, const char *word)
{
    for (guint value = 0; value < VALUE_COUNT; value++)
        if (g_strcmp0(fields[field].words[value], word) == 0) {
            set_value(policy, field, value);
            return TRUE;
        }
    return FALSE;
}

gboolean policy_tighten(struct policy *policy, const struct policy *other)
{
    gboolean is_changed = FALSE;
    for (guint field = 0; field < POLICY_FIELD_COUNT; field++)
        if (value_of(other, field) > value_of(policy, field)) {
            set_value(policy, field, value_of(other, field));
            is_changed = TRUE;
        }
    return is_changed;
}

const struct policy *policy_builtin(guint index)
{
    return index < G_N_ELEMENTS(builtins) ? &builtins[index] : NULL;
}
