/* Blocks that grow, handed out from the front. */
#include "analysis/arena.h"

#include <string.h>

enum { ALIGNMENT = 16, FIRST_BLOCK = 1024, LARGEST_BLOCK = 256 * 1024 };

struct block {
    struct block *next;
    gsize size; /* with this head */
};

struct arena {
    struct block *blocks; /* the newest first */
    gsize used;           /* of the newest */
    gsize size;
};

struct arena *arena_new(void)
{
    return g_new0(struct arena, 1);
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;
        g_free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    free_blocks(arena->blocks);
    g_free(arena);
}

static gsize aligned(gsize size)
{
    return (size + ALIGNMENT - 1) & ~(gsize)(ALIGNMENT - 1);
}

static void add_block(struct arena *arena, gsize needed)
{
    gsize size = arena->blocks == NULL ? FIRST_BLOCK : MIN(arena->size, LARGEST_BLOCK);
    size = MAX(size, needed + aligned(sizeof(struct block)));
    struct block *block = g_malloc(size);
    *block = (struct block){.next = arena->blocks, .size = size};
    arena->blocks = block;
    arena->used = aligned(sizeof(struct block));
    arena->size += size;
}

void *arena_take(struct arena *arena, gsize size)
{
    size = aligned(size);
    if (arena->blocks == NULL || arena->blocks->size - arena->used < size)
        add_block(arena, size);
    char *taken = (char *)arena->blocks + arena->used;
    arena->used += size;
    return taken;
}

const void *arena_copy(struct arena *arena, const void *bytes, gsize size)
{
    if (size == 0)
        return NULL;
    return memcpy(arena_take(arena, size), bytes, size);
}

const char *arena_text_len(struct arena *arena, const char *text, gsize length)
{
    if (text == NULL)
        return NULL;
    char *copy = arena_take(arena, length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

const char *arena_text(struct arena *arena, const char *text)
{
    return text != NULL ? arena_text_len(arena, text, strlen(text)) : NULL;
}

/* Keeps the newest block, which is the largest of the usual ones. */
void arena_reset(struct arena *arena)
{
    if (arena->blocks == NULL)
        return;
    free_blocks(arena->blocks->next);
    arena->blocks->next = NULL;
    arena->size = arena->blocks->size;
    arena->used = aligned(sizeof(struct block));
}

gsize arena_size(const struct arena *arena)
{
    return sizeof(*arena) + arena->size;
}
