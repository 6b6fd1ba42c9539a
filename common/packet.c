#include "packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIELDS_MAX     (PACKET_MAX - sizeof(struct packet_head))
#define FIRST_CAPACITY 128

_Static_assert(sizeof(struct packet_head) == 8, "the head is sent as it is");

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
