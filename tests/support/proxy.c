/* One thread, one poll(): pieces of data wait in a queue a direction until they are due. */
#include <config.h>

#include "support/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct piece {
    gint64 due;
    GBytes *bytes;
    gsize sent;
};

/* What flows from one end to the other. */
struct flow {
    int from, to;
    GQueue pieces;
    gboolean has_ended;
};

struct link {
    struct flow up, down; /* client to server, server to client */
    gboolean server_spoke;
};

struct proxy {
    GThread *thread;
    GMutex lock; /* guards what follows */
    char *server_path;
    gint64 delay_us;
    int listener, wake[2];
    guint16 port;
    guint64 round_trips;
    gboolean is_frozen, must_cut, must_stop;
    gsize chop;       /* the largest piece of what a client sends; 0: as it comes */
    guint trap_piece; /* 0: no trap */
    guint pieces;     /* since the trap was set */
    gboolean trap_delivers, has_sprung;
    proxy_trap_fn spring;
    void *spring_data;
    GPtrArray *links; /* of struct link *; the thread's own */
};

static void piece_free(gpointer data)
{
    struct piece *piece = data;
    g_bytes_unref(piece->bytes);
    g_free(piece);
}

static void link_free(gpointer data)
{
    struct link *link = data;
    close(link->up.from);
    close(link->up.to);
    g_queue_clear_full(&link->up.pieces, piece_free);
    g_queue_clear_full(&link->down.pieces, piece_free);
    g_free(link);
}

