/* Packets that leave: one a datagram, or several small ones in a bundle. */

#include "packet.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Octets of fields from which a copy costs more than a datagram saves. */
#define BUNDLED_MOST 1024

_Static_assert(sizeof(struct packet_head) == 8, "the head is sent as it is");
_Static_assert(sizeof(struct packet_bundled) == 12, "likewise");
_Static_assert(PACKET_BATCH *(sizeof(struct packet_bundled) + BUNDLED_MOST) +
		       sizeof(struct packet_head) <=
		   PACKET_MAX,
    "a bundle is a packet's size at most");

struct control {
	_Alignas(struct cmsghdr) char octets[CMSG_SPACE(sizeof(int))];
};

/* What one system call sends. */
struct batch {
	struct mmsghdr datagrams[PACKET_BATCH];
	unsigned packets[PACKET_BATCH]; /* how many in each */
	unsigned count;
	/* A bundle of n has a head and two parts a packet; it has 2 or more. */
	struct iovec parts[2 * PACKET_BATCH + PACKET_BATCH / 2], *next_part;
	struct packet_head heads[PACKET_BATCH]; /* of bundles */
	struct packet_bundled bundled[PACKET_BATCH], *next_bundled;
	struct control controls[PACKET_BATCH];
};

/* An iovec has no const, but nothing writes to what is sent. */
static struct iovec
part(const void *from, size_t length)
{
	return (struct iovec){(void *)(uintptr_t)from, length};
}

static void
put_fd(struct msghdr *m, struct control *control, int fd)
{
	struct cmsghdr *c;

	memset(control, 0, sizeof(*control));
	m->msg_control = control;
	m->msg_controllen = sizeof(control->octets);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

/* A packet alone; parts has room for two. */
static void
fill_single(struct msghdr *m, struct iovec *parts, struct control *control,
    const struct packet *p)
{
	parts[0] = part(&p->head, sizeof(p->head));
	parts[1] = part(p->data, p->length);
	*m = (struct msghdr){.msg_iov = parts, .msg_iovlen = 2};
	if (p->fd != -1)
		put_fd(m, control, p->fd);
}

int
packet_send(int socket, const struct packet *p)
{
	struct iovec parts[2];
	struct control control;
	struct msghdr m;

	if (p->error != 0) {
		errno = p->error;
		return -1;
	}
	fill_single(&m, parts, &control, p);
	if (sendmsg(socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		return -1;
	return 0;
}

int
packet_send_by(int socket, const struct packet *p, int64_t deadline)
{
	struct pollfd room = {.fd = socket, .events = POLLOUT};
	int64_t left;
	int result;

	while ((result = packet_send(socket, p)) == -1 && errno == EAGAIN) {
		left = (deadline - clock_now()) / CLOCK_MILLISECOND;
		if (left <= 0 || poll(&room, 1, (int)left) == 0) {
			errno = ETIMEDOUT;
			break;
		}
	}
	return result;
}

/* How many of the n packets, from the first on, one bundle can hold. */
static unsigned
can_bundle(const struct packet *const *p, unsigned n)
{
	unsigned i;

	for (i = 0; i < n && p[i]->error == 0 && p[i]->fd == -1 &&
		    p[i]->length <= BUNDLED_MOST;
	     i++)
		;
	return i;
}

/* n packets in one datagram more. */
static void
fill_bundle(struct batch *b, const struct packet *const *p, unsigned n)
{
	struct packet_head *head = &b->heads[b->count];
	struct iovec *first = b->next_part;

	*head = (struct packet_head){.id = n, .type = PACKET_BUNDLE};
	*b->next_part++ = part(head, sizeof(*head));
	for (unsigned i = 0; i < n; i++) {
		*b->next_bundled =
		    (struct packet_bundled){p[i]->length, p[i]->head};
		*b->next_part++ = part(b->next_bundled++, sizeof(*b->bundled));
		if (p[i]->length != 0)
			*b->next_part++ = part(p[i]->data, p[i]->length);
	}
	b->datagrams[b->count].msg_hdr = (struct msghdr){
	    .msg_iov = first, .msg_iovlen = (size_t)(b->next_part - first)};
}

/* Lays out the first of n packets; those that can't be sent end the batch. */
static void
fill(struct batch *b, const struct packet *const *p, unsigned n, int flags)
{
	unsigned at, few;

	b->count = 0;
	b->next_part = b->parts;
	b->next_bundled = b->bundled;
	for (at = 0; at < n && p[at]->error == 0; at += few, b->count++) {
		few = (flags & PACKET_BUNDLES) != 0 ? can_bundle(p + at, n - at)
						    : 0;
		if (few > 1) {
			fill_bundle(b, p + at, few);
		} else {
			few = 1;
			fill_single(&b->datagrams[b->count].msg_hdr,
			    b->next_part, &b->controls[b->count], p[at]);
			b->next_part += 2;
		}
		b->packets[b->count] = few;
	}
}

int
packet_send_some(
    int socket, const struct packet *const *p, unsigned n, int flags)
{
	struct batch b;
	int sent, left = 0;

	if (n == 1)
		return packet_send(socket, p[0]) == 0 ? 1 : -1;
	fill(&b, p, n < PACKET_BATCH ? n : PACKET_BATCH, flags);
	if (b.count == 0) {
		errno = p[0]->error;
		return -1;
	}
	sent =
	    sendmmsg(socket, b.datagrams, b.count, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == -1)
		return -1;
	for (int i = 0; i < sent; i++)
		left += (int)b.packets[i];
	return left;
}
