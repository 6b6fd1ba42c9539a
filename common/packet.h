/*
 * packet -- a typed, bounded message between processes (docs/helpers.md).
 *
 * One packet is one datagram of an AF_UNIX SEQPACKET socket: a fixed head and
 * fields put one after the other.  Errors are sticky: a put that finds no room
 * and a get that finds too little, or something out of its bounds, sets error,
 * and all later calls do nothing (gets return 0 or an empty text).  The reader
 * checks once, with packet_end, which also refuses octets left over.
 *
 * A bundle is a datagram that carries several small packets, none of them with
 * a descriptor: one system call instead of many.
 *
 * Integers are in host order: both ends are on one machine.
 */
#ifndef PACKET_H
#define PACKET_H

#include <stddef.h>
#include <stdint.h>

/* A whole packet, head included; no socket buffer holds less (net.core). */
#define PACKET_MAX 65536

struct packet_head {
	uint32_t id;	 /* the request's number; its reply carries the same */
	uint16_t type;	 /* what kind of request; a reply repeats it */
	uint16_t status; /* requests: 0; replies: enum packet_status */
};

enum packet_status {
	PACKET_OK,
	PACKET_REFUSED,	  /* the answer is no; fields say more */
	PACKET_TEMPORARY, /* can't now: a fault that may pass */
	PACKET_GONE,	  /* the handle is not known (the helper restarted) */
	PACKET_ELSEWHERE, /* another helper has the mailbox; fields say which */
	PACKET_STATUSES
};

struct packet {
	struct packet_head head;
	unsigned char *data; /* the fields; capacity octets */
	uint32_t length, capacity;
	uint32_t at; /* where the next get reads */
	int error;   /* sticky: EMSGSIZE, ENOMEM or EBADMSG */
	int fd;	     /* a descriptor that travels along, -1 for none; owned */
};

/* A packet of this type with no fields, no descriptor, no memory yet. */
void packet_init(struct packet *p, uint16_t type);

/*
 * Wipes (a password may stand in it) and frees the memory, and closes the
 * descriptor, if it still has one.  Leaves an empty packet of the same type.
 */
void packet_free(struct packet *p);

/* Makes room for so many octets of fields at once. */
void packet_reserve(struct packet *p, size_t length);

void packet_put_u8(struct packet *p, uint8_t value);
void packet_put_u32(struct packet *p, uint32_t value);
void packet_put_u64(struct packet *p, uint64_t value);
/* Length and octets. */
void packet_put_data(struct packet *p, const void *data, size_t length);
/*
 * As data, but the octets are the caller's to fill in, before the next put:
 * where they go, or NULL where there is an error.
 */
void *packet_put_space(struct packet *p, size_t length);
/* Sets a u32 that was put at `at` octets from the first field. */
void packet_set_u32(struct packet *p, uint32_t at, uint32_t value);
/* Like data; NULL counts as "". */
void packet_put_text(struct packet *p, const char *text);

uint8_t packet_get_u8(struct packet *p);
uint32_t packet_get_u32(struct packet *p);
uint64_t packet_get_u64(struct packet *p);
/*
 * Octets, at most limit; *length gets their count.  Borrowed from the packet.
 * Never NULL.
 */
const void *packet_get_data(struct packet *p, size_t limit, size_t *length);
/*
 * Copies a text into to[size], with a NUL; one that is longer, or holds a NUL,
 * is an error.
 */
void packet_get_text(struct packet *p, char *to, size_t size);

/* Takes the descriptor out (the caller's from now on); -1 if there is none. */
int packet_take_fd(struct packet *p);

/* 0 if all fields were read, none too many or too few; else -1. */
int packet_end(struct packet *p);

/*
 * One packet over a non-blocking SEQPACKET socket; neither waits.  Send: 0, or
 * -1 with errno (EAGAIN: full).  The packet, and its descriptor, stay the
 * caller's.  Receive fills an initialized packet: 1, 0 at the end, or -1 with
 * errno (EAGAIN; ENOMEM; EBADMSG for a cut-off, headless or descriptor-stuffed
 * one, whose descriptors are closed, and for a bundle).
 */
int packet_send(int socket, const struct packet *p);
int packet_receive(int socket, struct packet *p);

/* As packet_send, but the thread waits for room, until deadline at most: for
 * a process that has no fibers.  -1 with errno ETIMEDOUT besides. */
int packet_send_by(int socket, const struct packet *p, int64_t deadline);

/*
 * A bundle: a head of this type (which no request has), whose id is how many
 * packets follow (2 to PACKET_BATCH), then each as a struct packet_bundled and
 * its fields.
 */
#define PACKET_BUNDLE 0xffff
#define PACKET_BATCH  32
struct packet_bundled {
	uint32_t length; /* octets of the fields */
	struct packet_head head;
};

/*
 * Sends the first of n packets (more than PACKET_BATCH are left for the next
 * call) with one system call.  Returns how many left, 1 or more, or -1 with
 * errno as packet_send, which then concerns the first.  The other end must
 * read bundles where flags allow them.
 */
enum packet_flags { PACKET_BUNDLES = 1 };
int packet_send_some(
    int socket, const struct packet *const *p, unsigned n, int flags);

/*
 * What one system call has received.  A malformed datagram, or one that there
 * is no memory for, stands in its place as a packet with the error EBADMSG or
 * ENOMEM; of a malformed bundle, the packets before the fault come first.
 */
#define PACKET_DATAGRAMS 4
struct packet_batch {
	struct packet packets[PACKET_DATAGRAMS * (PACKET_BATCH + 1)];
	unsigned count;
	int bundles; /* one of them was a bundle: the other end reads them */
	int drained; /* nothing waits any more */
	int ended;   /* nor will: the other end has closed */
};

/*
 * Fills b with what waits at the socket, but no more than some datagrams.  The
 * packets are the caller's, who frees each.  What the other end sent before it
 * closed comes whatever it left unread.  Returns 0, or -1 with errno of
 * recvmsg(2), but EAGAIN: that is `drained`.  Does not wait.
 */
int packet_receive_some(int socket, struct packet_batch *b);

/*
 * Readies a socket for packets: non-blocking, with buffers that hold several
 * where the system's limits allow it.  0, or -1 with errno.
 */
int packet_socket(int socket);

#endif
