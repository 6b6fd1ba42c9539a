#include "service_control.h"

#include "clock.h"
#include "log.h"
#include "packet.h"
#include "service.h"
#include "service_conf.h"
#include "service_listen.h"
#include "service_listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_WITHIN (5 * CLOCK_SECOND)
/* Packets of the client process that are looked at in one go. */
#define ASKED_MOST 64

/* Octets of TLS's files in one packet. */
#define PIECE ((size_t)32768)

enum { CONTROL_CONF = 1, CONTROL_TLS, CONTROL_LISTENER, CONTROL_END };

/* SIGIO for this process, which has it blocked (super.h), when the client
 * process says something. */
static int
be_told(int end)
{
	int flags = fcntl(end, F_GETFL);

	return flags != -1 && fcntl(end, F_SETOWN, getpid()) != -1 &&
		       fcntl(end, F_SETFL, flags | O_ASYNC) != -1
		   ? 0
		   : -1;
}

int
service_control_open(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		return -1;
	if (packet_socket(ends[0]) == 0 && packet_socket(ends[1]) == 0 &&
	    be_told(ends[0]) == 0)
		return 0;
	close(ends[0]);
	close(ends[1]);
	return -1;
}

void
service_control_ask(int end)
{
	const char one = 1;
	ssize_t n = send(end, &one, sizeof(one), MSG_DONTWAIT | MSG_NOSIGNAL);

	(void)n;
}

int
service_control_is_asked(int end)
{
	char octet;
	int found = 0;

	/* A client process that was taken over may say a lot. */
	while (found < ASKED_MOST &&
	       recv(end, &octet, sizeof(octet), MSG_DONTWAIT) > 0)
		found++;
	return found > 0;
}

/* Sends and frees it. */
static int
send_one(int end, struct packet *p, uint32_t generation, int64_t deadline)
{
	int result, saved;

	p->head.id = generation;
	result = packet_send_by(end, p, deadline);
	saved = errno;
	p->fd = -1; /* lent */
	packet_free(p);
	errno = saved;
	return result;
}

static int
send_listeners(int end, uint32_t generation,
    const struct service_listeners *listeners, int64_t deadline)
{
	struct packet p;

	for (uint32_t i = 0; i < listeners->count; i++) {
		if (!listeners->items[i].is_new)
			continue;
		for (uint32_t k = 0; k < listeners->each; k++) {
			packet_init(&p, CONTROL_LISTENER);
			packet_put_u32(&p, i);
			packet_put_u32(&p, k);
			p.fd = listeners->items[i].fds[k];
			if (send_one(end, &p, generation, deadline) == -1)
				return -1;
		}
	}
	return 0;
}

static int
send_files(int end, uint32_t generation, const struct tls_files *files,
    int64_t deadline)
{
	struct packet p;
	size_t n;

	for (size_t at = 0; at < files->length; at += n) {
		n = files->length - at < PIECE ? files->length - at : PIECE;
		packet_init(&p, CONTROL_TLS);
		packet_put_data(&p, files->data + at, n);
		if (send_one(end, &p, generation, deadline) == -1)
			return -1;
	}
	return 0;
}

int
service_control_send(int end, uint32_t generation, const struct conf_spec *spec,
    const void *conf, const struct tls_files *files,
    struct service_listeners *listeners)
{
	int64_t deadline = clock_after(SEND_WITHIN);
	struct packet p;

	packet_init(&p, CONTROL_CONF);
	service_conf_put(&p, spec, conf);
	if (send_one(end, &p, generation, deadline) == -1 ||
	    send_files(end, generation, files, deadline) == -1 ||
	    send_listeners(end, generation, listeners, deadline) == -1)
		return -1;
	packet_init(&p, CONTROL_END);
	if (send_one(end, &p, generation, deadline) == -1)
		return -1;
	service_listeners_known(listeners);
	return 0;
}

void
service_control_forget(const struct conf_spec *spec, struct service_news *n)
{
	for (size_t i = 0; n->fds != NULL && i < n->count * n->each; i++)
		if (n->fds[i] != -1)
			close(n->fds[i]);
	free(n->fds);
	n->fds = NULL;
	tls_files_free(&n->files);
	conf_free(spec, &n->conf);
}

static int
take_conf(
    const struct conf_spec *spec, struct service_news *n, struct packet *p)
{
	const struct service_settings *settings;

	service_control_forget(spec, n);
	if ((n->conf = service_conf_take(p, spec)) == NULL)
		return -1;
	settings = n->conf;
	n->generation = p->head.id;
	n->count = service_listen_count(settings);
	n->fds = calloc(n->count * n->each + 1, sizeof(*n->fds));
	for (size_t i = 0; n->fds != NULL && i < n->count * n->each; i++)
		n->fds[i] = -1;
	if (n->fds != NULL)
		return 0;
	service_control_forget(spec, n);
	return -1;
}

static int
take_files(struct service_news *n, struct packet *p)
{
	size_t length;
	const void *data = packet_get_data(p, PIECE, &length);

	return packet_end(p) == -1 ? -1
				   : tls_files_append(&n->files, data, length);
}

static int
take_listener(struct service_news *n, struct packet *p)
{
	uint32_t item = packet_get_u32(p), which = packet_get_u32(p);
	int *fd;

	if (packet_end(p) == -1 || p->fd == -1 || item >= n->count ||
	    which >= n->each)
		return -1;
	fd = &n->fds[item * n->each + which];
	if (*fd != -1)
		return -1;
	*fd = packet_take_fd(p);
	return 0;
}

/* 1: that was the last; 0: go on; -1: it makes no sense. */
static int
take(const struct conf_spec *spec, struct service_news *n, struct packet *p)
{
	if (p->head.type == CONTROL_CONF)
		return p->head.id > n->generation ? take_conf(spec, n, p) : 0;
	/* Of a reading that was passed over. */
	if (n->conf == NULL || p->head.id != n->generation)
		return 0;
	if (p->head.type == CONTROL_TLS)
		return take_files(n, p);
	if (p->head.type == CONTROL_LISTENER)
		return take_listener(n, p);
	return p->head.type == CONTROL_END && packet_end(p) == 0 ? 1 : -1;
}

int
service_control_receive(
    int end, const struct conf_spec *spec, struct service_news *n)
{
	struct packet p;
	int got;

	packet_init(&p, 0);
	while ((got = packet_receive(end, &p)) != 0) {
		if (got == -1 && errno != EBADMSG && errno != ENOMEM)
			break;
		if (got == 1 && (got = take(spec, n, &p)) == 1)
			break;
		if (got == -1) {
			log_error(
			    "control.malformed", log_int("type", p.head.type));
			service_control_forget(spec, n);
		}
	}
	if (got == -1 && errno == EAGAIN)
		got = 0;
	else if (got == 0)
		got = -1;
	packet_free(&p);
	return got;
}
