/* Packets that come: one a datagram, or several small ones in a bundle. */

#include "packet.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIELDS_MAX (PACKET_MAX - sizeof(struct packet_head))

struct control {
	_Alignas(struct cmsghdr) char octets[CMSG_SPACE(sizeof(int))];
};

/* A datagram as it came. */
struct letter {
	struct packet_head head;
	struct control control;
	struct iovec parts[2];
};

/*
 * Where datagrams are read to.  Nothing waits while it is in use, so a thread's
 * fibers share it.  It is not thread-local storage: that is cleared, and so
 * takes its whole size of memory, in each thread.
 */
static pthread_key_t buffers_key;
static pthread_once_t buffers_once = PTHREAD_ONCE_INIT;
static int buffers_error;
static _Thread_local unsigned char (*buffers)[FIELDS_MAX];

static void
make_key(void)
{
	buffers_error = pthread_key_create(&buffers_key, free);
}

/* Room for PACKET_DATAGRAMS, of which what is not touched costs nothing. */
static int
make_buffers(void)
{
	unsigned char(*new)[FIELDS_MAX];

	if (buffers != NULL)
		return 0;
	pthread_once(&buffers_once, make_key);
	if ((errno = buffers_error) != 0)
		return -1;
	if ((new = malloc(PACKET_DATAGRAMS * sizeof(*new))) == NULL)
		return -1;
	if ((errno = pthread_setspecific(buffers_key, new)) != 0) {
		free(new);
		return -1;
	}
	buffers = new;
	return 0;
}

/*
 * Takes the descriptors of a message over: one into *fd, or -1 for none.  Where
 * there are more, all are closed, and -1 is returned.
 */
static int
collect_fds(struct msghdr *m, int *fd)
{
	unsigned count = 0;
	int each;

	*fd = -1;
	if (m->msg_controllen == 0)
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	     c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(each) <= c->cmsg_len;
		     at += sizeof(each)) {
			memcpy(&each, (char *)c + at, sizeof(each));
			if (count++ == 0)
				*fd = each;
			else
				close(each);
		}
	}
	if (count <= 1)
		return 0;
	close(*fd);
	*fd = -1;
	return -1;
}

/* An exact copy, so that a packet that waits takes no more than its size. */
static void
keep(struct packet *p, const struct packet_head *head, const void *fields,
    size_t length)
{
	packet_init(p, head->type);
	p->head = *head;
	if (length == 0)
		return;
	if ((p->data = malloc(length)) == NULL) {
		p->error = ENOMEM;
		return;
	}
	memcpy(p->data, fields, length);
	p->length = p->capacity = (uint32_t)length;
}

static void
put_malformed(struct packet *p, const struct packet_head *head)
{
	packet_init(p, head->type);
	p->error = EBADMSG;
}

/* Readies m for one datagram, whose fields go to the buffer. */
static void
prepare(struct msghdr *m, struct letter *l, unsigned char *buffer)
{
	l->head = (struct packet_head){0};
	l->parts[0] = (struct iovec){&l->head, sizeof(l->head)};
	l->parts[1] = (struct iovec){buffer, FIELDS_MAX};
	*m = (struct msghdr){.msg_iov = l->parts,
	    .msg_iovlen = 2,
	    .msg_control = &l->control,
	    .msg_controllen = sizeof(l->control.octets)};
}

/*
 * Whether a datagram of got octets is fit to be looked into: 0, and *fd is its
 * descriptor or -1; else -1, and what came along is closed.
 */