static int connect_server(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void accept_link(struct proxy *proxy)
{
    int one = 1;
    int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        return;
    int server = connect_server(proxy->server_path);
    if (server < 0) {
        close(client);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(client, F_SETFL, O_NONBLOCK);
    fcntl(server, F_SETFL, O_NONBLOCK);
    struct link *link = g_new0(struct link, 1);
    link->up = (struct flow){.from = client, .to = server};
    link->down = (struct flow){.from = server, .to = client};
    g_queue_init(&link->up.pieces);
    g_queue_init(&link->down.pieces);
    link->server_spoke = TRUE;
    g_ptr_array_add(proxy->links, link);
}

static void count(struct proxy *proxy, struct link *link, const struct flow *flow)
{
    if (flow == &link->down)
        link->server_spoke = TRUE;
    else if (link->server_spoke) {
        link->server_spoke = FALSE;
        proxy->round_trips++;
    }
}

/* TRUE when this was the piece the trap waits for: everything is to be closed. */
static gboolean trap_springs(struct proxy *proxy, const struct flow *flow, gboolean goes_up,
                             const char *data, gsize length)
{
    if (proxy->trap_piece == 0 || !goes_up || ++proxy->pieces != proxy->trap_piece)
        return FALSE;
    if (proxy->trap_delivers) {
        ssize_t ignored = write(flow->to, data, length);
        (void)ignored;
    }
    if (proxy->spring != NULL)
        proxy->spring(proxy->spring_data);
    proxy->trap_piece = 0;
    proxy->has_sprung = TRUE;
    proxy->must_cut = TRUE;
    return TRUE;
}

/* Reads what has come in. FALSE when the link has to go at once. */
static gboolean take(struct proxy *proxy, struct link *link, struct flow *flow)
{
    char data[65536];
    gsize most = flow == &link->up && proxy->chop > 0 ? proxy->chop : sizeof data;
    ssize_t length = read(flow->from, data, MIN(most, sizeof data));
    if (length < 0)
        return errno == EAGAIN || errno == EINTR;
    if (length == 0) {
        flow->has_ended = TRUE;
        return TRUE;
    }
    if (proxy->is_frozen)
        return TRUE;
    count(proxy, link, flow);
    if (trap_springs(proxy, flow, flow == &link->up, data, (gsize)length))
        return FALSE;
    struct piece *piece = g_new0(struct piece, 1);
    piece->due = g_get_monotonic_time() + proxy->delay_us;
    piece->bytes = g_bytes_new(data, (gsize)length);
    g_queue_push_tail(&flow->pieces, piece);
    return TRUE;
}

/* Sends what is due. FALSE when the other end is gone or everything has been said. */
static gboolean give(struct flow *flow)
{
    struct piece *piece;
    gint64 now = g_get_monotonic_time();
    while ((piece = g_queue_peek_head(&flow->pieces)) != NULL && piece->due <= now) {
        gsize length;
        const char *data = g_bytes_get_data(piece->bytes, &length);
        ssize_t sent = send(flow->to, data + piece->sent, length - piece->sent, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        piece->sent += (gsize)sent;
        if (piece->sent < length)
            return TRUE;
        piece_free(g_queue_pop_head(&flow->pieces));
    }
    return !flow->has_ended || piece != NULL;
}

/* Microseconds until the next piece is due, at most a second. */
static gint64 time_left(const struct proxy *proxy)
{
    gint64 left = G_USEC_PER_SEC, now = g_get_monotonic_time();
    for (guint i = 0; i < proxy->links->len; i++) {
        const struct link *link = proxy->links->pdata[i];
        const struct flow *flows[] = {&link->up, &link->down};
        for (guint j = 0; j < 2; j++) {
            const struct piece *piece =
                flows[j]->pieces.head != NULL ? flows[j]->pieces.head->data : NULL;
            if (piece != NULL)
                left = CLAMP(piece->due - now, 0, left);
        }
    }
    return left;
}

static void wait_for_data(struct proxy *proxy)
{
    g_autoptr(GArray) polled = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    struct pollfd first[] = {{proxy->listener, POLLIN, 0}, {proxy->wake[0], POLLIN, 0}};
    g_array_append_vals(polled, first, 2);
    for (guint i = 0; i < proxy->links->len; i++) {
        const struct link *link = proxy->links->pdata[i];
        struct pollfd ends[] = {{link->up.has_ended ? -1 : link->up.from, POLLIN, 0},
                                {link->down.has_ended ? -1 : link->down.from, POLLIN, 0}};
        g_array_append_vals(polled, ends, 2);
    }
    gint64 left = time_left(proxy);
    struct timespec limit = {left / G_USEC_PER_SEC, left % G_USEC_PER_SEC * 1000};
    g_mutex_unlock(&proxy->lock);
    ppoll((struct pollfd *)(void *)polled->data, polled->len, &limit, NULL);
    g_mutex_lock(&proxy->lock);
    struct pollfd *heard = (struct pollfd *)(void *)polled->data;
    char drained[16];
    if (heard[1].revents != 0 && read(proxy->wake[0], drained, sizeof drained) < 0)
        return;
    if (heard[0].revents != 0)
        accept_link(proxy);
}

static gboolean serve(struct proxy *proxy, struct link *link)
{
    return take(proxy, link, &link->up) && take(proxy, link, &link->down) && give(&link->up) &&
           give(&link->down);
}

static gpointer run(gpointer data)
{
    struct proxy *proxy = data;
    g_mutex_lock(&proxy->lock);
    while (!proxy->must_stop) {
        wait_for_data(proxy);
        for (guint i = proxy->links->len; i-- > 0;)
            if (!serve(proxy, proxy->links->pdata[i]))
                g_ptr_array_remove_index_fast(proxy->links, i);
        if (proxy->must_cut)
            g_ptr_array_set_size(proxy->links, 0);
        proxy->must_cut = FALSE;
    }
    g_mutex_unlock(&proxy->lock);
    return NULL;
}

static int listen_anywhere(guint16 *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        g_error("the proxy cannot listen: %s", g_strerror(errno));
    *port = ntohs(address.sin_port);
    return fd;
}

struct proxy *proxy_start(const char *server_path, gint64 delay_us)
{
    struct proxy *proxy = g_new0(struct proxy, 1);
    g_mutex_init(&proxy->lock);
    proxy->server_path = g_strdup(server_path);
    proxy->delay_us = delay_us;
    proxy->links = g_ptr_array_new_with_free_func(link_free);
    proxy->listener = listen_anywhere(&proxy->port);
    if (pipe2(proxy->wake, O_CLOEXEC | O_NONBLOCK) != 0)
        g_error("no pipe for the proxy");
    proxy->thread = g_thread_new("proxy", run, proxy);
    return proxy;
}

static void wake(struct proxy *proxy)
{
    ssize_t ignored = write(proxy->wake[1], "!", 1);
    (void)ignored;
}

void proxy_stop(struct proxy *proxy)
{
    g_mutex_lock(&proxy->lock);
    proxy->must_stop = TRUE;
    wake(proxy);
    g_mutex_unlock(&proxy->lock);
    g_thread_join(proxy->thread);
    g_ptr_array_unref(proxy->links);
    close(proxy->listener);
    close(proxy->wake[0]);
    close(proxy->wake[1]);
    g_mutex_clear(&proxy->lock);
    g_free(proxy->server_path);
    g_free(proxy);
}

guint16 proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

guint64 proxy_round_trips(struct proxy *proxy)
{
    g_mutex_lock(&proxy->lock);
    guint64 trips = proxy->round_trips;
    g_mutex_unlock(&proxy->lock);
    return trips;
}

void proxy_reset(struct proxy *proxy)
{
    g_mutex_lock(&proxy->lock);
    proxy->round_trips = 0;
    g_mutex_unlock(&proxy->lock);
}

void proxy_freeze(struct proxy *proxy)
{
    g_mutex_lock(&proxy->lock);
    proxy->is_frozen = TRUE;
    g_mutex_unlock(&proxy->lock);
}

void proxy_cut(struct proxy *proxy)
{
    g_mutex_lock(&proxy->lock);
    proxy->must_cut = TRUE;
    wake(proxy);
    g_mutex_unlock(&proxy->lock);
}

void proxy_chop(struct proxy *proxy, gsize length)
{
    g_mutex_lock(&proxy->lock);
    proxy->chop = length;
    g_mutex_unlock(&proxy->lock);
}

void proxy_trap(struct proxy *proxy, guint piece, gboolean deliver, proxy_trap_fn spring,
                void *data)
{
    g_mutex_lock(&proxy->lock);
    proxy->trap_piece = piece;
    proxy->pieces = 0;
    proxy->trap_delivers = deliver;
    proxy->has_sprung = FALSE;
    proxy->spring = spring;
    proxy->spring_data = data;
    g_mutex_unlock(&proxy->lock);
}

gboolean proxy_trap_has_sprung(struct proxy *proxy)
{
    g_mutex_lock(&proxy->lock);
    gboolean sprung = proxy->has_sprung;
    g_mutex_unlock(&proxy->lock);
    return sprung;
}
