/*
 * server -- the helper's end of the requests: one table says what may be asked
 * by whom, and one fiber a connection reads requests and calls the table's
 * functions.  The caller's role is the socket that it came by.
 *
 * A malformed request, one that is not in the table, or one that the role may
 * not send: logged, that connection closed, the others served on.  (A socket
 * of server_attach stays, since nobody could connect it anew: the request alone
 * is thrown away.)
 *
 * Bounded: a peer with SERVER_REQUESTS unanswered requests is not read from
 * (one system call may bring some more than that, whose replies have room);
 * one that leaves SERVER_REPLIES replies unread is closed.
 */
#ifndef SERVER_H
#define SERVER_H

#include "packet.h"

#include <stdint.h>

/* Who may ask.  Bits, so that a row of the table can name several. */
enum server_role {
	ROLE_SMTPD = 1,
	ROLE_POP3D = 2,
	ROLE_ADMIN = 4,	   /* mailctl, through the admin socket */
	ROLE_ACCOUNTS = 8, /* accounts, on its private link to mailbox */
	ROLE_MAILBOX = 16, /* mailbox, on its private link to accounts */
	ROLE_PARENT = 32   /* the helpers' parent, on its link to keys */
};

#define SERVER_REQUESTS 1024
#define SERVER_REPLIES	2048

struct server_peer;

/* One request that was read and not yet answered. */
struct request {
	struct server_peer *peer;
	struct packet packet; /* what was asked */
};

enum server_flags {
	SERVER_FIBER = 1, /* may wait: runs in a fiber of its own */
	SERVER_FD = 2	  /* may carry a descriptor; else one is malformed */
};

/*
 * A row.  answer reads q's fields, checks packet_end, and returns 0 after it
 * has answered with request_reply or request_drop (or kept q to do so later),
 * or -1 where the request was malformed: q is then still the server's and the
 * peer is closed.
 */
struct server_row {
	uint16_t type;
	unsigned roles;
	int flags;
	int (*answer)(struct request *q);
	const char *name; /* for logs */
};

struct server {
	const struct server_row *rows; /* ends with answer NULL */
	/*
	 * A peer's connection has ended and none of its requests is being
	 * worked on (may be NULL): free what request_peer_data holds.
	 */
	void (*gone)(void *peer_data);
	unsigned peers, peers_max; /* connections now and at most */
};

/*
 * Serves one listening SEQPACKET socket, or one socket of a pair that is
 * connected already, until the worker stops, in a fiber of the calling worker.
 * The server and its rows are borrowed for ever; the socket becomes the
 * server's, also on failure.  Returns 0, or -1 with errno.
 */
int server_listen(struct server *s, int listener, enum server_role role);
int server_attach(struct server *s, int socket, enum server_role role);

/*
 * Answers *q and frees it (sets it to NULL).  fields may be NULL: then only
 * the status goes out.  A reply to a peer that has gone is dropped, and so is
 * PACKET_TEMPORARY where the worker stops: who asked turns to the next process.
 * fields and its descriptor stay the caller's.  Same worker only.  Does not
 * wait.
 */
void request_reply(
    struct request **q, enum packet_status status, const struct packet *fields);

/* Frees *q (sets it to NULL) without an answer: it was a tell.  As above. */
void request_drop(struct request **q);

/* The role of who asks. */
enum server_role request_role(const struct request *q);

/*
 * What the helper keeps for this peer (its open handles), NULL at first.  The
 * slot lives until gone() was called with its value; gone() is not called
 * where it is NULL.
 */
void **request_peer_data(struct request *q);

/* Whether the peer is still there. */
int request_alive(const struct request *q);

#endif
