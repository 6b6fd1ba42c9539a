/*
 * sessions -- the live sessions of smtpd and pop3d, as these tell of them.
 */
#ifndef SESSIONS_H
#define SESSIONS_H

#include "client.h"

#include <stddef.h>
#include <stdint.h>

struct session;

struct sessions {
	struct session *list;
	size_t count, room;
};

/* Adds those of the service (its name is borrowed) whose socket is fd, page by
 * page; none, with *is_gone, where it ends meanwhile.  CLIENT_OK, or another
 * code after a line on standard error. */
enum client_exit sessions_collect(
    struct sessions *all, const char *service, int fd, int *is_gone);

/* Prints them, the oldest first, as a list that the caller ends. */
void sessions_print(struct sessions *all);

void sessions_free(struct sessions *all);

/* An id as the list shows it; 0 where text is none. */
uint64_t sessions_id(const char *text);

/* "5s", "12m", "3h", "9d". */
#define SESSIONS_TIME 24
const char *sessions_time(uint64_t ms, char to[SESSIONS_TIME]);

#endif