static int
check(struct msghdr *m, size_t got, int *fd)
{
	if (collect_fds(m, fd) == 0 && got >= sizeof(struct packet_head) &&
	    (m->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return 0;
	if (*fd != -1)
		close(*fd);
	*fd = -1;
	return -1;
}

/* The fields of what was read may have been a password. */
static void
wipe(unsigned char *buffer, size_t got)
{
	if (got > sizeof(struct packet_head))
		explicit_bzero(buffer, got - sizeof(struct packet_head));
}

int
packet_receive(int socket, struct packet *p)
{
	struct letter l;
	struct msghdr m;
	ssize_t got;
	int fd;

	packet_free(p);
	if (make_buffers() == -1)
		return -1;
	prepare(&m, &l, buffers[0]);
	got = recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got == -1)
		return -1;
	if (check(&m, (size_t)got, &fd) == -1) {
		if (got == 0)
			return 0;
		wipe(buffers[0], (size_t)got);
		errno = EBADMSG;
		return -1;
	}
	if (l.head.type == PACKET_BUNDLE)
		put_malformed(p, &l.head);
	else
		keep(p, &l.head, buffers[0], (size_t)got - sizeof(l.head));
	wipe(buffers[0], (size_t)got);
	p->fd = fd;
	if (p->error == 0)
		return 1;
	errno = p->error;
	packet_free(p);
	return -1;
}

/* Takes the packets of a bundle out.  -1: it is malformed from there on. */
static int
unbundle(struct packet_batch *b, const struct packet_head *head,
    const unsigned char *fields, size_t length)
{
	struct packet_bundled bundled;

	if (head->id < 2 || head->id > PACKET_BATCH || head->status != 0)
		return -1;
	for (uint32_t i = 0; i < head->id; i++) {
		if (length < sizeof(bundled))
			return -1;
		memcpy(&bundled, fields, sizeof(bundled));
		fields += sizeof(bundled);
		length -= sizeof(bundled);
		if (bundled.length > length ||
		    bundled.head.type == PACKET_BUNDLE)
			return -1;
		keep(&b->packets[b->count++], &bundled.head, fields,
		    bundled.length);
		fields += bundled.length;
		length -= bundled.length;
	}
	return length == 0 ? 0 : -1;
}

/* One datagram of got octets. */
static void
open_letter(struct packet_batch *b, struct msghdr *m, const struct letter *l,
    const unsigned char *fields, size_t got)
{
	size_t length = got - sizeof(l->head);
	int fd;

	if (check(m, got, &fd) == -1) {
		put_malformed(&b->packets[b->count++], &l->head);
	} else if (l->head.type != PACKET_BUNDLE) {
		keep(&b->packets[b->count], &l->head, fields, length);
		b->packets[b->count++].fd = fd;
	} else {
		b->bundles = 1;
		if (fd != -1)
			close(fd);
		if (fd != -1 || unbundle(b, &l->head, fields, length) == -1)
			put_malformed(&b->packets[b->count++], &l->head);
	}
}

/* Where the other end has closed with something unread, the kernel says so
 * once, ahead of what it had sent before: that counts. */
static int
receive_many(int socket, struct mmsghdr *m)
{
	const int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
	int n = recvmmsg(socket, m, PACKET_DATAGRAMS, flags, NULL);

	if (n == -1 && errno == ECONNRESET)
		n = recvmmsg(socket, m, PACKET_DATAGRAMS, flags, NULL);
	return n;
}

int
packet_receive_some(int socket, struct packet_batch *b)
{
	struct mmsghdr m[PACKET_DATAGRAMS];
	struct letter l[PACKET_DATAGRAMS];
	int n, fd;

	b->count = 0;
	b->bundles = b->drained = b->ended = 0;
	if (make_buffers() == -1)
		return -1;
	for (n = 0; n < PACKET_DATAGRAMS; n++)
		prepare(&m[n].msg_hdr, &l[n], buffers[n]);
	n = receive_many(socket, m);
	if (n == -1 && errno != EAGAIN)
		return -1;
	/* It stops short only where there is no more, or an error, which the
	 * next call gets. */
	b->drained = n < PACKET_DATAGRAMS;
	for (int i = 0; i < n; i++) {
		/* What comes after the end is none of ours, but is closed. */
		b->ended |= m[i].msg_len == 0;
		if (b->ended)
			(void)check(&m[i].msg_hdr, 0, &fd);
		else
			open_letter(
			    b, &m[i].msg_hdr, &l[i], buffers[i], m[i].msg_len);
		wipe(buffers[i], m[i].msg_len);
	}
	return 0;
}
