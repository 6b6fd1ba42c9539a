#include "packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define FIELDS_MAX     (PACKET_MAX - sizeof(struct packet_head))
#define FIRST_CAPACITY 128

_Static_assert(sizeof(struct packet_head) == 8, "the head is sent as it is");

union control {
	char octets[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* What sendmsg and recvmsg want to be told of one packet. */
struct envelope {
	struct iovec parts[2];
	union control control;
};

void
packet_init(struct packet *p, uint16_t type)
{
	*p = (struct packet){.head.type = type, .fd = -1};
}

void
packet_free(struct packet *p)
{
	if (p->data != NULL) {
		explicit_bzero(p->data, p->length);
		free(p->data);
	}
	if (p->fd != -1)
		close(p->fd);
	packet_init(p, p->head.type);
}

/* A realloc that leaves no copy of a password behind. */
static int
grow(struct packet *p, size_t needed)
{
	size_t capacity = p->capacity != 0 ? p->capacity : FIRST_CAPACITY;
	unsigned char *data;

	while (capacity < needed)
		capacity *= 2;
	if (capacity > FIELDS_MAX)
		capacity = FIELDS_MAX;
	if ((data = malloc(capacity)) == NULL) {
		p->error = ENOMEM;
		return -1;
	}
	if (p->data != NULL) {
		memcpy(data, p->data, p->length);
		explicit_bzero(p->data, p->length);
		free(p->data);
	}
	p->data = data;
	p->capacity = (uint32_t)capacity;
	return 0;
}

/* Room for length more octets; NULL where there is an error. */
static unsigned char *
put(struct packet *p, size_t length)
{
	unsigned char *to;

	if (p->error != 0)
		return NULL;
	if (length > FIELDS_MAX - p->length) {
		p->error = EMSGSIZE;
		return NULL;
	}
	if ((p->data == NULL || length > p->capacity - p->length) &&
	    grow(p, p->length + length) == -1)
		return NULL;
	to = p->data + p->length;
	p->length += (uint32_t)length;
	return to;
}

void
packet_reserve(struct packet *p, size_t length)
{
	if (put(p, length) != NULL)
		p->length -= (uint32_t)length;
}

static void
put_octets(struct packet *p, const void *data, size_t length)
{
	unsigned char *to = put(p, length);

	if (to != NULL && length != 0)
		memcpy(to, data, length);
}

void
packet_put_u8(struct packet *p, uint8_t value)
{
	put_octets(p, &value, sizeof(value));
}

void
packet_put_u32(struct packet *p, uint32_t value)
{
	put_octets(p, &value, sizeof(value));
}

void
packet_put_u64(struct packet *p, uint64_t value)
{
	put_octets(p, &value, sizeof(value));
}

void
packet_put_data(struct packet *p, const void *data, size_t length)
{
	if (p->error == 0 && length > FIELDS_MAX) {
		p->error = EMSGSIZE;
		return;
	}
	packet_put_u32(p, (uint32_t)length);
	put_octets(p, data, length);
}

void *
packet_put_space(struct packet *p, size_t length)
{
	if (p->error == 0 && length > FIELDS_MAX) {
		p->error = EMSGSIZE;
		return NULL;
	}
	packet_put_u32(p, (uint32_t)length);
	return put(p, length);
}

void
packet_set_u32(struct packet *p, uint32_t at, uint32_t value)
{
	if (p->error == 0 && p->length >= sizeof(value) &&
	    at <= p->length - sizeof(value))
		memcpy(p->data + at, &value, sizeof(value));
}

void
packet_put_text(struct packet *p, const char *text)
{
	packet_put_data(p, text, text != NULL ? strlen(text) : 0);
}

/* The next length octets; NULL where there is an error. */
static const unsigned char *
get(struct packet *p, size_t length)
{
	const unsigned char *from;

	if (p->error != 0)
		return NULL;
	if (length > p->length - p->at) {
		p->error = EBADMSG;
		return NULL;
	}
	from = p->data + p->at;
	p->at += (uint32_t)length;
	return from;
}

uint8_t
packet_get_u8(struct packet *p)
{
	const unsigned char *from = get(p, sizeof(uint8_t));

	return from != NULL ? *from : 0;
}

uint32_t
packet_get_u32(struct packet *p)
{
	const unsigned char *from = get(p, sizeof(uint32_t));
	uint32_t value = 0;

	if (from != NULL)
		memcpy(&value, from, sizeof(value));
	return value;
}

uint64_t
packet_get_u64(struct packet *p)
{
	const unsigned char *from = get(p, sizeof(uint64_t));
	uint64_t value = 0;

	if (from != NULL)
		memcpy(&value, from, sizeof(value));
	return value;
}

const void *
packet_get_data(struct packet *p, size_t limit, size_t *length)
{
	const unsigned char *from;

	*length = packet_get_u32(p);
	if (p->error == 0 && *length > limit)
		p->error = EBADMSG;
	if ((from = get(p, *length)) != NULL)
		return from;
	*length = 0;
	return "";
}

void
packet_get_text(struct packet *p, char *to, size_t size)
{
	size_t length;
	const void *from = packet_get_data(p, size - 1, &length);

	if (memchr(from, '\0', length) != NULL) {
		p->error = EBADMSG;
		length = 0;
	}
	memcpy(to, from, length);
	to[length] = '\0';
}

int
packet_take_fd(struct packet *p)
{
	int fd = p->fd;

	p->fd = -1;
	return fd;
}

int
packet_end(struct packet *p)
{
	if (p->error == 0 && p->at != p->length)
		p->error = EBADMSG;
	return p->error == 0 ? 0 : -1;
}

static void
put_fd(struct msghdr *m, union control *control, int fd)
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

static void
prepare(struct msghdr *m, struct envelope *e, const struct packet *p)
{
	/* An iovec has no const, but nothing writes to what is sent. */
	e->parts[0].iov_base = (void *)(uintptr_t)&p->head;
	e->parts[0].iov_len = sizeof(p->head);
	e->parts[1].iov_base = p->data;
	e->parts[1].iov_len = p->length;
	*m = (struct msghdr){.msg_iov = e->parts, .msg_iovlen = 2};
	if (p->fd != -1)
		put_fd(m, &e->control, p->fd);
}

int
packet_send(int socket, const struct packet *p)
{
	struct envelope e;
	struct msghdr m;

	if (p->error != 0) {
		errno = p->error;
		return -1;
	}
	prepare(&m, &e, p);
	if (sendmsg(socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		return -1;
	return 0;
}

int
packet_send_some(int socket, const struct packet *const *p, unsigned n)
{
	struct mmsghdr m[PACKET_BATCH];
	struct envelope e[PACKET_BATCH];

	if (n == 1)
		return packet_send(socket, p[0]) == 0 ? 1 : -1;
	if (n > PACKET_BATCH)
		n = PACKET_BATCH;
	for (unsigned i = 0; i < n; i++) {
		if (p[i]->error != 0) {
			n = i;
			errno = p[i]->error;
			break;
		}
		prepare(&m[i].msg_hdr, &e[i], p[i]);
	}
	if (n == 0)
		return -1;
	return sendmmsg(socket, m, n, MSG_DONTWAIT | MSG_NOSIGNAL);
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
static int
keep(struct packet *p, const void *fields, size_t length)
{
	if (length != 0) {
		if ((p->data = malloc(length)) == NULL)
			return -1;
		memcpy(p->data, fields, length);
	}
	p->length = p->capacity = (uint32_t)length;
	return 0;
}

int
packet_receive(int socket, struct packet *p)
{
	/* Nothing waits while it is in use, so a thread's fibers share it. */
	static _Thread_local unsigned char buffer[PACKET_MAX];
	struct packet_head head;
	union control control;
	struct iovec parts[2] = {{&head, sizeof(head)}, {buffer, FIELDS_MAX}};
	struct msghdr m = {.msg_iov = parts,
	    .msg_iovlen = 2,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control.octets)};
	ssize_t got;
	int fd, error = 0;

	packet_free(p);
	got = recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got == -1)
		return -1;
	if (collect_fds(&m, &fd) == -1 ||
	    (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
	    (got != 0 && (size_t)got < sizeof(head)))
		error = EBADMSG;
	if (error == 0 && got != 0) {
		packet_init(p, head.type);
		p->head = head;
		if (keep(p, buffer, (size_t)got - sizeof(head)) == -1)
			error = ENOMEM;
	}
	if ((size_t)got > sizeof(head)) /* it may have been a password */
		explicit_bzero(buffer, (size_t)got - sizeof(head));
	if (error == 0 && got != 0) {
		p->fd = fd;
		return 1;
	}
	if (fd != -1)
		close(fd);
	errno = error;
	return error != 0 ? -1 : 0;
}

int
packet_socket(int socket)
{
	const int size = 4 * PACKET_MAX;
	int flags = fcntl(socket, F_GETFL);

	if (flags == -1 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) == -1)
		return -1;
	/* The system's limit may be lower, and still hold a packet or two. */
	(void)setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}
