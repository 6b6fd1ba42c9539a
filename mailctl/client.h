/*
 * client -- mailctl's end of the admin socket: one request, one reply.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "packet.h"

/* Exit codes. */
enum client_exit {
	CLIENT_OK = 0,
	CLIENT_REFUSED = 1,   /* the answer was no */
	CLIENT_USAGE = 2,     /* wrong command line */
	CLIENT_WARNED = 3,    /* nothing is broken, but see the warnings */
	CLIENT_TEMPORARY = 75 /* try again later (EX_TEMPFAIL) */
};

/*
 * Connects to the socket at path: the descriptor (the caller's), or -1 with
 * errno, ENAMETOOLONG among others, and nothing said.
 */
int client_dial(const char *path);

/*
 * Connects to the socket at path.  CLIENT_OK with the descriptor in *fd (the
 * caller's); else the reason stands on standard error.
 */
enum client_exit client_connect(const char *path, int *fd);

/*
 * Sends the request and waits for its reply (initialized; the caller frees
 * both).  CLIENT_OK: its fields can be read.  Else the reason stands on
 * standard error: what the helper said for CLIENT_REFUSED.  Where another
 * mailbox helper has the mailbox, that one is asked, over fd as well.
 */
enum client_exit
client_call(int fd, struct packet *request, struct packet *reply);

/* Likewise, but a refusal is no fault: CLIENT_OK with reply's status and
 * fields, of which nothing was read. */
enum client_exit
client_ask(int fd, struct packet *request, struct packet *reply);

/* Likewise, but neither is one who ended without an answer: *is_gone is 1 then,
 * and 0 otherwise. */
enum client_exit client_ask_if_there(
    int fd, struct packet *request, struct packet *reply, int *is_gone);

/*
 * From now on an answer may take so long (a minute at first): some work grows
 * with a mailbox, and doctor wants to know who does not answer.  (The helper's
 * end is noticed at once, and the user can interrupt.)
 */
#define CLIENT_HOUR 3600
void client_wait(int seconds);

/* What requests are about from now on, borrowed: refusals name it. */
void client_about(const char *what);

/* 0 if all of the reply was read; else CLIENT_TEMPORARY, and says so. */
enum client_exit client_end(struct packet *reply);

#endif
