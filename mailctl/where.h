/*
 * where -- where the helper's admin socket is.
 */
#ifndef WHERE_H
#define WHERE_H

#include "client.h"

#include <stddef.h>

#define WHERE_RUN    "/run/ringmail"
#define WHERE_FOLDER "/etc/ringmail" /* of the confs */
#define WHERE_ADMIN  "admin"

/* From now on, where_find answers with this path, borrowed for ever, whatever
 * it is asked (-S); NULL: not so. */
void where_use(const char *socket);

/*
 * The path of this helper's socket to path[size], by the run folder in the
 * helpers' conf (NULL: that in WHERE_FOLDER; without it, WHERE_RUN).  Whatever
 * else stands there is passed over: the helpers check it.  0, or -1 after a
 * line on standard error.
 */
int where_find(const char *conf, const char *helper, char *path, size_t size);

/* Connects to it, as client_connect does. */
enum client_exit where_connect(const char *conf, const char *helper, int *fd);

/* Likewise to accounts, by the helpers.conf in this folder. */
enum client_exit where_connect_accounts(const char *folder, int *fd);

#endif
